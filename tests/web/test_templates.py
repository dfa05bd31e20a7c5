"""Texts of notices over HTTP: changed against a revision, previewed, and the mail shown in a frame of our own page."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from flask import Flask

from service.usecases.telling import templates
from service.web.pages import words
from tests.web import diagrams
from tests.web.caller import Caller, token

Person = Callable[[str | None], Caller]
PLACE = "/templates/release.started/en"
TEXT = {"subject": "Go: {release}", "body": "{by} began it."}


@pytest.mark.req("S2-2")
def test_a_text_is_changed_previewed_and_restored_and_keeps_its_versions(person: Person) -> None:
    ada = person("ada")
    before = ada.get(PLACE)
    assert before.json["shipped"]
    assert "release" in before.json["placeholders"]
    changed = ada.send("PUT", PLACE, json=TEXT, headers={"If-Match": before.headers["ETag"]})
    assert (changed.status_code, changed.json["subject"], changed.json["shipped"]) == (200, "Go: {release}", False)
    late = ada.send("PUT", PLACE, json=TEXT, headers={"If-Match": before.headers["ETag"]})
    assert late.status_code == 412
    wrong = ada.post(f"{PLACE}/preview", {"subject": "{relase}", "body": "x"})
    assert wrong.status_code == 422
    assert "{relase}" in wrong.json["errors"]["subject"][0]
    shown = ada.post(f"{PLACE}/preview", TEXT).json
    assert (shown["subject"], shown["body"]) == ("Go: R-1 Payroll 4.2", "Max Manager began it.")
    assert ada.send("DELETE", PLACE).status_code == 204
    assert [one["subject"] for one in ada.get(f"{PLACE}/versions").json["items"]] == [None, "Go: {release}"]
    point = ada.send("PUT", "/key-points/phase.entered", json={"recipients": "nobody"}).json
    assert (point["recipients"], point["event"], "manager" in point["usual"]) == ([], "entered", True)


def test_the_page_offers_the_values_and_shows_the_mail_in_a_frame_that_may_run_nothing(web: Flask) -> None:
    headers = {"Authorization": f"Bearer {token('ada')}", "Accept": "text/html"}
    client = web.test_client(use_cookies=False)
    page = client.get("/administration/texts/deadline.moved/de", headers=headers)
    assert page.status_code == 200
    assert "{before}" in page.text
    assert "Functional test" in page.text, "the preview with sample values"
    place = "/administration/texts/deadline.moved/de/mail"
    shown = client.post(place, data={"subject": "Neu: {name}", "body": "<b>{due}</b>"}, headers=headers)
    assert "&lt;b&gt;" in shown.text
    assert "default-src 'none'" in shown.headers["Content-Security-Policy"]
    assert "frame-ancestors 'self'" in shown.headers["Content-Security-Policy"]
    place = "/administration/texts/deadline.moved/de/preview"
    told = client.post(place, data={"subject": "{nmae}", "body": "x"}, headers=headers)
    assert (told.status_code, "{nmae}" in told.text) == (200, True), "the preview says what is wrong"
    refused = client.post(
        "/administration/texts/deadline.moved/de",
        data={"subject": "{nmae}", "body": "x"},
        headers={**headers, "Accept": "application/json", "X-Tidegate-Fetch": "1"},
    )
    assert refused.status_code == 422
    assert "{nmae}" in refused.json["errors"]["subject"][0]


@pytest.mark.req("S2-2")
def test_a_text_is_tried_with_what_a_release_really_has(web: Flask, person: Person) -> None:
    petra, ada = person("petra"), person("ada")
    petra.deploy(("small.bpmn", diagrams.RELEASE))
    petra.post("/categories", {"name": "small", "models": {"*": "small_release"}})
    wanted = {"title": "Shop 2", "type": "minor", "kind": "software", "category": "small", "service": "Shop"}
    dates = {"window_start": "2026-12-01T08:00:00Z", "window_end": "2026-12-01T09:00:00Z"}
    number = person("cora").post("/releases", {**wanted, "manager": "max", **dates}).json["number"]

    def tried(kind: str, body: str) -> tuple[str, bool]:
        answer = ada.post(f"/templates/{kind}/en/preview", {"subject": "{release}", "body": body, "release": number})
        assert answer.status_code == 200, answer.text
        assert answer.json["subject"] == "R-1 Shop 2"
        assert "R-1 Shop 2" in answer.json["page"]
        return answer.json["body"], answer.json["made_up"]

    assert tried("release.started", "{by}: {name}") == ("Cora Coordinator: Process", False)
    assert tried("deadline.near", "{name} is with {assignee}.\nForeseen: {longer}") == (
        "Plan is with build-team.",
        False,
    )
    assert tried("release.closed", "{outcome}")[1], "it has not ended"
    begins, made_up = tried("release.announced", "{start}\n{message}")
    assert (begins.splitlines()[0], made_up) == ("1 Dec 2026, 08:00 (UTC)", True)
    person("cora").post(f"/releases/{number}/announcements", {"message": "Quiet that day."})
    assert tried("release.announced", "{message}") == ("Quiet that day.", False)
    later = {"window_end": "2026-12-01T10:00:00Z", "change_reason": "It takes longer."}
    assert person("max").patch(f"/releases/{number}", later).status_code == 200
    moved, made_up = tried("window.moved", "{by}: {end_before} - {end}\n{start}\n{reason}")
    assert moved == "Max Manager: 1 Dec 2026, 09:00 (UTC) - 1 Dec 2026, 10:00 (UTC)\nIt takes longer."
    assert not made_up
    text = {"subject": "x", "body": "y", "release": "R-9"}
    assert ada.post("/templates/window.moved/en/preview", text).status_code == 404
    assert ada.post("/templates/window.moved/en/test", {**text, "release": number}).status_code == 202

    headers = {"Authorization": f"Bearer {token('ada')}", "Accept": "text/html"}
    client = web.test_client(use_cookies=False)
    place = "/administration/texts/release.closed/en"
    assert "R-1 Shop 2" in client.get(place, headers=headers).text
    assert "R-1 Shop 2" not in client.get("/administration/texts/policy.near/en", headers=headers).text
    data = {"subject": "{release}", "body": "x", "release": "1"}
    assert "what it does not have is a sample" in client.post(f"{place}/preview", data=data, headers=headers).text
    assert "R-1 Shop 2" in client.post(f"{place}/mail", data=data, headers=headers).text


def test_every_kind_of_notice_has_a_name_and_says_whom_it_is_for(person: Person, web: Flask) -> None:
    headers = {"Authorization": f"Bearer {token('ada')}", "Accept": "text/html"}
    page = web.test_client(use_cookies=False).get("/administration/texts", headers=headers).text
    chosen = {point["kind"] for point in person("ada").get("/key-points").json["items"]}
    for kind in templates.kinds():
        assert kind in words.NOTICES, kind
        assert kind in chosen or kind in words.MEANT, kind
        assert f'id="t-{kind}"' in page
