"""The list of releases, a new one, and the record of one release."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from flask import request, url_for
from flask_babel import gettext as _

from service import errors
from service.domain import clock, policy
from service.storage.queries import (
    deadlines,
    definitions,
    forms,
    history,
    instances,
    jobs,
    migrations,
    notices,
    people,
)
from service.storage.queries import releases as found
from service.storage.queries import tasks as found_tasks
from service.storage.types import Row
from service.usecases.context import peeking
from service.usecases.deadlines import planned
from service.usecases.ledger import answers
from service.usecases.releases import releases
from service.usecases.running import incidents, repairs
from service.usecases.worktime import forecasts
from service.web import access, auth, reading
from service.web.pages import events, frame, ledger, standing, words

pages = frame.pages

SHOWN_DEADLINES = 100  # of those ahead, and of those that are over

PAGE = 50
STATUSES = ("open", "closed", "terminated", "backed-out")
FIELDS = ("title", "type", "kind", "category", "service", "reason", "classification", "manager", "coordinator", "model")
TABS = ("", "deadlines", "notices", "comments", "history")


@pages.get("/releases", endpoint="releases")
@access.signed_in
def listing() -> str:
    who = auth.actor()
    chosen = {name: request.args.get(name, "").strip() or None for name in ("status", "type", "q")}
    rows, cursor = found.listing(who, **chosen, limit=PAGE, cursor=request.args.get("cursor"))
    frame.learn_titles(name for row in rows for name in (row.coordinator, row.manager))
    return frame.show(
        "releases.html",
        rows=rows,
        cursor=cursor,
        chosen=chosen,
        total=found.count(who, **chosen),
        late=_late(rows, who),
        updating=jobs.pending(row.number for row in rows),
        may_create=policy.may_create_release(who) is None,
        statuses=STATUSES,
    )


def _late(rows: list[Row], who: policy.Actor) -> set[int]:
    """Numbers of those with a missed deadline that is still open."""
    missed, _cursor = deadlines.listing(who, state=deadlines.OVERDUE, limit=200)
    return {row.release_number for row in missed} & {row.number for row in rows}


@pages.get("/releases/new")
@access.requires(policy.may_create_release)
def new_release() -> str:
    return frame.show("release_new.html", **_choices(), values=request.args)


def _choices() -> dict[str, Any]:
    users = people.users(active_only=True)
    return {
        "managers": [user for user in users if policy.RELEASE_MANAGER in user.roles],
        "coordinators": [user for user in users if policy.COORDINATOR in user.roles],
        "categories": found.categories(),
        "models": definitions.all_latest(),
    }


@pages.post("/releases")
@access.requires(policy.may_create_release)
def create_release() -> Any:
    who = auth.actor()
    values: dict[str, Any] = {name: request.form[name].strip() for name in FIELDS if request.form.get(name, "").strip()}
    for name in ("window_start", "window_end"):
        if request.form.get(name):
            values[name] = moment(name, request.form[name], who)
    number = releases.create(values, actor=who)
    return frame.done(url_for("pages.release", number=number), _("R-%(number)d is created.", number=number))


def moment(name: str, text: str, who: policy.Actor) -> datetime:
    """What somebody typed in their own zone, in UTC."""
    try:
        return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(who.zone)).astimezone(UTC)
    except ValueError as problem:
        raise errors.InvalidInput({name: [_("is not a date and time")]}) from problem


def seen(number: int) -> Row:
    """The release, if this person may see it."""
    return releases.see(number, actor=auth.actor())


def common(row: Row, tab: str) -> dict[str, Any]:
    """What the head and the side of the record show on every tab."""
    number, who = row.number, auth.actor()
    words.in_zone_of(row.service)
    parts = found.people(number)
    frame.learn_titles([row.manager, row.coordinator, row.requester, *(n for names in parts.values() for n in names)])
    troubles, _cursor = instances.incidents(who, release=number)
    return {
        "release": row,
        "tab": tab,
        "people": parts,
        "milestones": found.milestones(number),
        "facts": found.facts(number),
        "incidents": troubles,
        "may_repair": policy.may_repair(who, row) is None,
        "may_hold": row.status == "open" and policy.may_hold(who, row) is None,
        "rework": repairs.loops_of(number),
        "may_change": row.status == "open" and policy.may_change_release(who, row) is None,
        "updating": bool(jobs.pending([number])),
        "numbers": {
            "comments": len(found.comments(number)),
            "deadlines": len(deadlines.of_release(number)),
            "notices": len(notices.of_release(number)),
        },
        "now": clock.now(),
    }


@pages.get("/releases/<release:number>")
@access.signed_in
def release(number: int) -> str:
    row, who = seen(number), auth.actor()
    stand = standing.of(row.instance_key, active=row.status == "open", held_at=row.held_at)
    frame.learn_titles(task.assignee for task in stand.tasks)
    names = stand.outline.names if stand.outline else {}
    return frame.show(
        "release.html",
        **common(row, ""),
        stand=stand,
        mine=next((task for task in stand.tasks if _for_me(task, row, who)), None),
        actions=releases.actions(number, actor=who) if row.status == "open" else (),
        story=events.told(history.of_release(number, limit=40), names, quiet=True),
        comments=found.comments(number),
        moved=migrations.undoable(row.instance_key) if row.instance_key else None,
        may_migrate=policy.may_migrate(who) is None,
        refusals=_refusals(row, who),
    )


def _refusals(row: Row, who: policy.Actor) -> dict[int, str | None]:
    """Why an incident's activity cannot be skipped, for those who may."""
    if row.status != "open" or policy.may_repair(who, row) is not None:
        return {}
    troubles, _cursor = instances.incidents(who, release=row.number)
    return {one.key: repairs.why_not_skip(one) for one in troubles}


