"""The product's own processes on a database of the bench, with one person and the diagrams in place."""

from __future__ import annotations

import os
import secrets
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from service import app, config, errors
from service.cli import children, valkey
from service.cli.bench import drawing, floor
from service.domain import policy
from service.storage import db, upgrades
from service.usecases.accounts import people
from service.usecases.deploying import models

PATIENCE_S = 60


@dataclass(frozen=True)
class House:
    """Where to send requests: the product with its token, and the floor."""

    port: int
    floor_port: int
    token: str
    pids: Mapping[str, int]
    database_url: str


@contextmanager
def living(
    directory: Path, database_url: str, *, processes: int = 1, workers: int = 1, more: Mapping[str, str] | None = None
) -> Iterator[House]:
    """Start everything on this database, with more settings where they are given, and end it afterwards."""
    ports = {"web": children.free_port(), "valkey": children.free_port(), "floor": children.free_port()}
    environment = {
        "TIDEGATE_DATABASE_URL": database_url,
        "TIDEGATE_DATA_DIR": str(directory / "data"),
        "TIDEGATE_REDIS_URL": f"redis://127.0.0.1:{ports['valkey']}/0",
        "TIDEGATE_BIND": f"127.0.0.1:{ports['web']}",
        "TIDEGATE_SECRET_KEY": secrets.token_urlsafe(32),
        **(more or {}),
    }
    settings = config.Settings.from_env(environment)
    upgrades.upgrade(settings.database_url)
    token = _furnish(settings)
    floor.prepare(settings.database_url)
    kept = {name: value for name, value in os.environ.items() if not name.startswith("TIDEGATE_")}
    known = {**kept, **environment, floor.DATABASE: settings.database_url, floor.ADDRESS: f"127.0.0.1:{ports['floor']}"}
    command = Path(sys.executable).with_name("tidegate")
    with ExitStack() as stack:
        server = valkey.start(directory / "valkey", ports["valkey"], log=directory / "valkey.log")
        stack.callback(children.stop, server)
        children.wait_for_port("127.0.0.1", ports["valkey"], server)
        programs: dict[str, list[str | Path]] = {
            "web": [command, "web", "--processes", str(processes)],
            **{f"worker-{number}": [command, "worker"] for number in range(1, workers + 1)},
            "dispatcher": [command, "dispatcher"],
            "floor": [sys.executable, "-m", "service.cli.bench.floor"],
        }
        pids = {}
        for name, words in programs.items():
            process = children.start(words, environment=known, log=directory / f"{name}.log")
            stack.callback(children.stop, process)
            pids[name] = process.pid
        _wait(ports["web"], directory / "web.log")
        children.wait_for_port("127.0.0.1", ports["floor"])
        yield House(ports["web"], ports["floor"], token, pids, settings.database_url)


def _furnish(settings: config.Settings) -> str:
    """The person of the bench with the diagrams deployed; answers the token."""
    made = app.create_app(settings)
    with made.app_context():
        people.create_group(drawing.GROUP, actor=policy.SYSTEM)
        people.create_user("bench", roles=[policy.PROCESS_OWNER], groups=[drawing.GROUP], actor=policy.SYSTEM)
        token = people.create_token("bench", actor=policy.SYSTEM)
        models.deploy(drawing.files(), actor=policy.SYSTEM)
        db.release_connection()
        db.db.engine.dispose()
    return token


def _wait(port: int, log: Path) -> None:
    end = time.monotonic() + PATIENCE_S
    while time.monotonic() < end:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/readyz", timeout=2):
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.1)
    raise errors.ExternalFailure(f"The web server of the bench is not ready: {log.read_text(errors='replace')[-2000:]}")
