"""Calendar feeds as a calendar program reads them: by a secret link, without signing in, with the owner's rights."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import icalendar
import pytest
from flask import Flask
from werkzeug.test import TestResponse

from service.domain import clock, policy
from service.usecases.accounts import people
from service.web import throttle
from tests.support import drawing as d
from tests.web import diagrams
from tests.web.caller import Caller, token

Person = Callable[[str | None], Caller]

BERLIN = ZoneInfo("Europe/Berlin")


class Clock:
    """Stands still until it is turned."""

    def __init__(self) -> None:
        self.now = datetime(2026, 3, 28, 10, tzinfo=UTC)  # the clocks of Berlin change on the next day

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def time(web: Flask) -> Any:
    hands = Clock()
    with clock.replaced(hands):
        yield hands


@pytest.fixture
def release(web: Flask, person: Person, time: Clock) -> dict[str, Any]:
    """R-1 of the service Shop with a window around the change of the clocks, and a task that is due after it."""
    petra = person("petra")
    assert petra.deploy(("small.bpmn", diagrams.RELEASE)).status_code == 201
    petra.post("/categories", {"name": "small", "models": {"*": "small_release"}})
    wanted = {"title": "Shop 2", "type": "minor", "kind": "software", "category": "small", "service": "Shop"}
    window = {"window_start": "2026-03-29T00:30:00+01:00", "window_end": "2026-03-29T04:00:00+02:00"}
    made: dict[str, Any] = person("cora").post("/releases", wanted | window).json
    return made


def link(caller: Caller, **body: Any) -> str:
    answer = caller.post("/me/calendar-links", body)
    assert answer.status_code == 201, answer.text
    return str(answer.json["url"])


def get(web: Flask, url: str, **headers: str) -> TestResponse:
    """As a calendar program asks: no cookie, no token."""
    path = re.sub(r"^https?://[^/]+", "", url)
    return web.test_client(use_cookies=False).get(path, headers=headers)


def events(answer: TestResponse) -> dict[str, Any]:
    assert answer.status_code == 200, answer.text
    calendar = icalendar.Calendar.from_ical(answer.data)
    assert calendar.errors == []
    found = {str(event["uid"]): event for event in calendar.walk("VEVENT")}
    assert all(event.errors == [] for event in found.values())
    return found


def one(found: dict[str, Any], beginning: str) -> Any:
    (event,) = [event for uid, event in found.items() if uid.startswith(beginning)]
    return event


def test_the_holder_of_a_task_has_its_due_moment_in_their_calendar(
    web: Flask, person: Person, release: dict[str, Any], time: Clock
) -> None:
    url = link(person("bea"))
    assert not any(uid.startswith("task") for uid in events(get(web, url))), "not while it is only offered"
    (task,) = person("bea").get("/tasks").json["items"]
    person("bea").post(f"/tasks/{task['id']}/claim")
    answer = get(web, url)
    event = one(events(answer), f"task-{task['id']}@")
    assert str(event["summary"]) == "Due: Plan (R-1 Shop 2)"
    assert event["dtstart"].dt == datetime.fromisoformat(task["due_at"]).replace(microsecond=0)
    assert b"DTSTART:20260329T100000Z" in answer.data
    assert str(event["url"]).endswith(f"/tasks/{task['id']}")
    assert (event["sequence"], str(event["status"]), str(event["transp"])) == (0, "CONFIRMED", "TRANSPARENT")


def test_a_window_across_the_change_of_the_clocks_is_two_hours_and_a_half(
    web: Flask, person: Person, release: dict[str, Any]
) -> None:
    event = one(events(get(web, link(person("cora")))), "window-R-1@")
    assert event["dtend"].dt - event["dtstart"].dt == timedelta(hours=2, minutes=30)
    assert event["dtstart"].dt.astimezone(BERLIN).isoformat() == "2026-03-29T00:30:00+01:00"
    assert event["dtend"].dt.astimezone(BERLIN).isoformat() == "2026-03-29T04:00:00+02:00"


def test_days_away_are_whole_days_wherever_the_reader_is(web: Flask, person: Person, time: Clock) -> None:
    days = {"first_day": "2026-03-27", "last_day": "2026-03-30", "substitute": "carl", "note": "Skiing"}
    made = person("cora").post("/me/absences", days)
    assert made.status_code == 201, made.text
    answer = get(web, link(person("cora")))
    event = one(events(answer), "absence-")
    assert (event["dtstart"].dt, event["dtend"].dt) == (date(2026, 3, 27), date(2026, 3, 31))
    assert b"DTSTART;VALUE=DATE:20260327" in answer.data
    assert (str(event["summary"]), str(event["description"])) == ("Away: Skiing", "Stands in: Carl Coordinator")


def test_a_due_date_that_moves_has_the_next_number_and_one_that_is_over_is_cancelled(
    web: Flask, person: Person, release: dict[str, Any], time: Clock
) -> None:
    url, bea = link(person("bea")), person("bea")
    (task,) = bea.get("/tasks").json["items"]
    bea.post(f"/tasks/{task['id']}/claim")
    before = one(events(get(web, url)), "task-")
    time.now += timedelta(hours=1)
    moved = person("max").patch(f"/tasks/{task['id']}", {"due_at": "2026-04-02T08:00:00Z", "reason": "late"})
    assert moved.status_code == 200, moved.text
    after = one(events(get(web, url)), "task-")
    assert (after["sequence"], after["dtstart"].dt) == (1, datetime(2026, 4, 2, 8, tzinfo=UTC))
    assert after["last-modified"].dt - before["last-modified"].dt == timedelta(hours=1)
    assert bea.post(f"/tasks/{task['id']}/complete").status_code == 200
    ended = one(events(get(web, url)), "task-")
    assert (str(ended["status"]), ended["sequence"]) == ("CANCELLED", 2)
    time.now += timedelta(days=15)
    assert not any(uid.startswith("task") for uid in events(get(web, url)))


def test_the_calendar_of_a_service_has_windows_and_deadlines_of_its_releases(
    web: Flask, person: Person, release: dict[str, Any]
) -> None:
    answer = get(web, link(person("max"), service="Shop"))
    found = events(answer)
    assert {uid.partition("-")[0] for uid in found} == {"deadline", "window"}
    calendar = icalendar.Calendar.from_ical(answer.data)
    assert str(calendar["x-wr-calname"]) == "Tidegate: releases of Shop"
    assert b"REFRESH-INTERVAL;VALUE=DURATION:PT15M" in answer.data
    assert events(get(web, link(person("max"), service="Another"))) == {}


MILESTONE = d.diagram(
    d.start()
    + d.user("build", name="Build", groups="build-team")
    + d.element("endEvent", "built", d.properties({"milestone": "built"}), name="Build complete")
    + d.chain("start", "build", "built"),
    process="small_release",
)


def test_a_milestone_is_one_entry_planned_then_reached(
    web: Flask, person: Person, release: dict[str, Any], time: Clock
) -> None:
    assert person("petra").deploy(("small.bpmn", MILESTONE)).status_code == 201
    wanted = {"title": "Shop 3", "type": "minor", "kind": "software", "category": "small", "service": "Shop"}
    number = person("cora").post("/releases", wanted).json["number"]
    path, url = f"/releases/{number}/milestones/built", link(person("max"), service="Shop")
    assert person("cora").send("PUT", path, json={"planned_at": "2026-04-10T12:00:00Z"}).status_code == 200
    found = events(get(web, url))
    planned = one(found, f"milestone-{number}-built@")
    assert (str(planned["summary"]), planned["dtstart"].dt) == (
        "Milestone: Build complete (R-2 Shop 3)",
        datetime(2026, 4, 10, 12, tzinfo=UTC),
    )
    assert not any("Build complete" in str(event["summary"]) for event in found.values() if event is not planned)
    assert not any(str(event["summary"]).startswith("Due: Release") for event in found.values()), "that is the window"
    person("cora").send("PUT", path, json={"planned_at": "2026-04-12T12:00:00Z"})
    assert one(events(get(web, url)), "milestone-")["sequence"] == 1
    time.now += timedelta(days=2)
    bea = person("bea")
    task = next(row for row in bea.get("/tasks").json["items"] if row["name"] == "Build")
    bea.post(f"/tasks/{task['id']}/claim")
    assert bea.post(f"/tasks/{task['id']}/complete").status_code == 200
    reached = one(events(get(web, url)), "milestone-")
    assert (str(reached["summary"]), reached["dtstart"].dt, str(reached["status"]), reached["sequence"]) == (
        "Milestone reached: Build complete (R-2 Shop 3)",
        time.now,
        "CONFIRMED",
        2,
    )


def test_only_release_managers_make_links_to_the_calendar_of_a_service(person: Person) -> None:
    assert person("cora").post("/me/calendar-links", {"service": "Shop"}).status_code == 403
    assert person("nora").post("/me/calendar-links", {}).status_code == 201


def test_nothing_changed_is_told_in_a_few_bytes_and_without_a_cookie(
    web: Flask, person: Person, release: dict[str, Any], time: Clock
) -> None:
    url = link(person("cora"))
    first = get(web, url)
    assert first.headers["Content-Type"] == "text/calendar; charset=utf-8"
    assert "Set-Cookie" not in first.headers
    time.now += timedelta(hours=5)
    again = get(web, url, **{"If-None-Match": first.headers["ETag"]})
    assert (again.status_code, again.data) == (304, b"")
    assert get(web, url).data == first.data


def test_a_link_that_was_rotated_or_revoked_is_gone(web: Flask, person: Person, release: dict[str, Any]) -> None:
    cora = person("cora")
    old = link(cora)
    (shown,) = cora.get("/me/calendar-links").json["items"]
    assert "url" not in shown
    new = cora.post(f"/me/calendar-links/{shown['id']}/rotate").json["url"]
    assert (get(web, old).status_code, get(web, new).status_code) == (404, 200)
    assert person("max").send("DELETE", f"/me/calendar-links/{shown['id']}").status_code == 404
    assert cora.send("DELETE", f"/me/calendar-links/{shown['id']}").status_code == 204
    assert get(web, new).status_code == 404
    assert cora.get("/me/calendar-links").json["items"] == []


def test_what_is_shown_is_what_the_owner_may_see_now(web: Flask, person: Person, release: dict[str, Any]) -> None:
    own, service = link(person("max")), link(person("max"), service="Shop")
    with web.app_context():
        people.edit_user("max", {"roles": [policy.STAKEHOLDER]}, actor=policy.SYSTEM)
    assert get(web, service).status_code == 404, "no release manager any more"
    assert events(get(web, own)) == {}
    with web.app_context():
        people.deactivate("max", actor=policy.SYSTEM)
    assert get(web, own).status_code == 404


@pytest.mark.parametrize("odd", ["a\nX-EVIL:1", "a\r\nX-EVIL:1", "a\rX-EVIL:1", "a\x0bX-EVIL:1", "a\x07, b; c\\d"])
def test_what_people_write_stays_in_its_line(web: Flask, person: Person, release: dict[str, Any], odd: str) -> None:
    max_ = person("max")
    tag = max_.get("/releases/R-1").headers["ETag"]
    assert max_.patch("/releases/R-1", {"title": odd}, headers={"If-Match": tag}).status_code == 200
    with web.app_context():
        people.edit_user("cora", {"title": odd}, actor=policy.SYSTEM)
    answer = get(web, link(person("cora")))
    window = one(events(answer), "window-")
    kept = " ".join(odd.replace("\x07", "").split())
    assert " ".join(str(window["summary"]).split()) == f"Release window: R-1 {kept}"
    lines = re.split(r"[\r\n\x0b]+", answer.text)
    assert not [line for line in lines if line.startswith("X-EVIL")]
    assert b"NAME:" + icalendar.vText(f"Tidegate: {kept}").to_ical() in answer.data.replace(b"\r\n ", b"")


def test_texts_are_in_the_language_of_the_owner(web: Flask, person: Person, release: dict[str, Any]) -> None:
    with web.app_context():
        people.edit_user("cora", {"language": "de", "zone": "Europe/Berlin"}, actor=policy.SYSTEM)
    answer = get(web, link(person("cora")))
    assert str(one(events(answer), "window-")["summary"]) == "Releasefenster: R-1 Shop 2"
    assert b"X-WR-TIMEZONE:Europe/Berlin" in answer.data


def test_reading_again_and_again_is_stopped(web: Flask, person: Person, release: dict[str, Any]) -> None:
    url = link(person("cora"))
    codes = [get(web, url).status_code for _ in range(throttle.PER_FEED.amount + 1)]
    assert codes == [200] * throttle.PER_FEED.amount + [429]
    assert get(web, link(person("max"))).status_code == 200, "another link is not stopped"


def test_guessing_is_stopped(web: Flask, person: Person) -> None:
    codes = [get(web, f"/calendar/guess-{n}.ics").status_code for n in range(throttle.PER_MISSES.amount + 1)]
    assert codes == [404] * throttle.PER_MISSES.amount + [429]


def test_the_page_shows_a_link_once(web: Flask, person: Person, release: dict[str, Any]) -> None:
    headers = {"Authorization": f"Bearer {token('max')}", "Accept": "text/html"}
    client = web.test_client(use_cookies=False)
    made = client.post("/account/calendar", headers=headers, data={"service": "Shop"}).text
    found = re.search(r"http://[^<]+/calendar/[\w-]+\.ics", made)
    assert found is not None
    assert get(web, found[0]).status_code == 200
    listed = client.get("/account/calendar", headers=headers).text
    assert "Releases of Shop" in listed
    assert ".ics" not in listed
