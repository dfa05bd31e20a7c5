"""`tidegate db`: the schema of the database."""

from __future__ import annotations

import click

from service.cli import wiring
from service.storage import revisions, upgrades


@click.group()
def db() -> None:
    """Look after the database."""


@db.command()
def upgrade() -> None:
    """Bring the database to the schema of this version; running it again changes nothing."""
    settings = wiring.settings()
    if settings.database_url.startswith("sqlite"):
        settings.data_dir.mkdir(parents=True, exist_ok=True)
    upgrades.upgrade(settings.database_url)
    need = revisions.newest()
    for process in wiring.catch_up(settings):
        click.echo(f"{process} begins with messages, signals or time from now on")
    click.echo(f"the database is at schema {need}")
