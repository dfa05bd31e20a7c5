"""A database full of open deadlines: people, releases, runs and tasks that have them, written as rows."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Engine, func, select, text, update
from sqlalchemy.orm import Session

from service.storage import writing
from service.storage.models.base import Base
from service.storage.models.definitions import Definition
from service.storage.models.instances import Activation, Instance, Task
from service.storage.models.ledger import KeyBlock
from service.storage.models.notices import Deadline, DeadlineLevel
from service.storage.models.people import User
from service.storage.models.releases import Release

CHUNK = 5_000
A_RUN = 10  # deadlines
A_RELEASE = 50  # deadlines
LEVELS = 3
AT_ONCE = "PT0S"  # the level at the due moment


class Crowd:
    """People, releases and runs; and open deadlines of theirs, as many as are added."""

    def __init__(self, engine: Engine, people: int) -> None:
        self._engine = engine
        self._people = people
        with Session(engine) as session:
            first, now = _keys(session, people), datetime.now(UTC)
            self._definition = session.execute(select(Definition.key).limit(1)).scalar_one()
            _write(session, User, (_person(first + number, number, now) for number in range(people)))
            session.commit()

    def add(self, dues: Sequence[datetime], *, since: datetime) -> None:
        """One open deadline for each of these moments, by a task with an assignee.

        Each has a ladder of three that tells the assignee: at 80 percent of the time, at its end, and a day later.
        """
        with Session(self._engine) as session:
            number = session.execute(select(func.coalesce(func.max(Release.number), 0))).scalar_one() + 1
            releases = range(number, number + len(dues) // A_RELEASE + 1)
            key = _keys(session, len(dues) // A_RUN + 1 + LEVELS * len(dues))
            runs = range(key, key + len(dues) // A_RUN + 1)
            rows = [
                _Row(
                    runs.stop + LEVELS * place, runs[place // A_RUN], releases[place // A_RELEASE],
                    _name(place % self._people), since, due,
                )
                for place, due in enumerate(dues)
            ]  # fmt: skip
            _write(session, Release, (_release(number, since) for number in releases))
            _write(session, Instance, (_run(key, self._definition, since) for key in runs))
            _write(session, Activation, (row.activation() for row in rows))
            _write(session, Task, (row.task() for row in rows))
            _write(session, Deadline, (row.deadline() for row in rows))
            _write(session, DeadlineLevel, (level for row in rows for level in row.levels()))
            session.commit()

    def done(self) -> None:
        """Let the database count what it has, as it does by itself after a while."""
        with self._engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.execute(text("ANALYZE"))


def _keys(session: Session, count: int) -> int:
    """The first of so many free keys."""
    grow = update(KeyBlock).where(KeyBlock.name == "keys").values(next=KeyBlock.next + count)
    return int(session.execute(grow.returning(KeyBlock.next)).scalar_one()) - count


def _write(session: Session, model: type[Base], rows: Iterator[dict[str, Any]]) -> None:
    chunk: list[dict[str, Any]] = []
    for row in rows:
        chunk.append(row)
        if len(chunk) == CHUNK:
            writing.insert_rows(session, model, chunk)
            chunk = []
    writing.insert_rows(session, model, chunk)


def _name(number: int) -> str:
    return f"person-{number}"


def _person(key: int, number: int, at: datetime) -> dict[str, Any]:
    name = _name(number)
    return {"key": key, "name": name, "title": name, "email": f"{name}@bench.example", "roles": [], "created_at": at}


def _release(number: int, at: datetime) -> dict[str, Any]:
    return {
        "number": number, "title": f"Release {number}", "type": "minor", "kind": "software", "category": "bench",
        "service": "Bench", "model": "bench", "status": "open", "requester": _name(0), "manager": _name(0),
        "coordinator": _name(1), "created_at": at,
    }  # fmt: skip


def _run(key: int, definition: int, at: datetime) -> dict[str, Any]:
    return {"key": key, "definition_key": definition, "status": "active", "revision": 1, "state": b"", "manifest": {},
            "started_at": at}  # fmt: skip


@dataclass(frozen=True)
class _Row:
    """One deadline with what belongs to it; `key` is that of all of them, and the first of its levels'."""

    key: int
    run: int
    release: int
    assignee: str
    start: datetime
    due: datetime

    def activation(self) -> dict[str, Any]:
        return {"key": self.key, "instance_key": self.run, "ref": str(self.key), "element": "work", "type": "userTask",
                "entered_at": self.start}  # fmt: skip

    def task(self) -> dict[str, Any]:
        return {
            "key": self.key, "instance_key": self.run, "activation_key": self.key, "ref": str(self.key),
            "release_number": self.release, "element": "work", "name": "Work", "state": "open",
            "assignee": self.assignee, "due_at": self.due, "opened_at": self.start,
        }  # fmt: skip

    def deadline(self) -> dict[str, Any]:
        return {
            "key": self.key, "activation_key": self.key, "instance_key": self.run, "release_number": self.release,
            "task_key": self.key, "element": "work", "name": "Work", "started_at": self.start, "due_at": self.due,
            "state": "open",
        }  # fmt: skip

    def levels(self) -> Iterator[dict[str, Any]]:
        at = (self.start + (self.due - self.start) * 0.8, self.due, self.due + timedelta(days=1))
        for number, (moment, fire_at) in enumerate(zip(("80%", AT_ONCE, "P1D"), at, strict=True)):
            fired = fire_at < datetime.now(UTC)
            yield {
                "key": self.key + number, "deadline_key": self.key, "activation_key": self.key, "level": number + 1,
                "repeat": 0, "moment": moment, "recipients": ["assignee"], "fire_at": fire_at,
                "state": "fired" if fired else "waiting", "fired_at": fire_at if fired else None,
            }  # fmt: skip
