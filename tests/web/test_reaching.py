"""Over the API people say what reaches them and when they are away; administrators say it for others."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from service.domain import clock
from tests.web.caller import Caller

Person = Callable[[str | None], Caller]


def leave(**more: Any) -> dict[str, Any]:
    """From tomorrow for three days."""
    first = clock.now().date() + timedelta(days=1)
    return {"first_day": first.isoformat(), "last_day": (first + timedelta(days=2)).isoformat(), **more}


def test_what_somebody_prefers_is_changed_member_by_member(person: Person) -> None:
    bea = person("bea")
    before = bea.get("/me/preferences")
    assert (before.json["muted"], before.json["digest"], before.json["revision"]) == ({}, "off", 0)
    changed = bea.patch(
        "/me/preferences",
        {"muted": {"email": ["progress"]}, "quiet_from": "20:00", "quiet_until": "07:00"},
        headers={"If-Match": before.headers["ETag"]},
    )
    assert changed.status_code == 200
    assert bea.patch("/me/preferences", {"digest": "hourly"}).json["quiet_from"] == "20:00"
    assert bea.patch("/me/preferences", {"quiet_outside": True}).json["quiet_outside"] is True
    stale = bea.patch("/me/preferences", {"digest": "off"}, headers={"If-Match": changed.headers["ETag"]})
    assert stale.status_code == 412
    wrong = bea.patch("/me/preferences", {"quiet_from": None})
    assert (wrong.status_code, list(wrong.json["errors"])) == (422, ["quiet_from"])


def test_an_absence_is_added_changed_and_taken_back(person: Person) -> None:
    bea = person("bea")
    made = bea.post("/me/absences", leave(substitute="tom", note="At the sea"))
    assert made.status_code == 201
    assert [one["substitute"] for one in bea.get("/me/absences").json["items"]] == ["tom"]
    path = f"/absences/{made.json['id']}"
    headers = {"If-Match": made.headers["ETag"]}
    assert bea.patch(path, {"substitute": "otto"}, headers=headers).json["substitute"] == "otto"
    assert bea.patch(path, {"substitute": "tom"}, headers=headers).status_code == 412
    assert bea.patch(path, {"substitute": "bea"}).json["errors"] == {"substitute": ["must be somebody else"]}
    assert bea.post("/me/absences", leave()).json["errors"].keys() == {"first_day"}
    assert bea.send("DELETE", path).status_code == 204
    assert bea.get("/me/absences").json["items"] == []


def test_administrators_do_it_for_others_and_nobody_else_does(person: Person) -> None:
    ada, tom = person("ada"), person("tom")
    assert ada.patch("/users/bea/preferences", {"digest": "hourly"}).status_code == 200
    assert person("bea").get("/me/preferences").json["digest"] == "hourly"
    made = ada.post("/users/bea/absences", leave(substitute="tom"))
    assert made.status_code == 201
    for refused in (
        tom.get("/users/bea/preferences"),
        tom.patch("/users/bea/preferences", {"digest": "off"}),
        tom.get("/users/bea/absences"),
        tom.post("/users/bea/absences", leave()),
    ):
        assert refused.status_code == 403
    assert tom.patch(f"/absences/{made.json['id']}", {"note": "mine"}).status_code == 404
    assert tom.send("DELETE", f"/absences/{made.json['id']}").status_code == 404
    assert ada.get("/users/nobody/absences").status_code == 404
