"""The ladders that hold where a diagram draws none, one for each kind of thing that can be due."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from service import errors
from service.domain import clock, escalation, policy
from service.storage import db, history, writing
from service.storage.models.ladders import DefaultLadder
from service.storage.queries import ladders as stored
from service.storage.types import Session


@dataclass(frozen=True)
class Default:
    """What holds for one kind of thing. text: in the notation of ladders; revision 0: as shipped."""

    thing: str
    text: str
    revision: int = 0
    by: str | None = None
    at: datetime | None = None

    @property
    def shipped(self) -> bool:
        return self.text == escalation.written(escalation.SHIPPED[self.thing])


def everything() -> list[Default]:
    """One for each kind of thing, in their order."""
    own = {row.thing: row for row in stored.defaults()}
    found = []
    for thing, rungs in escalation.SHIPPED.items():
        row = own.get(thing)
        if row is None:
            found.append(Default(thing, escalation.written(rungs)))
        else:
            found.append(Default(thing, row.text, row.revision, row.by, row.at))
    return found


def one(thing: str) -> Default:
    """That of one kind of thing. Raises NotFound."""
    for found in everything():
        if found.thing == thing:
            return found
    raise errors.NotFound(f"There is no default ladder for “{thing}”. There are: {', '.join(escalation.SHIPPED)}.")


def rungs() -> Mapping[str, Sequence[escalation.Rung]]:
    """The rungs by kind of thing: one small statement."""
    return dict(escalation.SHIPPED) | {row.thing: escalation.parse(row.text) for row in stored.defaults()}


def change(thing: str, text: str, *, revision: int | None = None, actor: policy.Actor) -> Default:
    """Let another ladder hold for deadlines of this kind that are set from now on; an empty text: the shipped one.

    Raises NotFound, Forbidden, StaleWrite for an old `revision`, InvalidInput that names the line of the ladder.
    """
    policy.require(policy.may_administer(actor))
    before = one(thing)
    wanted = escalation.SHIPPED[thing] if not text.strip() else _parsed(text)
    with db.transaction() as session:
        _write(session, thing, escalation.written(wanted), before, revision, actor)
    return one(thing)


def _write(session: Session, thing: str, text: str, before: Default, revision: int | None, actor: policy.Actor) -> None:
    now = clock.now()
    seen = before.revision if revision is None else revision
    columns = {"text": text, "revision": seen + 1, "by": actor.name, "at": now}
    if seen == 0 and before.revision == 0:
        writing.insert_rows(session, DefaultLadder, [{"thing": thing, **columns}])
    elif not writing.update_where(session, DefaultLadder, columns, thing=thing, revision=seen):
        raise errors.StaleWrite()
    entry = history.Entry("ladder.changed", data={"thing": thing, "before": before.text, "after": text})
    history.append_to_administration(session, [entry], at=now, actor=actor.name)


def _parsed(text: str) -> Sequence[escalation.Rung]:
    try:
        return escalation.parse(text)
    except ValueError as problem:
        raise errors.InvalidInput({"ladder": [str(problem)]}) from None
