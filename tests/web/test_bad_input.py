"""What nobody means to send is refused in words, on either kind of database; it never breaks the server."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from service.domain import policy
from service.usecases.accounts import people
from tests.web import diagrams
from tests.web.caller import Caller

PASSWORD = "correct horse battery"
NUL = "\x00"
HTML = {"Accept": "text/html"}
LISTS = ("/releases", "/tasks", "/deadlines", "/incidents", "/notices", "/ledger", "/inbox")
FOREIGN = (
    [{}],
    [[1]],
    ["x"],
    [True],
    [None],
    [10**30],
    [2**63],
    [1, 1],
    [1, 2, 3],
    ["nope", 1],
    ["2026-01-01T00:00:00", 1],
    ["0001-01-01T00:00:00+14:00", 1],
    ["2026-01-01T00:00:00Z", "1"],
    ["2026-01-01T00:00:00Z", 10**30],
    [None, 10**30],
    ["\x00", 1],
    {"a": 1},
    7,
)

Callers = Callable[[str | None], Caller]


def _cursor(values: Any) -> str:
    return base64.urlsafe_b64encode(json.dumps(values).encode()).decode().rstrip("=")


class Browser:
    """Somebody at the pages: keeps cookies, sends the token of the page."""

    def __init__(self, app: Flask, name: str | None) -> None:
        self._client = app.test_client()
        self._secret = (
            self._client.get("/sign-in", headers=HTML).text.split('name="csrf_token" value="')[1].split('"')[0]
        )
        if name is not None:
            with app.app_context():
                people.set_password(name, PASSWORD, actor=policy.SYSTEM)
            assert self.post("/sign-in", {"name": name, "password": PASSWORD}).status_code == 303
            page = self._client.get("/inbox", headers=HTML).text
            self._secret = page.split('name="csrf-token"')[1].split('content="')[1].split('"')[0]

    def get(self, path: str, **arguments: str) -> TestResponse:
        return self._client.get(path, query_string=arguments, headers=HTML)

    def post(self, path: str, fields: dict[str, Any]) -> TestResponse:
        return self._client.post(path, data={**fields, "csrf_token": self._secret}, headers=HTML)

    def send(self, path: str, body: Any) -> TestResponse:
        headers = {"X-CSRFToken": self._secret, "X-Tidegate-Fetch": "1", "Accept": "application/json"}
        return self._client.post(path, data=json.dumps(body), content_type="application/json", headers=headers)


@pytest.fixture
def at_pages(web_on_both: Flask) -> Callable[[str | None], Browser]:
    """Makes the browser of a name, on either kind of database; None is nobody yet."""
    return lambda name: Browser(web_on_both, name)


@pytest.fixture
def task_key(person_on_both: Callers) -> str:
    """A task that Bea may take."""
    petra = person_on_both("petra")
    assert petra.deploy(("building.bpmn", diagrams.BUILD), ("build.form", diagrams.FORM)).status_code == 201
    assert petra.post("/instances", {"definition": "building"}).status_code == 201
    return person_on_both("bea").get("/tasks").json["items"][0]["id"]


@pytest.fixture
def release(person_on_both: Callers) -> str:
    """The number of a release."""
    petra = person_on_both("petra")
    assert petra.deploy(("small.bpmn", diagrams.RELEASE)).status_code == 201
    assert petra.post("/categories", {"name": "small", "models": {"*": "small_release"}}).status_code == 201
    wanted = {"title": "Payments", "type": "minor", "kind": "software", "category": "small", "service": "Shop"}
    answer = person_on_both("cora").post("/releases", wanted)
    assert answer.status_code == 201, answer.text
    return answer.json["number"]


@pytest.mark.parametrize("words", ["²", "R-²", "٣", "99999999999999999999", "2147483648", "R-" + "9" * 150])
def test_odd_numbers_are_searched_for_as_words(
    person_on_both: Callers, at_pages: Callable[[str | None], Browser], words: str
) -> None:
    answer = person_on_both("max").get("/releases", query_string={"q": words})
    assert (answer.status_code, answer.json["items"]) == (200, [])
    browser = at_pages("max")
    assert browser.get("/releases", q=words).status_code == 200
    assert browser.get("/search", q=words).status_code == 200
    assert browser.get("/search", q="R-" + "9" * 5000).status_code == 200


def test_a_release_is_still_found_by_its_number(person_on_both: Callers, release: str) -> None:
    for words in (release, release.removeprefix("R-"), release.lower()):
        items = person_on_both("max").get("/releases", query_string={"q": words}).json["items"]
        assert [item["number"] for item in items] == [release]


def test_the_number_of_a_release_has_a_bounded_length(person_on_both: Callers) -> None:
    for number in ("R-0000000000019999999999999999999", "R-2147483648", "R-²", "R-" + "0" * 400):
        answer = person_on_both("max").get("/tasks", query_string={"release": number})
        assert (answer.status_code, list(answer.json["errors"])) == (422, ["release"]), number


def test_the_history_goes_on_from_keys_only(
    person_on_both: Callers, at_pages: Callable[[str | None], Browser], release: str
) -> None:
    browser = at_pages("max")
    for before in ("9" * 30, "²", "-1", "x", "9" * 5000):
        assert browser.get(f"/releases/{release}/history", before=before).status_code == 422, before
    assert browser.get(f"/releases/{release}/history", before=str(2**63 - 1)).status_code == 200
    answer = person_on_both("max").get(f"/releases/{release}/history", query_string={"cursor": _cursor([10**30])})
    assert (answer.status_code, list(answer.json["errors"])) == (422, ["cursor"])


@pytest.mark.parametrize("path", LISTS)
def test_cursors_that_no_list_gave_out_are_refused(person_on_both: Callers, path: str) -> None:
    manager = person_on_both("max")
    for values in FOREIGN:
        answer = manager.get(path, query_string={"cursor": _cursor(values)})
        assert (answer.status_code, list(answer.json["errors"])) == (422, ["cursor"]), (path, values)
    for text in ("?", "é", "a", "bm90IEpTT04"):
        answer = manager.get(path, query_string={"cursor": text})
        assert (answer.status_code, list(answer.json["errors"])) == (422, ["cursor"]), (path, text)


def test_pages_refuse_such_cursors_too(at_pages: Callable[[str | None], Browser]) -> None:
    browser = at_pages("max")
    deep = base64.urlsafe_b64encode(b"[" * 30_000).decode()
    for path in ("/releases", "/tasks", "/inbox"):
        for cursor in (deep, *map(_cursor, FOREIGN)):
            assert browser.get(path, cursor=cursor).status_code == 422, (path, cursor[:60])


def test_the_release_list_refuses_numbers_beyond_its_column(person_on_both: Callers) -> None:
    answer = person_on_both("max").get("/releases", query_string={"cursor": _cursor([2**31])})
    assert answer.status_code == 422


def test_cursors_of_the_lists_themselves_lead_on(person_on_both: Callers, task_key: str) -> None:
    petra, bea = person_on_both("petra"), person_on_both("bea")
    assert petra.post("/instances", {"definition": "building"}).status_code == 201
    first = bea.get("/tasks", query_string={"limit": 1}).json
    second = bea.get("/tasks", query_string={"limit": 1, "cursor": first["next"]}).json
    assert first["items"][0]["id"] == task_key != second["items"][0]["id"]


def _nested(levels: int, inner: str) -> str:
    return '{"variables": {"a": ' + "[" * levels + inner + "]" * levels + "}}"


@pytest.mark.parametrize("inner", ['"\\u0000"', '"x"'])
@pytest.mark.parametrize("levels", [101, 500, 1000, 100_000])
def test_deeply_nested_bodies_are_refused(person_on_both: Callers, levels: int, inner: str) -> None:
    json_type = {"Content-Type": "application/json"}
    answer = person_on_both("petra").send("POST", "/instances", data=_nested(levels, inner), headers=json_type)
    assert answer.status_code in ((422,) if levels <= 500 else (400, 422))
    assert answer.json["detail"]


def test_a_nul_is_found_at_any_depth(person_on_both: Callers) -> None:
    for body in ({"a": {"b": [["\x00"]]}}, {"a": {"b\x00": 1}}, ["\x00"]):
        answer = person_on_both("petra").post("/instances", body)
        assert (answer.status_code, list(answer.json["errors"])) == (422, ["body"])


@pytest.mark.parametrize("body", [[1], "x", 7, None, True])
def test_answers_of_a_task_are_an_object(at_pages: Callable[[str | None], Browser], task_key: str, body: Any) -> None:
    bea = at_pages("bea")
    for address in (f"/tasks/{task_key}/draft", f"/tasks/{task_key}/complete"):
        answer = bea.send(address, body)
        assert (answer.status_code, list(answer.json["errors"])) == (422, ["body"]), address


def test_drafts_hold_no_nul_and_no_depth(at_pages: Callable[[str | None], Browser], task_key: str) -> None:
    bea = at_pages("bea")
    deep: Any = []
    for _ in range(300):
        deep = [deep]
    for body in ({"reference": "a\x00"}, {"reference": deep}):
        for address in (f"/tasks/{task_key}/draft", f"/tasks/{task_key}/complete"):
            assert bea.send(address, body).status_code == 422
    assert bea.send(f"/tasks/{task_key}/draft", {"reference": "a"}).status_code == 204


def test_files_and_actions_of_pages_are_objects(at_pages: Callable[[str | None], Browser], release: str) -> None:
    assert at_pages("petra").send("/ui/models/check", [1]).status_code == 422
    assert at_pages("max").send(f"/releases/{release}/actions/terminate", [1]).status_code == 422


def test_a_nul_in_a_form_is_refused_in_words_without_an_account(at_pages: Callable[[str | None], Browser]) -> None:
    nobody = at_pages(None)
    for fields in ({"name": "be\x00a", "password": "x"}, {"name": "bea", "password": "x\x00"}, {"x\x00": "y"}):
        answer = nobody.post("/sign-in", fields)
        assert answer.status_code == 422
        assert "U+0000" in answer.text
        assert answer.mimetype == "text/html"
    assert nobody.get("/sign-in", next=NUL).status_code == 422
    assert nobody.get("/problems/" + "%00").status_code == 404


def test_a_nul_in_arguments_and_addresses_is_refused(
    person_on_both: Callers, at_pages: Callable[[str | None], Browser]
) -> None:
    petra = at_pages("petra")
    for path in ("/releases", "/tasks", "/search", "/inbox"):
        assert petra.get(path, q=NUL, view=NUL).status_code == 422, path
    for address in ("/models/%00", "/forms/%00"):
        assert petra.get(address).status_code == 404
    assert person_on_both("petra").get("/definitions/%00/1/xml").status_code == 404
    assert person_on_both("max").get("/releases?q=%00").status_code == 422


def test_versions_beyond_the_column_do_not_exist(at_pages: Callable[[str | None], Browser], task_key: str) -> None:
    petra = at_pages("petra")
    for number in (2**31, 10**30, "9" * 5000):
        assert petra.get(f"/models/building/{number}").status_code == 404
        assert petra.get(f"/forms/build/{number}").status_code == 404
        assert petra.get(f"/release-policy/versions/{number}").status_code == 404
    assert petra.get("/models/building/1").status_code == 200


def test_versions_of_the_policy_beyond_the_column_do_not_exist(person_on_both: Callers) -> None:
    petra = person_on_both("petra")
    assert petra.post("/release-policy/versions", {"text": "Be kind."}).status_code == 201
    for number in (2**31, 2**63, 10**30):
        assert petra.get(f"/release-policy/versions/{number}").status_code == 404
        assert petra.get(f"/release-policy/changes?before=1&after={number}").status_code in (404, 422)


def test_texts_that_are_too_long_are_refused(at_pages: Callable[[str | None], Browser], release: str) -> None:
    assert 400 <= at_pages("bea").post("/account/tokens", {"label": "x" * 500}).status_code < 500
    assert 400 <= at_pages("ada").post("/administration/people/bea", {"title": "x" * 500}).status_code < 500
    answer = at_pages("max").post(f"/releases/{release}/comments", {"text": "x" * 50_000})
    assert 400 <= answer.status_code < 500


def _form(**more: Any) -> str:
    return json.dumps({"id": "odd", "type": "default", "schemaVersion": 18, "components": [], **more})


@pytest.mark.parametrize(
    ("source", "code"),
    [
        (_form(extra=2**64), "malformed-json"),
        (_form(extra={"a": [-(2**64)]}), "malformed-json"),
        (_form(extra="a\x00"), "malformed-json"),
        (_form(extra="\ud800"), "malformed-json"),
        (_form(**{"a\x00": 1}), "malformed-json"),
        (_form(id="x" * 256), "no-form"),
        (_form(extra=None).replace("null", "[" * 200 + "]" * 200), "too-deep"),
        ("[" * 100_000, "too-deep"),
        (_form(extra=None).replace("null", "9" * 5000), "malformed-json"),
    ],
)
def test_forms_that_cannot_be_stored_are_refused_with_a_problem(
    person_on_both: Callers, source: str, code: str
) -> None:
    petra = person_on_both("petra")
    answer = petra.deploy(("odd.form", source.encode()))
    assert answer.status_code == 422
    assert [problem["code"] for problem in answer.json["problems"]] == [code]
    assert petra.deploy(("odd.form", _form().encode())).status_code == 201


def test_odd_properties_of_a_field_and_odd_names_of_files_do_not_break_the_check(person_on_both: Callers) -> None:
    petra = person_on_both("petra")
    for properties in ([1], "abc", 7):
        field = {"type": "textfield", "id": "F1", "key": "a", "label": "A", "properties": properties}
        assert petra.deploy(("odd.form", _form(components=[field]).encode())).status_code in (201, 422)
    answer = petra.deploy((f"{'x' * 300}.form", _form().encode()))
    assert [problem["code"] for problem in answer.json["problems"]] == ["unknown-file"]
