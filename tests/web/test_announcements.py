"""Announced dates over HTTP: the page, the API, and the link in a mail that needs nobody to be signed in."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from flask import Flask

from service.storage import db
from service.storage.models.announcements import Follower
from tests.web import diagrams
from tests.web.caller import Caller, token

Person = Callable[[str | None], Caller]
RELEASE = {
    "title": "Shop 2", "type": "minor", "kind": "software", "category": "small", "service": "Shop",
    "window_start": "2027-03-01T20:00:00Z", "window_end": "2027-03-01T23:00:00Z",
}  # fmt: skip


@pytest.fixture
def release(person: Person) -> str:
    petra, cora = person("petra"), person("cora")
    petra.deploy(("small.bpmn", diagrams.RELEASE), ("build.form", diagrams.FORM))
    petra.post("/categories", {"name": "small", "models": {"*": "small_release"}})
    answer = cora.post("/releases", RELEASE)
    assert answer.status_code == 201, answer.text
    return str(answer.json["number"])


@pytest.mark.req("S1-9")
def test_the_api_announces_adds_followers_and_says_why_dates_change(person: Person, release: str) -> None:
    cora, place = person("cora"), f"/releases/{release}"
    made = cora.post(f"{place}/followers", {"address": "kim@customer.example.org", "language": "de"})
    assert (made.status_code, made.json["address"], made.json["language"]) == (201, "kim@customer.example.org", "de")
    assert cora.post(f"{place}/announcements", {"message": "At night."}).json["message"] == "At night."
    etag = cora.get(place).headers["ETag"]
    new = {"window_start": "2027-03-02T20:00:00Z", "window_end": "2027-03-02T23:00:00Z", "change_reason": "Late."}
    assert cora.patch(place, new, headers={"If-Match": etag}).status_code == 200
    newest, oldest = cora.get(f"{place}/announcements").json["items"]
    assert (newest["message"], newest["start_before"]) == ("Late.", oldest["window_start"])
    assert [one["mail"] for one in cora.get(f"{place}/followers").json["items"]] == ["waiting"]
    assert cora.send("DELETE", f"{place}/followers/{made.json['id']}").status_code == 204
    assert cora.get(f"{place}/followers").json["items"] == []
    refused = cora.post(f"{place}/followers", {"address": "kim"})
    assert (refused.status_code, list(refused.json["errors"])) == (422, ["address"])


@pytest.mark.req("S1-9")
def test_the_link_of_a_mail_shows_what_it_ends_and_one_click_ends_it_without_signing_in(
    web: Flask, person: Person, release: str
) -> None:
    person("cora").post(f"/releases/{release}/followers", {"address": "kim@customer.example.org"})
    with web.app_context(), db.reading() as session:
        path = f"/unsubscribe/{session.query(Follower.token).scalar()}"
    outsider = web.test_client(use_cookies=False)
    shown = outsider.get(path, headers={"Accept": "text/html"})
    assert shown.status_code == 200
    assert "kim@customer.example.org gets a mail when" in shown.text
    ended = outsider.post(path, data={"List-Unsubscribe": "One-Click"})
    assert (ended.status_code, "gets no more mails" in ended.text) == (200, True)
    assert person("cora").get(f"/releases/{release}/followers").json["items"] == []
    assert "gets no more mails" in outsider.get(path, headers={"Accept": "text/html"}).text
    assert outsider.get("/unsubscribe/guess").status_code == 404


def test_the_page_shows_what_was_told_and_hides_addresses_from_others(web: Flask, person: Person, release: str) -> None:
    cora = person("cora")
    cora.post(f"/releases/{release}/followers", {"address": "kim@customer.example.org"})
    cora.post(f"/releases/{release}/followers", {"user": "bea"})
    cora.post(f"/releases/{release}/announcements", {"message": "At night."})
    pages = {}
    for name in ("cora", "bea"):
        headers = {"Authorization": f"Bearer {token(name)}", "Accept": "text/html"}
        answer = web.test_client(use_cookies=False).get(f"/releases/{release}/announcements", headers=headers)
        assert answer.status_code == 200
        pages[name] = answer.text
    assert "At night." in pages["bea"]
    assert "kim@customer.example.org" in pages["cora"]
    assert "kim@customer.example.org" not in pages["bea"]
    assert "Do not follow any more" in pages["bea"]
    assert "Announce the window" not in pages["bea"]
