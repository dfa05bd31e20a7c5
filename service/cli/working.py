"""The processes that work unseen: worker and dispatcher. They load nothing of the web."""

from __future__ import annotations

import click

from service import config, errors
from service.cli import wiring
from service.jobs import dispatcher as dispatching
from service.jobs import worker as working


@click.command()
def worker() -> None:
    """Carry out what is due: timers, deadlines, jobs, messages, mail. Start as many as there is work for."""
    settings = _with_redis()
    working.run(wiring.without_web(settings).app_context, settings.redis_url)


@click.command()
def dispatcher() -> None:
    """Find what is due in the database and ask the workers to do it. Several may run."""
    settings = _with_redis()
    dispatching.run(wiring.without_web(settings).app_context, settings.redis_url)


def _with_redis() -> config.Settings:
    settings = wiring.settings()
    if not settings.redis_url:
        raise errors.InvalidSettings("TIDEGATE_REDIS_URL is not set. `tidegate up` brings a server of its own.")
    wiring.log_to_stderr()
    return settings
