"""Deadlines by the thousand: how late they are noticed, when their notices are out, and what waiting for them costs."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, bindparam, text

from service.cli import children
from service.cli.bench import crowd, house, processor, sink
from service.cli.bench.measuring import percentile
from service.storage import db
from service.storage.models.base import Moment

WORKERS = 2
LOOK_S = 1.0
PATIENCE_S = 240
MONTH_S = 30 * 86_400
OPEN_FOR = timedelta(hours=1)


@dataclass(frozen=True)
class Size:
    """How many deadlines are open, how many of them are due within `seconds`, and how long nothing is due before."""

    open: int
    due: int
    seconds: float
    people: int
    idle_s: float


SIZES = {"postgresql": Size(100_000, 10_000, 60, 200, 20), "sqlite": Size(20_000, 2_000, 60, 200, 20)}
QUICK = Size(500, 50, 2, 20, 2)

_FIRED = f"""
SELECT fire_at, {{seen}} AS seen FROM deadline_levels
WHERE state = 'fired' AND moment = '{crowd.AT_ONCE}' AND fire_at >= :begin
"""  # noqa: S608
_COMMITTED = "pg_xact_commit_timestamp(xmin)"
_LEFT = """
SELECT (SELECT count(*) FROM deadline_levels WHERE state = 'waiting' AND fire_at < :end)
     + (SELECT count(*) FROM deliveries WHERE state NOT IN ('sent', 'skipped', 'dead'))
"""
_SENT = "SELECT count(*) AS sent, max(sent_at) AS last FROM deliveries WHERE state = 'sent'"


def measure(directory: Path, url: str, size: Size, say: Callable[[str], None]) -> dict[str, Any]:
    """The figures of one database.

    Lateness is counted from the due moment until the notice is in the inbox: where the database keeps the moments of
    its commits, until that. Seconds of "within" are counted from the beginning of the minute in which all are due.
    """
    with sink.listening(children.free_port()) as mails:
        more = {"TIDEGATE_SMTP_URL": f"{mails.url}?starttls=never"}
        with house.living(directory, url, workers=WORKERS, more=more) as living:
            say(f"opening {size.open} deadlines")
            engine = db.make_engine(living.database_url)
            begin = _fill(engine, size)
            say(f"a dispatcher that has nothing to do, then {size.due} deadlines missed within {size.seconds:g} s")
            idle = _idle(living.pids["dispatcher"], size.idle_s)
            _sleep_until(begin)
            before = _used(living.pids)
            left = _wait(engine, begin, size)
            after = _used(living.pids)
            found = _figures(engine, begin)
            engine.dispose()
    cpu = {name: round(after[name] - spent, 1) for name, spent in before.items()}
    found |= {"left": left, "mails": mails.mails, "idle_dispatcher_cpu_percent": idle, "cpu_s": cpu}
    return {"open": size.open, "due": size.due, **found}


def _fill(engine: Engine, size: Size) -> datetime:
    """Open them all; answers when the first of those that are to be missed is due."""
    chance = random.Random(1)  # noqa: S311
    people, now = crowd.Crowd(engine, size.people), datetime.now(UTC)
    far = [now + timedelta(days=2, seconds=chance.random() * MONTH_S) for _ in range(size.open - size.due)]
    people.add(far, since=now - OPEN_FOR)
    people.done()
    filling = (datetime.now(UTC) - now).total_seconds() * size.due / size.open
    begin = datetime.now(UTC) + timedelta(seconds=2 * filling + size.idle_s + 5)
    soon = [begin + timedelta(seconds=chance.random() * size.seconds) for _ in range(size.due)]
    people.add(soon, since=begin - OPEN_FOR)
    people.done()
    return begin


def _idle(pid: int, seconds: float) -> float | None:
    """Per cent of one processor that this process takes while nothing is due."""
    time.sleep(1)
    began, at = processor.seconds(pid), time.monotonic()
    time.sleep(seconds)
    ended = processor.seconds(pid)
    return None if began is None or ended is None else round(100 * (ended - began) / (time.monotonic() - at), 2)


def _sleep_until(moment: datetime) -> None:
    time.sleep(max(0.0, (moment - datetime.now(UTC)).total_seconds()))


def _used(pids: Mapping[str, int]) -> dict[str, float]:
    return {name: processor.seconds(pid) or 0.0 for name, pid in pids.items()}


def _wait(engine: Engine, begin: datetime, size: Size) -> int:
    """Until all are told and all mails are out, or patience is; answers what is left."""
    end = begin + timedelta(seconds=size.seconds)
    _sleep_until(end)
    left = 1
    while left and datetime.now(UTC) < end + timedelta(seconds=PATIENCE_S):
        time.sleep(LOOK_S)
        with engine.connect() as connection:
            statement = text(_LEFT).bindparams(bindparam("end", type_=Moment()))
            left = int(connection.execute(statement, {"end": end}).scalar_one())
    return left


def _figures(engine: Engine, begin: datetime) -> dict[str, Any]:
    with engine.connect() as connection:
        keeps = engine.dialect.name == "postgresql" and connection.scalar(text("SHOW track_commit_timestamp")) == "on"
        fired = text(_FIRED.format(seen=_COMMITTED if keeps else "fired_at"))
        typed = fired.bindparams(bindparam("begin", type_=Moment())).columns(fire_at=Moment(), seen=Moment())
        rows = connection.execute(typed, {"begin": begin}).all()
        sent, last = connection.execute(text(_SENT).columns(last=Moment())).one()
    late = sorted((row.seen - row.fire_at).total_seconds() for row in rows)
    found: dict[str, Any] = {"fired": len(late), "early": sum(one < 0 for one in late), "sent": sent}
    if late:
        shares = {"p50_s": percentile(late, 0.5), "p95_s": percentile(late, 0.95), "max_s": late[-1]}
        claimed = max(row.seen for row in rows) - begin
        shares["claimed_within_s"] = claimed.total_seconds()
        found |= {name: round(value, 3) for name, value in shares.items()}
    if last is not None:
        found["handed_over_within_s"] = round((last - begin).total_seconds(), 1)
    return found
