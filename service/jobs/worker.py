"""A worker process: takes what dispatchers ask for until it is told to stop."""

from __future__ import annotations

import logging

from service.jobs import house, perform
from service.storage import queue

log = logging.getLogger(__name__)

DOORS = (
    perform.fire_level,
    perform.fire_timers,
    perform.run_job,
    perform.relay_message,
    perform.look_for_message,
    perform.attend_start,
    perform.move,
    perform.reconsider,
    perform.gather,
    perform.deliver,
    perform.call_webhook,
    perform.announce,
    perform.keep_appointment,
    perform.recalculate,
)


def run(entry: house.Entry, redis_url: str) -> None:
    """Work until SIGTERM or SIGINT. entry: `app.app_context` of a made application."""
    house.furnish(entry)
    queue.run_worker(redis_url, ready=lambda: log.info("worker: ready"))
