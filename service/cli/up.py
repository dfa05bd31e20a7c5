"""`tidegate up`: everything on one machine with one command, for a first look and for small installations."""

from __future__ import annotations

import contextlib
import fcntl
import os
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import click

from service import config, errors
from service.cli import children, supervisor, valkey, wiring
from service.storage import upgrades
from service.usecases.demo import demo

LOG_BYTES = 10_000_000
PATIENCE_S = 60.0


@click.command()
@click.option("--demo/--no-demo", "with_demo", default=True, help="Fill a fresh database with a demo organisation.")
def up(with_demo: bool) -> None:
    """Start everything here: queue server, database, web, workers, dispatcher.

    Without TIDEGATE_DATABASE_URL and TIDEGATE_REDIS_URL it brings its own: SQLite and an embedded Redis-compatible
    server, both in TIDEGATE_DATA_DIR. What crashes is started again; Ctrl-C stops all in order.
    """
    try:
        settings = config.Settings.from_env()
    except errors.InvalidSettings as problem:
        raise click.ClickException(problem.detail) from problem
    with _alone(settings.data_dir):
        _run(settings, with_demo=with_demo)


def _run(settings: config.Settings, *, with_demo: bool) -> None:
    host, port = _address(settings.bind)
    if children.listens(host, port):
        raise click.ClickException(
            f"somebody listens on {settings.bind} already; choose another: TIDEGATE_BIND=127.0.0.1:{port + 1} make run"
        )
    click.echo("preparing the database")
    upgrades.upgrade(settings.database_url)
    wiring.catch_up(settings)
    people = _demo_people(settings) if with_demo else []
    logs = settings.data_dir / "log"
    crew = supervisor.Supervisor(list(_programs(settings, logs)), click.echo)
    crew.listen()
    click.echo("starting queue server, web server, workers and dispatcher")
    try:
        crew.start()
    except supervisor.NotStarted as problem:
        raise click.ClickException(f"{problem}; its log is in {logs}:\n{_last_words(logs, str(problem))}") from problem
    click.echo(_greeting(settings, people, logs))
    crew.watch()
    click.echo("stopped")


def _programs(settings: config.Settings, logs: Path) -> Iterator[supervisor.Program]:
    environment = dict(os.environ)
    if not settings.redis_url:
        port = children.free_port()
        environment["TIDEGATE_REDIS_URL"] = f"redis://127.0.0.1:{port}/0"
        valkey.note_url(settings.data_dir / "valkey", environment["TIDEGATE_REDIS_URL"])
        yield supervisor.Program(
            "valkey",
            start=lambda: valkey.start(settings.data_dir / "valkey", port, log=_log(logs, "valkey")),
            ready=lambda process: children.wait_for_port("127.0.0.1", port, process),
        )
    command = Path(sys.executable).with_name("tidegate")

    def tidegate(word: str, name: str) -> supervisor.Program:
        return supervisor.Program(
            name,
            start=lambda: children.start([command, word], environment=environment, log=_log(logs, name)),
            ready=(lambda process: _answers(settings.bind, process)) if word == "web" else None,
        )

    yield tidegate("web", "web")
    for number in range(1, settings.worker_count + 1):
        yield tidegate("worker", f"worker-{number}")
    yield tidegate("dispatcher", "dispatcher")


def _demo_people(settings: config.Settings) -> list[str]:
    """Fill a fresh database, and say in lines who can sign in; nothing where the demo was never made."""
    note = settings.data_dir / "demo.txt"
    news = []
    with wiring.without_web(settings).app_context():
        if demo.wanted():
            click.echo("filling it with a demo organisation; this takes a few seconds, once")
            made = demo.seed()
            note.write_text("\n".join(_sign_ins(made)), encoding="utf-8")
            news = [f"One deadline is missed at {made.missed_at}: watch its notices arrive in the inbox."]
    return [*note.read_text(encoding="utf-8").splitlines(), *news] if note.exists() else []


def _sign_ins(made: demo.Seeded) -> list[str]:
    width = max(map(len, made.people))
    people = [f"{name:{width}}  {title}" for name, title in made.people.items()]
    return [f"the password of all is {made.password}", *people]


def _greeting(settings: config.Settings, people: list[str], logs: Path) -> str:
    lines = ["", f"Tidegate is ready on {settings.public_url}", ""]
    if people:
        lines += ["Sign in as one of the demo's people:", *(f"  {line}" for line in people), ""]
    else:
        lines += ["Make the first account: tidegate user create NAME --role administrator", ""]
    if not settings.smtp_url:
        lines.append(f"Mails are files in {settings.data_dir / 'mail'} (TIDEGATE_SMTP_URL sends them).")
    lines += [f"Logs are in {logs}. Ctrl-C stops everything.", ""]
    return "\n".join(lines)


def _address(bind: str) -> tuple[str, int]:
    """Where this machine itself reaches what is bound there."""
    host, _, port = bind.rpartition(":")
    return ("127.0.0.1" if host in ("", "0.0.0.0", "[::]") else host.strip("[]")), int(port)  # noqa: S104


def _answers(bind: str, process: subprocess.Popen[bytes]) -> bool:
    host, port = _address(bind)
    end = time.monotonic() + PATIENCE_S
    while time.monotonic() < end and process.poll() is None:
        try:
            with urllib.request.urlopen(f"http://{host}:{port}/readyz", timeout=5):
                return True
        except (urllib.error.URLError, OSError):
            time.sleep(0.1)
    return False


def _log(folder: Path, name: str) -> Path:
    """The log of one program, begun anew when it has grown large."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{name}.log"
    if path.exists() and path.stat().st_size > LOG_BYTES:
        path.replace(path.with_suffix(".log.1"))
    return path


def _last_words(folder: Path, problem: str) -> str:
    path = folder / f"{problem.split()[0]}.log"
    return path.read_text(errors="replace")[-2000:] if path.exists() else ""


@contextlib.contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """One `up` a data directory: two would start two queue servers on the same files."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "up.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as problem:
            raise click.ClickException(
                f"another `tidegate up` runs on {folder}; stop it, or set TIDEGATE_DATA_DIR"
            ) from problem
        yield
