"""Reports on the pages and in the API."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from service.storage import db, writing
from service.storage.models.reports import MadeReport
from service.usecases.telling import notices
from tests.web.caller import Caller, token

Person = Callable[[str | None], Caller]


def get(web: Flask, path: str, name: str = "max", language: str = "en") -> TestResponse:
    cookie = f"tidegate_language={language}"
    headers = {"Authorization": f"Bearer {token(name)}", "Accept": "text/html", "Cookie": cookie}
    return web.test_client(use_cookies=False).get(path, headers=headers)


@pytest.mark.req("S2-28")
def test_the_page_and_its_files_say_the_same(web: Flask) -> None:
    assert "Open releases by type and phase" in get(web, "/reports").text
    assert "Offene Releases nach Art und Phase" in get(web, "/reports?days=30", language="de").text
    table = get(web, "/reports/now.csv")
    assert table.headers["Content-Type"] == "text/csv; charset=utf-8"
    assert "Open releases by type and phase" in table.text
    document = get(web, "/reports/now.pdf")
    assert document.data.startswith(b"%PDF-")
    assert "attachment" in document.headers["Content-Disposition"]
    assert get(web, "/reports/now.doc").status_code == 404
    assert get(web, "/reports", "bea").status_code == 403
    assert get(web, "/reports/12345").status_code == 404


def test_the_api_has_figures_and_schedules(person: Person) -> None:
    report = person("max").get("/report").json
    assert [one["title"] for one in report["sections"]][:2] == ["Open releases by type and phase", "Begun and ended"]
    backwards = person("max").get("/report?since=2026-03-02T00:00:00Z&until=2026-03-01T00:00:00Z")
    assert backwards.json["errors"].keys() == {"since"}
    made = person("max").post("/report-schedules", {"name": "Weekly", "every": "weekly", "recipients": ["max"]})
    assert (made.status_code, made.json["at"], made.json["format"]) == (201, "08:00", "pdf")
    assert [one["name"] for one in person("cora").get("/report-schedules").json["items"]] == ["Weekly"]
    assert person("max").send("DELETE", f"/report-schedules/{made.json['id']}").status_code == 204
    assert person("cora").get("/report-schedules").json["items"] == []
    assert person("cora").get("/reports").json == {"items": [], "next": None}


def test_a_schedule_is_changed_by_who_set_it_up_with_its_etag(person: Person) -> None:
    max_, cora = person("max"), person("cora")
    wanted = {"name": "Weekly", "every": "weekly", "recipients": ["max"]}
    path = f"/report-schedules/{max_.post('/report-schedules', wanted).json['id']}"
    seen = cora.get(path)
    assert (seen.headers["ETag"], seen.json["revision"]) == ('"1"', 1)
    assert cora.patch(path, {"at": "09:00"}).status_code == 403
    changed = max_.patch(path, {"every": "daily", "recipients": ["max", "cora"]}, headers={"If-Match": '"1"'})
    assert (changed.status_code, changed.headers["ETag"], changed.json["every"]) == (200, '"2"', "daily")
    assert (changed.json["at"], changed.json["recipients"]) == ("08:00", ["max", "cora"])
    assert max_.patch(path, {"at": "07:00"}, headers={"If-Match": '"1"'}).status_code == 412
    wrong = max_.patch(path, {"every": "weekly", "day": 9, "recipients": ["nobody"]})
    assert wrong.json["errors"].keys() == {"day", "recipients"}
    assert cora.get(path).json["revision"] == 2
    assert person("ada").patch(path, {"name": "Daily"}).json["name"] == "Daily"
    assert person("bea").get(path).status_code == 403
    max_.send("DELETE", path)
    assert max_.get(path).status_code == max_.patch(path, {"at": "07:00"}).status_code == 404


@pytest.mark.usefixtures("web")
def test_a_schedule_is_changed_on_its_page(web: Flask, person: Person) -> None:
    wanted = {"name": "Weekly", "every": "weekly", "day": 3, "recipients": ["max"]}
    key = person("max").post("/report-schedules", wanted).json["id"]
    assert "Weekly, Wednesday, 08:00 (UTC)" in get(web, "/reports").text
    assert f"/reports/schedules/{key}" in get(web, "/reports").text
    assert f"/reports/schedules/{key}" not in get(web, "/reports", "cora").text
    assert 'value="Weekly"' in get(web, f"/reports/schedules/{key}").text
    assert get(web, f"/reports/schedules/{key}", "cora").status_code == 403
    assert "Bericht planen" in get(web, "/reports/schedules/new", language="de").text


def test_a_made_report_is_read_by_whom_it_was_made_for(web: Flask, person: Person) -> None:
    schedule = {"name": "Weekly", "every": "weekly", "format": "csv", "recipients": ["bea"]}
    plan = int(person("max").post("/report-schedules", schedule).json["id"])
    to = datetime(2026, 3, 2, 8, tzinfo=UTC)
    row = {"key": 77, "schedule_key": plan, "name": "Weekly", "format": "csv", "language": "en", "body": b"a,b"}
    with web.app_context(), db.transaction() as session:
        writing.insert_rows(session, MadeReport, [{**row, "from_at": to, "to_at": to, "made_at": to}])
        notices.tell(session, cause="a turn", recipients={"bea": "recipient"}, kind="report.ready", link="/reports/77")
    person("max").patch(f"/report-schedules/{plan}", {"recipients": ["tom"]})
    assert [one["id"] for one in person("cora").get("/reports").json["items"]] == ["77"]
    for name, status in (("bea", 200), ("max", 200), ("tom", 403)):
        assert person(name).get("/reports/77").status_code == status
        assert person(name).get("/reports/77/file").status_code == status
        assert get(web, "/reports/77", name).status_code == status
    answer = person("bea").get("/reports/77/file")
    assert (answer.content_type, answer.data) == ("text/csv; charset=utf-8", b"a,b")
    assert answer.headers["Content-Disposition"] == "attachment; filename=weekly-2026-03-02.csv"
    assert person("max").get("/reports/78/file").status_code == 404
