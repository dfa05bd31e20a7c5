"""How long activities took: the newest stays in each place of a model."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from sqlalchemy import bindparam, select, union_all

from service.storage import db
from service.storage.models.instances import Activation, Instance
from service.storage.models.releases import Release
from service.storage.types import Row

Place = tuple[str, str]  # process id and element: the same in all versions of a model

_HERE = (Activation.process == bindparam("process"), Activation.element == bindparam("element"))
_COLUMNS = (Activation.key, Activation.entered_at, Activation.left_at, Activation.outcome)
# two halves, each a range of the same index
_ENDED = (
    select(*_COLUMNS)
    .where(*_HERE, Activation.left_at > Activation.entered_at)
    .order_by(Activation.left_at.desc())
    .limit(bindparam("most"))
    .subquery()
)
_OPEN = select(*_COLUMNS).where(*_HERE, Activation.left_at.is_(None)).limit(bindparam("most")).subquery()
_NEWEST = union_all(select(_ENDED), select(_OPEN))


def places(activation_keys: Iterable[int]) -> dict[int, Row]:
    """Process, element, moment of entering and service of these activations by key; none whose release is on hold."""
    wanted = list(activation_keys)
    if not wanted:
        return {}
    columns = (Activation.key, Activation.process, Activation.element, Activation.entered_at, Release.service)
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

    A range of an index for each place, whatever the number of finished activities.
    """
    found = {}
    with db.reading() as session:
        connection = session.connection()
        for process, element in set(wanted):
            given = {"process": process, "element": element, "most": most}
            found[process, element] = connection.execute(_NEWEST, given).all()
    return found
