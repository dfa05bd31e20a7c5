"""Calendars that services and people keep to: due moments follow them, mistakes are refused field by field."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from flask import Flask

from service import errors
from service.domain import policy, workinghours
from service.storage.queries import deadlines as stored
from service.usecases.accounts import people
from service.usecases.deploying import models
from service.usecases.releases import releases
from service.usecases.worktime import calendars
from tests import cast
from tests.support import drawing as d

MODEL = d.diagram(
    d.start()
    + d.element("parallelGateway", "fork")
    + d.user("office", groups="build-team", deadline="P2D", clock="working", escalation="PT0S: user:tom\nP1D: manager")
    + d.user("always", groups="build-team", deadline="P4W", escalation="PT0S: user:tom")
    + d.end("end_office")
    + d.end("end_always")
    + d.chain("start", "fork", "office", "end_office")
    + d.chain("fork", "always", "end_always"),
    process="minor_release",
    name="Minor",
)
ADA, MAX = cast.actor("ada"), cast.actor("max")
BERLIN = {
    "title": "Berlin",
    "zone": "Europe/Berlin",
    "hours": dict.fromkeys(["monday", "tuesday", "wednesday", "thursday"], "08:00-12:00 13:00-17:00")
    | {"friday": "08:00-12:00"},
    "country": "DE",
    "region": "BE",
    "closures": [{"first": "2026-03-04", "last": "2026-03-05", "name": "Moving house"}],
    "services": ["Portal"],
}


@pytest.fixture
def model(house: Flask, owner: policy.Actor) -> None:
    models.deploy([("minor.bpmn", MODEL)], actor=owner)


def begin(service: str) -> dict[str, Any]:
    """A release of a service; its deadlines by element."""
    given = {"title": "Autumn", "type": "minor", "kind": "software", "category": "standard", "service": service}
    number = releases.create({**given, "manager": "max"}, actor=cast.actor("cora"))
    return {row.element: row for row in stored.listing(MAX, release=number)[0]}


def berlin(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo("Europe/Berlin"))


@pytest.mark.usefixtures("model")
def test_working_time_is_that_of_the_service_of_a_release() -> None:
    """It begins on Monday, 2 March at nine in London, ten in Berlin; Wednesday and Thursday are closed there."""
    calendars.create("berlin", BERLIN, actor=ADA)
    portal, other = begin("Portal"), begin("Payments")
    assert portal["office"].due_at == berlin("2026-03-06T10:00")
    assert other["office"].due_at == datetime(2026, 3, 4, 9, tzinfo=UTC)
    levels = stored.levels([portal["office"].key])[portal["office"].key]
    assert [row.fire_at for row in levels] == [berlin("2026-03-06T10:00"), berlin("2026-03-09T10:00")]
    assert portal["always"].due_at == berlin("2026-03-30T10:00"), "the same wall time, though clocks changed"
    assert other["always"].due_at == datetime(2026, 3, 30, 9, tzinfo=UTC)


@pytest.mark.usefixtures("model")
def test_a_changed_calendar_holds_for_what_is_due_from_then_on() -> None:
    calendars.create("berlin", BERLIN, actor=ADA)
    before = begin("Portal")
    calendars.change("berlin", {"closures": []}, revision=1, actor=ADA)
    assert stored.get(before["office"].key).due_at == berlin("2026-03-06T10:00")
    assert begin("Portal")["office"].due_at == berlin("2026-03-04T10:00")
    calendars.change("berlin", {"services": ["Payments"]}, actor=ADA)
    assert begin("Portal")["office"].due_at == datetime(2026, 3, 4, 9, tzinfo=UTC)
    assert begin("Payments")["office"].due_at == berlin("2026-03-04T10:00")
    with pytest.raises(errors.StaleWrite):
        calendars.change("berlin", {"title": "B"}, revision=1, actor=ADA)


@pytest.mark.usefixtures("model")
def test_the_standard_calendar_is_there_before_anybody_keeps_it() -> None:
    (only,) = calendars.listing()
    assert (only["name"], only["revision"], only["zone"]) == ("standard", 0, "UTC")
    assert only["hours"]["friday"] == "09:00-17:00"
    calendars.change("standard", {"zone": "Asia/Kolkata", "country": "IN"}, revision=0, actor=ADA)
    # Wednesday, 4 March is Holi
    assert begin("Payments")["office"].due_at == datetime(2026, 3, 5, 9, tzinfo=UTC)
    with pytest.raises(errors.StaleWrite):
        calendars.change("standard", {"country": None}, revision=0, actor=ADA)


@pytest.mark.usefixtures("house")
def test_people_work_by_their_own_calendar_or_standard_hours_in_their_zone() -> None:
    calendars.create("berlin", BERLIN, actor=ADA)
    people.edit_user("bea", {"calendar": "berlin"}, actor=ADA)
    people.edit_user("tom", {"zone": "Asia/Kolkata"}, actor=ADA)
    found = calendars.of_people(["bea", "tom", "nobody"])
    six = datetime(2026, 3, 2, 6, 0, tzinfo=UTC)  # seven in Berlin, half past eleven in Kolkata
    assert {name: workinghours.is_open(six, one) for name, one in found.items()} == {
        "bea": False,
        "tom": True,
        "nobody": False,
    }
    assert workinghours.opens_at(six, calendars.of_person("bea")) == berlin("2026-03-02T08:00")
    with pytest.raises(errors.InvalidInput, match="calendar"):
        people.edit_user("bea", {"calendar": "mars"}, actor=ADA)
    with pytest.raises(errors.Forbidden):
        people.edit_user("bea", {"calendar": None}, actor=cast.actor("bea"))


@pytest.mark.usefixtures("house")
def test_mistakes_are_named_field_by_field_and_nothing_is_stored() -> None:
    wrong = {
        "title": " ",
        "zone": "Mars",
        "hours": {"monday": "9-17", "friday": "09:00-12:00 11:00-13:00", "someday": ""},
        "country": "DE",
        "region": "TX",
        "closures": [{"first": "2026-12-24", "last": "2026-12-01"}, {"first": "soon"}],
        "openings": [{"day": "2026-12-05", "hours": "noon"}],
        "services": ["x" * 200],
    }
    with pytest.raises(errors.InvalidInput) as refused:
        calendars.create("Berlin!", wrong, actor=ADA)
    assert refused.value.errors.keys() == {
        "name", "title", "zone", "hours", "hours.monday", "hours.friday", "region", "closures.0.last",
        "closures.1.first", "openings.0.hours", "services",
    }  # fmt: skip
    for given, field in (
        ({"hours": {}}, "hours.monday"),
        ({"country": "XX"}, "country"),
        ({"closures": [{"first": "2026-01-01", "last": "2028-01-01"}]}, "closures.0.last"),
        ({"closures": [{"first": f"{year}-01-01", "last": f"{year}-12-31"} for year in range(2026, 2040)]}, "closures"),
        ({"openings": [{"day": "2026-12-05", "hours": ""}] * 2}, "openings"),
        ({"colour": "red"}, "colour"),
    ):
        with pytest.raises(errors.InvalidInput) as refused:
            calendars.create("berlin", given, actor=ADA)
        assert refused.value.errors.keys() == {field}
    assert [row["name"] for row in calendars.listing()] == ["standard"]
    calendars.create("berlin", BERLIN, actor=ADA)
    for name in ("berlin", "standard"):
        with pytest.raises(errors.AlreadyExists):
            calendars.create(name, BERLIN, actor=ADA)
    with pytest.raises(errors.NotFound):
        calendars.change("munich", {}, actor=ADA)
    for act in (calendars.create, calendars.change):
        with pytest.raises(errors.Forbidden):
            act("berlin", BERLIN, actor=MAX)
