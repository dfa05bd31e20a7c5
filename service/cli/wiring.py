"""What most commands need: the settings, the application, and refusals as sentences on standard error."""

from __future__ import annotations

import logging
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

import click
from flask import Flask

from service import config, errors
from service.storage import db, revisions
from service.usecases import settings as current
from service.usecases.running import starts


def settings() -> config.Settings:
    """The settings from the environment."""
    return config.Settings.from_env()


def limits() -> None:
    """What a command without a database keeps to: the limits of the environment; nothing is made on disk."""
    current.use(config.Settings.from_env(complete=False))


@contextmanager
def application() -> Iterator[Flask]:
    """The application and its database, for one command. Refuses a database that is not of this version."""
    wanted = settings()
    have, need = revisions.of(wanted.database_url)
    if have != need:
        state = f"is at schema {have}" if have else "has not been prepared"
        raise errors.InvalidSettings(f"The database {state}, this version needs {need}. Run: tidegate db upgrade")
    made = without_web(wanted)
    with made.app_context():
        yield made


def without_web(wanted: config.Settings) -> Flask:
    """An application that has the database and the settings, and no pages: it starts in half the time."""
    current.use(wanted)
    made = Flask("tidegate")
    db.init_app(made, wanted.database_url)
    return made


def catch_up(wanted: config.Settings) -> list[str]:
    """After an update of the database: what was deployed before listens to what this version can begin with."""
    with without_web(wanted).app_context():
        return starts.catch_up()


def log_to_stderr() -> None:
    """Long-running commands say what they do, one line each, with the moment in UTC."""
    logging.Formatter.default_msec_format = "%s.%03dZ"
    logging.Formatter.converter = time.gmtime
    logging.basicConfig(level=logging.INFO, stream=sys.stderr, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    logging.getLogger("alembic").setLevel(logging.WARNING)


def problem(text: str) -> None:
    """Say on standard error what went wrong."""
    click.echo(f"tidegate: {text}", err=True)
