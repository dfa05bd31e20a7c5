"""Who was told what and who was not, over the API and on its pages."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from itertools import pairwise
from typing import Any

import pytest
from flask import Flask

from service.domain import clock
from service.storage import db
from service.storage.models.notices import DeadlineLevel
from service.usecases.deadlines import firing
from tests.support import drawing as d
from tests.web.caller import Caller, token

Person = Callable[[str | None], Caller]
LADDER = "50%: assignee candidates\nPT0S: assignee candidates coordinator\nP1D: manager repeat P1D x2"


def one_task(ladder: str = LADDER, **more: str) -> bytes:
    given = {"deadline": "PT10H", "escalation": ladder, **more}
    drawn = d.start() + d.user("build", name="Build", groups="build-team", **given) + d.end()
    return d.diagram(drawn + d.chain("start", "build", "end"), process="dated")


@pytest.fixture
def web(web_on_both: Flask) -> Flask:
    """Every query of the ledger is asked of both kinds of database."""
    return web_on_both


@pytest.fixture
def person(web: Flask) -> Person:
    return lambda name: Caller(web, name)


@pytest.fixture
def turned(monkeypatch: pytest.MonkeyPatch) -> Callable[[timedelta], None]:
    """Lets time pass, and the levels that are due meanwhile fire."""
    passed = [timedelta()]
    now = clock.now
    monkeypatch.setattr(clock, "now", lambda: now() + passed[0])

    def turn(by: timedelta) -> None:
        passed[0] += by
        with db.reading() as session:
            keys = [one.key for one in session.query(DeadlineLevel).order_by(DeadlineLevel.fire_at)]
        firing.fire_all(keys)
        db.release_connection()

    return turn


@pytest.fixture
def begun(web: Flask, person: Person) -> dict[str, Any]:
    petra = person("petra")
    petra.deploy(("dated.bpmn", one_task()))
    run: dict[str, Any] = petra.post("/instances", {"definition": "dated"}).json
    return run


def the_deadline(caller: Caller) -> str:
    (one,) = caller.get("/deadlines?state=any").json["items"]
    return f"/deadlines/{one['id']}"


def test_a_deadline_tells_whom_each_level_told_and_whom_the_next_would(
    web: Flask, person: Person, begun: dict[str, Any], turned: Any
) -> None:
    max_ = person("max")
    path = the_deadline(max_)
    before = max_.get(path).json
    assert [one["state"] for one in before["levels"]] == ["waiting"] * 5
    assert before["next"]["level"] == 1
    assert before["next"]["would_tell"] == [{"user": "bea", "told_as": "candidates"}]
    assert before["next"]["would_miss"] == [{"recipient": "assignee", "user": None, "reason": "nobody"}]
    with web.app_context():
        turned(timedelta(hours=5))
    after = max_.get(path).json
    first = after["levels"][0]
    assert (first["state"], first["fired_at"] >= first["fire_at"]) == ("fired", True)
    (notice,) = first["notices"]
    assert (notice["user"], notice["told_as"], notice["deliveries"][0]["channel"]) == ("bea", "candidates", "email")
    assert first["untold"] == [{"recipient": "assignee", "user": None, "reason": "nobody"}]
    assert [one["user"] for one in after["next"]["would_tell"]] == ["bea", "carl", "cora"]
    person("bea").post(f"/tasks/{begun['tasks'][0]['id']}/complete", {})
    over = max_.get(path).json
    assert (over["state"], over["next"]) == ("met", None)
    assert [one["state"] for one in over["levels"]] == ["fired"] + ["cancelled"] * 4


def test_who_stands_in_is_named_before_a_level_fires(web: Flask, person: Person, begun: dict[str, Any]) -> None:
    max_, bea, today = person("max"), person("bea"), clock.now().date()
    path = the_deadline(max_)
    days = {"first_day": str(today - timedelta(days=1)), "last_day": str(today + timedelta(days=9))}
    leave = bea.post("/me/absences", {**days, "substitute": "tom"}).json["id"]
    next_ = max_.get(path).json["next"]
    told = {one["user"]: one["told_as"] for one in next_["would_tell"]}
    assert told == {"bea": "candidates", "tom": "substitute:bea"}
    assert why(max_, "tom") == [(1, "not-due"), (2, "not-due"), (3, "not-meant")]
    assert why(max_, "bea") == [(1, "away-now"), (2, "away-now"), (3, "not-meant")]
    (said, *_rest) = words(max_, "bea")
    assert said[1].endswith("as candidates. They are away now; in their place: tom.")
    headers = {"Authorization": f"Bearer {token('max')}", "Accept": "text/html"}
    page = web.test_client(use_cookies=False).get(path, headers=headers).text
    assert "substitute of Bea Builder" in page
    bea.patch(f"/absences/{leave}", {"substitute": None})
    next_ = max_.get(path).json["next"]
    assert [one["user"] for one in next_["would_tell"]] == ["bea"]
    missed = [(one["user"], one["reason"]) for one in next_["would_miss"]]
    assert missed == [(None, "nobody"), ("bea", "on-leave")]
    assert words(max_, "bea")[0][1].endswith("in their place: nobody.")


def test_a_deadline_that_somebody_else_moved_is_not_moved_again(person: Person, begun: dict[str, Any]) -> None:
    max_ = person("max")
    path = the_deadline(max_)
    tag = max_.get(path).headers["ETag"]
    wanted = {"due_at": "2100-01-01T00:00:00Z", "reason": "Later."}
    moved = max_.send("PATCH", path, json=wanted, headers={"If-Match": tag})
    assert (moved.status_code, moved.headers["ETag"] != tag) == (200, True)
    assert max_.send("PATCH", path, json=wanted, headers={"If-Match": tag}).status_code == 412


def test_a_deadline_is_shown_to_who_sees_its_task(person: Person, begun: dict[str, Any]) -> None:
    path = the_deadline(person("max"))
    assert person("bea").get(path).status_code == 200
    assert person("nora").get(path).status_code == 403
    assert person("max").get("/deadlines/1").status_code == 404


def test_the_ledger_has_a_line_for_each_way_of_telling_and_for_who_was_not_told(
    web: Flask, person: Person, begun: dict[str, Any], turned: Any
) -> None:
    max_, task = person("max"), begun["tasks"][0]["id"]
    with web.app_context():
        turned(timedelta(hours=5))
    items = max_.get("/ledger").json["items"]
    assert {(one["user"], one["channel"], one["state"], one["reason"]) for one in items} == {
        ("bea", "inbox", "told", None),
        ("bea", "email", "waiting", None),
        (None, None, "untold", "nobody"),
    }
    inbox = next(one for one in items if one["channel"] == "inbox")
    assert (inbox["level"], inbox["told_as"], inbox["task"], inbox["answered"]) == (1, "candidates", task, None)
    assert inbox["planned_at"] <= inbox["claimed_at"] == inbox["told_at"]
    assert inbox["deadline"] == the_deadline(max_).removeprefix("/deadlines/")
    person("bea").post(f"/tasks/{task}/claim")
    person("bea").post(f"/tasks/{task}/delegate", {"to": "tom"})
    answered = max_.get("/ledger?channel=inbox").json["items"][0]["answered"]
    assert (answered["what"], answered["by"]) == ("delegated", "bea")


def test_the_ledger_is_filtered_and_comes_page_by_page(
    web: Flask, person: Person, begun: dict[str, Any], turned: Any
) -> None:
    max_ = person("max")
    with web.app_context():
        turned(timedelta(hours=10))
    everything = max_.get("/ledger?limit=200").json["items"]
    assert len(everything) == 10, "1 and 3 people on two ways, and nobody who holds it twice"
    found, path, ends = [], "/ledger?limit=3", []
    while path:
        page = max_.get(path).json
        found += page["items"]
        ends.append((_notice(page["items"][0]), _notice(page["items"][-1])))
        path = f"/ledger?limit=3&cursor={page['next']}" if page["next"] else ""
    assert [one["id"] for one in found] == [one["id"] for one in everything]
    assert all(last != first for (_, last), (first, _) in pairwise(ends)), (
        "a notice stands on one page, with all its ways"
    )
    for query, count in (
        ("user=bea", 4),
        ("channel=email", 4),
        ("state=untold", 2),
        ("reason=nobody", 2),
        ("state=told&user=cora", 1),
        (f"task={begun['tasks'][0]['id']}", 10),
        ("task=1", 0),
        ("since=2100-01-01T00:00:00Z", 0),
        ("channel=chat", 0),
    ):
        assert len(max_.get(f"/ledger?{query}").json["items"]) == count, query
    assert max_.get("/ledger?state=maybe").status_code == 422


def _notice(line: dict[str, Any]) -> tuple[Any, ...]:
    return line["cause"], line["user"], line["told_as"]


def test_people_see_their_own_lines_and_those_of_their_releases(
    web: Flask, person: Person, begun: dict[str, Any], turned: Any
) -> None:
    with web.app_context():
        turned(timedelta(hours=10))
    assert {one["user"] for one in person("bea").get("/ledger").json["items"]} == {"bea"}
    assert person("nora").get("/ledger").json["items"] == []


def why(caller: Caller, user: str) -> list[tuple[int, str]]:
    answer = caller.get(f"{the_deadline(caller)}/explanation?user={user}").json
    return [(one["level"], one["code"]) for one in answer["findings"]]


def test_why_somebody_was_or_was_not_told_has_an_answer_in_words(
    web: Flask, person: Person, begun: dict[str, Any], turned: Any
) -> None:
    max_ = person("max")
    assert why(max_, "bea") == [(1, "not-due"), (2, "not-due"), (3, "not-meant")]
    with web.app_context():
        turned(timedelta(hours=5))
    assert why(max_, "bea") == [(1, "inbox"), (1, "waiting"), (2, "not-due"), (3, "not-meant")]
    assert why(max_, "tom") == [(1, "not-named"), (2, "not-meant"), (3, "not-meant")]
    answer = max_.get(f"{the_deadline(max_)}/explanation?user=tom").json
    assert answer["told"] is False
    assert answer["findings"][0]["words"].endswith("candidates, assignee. Told: bea.") or answer["findings"][0][
        "words"
    ].endswith("assignee, candidates. Told: bea.")
    person("bea").post(f"/tasks/{begun['tasks'][0]['id']}/complete", {})
    assert why(max_, "max") == [(1, "not-named"), (2, "cancelled"), (3, "cancelled")]
    assert max_.get(f"{the_deadline(max_)}/explanation?user=nobody-here").status_code == 422
    assert person("nora").get(f"{the_deadline(max_)}/explanation?user=nora").status_code == 403


def words(caller: Caller, user: str) -> list[tuple[str, str]]:
    answer = caller.get(f"{the_deadline(caller)}/explanation?user={user}").json
    return [(one["code"], one["words"]) for one in answer["findings"] if one["level"] == 1]


def test_absence_preferences_and_missing_addresses_explain_why_no_mail_came(
    web: Flask, person: Person, turned: Any
) -> None:
    ada, today = person("ada"), clock.now().date()
    days = {"first_day": str(today - timedelta(days=1)), "last_day": str(today + timedelta(days=9))}
    person("bea").post("/me/absences", {**days, "substitute": "tom"})
    person("nora").post("/me/absences", days)
    person("otto").patch("/me/preferences", {"muted": {"email": ["deadlines"]}})
    ada.patch("/users/sam", {"email": None})
    person("petra").deploy(("d.bpmn", one_task("50%: user:bea user:nora user:otto user:sam\nPT0S: manager")))
    person("petra").post("/instances", {"definition": "dated"})
    with web.app_context():
        turned(timedelta(hours=5))
    assert words(ada, "bea")[1] == ("skipped", "No e-mail: they were away. In their place: tom.")
    assert words(ada, "tom")[0][1].endswith("as substitute:bea.")
    assert words(ada, "nora")[-1][0] == "on-leave"
    assert words(ada, "nora")[-1][1].endswith("with nobody to stand in.")
    assert words(ada, "otto")[1] == ("skipped", "No e-mail: it is switched off in their preferences.")
    assert words(ada, "sam")[1] == ("skipped", "No e-mail: there is no address.")
