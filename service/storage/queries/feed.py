"""What changed since somebody last looked: topics for pages that update by themselves."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import func, select

from service.domain import clock
from service.storage import db
from service.storage.models.ledger import Event
from service.storage.models.notices import Notice

OVERLAP_ROWS = 200  # ids are drawn before commits: a lower one may appear after a higher one
OVERLAP = timedelta(seconds=10)


class Feed:
    """Remembers where it was. One for each process that pushes; not for several threads at once."""

    def __init__(self) -> None:
        with db.reading() as session:
            self._mark: int = session.execute(select(func.coalesce(func.max(Event.id), 0))).scalar_one()
        self._since: datetime = clock.now()
        self._events: set[int] = set()
        self._notices: set[int] = set()
        self.poll()

    def poll(self) -> set[str]:
        """Topics touched since the last call: `release:1`, `instance:7`, `tasks`, `models`, `people`, `inbox:ann`."""
        topics: set[str] = set()
        with db.reading() as session:
            events = session.execute(
                select(Event.id, Event.release_number, Event.instance_key, Event.event, Event.chain).where(
                    Event.id > self._mark - OVERLAP_ROWS
                )
            ).all()
            notices = session.execute(
                select(Notice.key, Notice.reader, Notice.asked_at).where(Notice.asked_at > self._since - OVERLAP)
            ).all()
        for event in events:
            if event.id not in self._events:
                topics |= _topics(event)
        topics |= {f"inbox:{notice.reader}" for notice in notices if notice.key not in self._notices}
        self._mark = max([self._mark, *(event.id for event in events)])
        self._since = max([self._since, *(notice.asked_at for notice in notices)])
        self._events = {event.id for event in events}
        self._notices = {notice.key for notice in notices}
        return topics


def _topics(event: object) -> set[str]:
    found = set()
    if event.release_number is not None:  # type: ignore[attr-defined]
        found |= {f"release:{event.release_number}", "releases", "tasks"}  # type: ignore[attr-defined]
    if event.instance_key is not None:  # type: ignore[attr-defined]
        found |= {f"instance:{event.instance_key}", "tasks"}  # type: ignore[attr-defined]
    if event.chain == "admin":  # type: ignore[attr-defined]
        found |= {"models", "people"}
    return found
