"""Texts of notices over HTTP: changed against a revision, previewed, and the mail shown in a frame of our own page."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from flask import Flask

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
