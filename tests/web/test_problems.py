"""Refusals: one shape for all, each type explained, nothing of the inside told."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import marshmallow
import pytest
from flask import Flask
from werkzeug import exceptions

from service import errors
from service.bpmnio.dmn import failing
from service.web import access, problem_pages, problems
from tests.web import conftest
from tests.web.caller import Caller

KINDS = problem_pages.kinds()
SAMPLES: dict[type[errors.ServiceError], errors.ServiceError] = {
    errors.InvalidInput: errors.InvalidInput({"title": ["is needed"]}),
    failing.DecisionFailed: failing.DecisionFailed("no-rule", "What happened and what to do."),
    errors.InvalidDefinition: errors.InvalidDefinition([errors.Problem("a.bpmn", 3, "t1", "no-end", "Add an end.")]),
}


def _sample(kind: type[errors.ServiceError]) -> errors.ServiceError:
    return SAMPLES.get(kind) or kind("What happened and what to do.", limit=7)


wanted: list[Exception] = []


@access.public
def refuse() -> None:
    raise wanted[-1]


@pytest.fixture(scope="module")
def _refusing_application(tmp_path_factory: pytest.TempPathFactory) -> Flask:
    made = conftest.made(tmp_path_factory.mktemp("refusing"))
    made.add_url_rule("/api/v1/refuse", "refuse", refuse, methods=["GET", "POST"])
    made.add_url_rule("/refuse", "refuse-page", refuse)
    return made


@pytest.fixture
def web(_refusing_application: Flask, sqlite_database: str, tmp_path: Path) -> Iterator[Flask]:
    """The application, with an address that raises what one wants."""
    yield from conftest.housed(_refusing_application, sqlite_database, tmp_path)


@pytest.fixture
def refusing(web: Flask) -> Callable[[Exception], None]:
    """Says what that address shall raise."""
    web.testing = False  # unexpected errors become answers, as in production
    return wanted.append


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_every_refusal_has_a_sentence_a_status_a_shape_and_a_page(
    web: Flask, refusing: Callable[[Exception], None], kind: type[errors.ServiceError]
) -> None:
    assert kind.__doc__, f"{kind.__name__} has no docstring"
    assert kind.__doc__.strip().endswith(".")
    refusing(_sample(kind))
    answer = web.test_client().get("/api/v1/refuse")
    assert answer.content_type == "application/problem+json"
    body = answer.json
    assert answer.status_code == body["status"] == problems.status_of(kind)
    assert body["title"] == kind.__doc__.strip()
    assert body["detail"]
    page = web.test_client().get(body["type"], headers={"Accept": "text/html"})
    assert page.status_code == 200
    assert body["title"] in page.text.replace("&#39;", "'")


@pytest.mark.parametrize(
    ("kind", "status"),
    [
        (errors.NotAuthenticated, 401),
        (errors.Forbidden, 403),
        (errors.NotFound, 404),
        (errors.Conflict, 409),
        (errors.TaskNotOpen, 409),
        (errors.StaleWrite, 409),
        (errors.InvalidInput, 422),
        (errors.InvalidDefinition, 422),
        (errors.KeyReused, 422),
        (errors.TooManyAttempts, 429),
        (errors.ScriptFailed, 500),
        (errors.ExternalFailure, 502),
    ],
)
def test_the_statuses_are_those_of_the_contract(kind: type[errors.ServiceError], status: int) -> None:
    assert problems.status_of(kind) == status


def test_facts_travel_as_members_but_never_replace_the_standard_ones(refusing, web: Flask) -> None:
    refusing(errors.TaskNotOpen("Bea finished it.", by="bea", status=200, title="x"))
    body = web.test_client().get("/api/v1/refuse").json
    assert body == {
        "type": "/problems/task-not-open",
        "title": "The task is no longer open.",
        "status": 409,
        "detail": "Bea finished it.",
        "by": "bea",
    }


def test_problems_of_files_come_as_a_list(refusing, web: Flask) -> None:
    refusing(SAMPLES[errors.InvalidDefinition])
    found = web.test_client().get("/api/v1/refuse").json["problems"]
    assert found == [
        {
            "file": "a.bpmn",
            "line": 3,
            "element_id": "t1",
            "code": "no-end",
            "message": "Add an end.",
            "severity": "error",
        }
    ]


def test_unexpected_errors_tell_nothing_of_the_inside(refusing, web: Flask) -> None:
    refusing(RuntimeError("password=secret"))
    answer = web.test_client().get("/api/v1/refuse")
    assert (answer.status_code, answer.content_type) == (500, "application/problem+json")
    assert answer.json == {"type": "/problems/internal-server-error", "title": "Internal Server Error", "status": 500}


def test_what_marshmallow_refuses_has_the_same_shape(refusing, web: Flask) -> None:
    refusing(marshmallow.ValidationError({"window": {"start": ["Not a moment."]}, "tags": {0: ["Too long."]}}))
    body = web.test_client().get("/api/v1/refuse").json
    assert body["errors"] == {"window.start": ["Not a moment."], "tags.0": ["Too long."]}


def test_browsers_get_a_page_and_scripts_a_document(refusing, web: Flask) -> None:
    refusing(errors.Conflict("Both at once <b>do not</b> go."))
    page = web.test_client().get("/refuse", headers={"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"})
    assert (page.status_code, page.mimetype) == (409, "text/html")
    assert "<b>do not" not in page.text
    assert "Both at once" in page.text
    assert web.test_client().get("/refuse").content_type == "application/problem+json"


def test_a_page_sends_a_stranger_to_the_sign_in(web: Flask) -> None:
    answer = web.test_client().get("/tasks?state=open", headers={"Accept": "text/html"})
    assert answer.status_code == 302
    assert answer.headers["Location"] == "/sign-in?next=/tasks?state%3Dopen"


@pytest.mark.parametrize(
    ("method", "path", "more", "status", "type"),
    [
        ("GET", "/nothing-here", {}, 404, "not-found"),
        ("GET", "/releases/1", {}, 404, "not-found"),
        ("GET", "/tasks/99999999999999999999", {}, 404, "not-found"),
        ("DELETE", "/me", {}, 405, "method-not-allowed"),
        ("POST", "/messages", {"data": "name=x"}, 415, "unsupported-media-type"),
        ("POST", "/messages", {"data": "{", "content_type": "application/json"}, 400, "bad-request"),
        ("POST", "/messages", {"data": "[]", "content_type": "application/json"}, 422, "invalid-input"),
        ("POST", "/messages", {"json": {"name": "a\0b"}}, 422, "invalid-input"),
        ("POST", "/messages", {"json": {"name": "a", "variables": {"x": ["a\0b"]}}}, 422, "invalid-input"),
        ("POST", "/messages", {"json": {"name": "a", "nmae": "b"}}, 422, "invalid-input"),
        ("POST", "/messages?dry=1", {"json": {"name": "a"}}, 422, "invalid-input"),
        ("GET", "/tasks?sate=open", {}, 422, "invalid-input"),
        ("GET", "/tasks?limit=201", {}, 422, "invalid-input"),
        ("GET", "/tasks?limit=x", {}, 422, "invalid-input"),
        ("GET", "/tasks?cursor=eA", {}, 422, "invalid-input"),
        ("GET", "/tasks?q=%00", {}, 422, "invalid-input"),
    ],
)
def test_bad_requests_are_refused_in_the_same_shape(
    person: Callable[..., Caller], method: str, path: str, more: dict, status: int, type: str
) -> None:
    answer = person("max").send(method, path, **more)
    assert (answer.status_code, answer.content_type) == (status, "application/problem+json")
    assert answer.json["type"] == f"/problems/{type}"
    assert answer.json["status"] == status


def test_a_wrong_method_is_told_the_right_ones(person: Callable[..., Caller]) -> None:
    assert "GET" in person("max").send("DELETE", "/me").headers["Allow"]


def test_too_large_a_body_is_refused(web: Flask, person: Callable[..., Caller]) -> None:
    web.config["MAX_CONTENT_LENGTH"] = 1000
    answer = person("petra").deploy(("big.bpmn", b"x" * 2000))
    assert (answer.status_code, answer.json["type"]) == (413, "/problems/request-entity-too-large")


def test_every_field_that_is_wrong_is_named(person: Callable[..., Caller]) -> None:
    answer = person("cora").post("/releases", {"title": " ", "type": "huge", "window_start": "soon", "colour": "red"})
    assert answer.status_code == 422
    wanted = {"title", "type", "window_start", "colour", "kind", "category", "service"}
    assert set(answer.json["errors"]) == wanted
    assert answer.json["errors"]["colour"] == ["Unknown field."]


def test_each_type_of_http_problem_has_its_page(web: Flask) -> None:
    for kind in exceptions.default_exceptions.values():
        answer = web.test_client().get(f"/problems/{problems.slug(kind)}", headers={"Accept": "text/html"})
        assert answer.status_code == 200, kind
    assert web.test_client().get("/problems/no-such-problem").status_code == 404
    listed = {entry["type"] for entry in web.test_client().get("/problems/").json["items"]}
    assert {f"/problems/{problems.slug(kind)}" for kind in KINDS} <= listed
