"""The demo: what a newcomer finds in it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import select

from service import config
from service.cli import wiring
from service.domain import clock, policy
from service.storage import db
from service.storage import history as chains
from service.storage.models.ledger import Event
from service.storage.models.notices import Deadline, Delivery, Notice
from service.storage.models.releases import Release
from service.storage.queries import deadlines
from service.storage.queries import history as found
from service.usecases import settings
from service.usecases.context import live
from service.usecases.definitions import programs
from service.usecases.demo import demo, demo_past
from service.usecases.worktime import forecasts
from tests.support.patience import unhurried


@pytest.fixture
def demo_house(database: str, tmp_path: Path) -> Iterator[demo.Seeded]:
    """The demo as it was just made."""
    given = {"TIDEGATE_DATABASE_URL": database, "TIDEGATE_DATA_DIR": str(tmp_path)}
    before = settings.current()
    live.forget()
    programs.forget()
    with wiring.without_web(config.Settings.from_env(given)).app_context(), unhurried():
        yield demo.seed()
        db.db.session.remove()
        db.db.engine.dispose()
    settings.use(before)
    live.forget()
    programs.forget()


def test_a_newcomer_finds_a_past_with_a_story_and_forecasts(demo_house: demo.Seeded) -> None:
    began = clock.now()
    _the_past_is_over_and_the_present_is_not(demo_house)
    _some_deadlines_were_missed_and_most_were_met()
    _nobody_gets_a_mail_of_what_is_long_ago_or_has_to_read_it()
    _what_is_open_has_a_forecast(demo_house)
    _every_chain_of_history_holds()
    assert clock.now() >= began  # the clock of the past is put away


def _the_past_is_over_and_the_present_is_not(made: demo.Seeded) -> None:
    with db.reading() as session:
        rows = session.execute(select(Release.number, Release.status, Release.created_at, Release.closed_at)).all()
    past = [row for row in rows if row.number not in made.releases]
    assert len(past) == len(demo_past.PAST)
    assert {row.status for row in past} == {"closed"}
    assert all(row.created_at < row.closed_at < clock.now() for row in past)
    assert {row.status for row in rows if row.number in made.releases} == {"open"}


def _some_deadlines_were_missed_and_most_were_met() -> None:
    with db.reading() as session:
        numbers = Counter(session.scalars(select(Deadline.state)))
    assert numbers["met"] > 3 * numbers["late"] > 30


def _nobody_gets_a_mail_of_what_is_long_ago_or_has_to_read_it() -> None:
    now = clock.now()
    with db.reading() as session:
        told = session.execute(
            select(Notice.asked_at, Notice.read_at, Delivery.state).join(Delivery, Delivery.notice_key == Notice.key)
        ).all()
    past = [row for row in told if (now - row.asked_at).days > 0]
    assert {(row.state, row.read_at is None) for row in past} == {("skipped", False)}
    assert {(row.state, row.read_at is None) for row in told if row not in past} == {("waiting", True)}


def _what_is_open_has_a_forecast(made: demo.Seeded) -> None:
    rows, _cursor = deadlines.listing(policy.SYSTEM, state="open", release=made.releases[-1])
    told = forecasts.of(rows)
    assert {told[row.activation_key].level for row in rows} == {"likely", "possible"}
    assert {one.cases for one in told.values()} == {8}


def _every_chain_of_history_holds() -> None:
    with db.reading() as session:
        names = list(session.scalars(select(Event.chain).distinct()))
    assert len(names) > len(demo_past.PAST)
    for name in names:
        rows = found.chain(name)
        assert chains.first_broken(rows) is None, name
        assert [row.at for row in rows] == sorted(row.at for row in rows), name
