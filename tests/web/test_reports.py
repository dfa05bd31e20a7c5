"""Reports on the pages and in the API."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from flask import Flask
from werkzeug.test import TestResponse

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
