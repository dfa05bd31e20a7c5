"""The release policy on the pages and in the API."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from flask import Flask

from tests.web.caller import Caller, token

Person = Callable[[str | None], Caller]
TEXT = "# Rules\n\n- **one**\n\n<script>alert(1)</script> [x](javascript:alert(1)) ![p](https://example.org/p.png)"


def read(web: Flask, path: str, name: str = "petra", language: str = "en") -> str:
    cookie = f"tidegate_language={language}"
    headers = {"Authorization": f"Bearer {token(name)}", "Accept": "text/html", "Cookie": cookie}
    answer = web.test_client(use_cookies=False).get(path, headers=headers)
    assert answer.status_code == 200, answer.text
    return answer.text


@pytest.mark.req("S2-22")
def test_versions_are_written_reviewed_and_compared(person: Person) -> None:
    petra = person("petra")
    assert petra.get("/release-policy").status_code == 404
    assert petra.post("/release-policy/versions", {"text": "one\ntwo"}).json["number"] == 1
    assert petra.post("/release-policy/versions", {"text": "one\n2", "after": 1}).status_code == 201
    late = {"review_at": "2020-01-01T00:00:00Z"}
    assert petra.post("/release-policy/versions/2/review", late).json["errors"].keys() == {"review_at"}
    shown = petra.get("/release-policy")
    when = {"review_at": "2100-01-01T00:00:00Z", "note": "Good."}
    stale = petra.post("/release-policy/versions/2/review", when, headers={"If-Match": '"77"'})
    assert stale.status_code == 412
    held = petra.post("/release-policy/versions/2/review", when, headers={"If-Match": shown.headers["ETag"]}).json
    assert (held["in_force"], held["text"], held["overdue"], held["reviews"][0]["note"]) == (
        2,
        "one\n2",
        False,
        "Good.",
    )
    changed = petra.get("/release-policy/changes?before=1&after=2").json["lines"]
    assert [(one["kind"], one["text"]) for one in changed] == [("same", "one"), ("removed", "two"), ("added", "2")]
    assert [one["number"] for one in person("nora").get("/release-policy/versions").json["items"]] == [2, 1]


def test_what_people_write_does_no_harm(web: Flask, person: Person) -> None:
    person("petra").post("/release-policy/versions", {"text": TEXT})
    shown = read(web, "/release-policy/versions/1")
    assert "<h1>Rules</h1>" in shown
    assert "<strong>one</strong>" in shown
    assert "&lt;script&gt;alert(1)" in shown
    assert 'href="javascript' not in shown
    assert "<img" not in shown


def test_the_pages_say_what_is_to_be_done(web: Flask, person: Person) -> None:
    assert "No release policy yet" in read(web, "/release-policy", "nora")
    petra = person("petra")
    petra.post("/release-policy/versions", {"text": "one"})
    assert "No version is in force" in read(web, "/release-policy")
    petra.post("/release-policy/versions/1/review", {"review_at": "2100-01-01T00:00:00Z"})
    petra.post("/release-policy/versions", {"text": "two", "note": "Better"})
    assert "Version 2 is written and not in force yet." in read(web, "/release-policy")
    assert "Version 2 ist geschrieben und noch nicht in Kraft." in read(web, "/release-policy", language="de")
    assert "Better" in read(web, "/release-policy/changes?before=1&after=2")
    assert "one" in read(web, "/release-policy/edit", "max") or "two" in read(web, "/release-policy/edit", "max")
