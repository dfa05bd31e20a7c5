"""Fresh migrated databases: a copy of a file for SQLite, one that was emptied again for PostgreSQL."""

from __future__ import annotations

import itertools
import os
import shutil
import sqlite3
from collections.abc import Callable
from pathlib import Path

from service.storage import upgrades
from tests.support.emptying import Emptying
from tests.support.postgres import Postgres

KINDS = ("sqlite", "postgresql")
TEMPLATE = "tidegate_template"


class Databases:
    """Makes databases of both kinds; PostgreSQL starts only when the first one of it is asked for."""

    def __init__(self, directory: Path, postgres: Callable[[], Postgres]) -> None:
        self._directory = directory
        self._postgres = postgres
        self._numbers = itertools.count(1)
        self._ready: set[str] = set()
        self._emptied: list[str] = []

    def fresh(self, kind: str) -> str:
        """The address of a new migrated database without content."""
        if kind not in self._ready:
            self._make_template(kind)
            self._ready.add(kind)
        name = f"test_{os.getpid()}_{next(self._numbers)}"
        if kind == "sqlite":
            shutil.copyfile(self._template_file, self._file(name))
            return f"sqlite:///{self._file(name)}"
        if self._emptied:
            return self._postgres().rename(self._emptied.pop(), name)
        return self._postgres().create(name, TEMPLATE)

    def empty(self, kind: str) -> str:
        """The address of a new database in which nothing has been made, for tests of the migrations."""
        name = f"empty_{os.getpid()}_{next(self._numbers)}"
        return f"sqlite:///{self._file(name)}" if kind == "sqlite" else self._postgres().create(name)

    def drop(self, url: str) -> None:
        """Take a database away; a PostgreSQL one is emptied and given out again, for making one costs far more."""
        name = url.rsplit("/", 1)[1]
        if url.startswith("sqlite"):
            for ending in ("", "-wal", "-shm"):
                self._file(name.removesuffix(".db")).with_suffix(f".db{ending}").unlink(missing_ok=True)
        elif "postgresql" in self._ready and self._emptying.empty(self._postgres().plain_address(name)):
            self._emptied.append(name)
        else:
            self._postgres().drop(name)

    def _file(self, name: str) -> Path:
        return self._directory / f"{name}.db"

    @property
    def _template_file(self) -> Path:
        return self._file(TEMPLATE)

    def _make_template(self, kind: str) -> None:
        if kind == "sqlite":
            upgrades.upgrade(f"sqlite:///{self._template_file}")
            # what still lies in the write-ahead log moves into the file that is copied
            connection = sqlite3.connect(self._template_file)
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            connection.close()
        else:
            upgrades.upgrade(self._postgres().create(TEMPLATE))
            self._emptying = Emptying(self._postgres().plain_address(TEMPLATE))
