"""The OpenAPI document is complete, and the API does what it says."""

from __future__ import annotations

from collections.abc import Iterator

import hypothesis
import pytest
import schemathesis
from flask import Flask
from hypothesis import strategies
from schemathesis.specs.openapi import checks

from service.domain import policy
from service.usecases.accounts import people
from tests.support.databases import Databases
from tests.web import conftest, diagrams
from tests.web.caller import Caller

METHODS = {"get", "post", "put", "patch", "delete"}
# How many requests are made up for each operation; each is tried against every check.
EXAMPLES = 15
CHECKS = [
    schemathesis.checks.not_a_server_error,
    checks.status_code_conformance,
    checks.content_type_conformance,
    checks.response_headers_conformance,
    checks.response_schema_conformance,
]


@pytest.fixture(scope="module")
def inhabited(databases: Databases, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Flask]:
    """An application with something of everything in it, for all tests of this file."""
    url = databases.fresh("sqlite")
    data = tmp_path_factory.mktemp("openapi")
    for app in conftest.housed(conftest.made(data), url, data):
        _fill(app)
        app.testing = False  # an unexpected error is an answer, which the checks then refuse
        yield app
    databases.drop(url)


def _fill(app: Flask) -> None:
    petra = Caller(app, "petra")
    petra.deploy(
        ("building.bpmn", diagrams.BUILD),
        ("build.form", diagrams.FORM),
        ("working.bpmn", diagrams.WORK),
        ("small.bpmn", diagrams.RELEASE),
    )
    petra.post("/categories", {"name": "small", "models": {"*": "small_release"}})
    petra.post("/release-policy/versions", {"text": "Every change is approved."})
    petra.post("/instances", {"definition": "building"})
    petra.post("/instances", {"definition": "working"})
    petra.deploy(("building.bpmn", diagrams.CHECKED_TWICE))
    wanted = {"title": "Shop 2", "type": "minor", "kind": "software", "category": "small", "service": "Shop"}
    Caller(app, "cora").post("/releases", wanted)


def _document(app: Flask) -> dict:
    return app.test_client().get("/api/v1/openapi.json").json


def _operations(document: dict) -> Iterator[tuple[str, str, dict]]:
    for path, item in document["paths"].items():
        for method, operation in item.items():
            if method in METHODS:
                yield method, path, operation


def test_every_operation_is_described(web: Flask) -> None:
    document = _document(web)
    assert document["openapi"].startswith("3.1")
    assert document["security"] == [{"bearer": []}]
    assert document["components"]["securitySchemes"]["bearer"]["scheme"] == "bearer"
    names = set()
    for method, path, operation in _operations(document):
        where = f"{method} {path}"
        assert operation["summary"].endswith((".", "`next` is null.")), where
        assert operation["operationId"] not in names, where
        names.add(operation["operationId"])
        assert {"401", "403", "404", "422"} <= set(operation["responses"]), where
        if "requestBody" in operation:
            assert {"400", "413", "415"} <= set(operation["responses"]), where


def test_every_route_of_the_api_is_in_the_document(web: Flask) -> None:
    document = _document(web)
    documented = {(method.upper(), path.count("/")) for method, path, _ in _operations(document)}
    routes = {
        (method, rule.rule.count("/"))
        for rule in web.url_map.iter_rules()
        if rule.rule.startswith("/api/v1/") and rule.endpoint != "openapi"
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
    }
    assert routes == documented
    count = sum(
        len((rule.methods or set()) - {"HEAD", "OPTIONS"})
        for rule in web.url_map.iter_rules()
        if rule.rule.startswith("/api/v1/") and rule.endpoint != "openapi"
    )
    assert len(list(_operations(document))) == count


def test_refusals_are_problem_documents(web: Flask) -> None:
    document = _document(web)
    for name, response in document["components"]["responses"].items():
        if name != "NOT_MODIFIED":
            assert list(response["content"]) == ["application/problem+json"], name


def test_every_post_takes_an_idempotency_key(web: Flask) -> None:
    for method, path, operation in _operations(_document(web)):
        taken = {"$ref": "#/components/parameters/IDEMPOTENCY_KEY"} in operation.get("parameters", [])
        assert taken is (method == "post"), path


def test_bodies_come_with_examples(web: Flask) -> None:
    for method, path, operation in _operations(_document(web)):
        for media, content in operation.get("requestBody", {}).get("content", {}).items():
            if media == "application/json" and not content["schema"]["$ref"].endswith(("Nothing", "PasswordChange")):
                assert "example" in content, f"{method} {path}"


def _existing(app: Flask) -> dict[str, dict[str, str]]:
    """Values of path parameters that lead to something, by the first part of the address."""
    petra = Caller(app, "petra")
    runs = petra.get("/tasks").json["items"]
    job = petra.post("/jobs/activate", {"type": "pack"}).json["items"][0]
    petra.post(f"/jobs/{job['id']}/fail", {"lease": job["lease"], "retries": 0})
    return {
        "tasks": {"id": runs[0]["id"]},
        "instances": {"id": runs[0]["instance"]},
        "jobs": {"id": job["id"]},
        "incidents": {"id": petra.get("/incidents").json["items"][0]["id"]},
        "releases": {"number": "R-1", "action": "terminate", "part": "board"},
        "users": {"name": "tom", "id": "10"},
        "groups": {"name": "operations"},
        "definitions": {"id": "building", "version": "1"},
        "migrations": {"id": petra.post("/definitions/building/migrations").json["id"]},
    }


def test_the_api_does_what_the_document_says(inhabited: Flask) -> None:
    with inhabited.app_context():
        people.create_user("zoe", roles=policy.ROLES, groups=["build-team"], actor=policy.SYSTEM)
        token = people.create_token("zoe", actor=policy.SYSTEM)
    existing = _existing(inhabited)
    headers = {"Authorization": f"Bearer {token}"}
    schema = schemathesis.openapi.from_wsgi("/api/v1/openapi.json", inhabited)
    statuses: dict[str, set[int]] = {}
    for result in schema.get_all_operations():
        operation = result.ok()
        known = existing.get(operation.path.split("/")[3], {})
        statuses[operation.label] = _try(operation, headers, known)
    assert len(statuses) == len(list(_operations(_document(inhabited))))
    # most of what was made up must have reached the thing itself, else this test looks at refusals only
    reached = [label for label, seen in statuses.items() if any(status < 300 for status in seen)]
    assert len(reached) > len(statuses) / 2, sorted(set(statuses) - set(reached))


def _try(operation: schemathesis.APIOperation, headers: dict[str, str], known: dict[str, str]) -> set[int]:
    seen: set[int] = set()

    @hypothesis.settings(
        max_examples=EXAMPLES,
        deadline=None,
        derandomize=True,
        database=None,
        suppress_health_check=list(hypothesis.HealthCheck),
    )
    @hypothesis.given(case=operation.as_strategy(), real=strategies.integers(0, 3))
    def check(case: schemathesis.Case, real: int) -> None:
        if real:
            case.path_parameters |= {name: known[name] for name in case.path_parameters if name in known}
        answer = case.call(headers=headers)
        seen.add(answer.status_code)
        case.validate_response(answer, checks=CHECKS)

    check()
    return seen
