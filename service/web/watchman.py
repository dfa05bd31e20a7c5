"""A thread of each web process that watches over the product: it still lives when dispatchers and workers do not."""

from __future__ import annotations

import logging
import threading

from flask import Flask

from service.storage import db
from service.usecases.upkeep import watching

log = logging.getLogger(__name__)


def start(app: Flask) -> None:
    """Look every ten seconds for as long as the process lives."""
    threading.Thread(target=_keep_looking, args=(app,), name="watchman", daemon=True).start()


def _keep_looking(app: Flask) -> None:
    ending = threading.Event()
    while not ending.wait(watching.LOOK_S):
        try:
            with app.app_context():
                watching.look()
                db.release_connection()
        except Exception:  # the database may be away: readyz says so
            log.warning("watchman: could not look", exc_info=True)