def _for_me(task: Row, row: Row, who: policy.Actor) -> bool:
    if task.approval:
        return policy.may_decide(who, task, row) is None and who.name not in {
            v.user for v in found_tasks.votes(task.key)
        }
    return task.assignee == who.name or (task.assignee is None and policy.is_candidate(who, task))


@pages.get("/releases/<release:number>/record")
@access.signed_in
def release_record(number: int) -> str:
    return frame.show("release_record.html", **common(seen(number), "record"))


@pages.get("/releases/<release:number>/deadlines")
@access.signed_in
def release_deadlines(number: int) -> str:
    row = seen(number)
    every = sorted(deadlines.of_release(number), key=lambda one: one.due_at)
    ahead = [one for one in every if one.state == "open"]
    over = [one for one in every if one.state != "open"]
    rows = [*ahead[:SHOWN_DEADLINES], *over[max(0, len(over) - SHOWN_DEADLINES) :]]
    who = auth.actor()
    return frame.show(
        "release_deadlines.html",
        **common(row, "deadlines"),
        rows=rows,
        more=len(every) - len(rows),
        levels=deadlines.levels([one.key for one in rows]),
        forecasts=forecasts.of(rows),
        may_move=policy.may_move_deadline(who, row) is None,
        planned=planned.milestones(row),
        may_plan=row.status == "open" and policy.may_change_release(who, row) is None,
    )


@pages.get("/releases/<release:number>/notices")
@access.signed_in
def release_notices(number: int) -> str:
    row = seen(number)
    lines, cursor = answers.lines(actor=auth.actor(), release=number, limit=100, cursor=request.args.get("cursor"))
    ledger.learn(lines)
    return frame.show("release_notices.html", **common(row, "notices"), lines=ledger.together(lines), cursor=cursor)


@pages.get("/releases/<release:number>/comments")
@access.signed_in
def release_comments(number: int) -> str:
    row = seen(number)
    comments = found.comments(number)
    frame.learn_titles(one.by for one in comments)
    return frame.show("release_comments.html", **common(row, "comments"), comments=comments)


@pages.post("/releases/<release:number>/comments")
@access.signed_in
def comment(number: int) -> Any:
    releases.comment(number, request.form.get("text", "").strip(), actor=auth.actor())
    return frame.done(frame.back(url_for("pages.release_comments", number=number)), _("Your comment is there."))


@pages.get("/releases/<release:number>/history")
@access.signed_in
def release_history(number: int) -> str:
    row = seen(number)
    before = reading.position()
    rows = history.of_release(number, limit=200, before=before)
    stand = standing.of(row.instance_key, active=row.status == "open", held_at=row.held_at)
    names = stand.outline.names if stand.outline else {}
    more = rows[-1].id if len(rows) == 200 else None
    return frame.show("release_history.html", **common(row, "history"), story=events.told(rows, names), more=more)


@pages.get("/releases/<release:number>/actions/<action>")
@access.signed_in
def action(number: int, action: str) -> str:
    """An action that asks for more than a reason has a page with its form."""
    row = seen(number)
    offered = next((one for one in releases.actions(number, actor=auth.actor()) if one.id == action), None)
    if offered is None:
        raise errors.ActionNotOffered(_("This action is not offered any more. Go back to the release to see what is."))
    return frame.show("release_action.html", **common(row, ""), offered=offered, form=_action_form(offered, row))


def _action_form(offered: releases.Offered, row: Row) -> dict[str, Any] | None:
    if offered.form_key is None:
        return None
    schema = forms.by_key(offered.form_key)
    return {"schema": schema.body if schema else None, "data": peeking.form_data(row.instance_key, None)}


@pages.post("/releases/<release:number>/actions/<action>")
@access.signed_in
def act(number: int, action: str) -> Any:
    values = (
        reading.json_object()
        if request.is_json
        else {k: v for k, v in request.form.items() if k == "reason" and v.strip()}
    )
    releases.act(number, action, values, actor=auth.actor())
    return frame.done(url_for("pages.release", number=number), _("Done."))


@pages.post("/incidents/<key:key>/retry")
@access.signed_in
def retry_incident(key: int) -> Any:
    incidents.retry(key, actor=auth.actor())
    return frame.done(frame.back(url_for("pages.releases")), _("Tried again."))
