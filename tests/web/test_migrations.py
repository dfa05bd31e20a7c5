"""Moving what runs to another version, over the API."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from flask import Flask

from service.storage import db
from service.storage.models.migrations import MigrationItem
from service.usecases.deploying import migrations
from tests.web import diagrams
from tests.web.caller import Caller

Person = Callable[[str | None], Caller]
RENAMED = diagrams.BUILD.replace(b'"build" name', b'"make" name').replace(b"start_build", b"start_make")
RENAMED = RENAMED.replace(b'Ref="build"', b'Ref="make"')


@pytest.fixture
def petra(person: Person) -> Caller:
    """The process owner, with a run of the first version."""
    owner = person("petra")
    owner.deploy(("building.bpmn", diagrams.BUILD), ("build.form", diagrams.FORM))
    owner.post("/instances", {"definition": "building"})
    return owner


def work(web: Flask) -> None:
    """As a worker would."""
    with web.app_context():
        with db.reading() as session:
            keys = [item.key for item in session.query(MigrationItem).all()]
        for key in keys:
            migrations.move_next(key)


def test_a_preview_names_what_is_in_the_way_and_nothing_changes(petra: Caller) -> None:
    petra.deploy(("building.bpmn", RENAMED))
    answer = petra.post("/definitions/building/migrations/preview")
    assert answer.status_code == 200, answer.json
    seen = answer.json
    assert (seen["to_version"], seen["there"], seen["counts"]) == (2, 0, {"clean": 0, "mapping": 1, "blocked": 0})
    (item,) = seen["items"]
    (place,) = item["places"]
    assert (item["version"], item["verdict"], place["element"], place["code"]) == (
        1,
        "mapping",
        "build",
        "element-gone",
    )
    assert seen["unmapped"][0]["suggestions"] == ["make"]
    mapped = petra.post("/definitions/building/migrations/preview", {"mapping": {"build": "make"}}).json
    assert mapped["counts"]["clean"] == 1
    assert petra.get(f"/instances/{item['instance']}").json["version"] == 1


def test_a_diagram_that_is_not_deployed_is_previewed(petra: Caller) -> None:
    seen = petra.post("/definitions/building/migrations/preview", {"source": RENAMED.decode()}).json
    assert (seen["to_version"], seen["counts"]["mapping"]) == (None, 1)
    refused = petra.post("/definitions/building/migrations/preview", {"source": "<no/>"})
    assert (refused.status_code, refused.json["type"]) == (422, "/problems/invalid-definition")
    other = petra.post("/definitions/building/migrations/preview", {"source": diagrams.WORK.decode()})
    assert other.status_code == 404
    assert petra.get("/definitions/building").json["items"][0]["version"] == 1


def test_one_instance_is_moved_and_brought_back(petra: Caller) -> None:
    petra.deploy(("building.bpmn", RENAMED))
    run = petra.post("/definitions/building/migrations/preview").json["items"][0]["instance"]
    refused = petra.post(f"/instances/{run}/migrate")
    assert (refused.status_code, refused.json["type"]) == (409, "/problems/cannot-migrate")
    assert refused.json["places"][0]["element"] == "build"
    moved = petra.post(f"/instances/{run}/migrate", {"to_version": 2, "mapping": {"build": "make"}})
    assert (moved.status_code, moved.json["version"]) == (200, 2)
    assert petra.get(f"/instances/{run}").json["tasks"][0]["element"] == "make"
    assert petra.get(f"/instances/{run}/history").json["items"][0]["event"] == "instance.migrated"
    back = petra.post(f"/instances/{run}/migrate/undo")
    assert (back.status_code, back.json["version"]) == (200, 1)
    assert petra.get(f"/instances/{run}").json["tasks"][0]["element"] == "build"
    assert petra.post(f"/instances/{run}/migrate/undo").status_code == 409


def test_all_are_moved_and_those_that_cannot_are_listed(petra: Caller, web: Flask) -> None:
    petra.post("/instances", {"definition": "building"})
    petra.deploy(("building.bpmn", RENAMED))
    answer = petra.post("/definitions/building/migrations")
    assert answer.status_code == 202
    run = answer.headers["Location"].removeprefix("/api/v1")
    assert petra.get(run).json["waiting"] == 2
    work(web)
    assert {name: petra.get(run).json[name] for name in ("done", "failed", "waiting")} == {
        "done": 0, "failed": 2, "waiting": 0
    }  # fmt: skip
    assert "Build" in petra.get(f"{run}/items?state=failed").json["items"][0]["message"]
    again = petra.post("/definitions/building/migrations", {"mapping": {"build": "make"}}).json["id"]
    work(web)
    assert petra.get(f"/migrations/{again}").json["done"] == 2
    assert petra.post("/definitions/building/migrations").status_code == 409
    undone = petra.post(f"/migrations/{again}/undo").json
    assert undone["undoes"] == again
    work(web)
    assert petra.get(f"/migrations/{undone['id']}").json["done"] == 2
    assert [one["id"] for one in petra.get("/definitions/building/migrations?limit=2").json["items"]] == [
        undone["id"],
        again,
    ]


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        ("/definitions/nothing/migrations/preview", {}, 404),
        ("/definitions/building/migrations/preview", {"to_version": 7}, 404),
        ("/definitions/building/migrations", {"instances": []}, 422),
        ("/definitions/building/migrations", {"mapping": {"a": ""}}, 422),
        ("/definitions/building/migrations", {"to_version": 0}, 422),
        ("/instances/1/migrate", {}, 404),
        ("/migrations/1/undo", {}, 404),
    ],
)
def test_what_is_not_there_or_not_usable_is_refused(petra: Caller, path: str, body: dict, status: int) -> None:
    assert petra.post(path, body).status_code == status
