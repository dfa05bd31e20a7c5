"""The buttons of repairs: what can be done at an element of the diagram, and doing it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

from flask import request, url_for
from flask_babel import gettext as _

from service import errors
from service.domain import policy
from service.storage.queries import deadlines as found_deadlines
from service.storage.queries import releases as found
from service.storage.types import Row
from service.usecases.deadlines import holding, rescheduling
from service.usecases.definitions import diagrams
from service.usecases.releases import tasks
from service.usecases.running import repairs
from service.web import access, auth
from service.web.pages import frame
from service.web.pages import releases as release_pages

pages = frame.pages


@dataclass(frozen=True)
class Way:
    """One way back to an element, as its dialog shows it."""

    target: repairs.Target
    where: str  # the item of a loop that it is in
    ends: Sequence[str]


@dataclass(frozen=True)
class Offered:
    """What may be repaired at one element."""

    ways: Sequence[Way] = ()
    stays: Sequence[Row] = ()  # that can be moved
    goals: Sequence[tuple[str, str]] = ()
    loops: Sequence[Row] = ()  # that take one more item


def offered(instance: Row, element: str, rows: Sequence[Row]) -> Offered:
    """What this person may do there; `rows` are all activations of the run."""
    release = found.get(instance.release_number) if instance.release_number is not None else None
    if instance.status != "active" or policy.may_repair(auth.actor(), release) is not None:
        return Offered()
    outline = diagrams.outline(instance.definition_key)
    here = [row for row in rows if row.element == element and row.left_at is None and row.process == outline.process_id]
    whole = [row for row in here if row.loop_index is None]
    return Offered(
        [_way(target, rows, outline) for target in repairs.targets(instance.key, only=element)],
        whole,
        repairs.goals(instance.definition_key, element) if whole else (),
        [row for row in whole if repairs.takes_items(instance.definition_key, element)],
    )


def _way(target: repairs.Target, rows: Sequence[Row], outline: diagrams.Outline) -> Way:
    by_key = {row.key: row for row in rows}
    around = by_key.get(target.within or 0)
    where = ""
    if around is not None and around.loop_index is not None:
        where = f"{outline.names.get(around.element, around.element)} {around.loop_index}"
    ends = [outline.names.get(by_key[key].element, by_key[key].element) for key in target.ends if key in by_key]
    return Way(target, where, list(dict.fromkeys(ends)))


def _reason() -> str:
    return request.form.get("reason", "")


def _done(message: str) -> Any:
    return frame.done(frame.back(url_for("pages.releases")), message)


@pages.post("/incidents/<key:key>/skip")
@access.signed_in
def skip_failed(key: int) -> Any:
    repairs.skip(key, _reason(), actor=auth.actor())
    return _done(_("Skipped."))


@pages.post("/ui/instances/<key:key>/send-back")
@access.signed_in
def send_back(key: int) -> Any:
    within = request.form.get("within", "")
    repairs.send_back(
        key,
        request.form.get("element", ""),
        _reason(),
        within=int(within) if within.isdigit() else None,
        actor=auth.actor(),
    )
    return _done(_("Sent back."))


@pages.post("/ui/instances/<key:key>/move")
@access.signed_in
def move_token(key: int) -> Any:
    goal = request.form.get("element", "")
    if not goal:
        raise errors.InvalidInput({"element": [_("choose where to")]})
    repairs.move(key, _key("activation"), goal, _reason(), actor=auth.actor())
    return _done(_("Moved."))


@pages.post("/ui/instances/<key:key>/items")
@access.signed_in
def add_item(key: int) -> Any:
    repairs.add_item(key, _key("activation"), _item(request.form.get("item", "")), _reason(), actor=auth.actor())
    return _done(_("One more item is there."))


@pages.post("/releases/<release:number>/cancel")
@access.signed_in
def cancel_release(number: int) -> Any:
    row = release_pages.seen(number)
    repairs.cancel(row.instance_key, _reason(), actor=auth.actor())
    return frame.done(url_for("pages.release", number=number), _("The release is cancelled."))


@pages.post("/releases/<release:number>/hold")
@access.signed_in
def hold_release(number: int) -> Any:
    release_pages.seen(number)
    holding.hold(number, _reason(), actor=auth.actor())
    return frame.done(url_for("pages.release", number=number), _("The release is on hold."))


@pages.post("/releases/<release:number>/resume")
@access.signed_in
def resume_release(number: int) -> Any:
    release_pages.seen(number)
    holding.resume(number, actor=auth.actor())
    return frame.done(url_for("pages.release", number=number), _("The release goes on."))


@pages.post("/deadlines/<key:key>/move")
@access.signed_in
def move_deadline(key: int) -> Any:
    """Another due moment; undone by moving it back."""
    who, before = auth.actor(), found_deadlines.get(key)
    if before is None:
        raise errors.NotFound(_("There is no such deadline."))
    given = request.args.get("due") or request.form.get("due_at", "")
    reason = request.args.get("reason") or _reason()
    if not reason.strip():
        raise errors.InvalidInput({"reason": [_("say why")]})
    rescheduling.move(key, release_pages.moment("due_at", given, who), reason=reason.strip(), actor=who)
    old = before.due_at.astimezone(ZoneInfo(who.zone)).replace(tzinfo=None).isoformat()
    undo = url_for("pages.move_deadline", key=key, due=old, reason=_("Undone"))
    home = url_for("pages.release_deadlines", number=before.release_number) if before.release_number else "/"
    return frame.done(frame.back(home), _("The due date is changed."), undo=None if request.args.get("due") else undo)


@pages.post("/tasks/<key:key>/due")
@access.signed_in
def move_due(key: int) -> Any:
    """Another due date of a task; undone by moving it back."""
    who, before = auth.actor(), tasks.see(key, actor=auth.actor())
    given = request.args.get("due") or request.form.get("due_at", "")
    reason = (request.args.get("reason") or _reason()).strip()
    if not reason:
        raise errors.InvalidInput({"reason": [_("say why")]})
    rescheduling.move_of_task(key, release_pages.moment("due_at", given, who), reason=reason, actor=who)
    undo = None
    if before.due_at is not None and not request.args.get("due"):
        old = before.due_at.astimezone(ZoneInfo(who.zone)).replace(tzinfo=None).isoformat()
        undo = url_for("pages.move_due", key=key, due=old, reason=_("Undone"))
    return frame.done(frame.back(url_for("pages.task", key=key)), _("The due date is changed."), undo=undo)


def _key(name: str) -> int:
    text = request.form.get(name, "")
    if not text.isdigit():
        raise errors.InvalidInput({name: [_("is missing")]})
    return int(text)


def _item(text: str) -> Any:
    """JSON where it is, else the text itself."""
    try:
        return json.loads(text)
    except ValueError:
        return text
