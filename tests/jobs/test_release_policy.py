"""The release policy: versions, reviews, and who hears of a review that is forgotten."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from flask import Flask

from service import errors
from service.storage import db, outbox
from service.storage.models.appointments import Appointment
from service.storage.models.notices import Notice
from service.storage.queries import releasepolicy as stored
from service.usecases.regular import appointments, releasepolicy
from tests import cast

PETRA, MAX, ADA, CORA = (cast.actor(name) for name in ("petra", "max", "ada", "cora"))
TEXT = "# Release policy\n\nEvery change is approved."


def keep_due(time: Any) -> int:
    """Keep what is due, as dispatcher and worker would; answers how much that was."""
    with db.transaction() as session:
        keys = outbox.claim(session, outbox.APPOINTMENTS, time.now, time.now - timedelta(seconds=3), 50)
    return sum(appointments.keep(key) for key in keys)


def told() -> list[tuple[str, str]]:
    with db.reading() as session:
        return [(one.reader, one.kind) for one in session.query(Notice).order_by(Notice.key)]


@pytest.fixture
def written(house: Flask) -> None:
    releasepolicy.write(TEXT, actor=PETRA)


@pytest.mark.usefixtures("written")
def test_a_ladder_may_name_many(time: Any) -> None:
    several = " ".join(f"user:{name}-{'x' * 30}" for name in "abcdefghij")
    releasepolicy.change({"ladder": f"PT0S: {several} manager"}, actor=PETRA)
    releasepolicy.review(1, review_at=time.now + timedelta(days=1), actor=PETRA)
    time.turn(days=1)
    assert keep_due(time) == 1
    assert told() == [("max", "policy.overdue")]


@pytest.mark.req("S2-22")
@pytest.mark.usefixtures("written")
def test_a_version_holds_once_its_owner_has_reviewed_it(time: Any) -> None:
    row = stored.get()
    assert row is not None
    assert (row.owner, row.in_force, row.newest) == ("petra", None, 1)
    with pytest.raises(errors.Forbidden):
        releasepolicy.review(1, review_at=time.now + timedelta(days=365), actor=MAX)
    releasepolicy.review(1, review_at=time.now + timedelta(days=365), note="Fine.", actor=PETRA)
    assert releasepolicy.write(TEXT + "\n\nAnd tested.", note="Tests", after=1, actor=MAX) == 2
    row = stored.get()
    assert row is not None
    assert (row.in_force, row.newest) == (1, 2)
    releasepolicy.review(2, review_at=time.now + timedelta(days=300), actor=PETRA)
    row = stored.get()
    assert row is not None
    assert (row.in_force, row.review_at) == (2, time.now + timedelta(days=300))
    assert [(one.version, one.by) for one in stored.reviews()] == [(2, "petra"), (1, "petra")]


@pytest.mark.req("S2-22")
@pytest.mark.usefixtures("written")
def test_the_owner_and_the_release_managers_hear_of_a_missed_review_once_a_level(time: Any) -> None:
    releasepolicy.review(1, review_at=time.now + timedelta(days=30), actor=PETRA)
    assert keep_due(time) == 0
    time.turn(days=16)
    assert keep_due(time) == 1
    assert keep_due(time) == 0
    assert told() == [("petra", "policy.near")]
    time.turn(days=14)
    keep_due(time)
    assert sorted(told()[1:]) == [("max", "policy.overdue"), ("petra", "policy.overdue")]
    time.turn(days=7)
    keep_due(time)
    assert len(told()) == 5
    releasepolicy.review(1, review_at=time.now + timedelta(days=365), actor=PETRA)
    time.turn(days=100)
    assert keep_due(time) == 0
    assert len(told()) == 5


@pytest.mark.usefixtures("written")
def test_an_appointment_is_kept_once_whoever_tries(time: Any) -> None:
    releasepolicy.review(1, review_at=time.now + timedelta(days=30), actor=PETRA)
    with db.reading() as session:
        first = session.query(Appointment).order_by(Appointment.turn).first()
    assert first is not None
    assert not appointments.keep(first.key)  # too early
    time.turn(days=30)
    assert appointments.keep(first.key)
    assert not appointments.keep(first.key)


@pytest.mark.usefixtures("written")
def test_who_wrote_from_an_older_version_is_refused(time: Any) -> None:
    releasepolicy.write("one", after=1, actor=MAX)
    with pytest.raises(errors.StaleWrite):
        releasepolicy.write("another", after=1, actor=PETRA)
    with pytest.raises(errors.InvalidInput):
        releasepolicy.write("one", after=2, actor=PETRA)
    with pytest.raises(errors.Forbidden):
        releasepolicy.write("another", actor=CORA)


@pytest.mark.usefixtures("written")
def test_another_owner_and_another_ladder(time: Any) -> None:
    with pytest.raises(errors.InvalidInput) as refused:
        releasepolicy.change({"owner": "nobody-here", "ladder": "soon"}, actor=ADA)
    assert set(refused.value.errors) == {"owner", "ladder"}
    releasepolicy.change({"owner": "cora", "ladder": "PT0S: assignee"}, actor=ADA)
    releasepolicy.review(1, review_at=time.now + timedelta(days=10), actor=CORA)
    time.turn(days=10)
    assert keep_due(time) == 1
    assert told() == [("cora", "policy.overdue")]
