"""The ladders that administrators have set."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select

from service.storage import db
from service.storage.models.ladders import DefaultLadder
from service.storage.types import Row


def defaults() -> Sequence[Row]:
    """Those that are other than the shipped ones: thing, text, revision, by, at."""
    with db.reading() as session:
        return session.execute(select(*DefaultLadder.__table__.c)).all()
