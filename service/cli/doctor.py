"""`tidegate doctor`: what is configured, what can be reached, and what is behind."""

from __future__ import annotations

import os
import smtplib
import sys
import tempfile
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass, fields
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlsplit

import click
import sqlalchemy.exc

import service
from service import app, config, errors
from service.cli import valkey
from service.domain import clock
from service.storage import queue, revisions
from service.storage.queries import health

SECRET = ("secret_key",)
PACKAGE = Path(service.__file__).parent
BUILT = (PACKAGE / "bpmnio" / "bundles", PACKAGE / "web" / "static")
TIMEOUT_S = 5


@dataclass(frozen=True)
class Finding:
    """One line of the report: `ok`, `note` or `FAILED`, what it is about, and what to do."""

    state: str
    subject: str
    text: str

    def __str__(self) -> str:
        return f"{self.state:6}  {self.subject}: {self.text}"


@click.command()
@click.option(
    "--alive", type=click.Choice(["worker", "dispatcher"]), help="Only: has one of these given a sign of life?"
)
def doctor(alive: str | None) -> None:
    """Say what is configured, reachable and behind; exit 1 when something must be done."""
    try:
        settings = config.Settings.from_env()
    except errors.InvalidSettings as problem:
        raise click.ClickException(problem.detail) from problem
    if alive is not None:
        sys.exit(0 if _is_alive(settings, alive) else 1)
    for line in _configuration(settings):
        click.echo(line)
    failed = False
    for examine in (_files, _database, _queue, _mail, _web):
        for finding in examine(settings):
            click.echo(str(finding))
            failed = failed or finding.state == "FAILED"
    sys.exit(1 if failed else 0)


def _is_alive(settings: config.Settings, kind: str) -> bool:
    try:
        return queue.Queue(settings.redis_url).alive()[kind] > 0
    except errors.ExternalFailure:
        return False


def _configuration(settings: config.Settings) -> Iterator[str]:
    for field in fields(settings):
        name = config.PREFIX + field.name.upper()
        value = "(set)" if field.name in SECRET else hide_password(str(getattr(settings, field.name)))
        origin = "environment" if os.environ.get(name) else "default"
        yield f"        {name} = {value} ({origin})"


def hide_password(text: str) -> str:
    """The same address without its password."""
    parts = urlsplit(text)
    return text.replace(f":{parts.password}@", ":***@") if parts.password else text


def _files(settings: config.Settings) -> Iterator[Finding]:
    for folder in BUILT:
        if folder.is_dir() and any(folder.iterdir()):
            yield Finding("ok", folder.name, "the front end is built")
        else:
            yield Finding("FAILED", folder.name, f"{folder} is empty: run `make front`")
    try:
        settings.data_dir.mkdir(parents=True, exist_ok=True)
        tempfile.TemporaryFile(dir=settings.data_dir).close()
        yield Finding("ok", "data directory", f"{settings.data_dir} can be written")
    except OSError as problem:
        yield Finding("FAILED", "data directory", f"{settings.data_dir} cannot be written: {_first_line(problem)}")
    if not os.environ.get("TIDEGATE_SECRET_KEY"):
        yield Finding("note", "secret key", "kept in the data directory; set TIDEGATE_SECRET_KEY for several machines")


def _database(settings: config.Settings) -> Iterator[Finding]:
    kind = settings.database_url.split(":")[0].split("+")[0]
    try:
        have, need = revisions.of(settings.database_url)
    except sqlalchemy.exc.SQLAlchemyError as problem:
        yield Finding("FAILED", "database", f"{kind} cannot be reached: {_first_line(problem)}")
        return
    if have != need:
        yield Finding("FAILED", "database", f"schema is {have}, this version needs {need}: run `tidegate db upgrade`")
        return
    yield Finding("ok", "database", f"{kind} at schema {have}")
    with app.create_app(settings).app_context():
        figures, standing = health.figures(), health.standing(clock.now())
    waits = standing.late_s(clock.now())
    if waits > settings.lag_alert_seconds:
        yield Finding("FAILED", "lag", f"something has been due for {waits:.0f} s: start more workers, or see below")
    if standing.refused is not None:
        yield Finding("FAILED", "mail", f"nothing was taken for ten minutes: {standing.refused}")
    late = {name: int(figures[name]) for name in ("timers_due", "levels_due") if figures[name]}
    stuck = {name: int(figures[name]) for name in ("incidents_open", "jobs_failed", "deliveries_dead") if figures[name]}
    if late:
        yield Finding("note", "behind", f"{_counts(late)}: is the dispatcher running?")
    if stuck:
        yield Finding("note", "stuck", f"{_counts(stuck)}: see the incidents")
    if not late and not stuck:
        yield Finding("ok", "backlog", "nothing is late or stuck")


def _queue(settings: config.Settings) -> Iterator[Finding]:
    own = valkey.noted_url(settings.data_dir / "valkey")
    if not settings.redis_url and not own:
        yield Finding("note", "queue", "TIDEGATE_REDIS_URL is not set; `tidegate up` brings its own server")
        return
    try:
        there = queue.Queue(settings.redis_url or own)
        waiting, signs = there.lengths(), there.signs()
    except errors.ExternalFailure as problem:
        advice = "" if settings.redis_url else "; TIDEGATE_REDIS_URL is not set and `tidegate up` does not run"
        yield Finding("FAILED", "queue", f"{problem.detail}{advice}")
        return
    yield Finding("ok", "queue", _counts(waiting))
    for kind in queue.KINDS:
        where = ", ".join(f"{one.host} since {_moment(one.since)}" for one in signs if one.kind == kind)
        yield (
            Finding("ok", kind, where)
            if where
            else Finding("FAILED", kind, f"none is running: start `tidegate {kind}`")
        )


def _mail(settings: config.Settings) -> Iterator[Finding]:
    if not settings.smtp_url:
        folder = settings.data_dir / "mail"
        yield Finding("note", "mail", f"TIDEGATE_SMTP_URL is not set; mails are files in {folder}")
        return
    parts = urlsplit(settings.smtp_url)
    client: Callable[..., smtplib.SMTP] = smtplib.SMTP_SSL if parts.scheme == "smtps" else smtplib.SMTP
    try:
        with client(parts.hostname or "localhost", parts.port or 0, timeout=TIMEOUT_S) as connection:
            connection.noop()
    except (OSError, smtplib.SMTPException) as problem:
        yield Finding("FAILED", "mail", f"{parts.hostname}:{parts.port} cannot be reached: {_first_line(problem)}")
        return
    yield Finding("ok", "mail", f"{parts.hostname}:{parts.port} answers")


def _web(settings: config.Settings) -> Iterator[Finding]:
    try:
        with urllib.request.urlopen(f"http://{settings.bind}/healthz", timeout=TIMEOUT_S):
            yield Finding("ok", "web", f"answers on {settings.bind}")
    except (urllib.error.URLError, OSError) as problem:
        yield Finding("note", "web", f"does not answer on {settings.bind}: {_first_line(problem)}")


def _counts(figures: dict[str, int]) -> str:
    return ", ".join(f"{name.replace('_', ' ')} {count}" for name, count in figures.items())


def _moment(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M UTC")


def _first_line(problem: Exception) -> str:
    return next(iter(str(problem).strip().splitlines()), type(problem).__name__)
