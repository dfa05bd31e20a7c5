"""Idempotency-Key: sent twice, done once; and If-Match: nobody changed it in between."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import func, select

from service.domain import clock
from service.storage import db, idempotency
from service.storage.models.instances import Instance
from service.storage.models.ledger import IdempotencyKey
from service.usecases.running import instances
from tests.web import diagrams
from tests.web.caller import Caller

Person = Callable[[str | None], Caller]
KEY = {"Idempotency-Key": "order-66"}


def _count(app: Flask, column: object) -> int:
    with app.app_context(), db.reading() as session:
        return session.execute(select(func.count(column))).scalar_one()  # type: ignore[arg-type]


@pytest.fixture
def four(web_on_both: Flask) -> Caller:
    petra = Caller(web_on_both, "petra")
    petra.deploy(("four.bpmn", diagrams.FOUR))
    return petra


def test_the_same_request_is_done_once_and_answered_twice(web_on_both: Flask, four: Caller) -> None:
    first = four.post("/instances", {"definition": "four"}, headers=KEY)
    second = four.post("/instances", {"definition": "four"}, headers=KEY)
    assert (first.status_code, second.status_code) == (201, 201)
    assert second.json == first.json
    assert second.headers["Location"] == first.headers["Location"]
    assert "Idempotency-Replayed" not in first.headers
    assert second.headers["Idempotency-Replayed"] == "true"
    assert _count(web_on_both, Instance.key) == 1


def test_another_body_under_the_same_key_is_refused(web_on_both: Flask, four: Caller) -> None:
    four.post("/instances", {"definition": "four"}, headers=KEY)
    answer = four.post("/instances", {"definition": "four", "business_key": "x"}, headers=KEY)
    assert (answer.status_code, answer.json["type"]) == (422, "/problems/key-reused")
    other_address = four.post("/messages", {"name": "x"}, headers=KEY)
    assert other_address.json["type"] == "/problems/key-reused"
    assert _count(web_on_both, Instance.key) == 1


def test_keys_are_each_persons_own(web_on_both: Flask, four: Caller) -> None:
    four.post("/inbox/read", headers=KEY)
    assert Caller(web_on_both, "bea").post("/messages", {"name": "x"}, headers=KEY).status_code == 403
    assert "Idempotency-Replayed" not in Caller(web_on_both, "bea").post("/inbox/read", headers=KEY).headers


def test_without_a_key_nothing_is_kept(web_on_both: Flask, four: Caller) -> None:
    four.post("/instances", {"definition": "four"})
    assert _count(web_on_both, IdempotencyKey.key) == 0


def test_duplicates_at_the_same_time_do_the_work_once(web_on_both: Flask, four: Caller) -> None:
    answers, barrier = [], threading.Barrier(5)

    def send() -> None:
        petra = Caller(web_on_both, "petra")
        barrier.wait()
        answers.append(petra.post("/instances", {"definition": "four"}, headers=KEY))

    threads = [threading.Thread(target=send) for _ in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.json["id"] for answer in answers}) == 1
    assert _count(web_on_both, Instance.key) == 1


def test_a_duplicate_of_a_completion_hears_of_its_success(web_on_both: Flask, four: Caller) -> None:
    task = four.post("/instances", {"definition": "four"}).json["tasks"][0]["id"]
    answers, barrier = [], threading.Barrier(4)

    def send() -> None:
        bea = Caller(web_on_both, "bea")
        barrier.wait()
        answers.append(bea.post(f"/tasks/{task}/complete", {"values": {}}, headers=KEY).status_code)

    threads = [threading.Thread(target=send) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers == [200] * 4


def test_work_whose_answer_was_lost_is_not_done_again(
    web_on_both: Flask, four: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Killed(BaseException):
        """The process ends here."""

    def die(*args: object) -> None:
        raise Killed

    monkeypatch.setattr(idempotency, "keep", die)
    with pytest.raises(Killed):
        four.post("/instances", {"definition": "four"}, headers=KEY)
    monkeypatch.undo()
    assert _count(web_on_both, Instance.key) == 1
    monkeypatch.setattr("service.web.api.idempotency.PATIENCE_SECONDS", 0.1)
    again = four.post("/instances", {"definition": "four"}, headers=KEY)
    assert (again.status_code, again.json["type"]) == (409, "/problems/conflict")
    assert _count(web_on_both, Instance.key) == 1


def test_work_that_is_rolled_back_frees_its_key(
    web_on_both: Flask, four: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*args: object, **more: object) -> None:
        raise RuntimeError("in the middle")

    monkeypatch.setattr(instances.advancing, "step", fail)
    with pytest.raises(RuntimeError):
        four.post("/instances", {"definition": "four"}, headers=KEY)
    monkeypatch.undo()
    assert four.post("/instances", {"definition": "four"}, headers=KEY).status_code == 201
    assert _count(web_on_both, Instance.key) == 1


def test_a_refused_request_may_be_mended_under_its_key(four: Caller) -> None:
    assert four.post("/instances", {"definition": "nothing"}, headers=KEY).status_code == 404
    assert four.post("/instances", {"definition": "four"}, headers=KEY).status_code == 201


def test_a_key_is_forgotten_after_a_day(web_on_both: Flask, four: Caller) -> None:
    four.post("/instances", {"definition": "four"}, headers=KEY)
    tomorrow = clock.now() + timedelta(hours=24, seconds=1)
    with clock.replaced(lambda: tomorrow):
        assert four.post("/instances", {"definition": "four", "business_key": "b"}, headers=KEY).status_code == 201
    assert _count(web_on_both, Instance.key) == 2
    assert _count(web_on_both, IdempotencyKey.key) == 1


def test_files_sent_again_are_the_same_files_whatever_the_boundary(four: Caller) -> None:
    first = four.deploy(("building.bpmn", diagrams.BUILD), ("build.form", diagrams.FORM), headers=KEY)
    again = four.deploy(("building.bpmn", diagrams.BUILD), ("build.form", diagrams.FORM), headers=KEY)
    assert again.json == first.json
    assert again.headers["Idempotency-Replayed"] == "true"
    assert four.deploy(("building.bpmn", diagrams.FOUR), headers=KEY).json["type"] == "/problems/key-reused"


@pytest.mark.parametrize("key", ["", "x" * 256, "tab\there"])
def test_unusable_keys_are_refused(person: Person, key: str) -> None:
    answer = person("petra").post("/inbox/read", headers={"Idempotency-Key": key})
    assert (answer.status_code, list(answer.json["errors"])) == (422, ["Idempotency-Key"])


def test_records_carry_a_tag_and_keep_to_it(person: Person, building: dict) -> None:
    bea, task = person("bea"), building["tasks"][0]["id"]
    tag = bea.get(f"/tasks/{task}").headers["ETag"]
    assert bea.get(f"/tasks/{task}", headers={"If-None-Match": tag}).status_code == 304
    claimed = bea.post(f"/tasks/{task}/claim", headers={"If-Match": tag})
    assert claimed.status_code == 200
    assert claimed.headers["ETag"] != tag
    late = bea.post(f"/tasks/{task}/complete", {"values": {"reference": "x"}}, headers={"If-Match": tag})
    assert (late.status_code, late.json["type"]) == (412, "/problems/precondition-failed")
    assert bea.get(f"/tasks/{task}").json["state"] == "open"
    fresh = {"If-Match": claimed.headers["ETag"]}
    assert bea.post(f"/tasks/{task}/complete", {"values": {"reference": "x"}}, headers=fresh).status_code == 200


def test_of_two_who_edit_the_same_release_one_is_told(person: Person) -> None:
    person("petra").deploy(("small.bpmn", diagrams.RELEASE))
    person("petra").post("/categories", {"name": "small", "models": {"*": "small_release"}})
    wanted = {"title": "Shop 2", "type": "minor", "kind": "software", "category": "small", "service": "Shop"}
    seen = {"If-Match": person("cora").post("/releases", wanted).headers["ETag"]}
    assert person("cora").patch("/releases/R-1", {"title": "Shop 2.1"}, headers=seen).status_code == 200
    late = person("max").patch("/releases/R-1", {"title": "Shop 3"}, headers=seen)
    assert late.status_code == 412
    assert person("max").get("/releases/R-1").json["title"] == "Shop 2.1"
    assert person("max").patch("/releases/R-1", {"title": "Shop 3"}, headers={"If-Match": "*"}).status_code == 200


def test_people_have_tags_too(person: Person) -> None:
    ada = person("ada")
    tag = ada.get("/users/bea").headers["ETag"]
    assert ada.patch("/users/bea", {"title": "Bea B."}, headers={"If-Match": tag}).status_code == 200
    assert ada.patch("/users/bea", {"title": "Bea C."}, headers={"If-Match": tag}).status_code == 412
