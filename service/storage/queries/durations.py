"""How long activities took: the newest stays in each place of a model, and for how long their releases stood still."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from sqlalchemy import bindparam, literal_column, select, union_all

from service.storage import db
from service.storage.models.instances import Activation, Instance
from service.storage.models.ledger import RESUMED, Event
from service.storage.models.releases import Release
from service.storage.types import Row

Place = tuple[str, str]  # process id and element: the same in all versions of a model
Span = tuple[datetime, datetime]

_HERE = (Activation.process == bindparam("process"), Activation.element == bindparam("element"))
_COLUMNS = (
    Activation.key, Activation.entered_at, Activation.left_at, Activation.outcome, Activation.instance_key
)  # fmt: skip
# two halves, each a range of the same index
_ENDED = (
    select(*_COLUMNS)
    .where(*_HERE, Activation.left_at > Activation.entered_at)
    .order_by(Activation.left_at.desc())
    .limit(bindparam("most"))
    .subquery()
)
_OPEN = select(*_COLUMNS).where(*_HERE, Activation.left_at.is_(None)).limit(bindparam("most")).subquery()
_FOUND = union_all(select(_ENDED), select(_OPEN)).subquery()
_NEWEST = (
    select(_FOUND, Instance.release_number, Release.held_at)
    .join(Instance, Instance.key == _FOUND.c.instance_key)
    .outerjoin(Release, Release.number == Instance.release_number)
)


def places(activation_keys: Iterable[int]) -> dict[int, Row]:
    """Process, element, moment of entering, release and service of these activations by key.

    None whose release is on hold.
    """
    wanted = list(activation_keys)
    if not wanted:
        return {}
    columns = (
        Activation.key, Activation.process, Activation.element, Activation.entered_at, Instance.release_number,
        Release.service,
    )  # fmt: skip
    statement = (
        select(*columns)
        .join(Instance, Instance.key == Activation.instance_key)
        .outerjoin(Release, Release.number == Instance.release_number)
        .where(Activation.key.in_(wanted), Release.held_at.is_(None))
    )
    with db.reading() as session:
        return {row.key: row for row in session.execute(statement)}


def newest(wanted: Iterable[Place], most: int) -> dict[Place, Sequence[Row]]:
    """The newest ended stays in each place that took any time, and those that are open: `most` of each.

    With the release, and since when it is on hold. A range of an index for each place, whatever the number of finished
    activities.
    """
    found = {}
    with db.reading() as session:
        connection = session.connection()
        for process, element in set(wanted):
            given = {"process": process, "element": element, "most": most}
            found[process, element] = connection.execute(_NEWEST, given).all()
    return found


def holds(release_numbers: Iterable[int]) -> Mapping[int, Sequence[Span]]:
    """From when to when these releases stood still; a hold that lasts is not among them. An index has no other rows."""
    wanted = set(release_numbers)
    found: dict[int, list[Span]] = defaultdict(list)
    if wanted:
        # the condition of the index, word for word: databases would not see that a parameter fulfils it
        resumed = Event.event == literal_column(f"'{RESUMED}'")
        statement = select(Event.release_number, Event.at, Event.data)
        with db.reading() as session:
            for row in session.execute(statement.where(Event.release_number.in_(wanted), resumed)):
                found[row.release_number].append((datetime.fromisoformat(row.data["since"]), row.at))
    return found
