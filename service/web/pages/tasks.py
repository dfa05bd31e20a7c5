"""My tasks, and the one task somebody works on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from flask import Response, request, url_for
from flask_babel import gettext as _

from service.domain import clock, holding, policy
from service.domain import reaching as domain
from service.storage.queries import deadlines, history, people, releases
from service.storage.queries import reaching as absences
from service.storage.queries import tasks as found
from service.storage.types import Row
from service.usecases.context import criteria
from service.usecases.releases import tasks
from service.usecases.worktime import forecasts
from service.web import access, auth, reading
from service.web.pages import events, frame, words

pages = frame.pages

VIEWS = ("mine", "groups", "overdue", "all", "done")
PAGE = 50


@pages.get("/tasks", endpoint="tasks")
@access.signed_in
def listing() -> str:
    who = auth.actor()
    view = request.args.get("view", "")
    view = view if view in VIEWS else "now"
    group, text = request.args.get("group") or None, request.args.get("q", "").strip() or None
    rows, cursor = found.listing(
        who, **_filter(view, who), group=group, q=text, limit=PAGE, cursor=request.args.get("cursor")
    )
    frame.learn_titles(row.assignee for row in rows)
    return frame.show(
        "tasks.html",
        rows=_parts(rows, who) if view == "now" else [("", rows)],
        empty=not rows,
        cursor=cursor,
        view=view,
        group=group,
        q=text,
        numbers=found.counts(who),
        forecasts=forecasts.of(rows),
        now=clock.now(),
    )


def _filter(view: str, who: policy.Actor) -> dict[str, Any]:
    chosen: dict[str, dict[str, Any]] = {
        "now": {"mine": True},
        "mine": {"assignee": who.name},
        "groups": {"mine": True, "assignee": ""},
        "overdue": {"mine": True, "overdue": True},
        "done": {"assignee": who.name, "state": "completed"},
    }
    return chosen.get(view, {})


def _parts(rows: Sequence[Row], who: policy.Actor) -> list[tuple[str, list[Row]]]:
    """Late ones first, then what the person holds, then what their groups could take."""
    now = clock.now()
    late = [row for row in rows if row.due_at and row.due_at < now and not row.held_at]
    rest = [row for row in rows if row not in late]
    parts = [
        (_("Overdue"), late),
        (_("Mine"), [row for row in rest if row.assignee == who.name]),
        (_("For my groups"), [row for row in rest if row.assignee != who.name]),
    ]
    return [(title, inside) for title, inside in parts if inside]


@pages.get("/tasks/<key:key>")
@access.signed_in
def task(key: int) -> str:
    who = auth.actor()
    view = tasks.form(key, actor=who)
    row = tasks.see(key, actor=who)
    release = releases.get(row.release_number) if row.release_number else None
    words.in_zone_of(release.service if release is not None else None)
    votes = found.votes(key) if row.approval else ()
    deciders = list(row.approval["deciders"]) if row.approval else []
    frame.learn_titles([row.assignee, row.closed_by, *deciders, *(row.users or ())])
    return frame.show(
        "task.html",
        task=row,
        form=view,
        release=release,
        checklist=criteria.checklist(row),
        deadline=deadlines.of_task(key),
        votes=votes,
        pending=[name for name in deciders if name not in {vote.user for vote in votes}],
        decided=next((vote for vote in votes if vote.user == who.name), None),
        may=_may(who, row, release),
        story=events.told(_story(row)),
        forecast=forecasts.of([row]).get(row.activation_key),
        comments=releases.comments(row.release_number) if release else (),
        others=people.users(active_only=True) if policy.may_delegate(who, row, release) is None else (),
        away=_away(),
        now=clock.now(),
    )


def _away() -> dict[str, Any]:
    """Who is away now, with the absence."""
    now = clock.now()
    rows = absences.absent(now.date())
    return {row.user: row for row in rows if domain.away([row], now, row.zone) is not None}


def _story(row: Row) -> list[Row]:
    return [event for event in history.of_instance(row.instance_key, limit=500) if event.data.get("task") == row.key]


def _may(who: policy.Actor, row: Row, release: Row | None) -> Mapping[str, bool]:
    if row.state != "open":
        return {}
    running = not holding.on_hold(release)
    return {
        "claim": row.assignee is None and not row.approval and policy.may_claim(who, row, release) is None,
        "unclaim": bool(row.assignee and (row.groups or row.users)) and policy.may_unclaim(who, row) is None,
        "delegate": policy.may_delegate(who, row, release) is None,
        "complete": not row.approval and running and policy.may_complete(who, row, release) is None,
        "move_due": policy.may_move_deadline(who, release) is None,
        "decide": bool(row.approval) and running and policy.may_decide(who, row, release) is None,
    }


@pages.post("/tasks/<key:key>/claim")
@access.signed_in
def claim(key: int) -> Any:
    tasks.claim(key, actor=auth.actor())
    undo = url_for("pages.unclaim", key=key)
    return frame.done(frame.back(url_for("pages.task", key=key)), _("The task is yours."), undo=undo)


@pages.post("/tasks/<key:key>/unclaim")
@access.signed_in
def unclaim(key: int) -> Any:
    tasks.unclaim(key, actor=auth.actor())
    undo = url_for("pages.claim", key=key)
    return frame.done(frame.back(url_for("pages.task", key=key)), _("The task is back with its candidates."), undo=undo)


@pages.post("/tasks/<key:key>/delegate")
@access.signed_in
def delegate(key: int) -> Any:
    to = request.form.get("to", "")
    tasks.delegate(key, to, actor=auth.actor())
    message = _("%(person)s has the task now.", person=frame.title_of(to))
    return frame.done(frame.back(url_for("pages.task", key=key)), message)


@pages.post("/tasks/<key:key>/draft")
@access.signed_in
def keep_draft(key: int) -> Response:
    tasks.save_draft(key, reading.json_object(), actor=auth.actor())
    return Response(status=204)


@pages.post("/tasks/<key:key>/complete")
@access.signed_in
def complete(key: int) -> Any:
    who = auth.actor()
    values = reading.json_object() if request.is_json else {}
    outcome = tasks.complete(key, values, actor=who)
    return frame.done(_next(key, outcome, who), _("Done."))


@pages.post("/tasks/<key:key>/decide")
@access.signed_in
def decide(key: int) -> Any:
    who = auth.actor()
    outcome = tasks.decide(key, request.form.get("outcome", ""), request.form.get("comment", "").strip(), actor=who)
    return frame.done(_next(key, outcome, who), _("Your decision counts."))


def _next(key: int, outcome: Any, who: policy.Actor) -> str:
    """The release it belonged to: there one sees what followed. Without one: the tasks."""
    if outcome.release_number is not None and releases.may_see(who, outcome.release_number):
        return url_for("pages.release", number=outcome.release_number)
    return url_for("pages.tasks")
