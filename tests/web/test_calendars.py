"""Calendars over the API: making, changing under an ETag, and the days as they see them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from flask import Flask

from service.web.pages.language import COOKIE
from tests.support import drawing as d
from tests.usecases.working import work
from tests.web.caller import Caller, token

DUE = d.diagram(
    d.start()
    + d.user("check", groups="build-team", deadline="PT1H", clock="working")
    + d.end()
    + d.chain("start", "check", "end"),
    process="due",
)
Person = Callable[[str | None], Caller]
BERLIN = {
    "name": "berlin",
    "title": "Berlin",
    "zone": "Europe/Berlin",
    "hours": {"monday": "09:00 - 12:30, 13:00–17:00", "saturday": "22:00-06:00"},
    "country": "DE",
    "region": "BE",
    "closures": [{"first": "2026-05-15", "last": "2026-05-15", "name": "Bridge day"}],
    "openings": [{"day": "2026-05-17", "hours": "10:00-14:00", "name": "Stocktaking"}],
    "services": ["Portal"],
}


@pytest.fixture
def ada(person: Person) -> Caller:
    return person("ada")


def test_a_calendar_is_made_read_and_changed(ada: Caller) -> None:
    made = ada.post("/calendars", BERLIN)
    assert made.status_code == 201
    assert made.json["hours"] == {
        "monday": "09:00-12:30 13:00-17:00", "tuesday": "", "wednesday": "", "thursday": "", "friday": "",
        "saturday": "22:00-06:00", "sunday": "",
    }  # fmt: skip
    tag = ada.get("/calendars/berlin").headers["ETag"]
    assert ada.get("/calendars/berlin", headers={"If-None-Match": tag}).status_code == 304
    changed = ada.patch("/calendars/berlin", {"title": "Berlin-Mitte", "services": []}, headers={"If-Match": tag})
    assert (changed.status_code, changed.json["title"], changed.json["services"]) == (200, "Berlin-Mitte", [])
    assert changed.json["closures"] == BERLIN["closures"]
    assert ada.patch("/calendars/berlin", {"title": "x"}, headers={"If-Match": tag}).status_code == 412
    assert ada.get("/calendars/munich").status_code == 404
    names = ada.get("/calendars?limit=1").json
    assert [row["name"] for row in names["items"]] == ["berlin"]
    rest = ada.get(f"/calendars?cursor={names['next']}").json
    assert [row["name"] for row in rest["items"]] == ["standard"]


def test_days_say_what_makes_them_different_in_the_language_of_who_asks(ada: Caller) -> None:
    ada.post("/calendars", BERLIN)
    ada.patch("/users/ada", {"language": "de"})
    days = ada.get("/calendars/berlin/days?from=2026-05-14&days=5").json["items"]
    assert [(day["date"], day["hours"], day["holiday"], day["closure"], day["opening"]) for day in days] == [
        ("2026-05-14", "", "Christi Himmelfahrt", "", ""),
        ("2026-05-15", "", "", "Bridge day", ""),
        ("2026-05-16", "22:00-06:00", "", "", ""),
        ("2026-05-17", "10:00-14:00", "", "", "Stocktaking"),
        ("2026-05-18", "09:00-12:30 13:00-17:00", "", "", ""),
    ]
    assert ada.get("/calendars/berlin/days?from=9999-12-31").status_code == 422


def test_mistakes_are_named_by_their_fields(ada: Caller) -> None:
    wrong = {**BERLIN, "zone": "Mars", "hours": {"monday": "9-5"}, "region": "TX"}
    answer = ada.post("/calendars", wrong)
    assert answer.status_code == 422
    assert answer.json["errors"].keys() == {"zone", "hours.monday", "region"}
    assert ada.post("/calendars", {**BERLIN, "closures": [{"first": "soon"}]}).status_code == 422
    assert ada.post("/calendars", {**BERLIN, "name": "standard"}).status_code == 409


def test_a_person_is_given_a_calendar(ada: Caller, person: Person) -> None:
    ada.post("/calendars", BERLIN)
    assert ada.patch("/users/tom", {"calendar": "berlin"}).json["calendar"] == "berlin"
    assert person("tom").get("/me").json["calendar"] == "berlin"
    assert ada.patch("/users/tom", {"calendar": "mars"}).status_code == 422
    assert ada.patch("/users/tom", {"calendar": None}).json["calendar"] is None


def test_open_deadlines_are_worked_out_anew_when_asked(web: Flask, ada: Caller, person: Person) -> None:
    person("petra").deploy(("due.bpmn", DUE))
    person("petra").post("/instances", {"definition": "due"})
    (deadline,) = ada.get("/deadlines").json["items"]
    ada.patch("/calendars/standard", {"hours": {"sunday": "00:00-00:30"}})  # an hour takes two weeks
    seen = ada.post("/calendars/standard/recalculate").json
    assert (seen["work"], seen["looked_at"], seen["more"]) == (None, 1, False)
    assert ada.get("/deadlines").json["items"][0]["due_at"] == deadline["due_at"]
    (item,) = seen["items"]
    assert (item["deadline"], item["due_at"]) == (deadline["id"], deadline["due_at"])
    assert item["new_due_at"] > item["due_at"]
    begun = ada.post("/calendars/standard/recalculate", {"apply": True, "reason": "We work on Sundays."})
    assert begun.status_code == 202
    told = begun.json["work"]
    assert (told["state"], told["done"], told["total"], told["ended_at"]) == ("waiting", 0, 1, None)
    assert ada.post("/calendars/standard/recalculate", {"apply": True}).status_code == 409
    workers(web)
    done = ada.get(begun.headers["Location"].removeprefix("/api/v1")).json
    assert (done["state"], done["done"], done["moved"], done["by"]) == ("done", 1, 1, "ada")
    assert ada.get("/calendars/standard/recalculations").json == {"items": [done], "next": None}
    assert ada.get("/deadlines").json["items"][0]["due_at"] == item["new_due_at"]
    assert ada.post("/calendars/mars/recalculate").status_code == 404


def workers(web: Flask) -> None:
    """They do what is asked of them."""
    with web.app_context():
        work()


def page(web: Flask, path: str, language: str = "en", **form: Any) -> Any:
    headers = {"Authorization": f"Bearer {token('ada')}", "Cookie": f"{COOKIE}={language}", "Accept": "text/html"}
    client = web.test_client(use_cookies=False)
    if not form:
        return client.get(path, headers=headers)
    fetched = {**headers, "X-Tidegate-Fetch": "1", "Accept": "application/json"}
    return client.post(path, headers=fetched, data=form)


TYPED = {
    "title": "Berlin",
    "zone": "Europe/Berlin",
    "hours.monday": "9:00-12:00 13:00 - 17:00",
    "country": "DE",
    "region": "",
    "closures": "2026-05-15 Bridge day\n\n2026-05-26 2026-05-27 Works outing",
    "openings": "2026-05-17 10:00-12:00 13:00-14:00 Stocktaking",
    "services": ["Portal"],
    "more_services": "Payments\n",
}


def test_a_calendar_is_kept_on_its_page(web: Flask, ada: Caller) -> None:
    ada.post("/calendars", {"name": "berlin", "zone": "UTC"})
    path = "/administration/calendars/berlin"
    assert page(web, path, **TYPED, revision="1").status_code == 200
    kept = ada.get("/calendars/berlin").json
    assert kept["hours"]["monday"] == "09:00-12:00 13:00-17:00"
    assert kept["closures"] == [
        {"first": "2026-05-15", "last": "2026-05-15", "name": "Bridge day"},
        {"first": "2026-05-26", "last": "2026-05-27", "name": "Works outing"},
    ]
    assert kept["openings"] == [{"day": "2026-05-17", "hours": "10:00-12:00 13:00-14:00", "name": "Stocktaking"}]
    assert (kept["services"], kept["region"]) == (["Payments", "Portal"], None)
    shown = page(web, f"{path}?month=2026-05", "de").text
    for text in (
        "Mai 2026",
        "Christi Himmelfahrt",
        "Bridge day",
        "Stocktaking",
        "Brandenburg",
        "2026-05-26 2026-05-27",
    ):
        assert text in shown
    assert page(web, path, **TYPED, revision="1").status_code == 409
    assert page(web, f"{path}?month=9999-99").status_code == 200
    assert "09:00-12:00 13:00-17:00" in page(web, "/administration/calendars").text


def test_mistakes_come_beside_the_field_and_name_the_line(web: Flask, ada: Caller) -> None:
    ada.post("/calendars", {"name": "berlin", "zone": "UTC"})
    wrong = {**TYPED, "hours.monday": "9-5", "closures": "2026-05-15\nsoon", "zone": "Mars", "revision": "1"}
    answer = page(web, "/administration/calendars/berlin", "de", **wrong)
    assert answer.status_code == 422
    assert answer.json["errors"] == {
        "zone": ["ist keine Zeitzone wie Europe/Berlin"],
        "hours.monday": ["„9-5“ ist keine Arbeitszeit. Schreiben Sie etwa 09:00-12:30 13:00-17:00."],
        "closures": ["Zeile 2: ist kein Tag wie 2026-12-24"],
    }


def test_hours_that_are_none_do_not_close_a_day(web: Flask, ada: Caller) -> None:
    ada.post("/calendars", {"name": "berlin", "zone": "UTC"})
    path, typed = "/administration/calendars/berlin", {**TYPED, "revision": "1"}
    answer = page(web, path, **{**typed, "openings": "2026-05-17 10-14 Stocktaking"})
    assert answer.json["errors"]["openings"] == [
        "Line 1: “10-14” are no hours. Write them like 09:00-12:30 13:00-17:00."
    ]
    assert page(web, path, **{**typed, "openings": "2026-05-17 Stocktaking"}).status_code == 200
    assert ada.get("/calendars/berlin").json["openings"] == [{"day": "2026-05-17", "hours": "", "name": "Stocktaking"}]


def test_the_month_follows_the_typing_and_saves_nothing(web: Flask, ada: Caller) -> None:
    ada.post("/calendars", {"name": "berlin", "zone": "UTC"})
    path, typed = "/administration/calendars/berlin/month", {**TYPED, "month": "2026-05", "regions_of": ""}
    shown = page(web, path, **typed).text
    for text in (
        "As it would be; not saved yet.",
        "Works outing",
        "Stocktaking",
        "Ascension Day",
        'id="region"',
        "Bayern",
    ):
        assert text in shown, text
    assert 'id="region"' not in page(web, path, **{**typed, "regions_of": "DE"}).text
    wrong = page(web, path, **{**typed, "hours.monday": "9-5"}).text
    assert "something in the form cannot be read yet" in wrong
    assert "Works outing" not in wrong
    assert ada.get("/calendars/berlin").json["closures"] == []


def test_the_list_names_the_region(web: Flask, ada: Caller) -> None:
    ada.post("/calendars", BERLIN)
    assert "Germany, Berlin" in page(web, "/administration/calendars").text
    assert "Deutschland, Berlin" in page(web, "/administration/calendars", "de").text


def test_open_deadlines_are_worked_out_anew_on_a_page(web: Flask, ada: Caller, person: Person) -> None:
    person("petra").deploy(("due.bpmn", DUE))
    person("petra").post("/instances", {"definition": "due"})
    sundays = {"hours": {"sunday": "00:00-00:30"}}
    ada.patch("/calendars/standard", sundays)
    path = "/administration/calendars/standard/open"
    assert "1 of 1 open deadlines would change." in page(web, path).text
    page(web, path, reason="We work on Sundays.")
    under_way = page(web, path).text
    assert "0 of 1 are done." in under_way
    assert 'data-live-every="2"' in under_way
    assert "1 of 1 open deadlines" not in under_way, "nothing to begin while the workers are at it"
    workers(web)
    assert "Finished: one due date has moved." in page(web, path).text
    assert "Nothing would change" in page(web, path).text
    assert ada.post("/calendars/standard/recalculate").json["items"] == []


def test_moments_are_shown_in_the_zone_of_the_reader_and_of_the_service(
    web: Flask, ada: Caller, person: Person
) -> None:
    person("petra").deploy(("due.bpmn", DUE))
    run = person("petra").post("/instances", {"definition": "due"}).json
    task = f"/tasks/{run['tasks'][0]['id']}"
    assert "(UTC)" not in page(web, task).text, "nothing to add where both are the same"
    ada.patch("/calendars/standard", {"zone": "Asia/Kolkata"})
    ada.patch("/users/ada", {"zone": "America/New_York"})
    due = datetime.fromisoformat(ada.get(task).json["due_at"])
    here, there = (due.astimezone(ZoneInfo(zone)) for zone in ("America/New_York", "Asia/Kolkata"))
    shown = page(web, task).text
    assert f"{here.day} {here:%b %Y, %H:%M %Z} = {there.day} {there:%b, %H:%M} IST (Asia/Kolkata)" in shown
    assert "the service works in Asia/Kolkata" in page(web, "/account").text
