"""Moving running releases to another version of their model: what would happen, doing it, how far it is, and back."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

from flask import jsonify, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel import ngettext

from service import errors
from service.domain import policy
from service.storage.queries import definitions, instances
from service.storage.queries import migrations as found
from service.storage.types import Row
from service.usecases.definitions import diagrams, programs
from service.usecases.deploying import migrations
from service.web import access, auth, problems, reading
from service.web.pages import frame

pages = frame.pages

MAPPED, ANEW = "map.", "anew"
FAILURES = 200
VERDICTS = {
    migrations.CLEAN: (_l("moves as it is"), "good"),
    migrations.MAPPING: (_l("needs a mapping"), "warn"),
    migrations.BLOCKED: (_l("stays for now"), "bad"),
}
REASONS = {
    "element-gone": _l("is not in this version: say what takes its place"),
    "target-missing": _l("shall become something that this version does not have"),
    "type-changed": _l("is of another kind in this version"),
    "scope-changed": _l("is in another sub-process in this version"),
    "loop-changed": _l("is running and repeats in another way in this version"),
    "flow-changed": _l("waits for something that this version does not have"),
    "gate-gone": _l("has its gate open, and this version has none there"),
    "join-starves": _l("would wait for ever for a branch that begins behind what is open"),
    "cannot-wait": _l("cannot be waited for: its expression fails now"),
    "would-move": _l("would go on by itself: let it take its next step first"),
    "called-process-missing": _l("has called a process that is not deployed any more"),
}
CHANGES = {
    "added": (_l("Added"), "good"),
    "removed": (_l("Removed"), "bad"),
    "changed": (_l("Changed"), "warn"),
}


def _goal(process_id: str, number: int) -> Row:
    row = definitions.version(process_id, number)
    if row is None:
        raise errors.NotFound(_("There is no version %(number)d of %(model)s.", number=number, model=process_id))
    return row


def _mapping(values: Mapping[str, str]) -> dict[str, str]:
    return {name.removeprefix(MAPPED): one for name, one in values.items() if name.startswith(MAPPED) and one}


@pages.get("/models/<process_id>/<int:number>/move")
@access.requires(policy.may_migrate)
def moving(process_id: str, number: int) -> str:
    """What would become of every running release in this version."""
    goal, mapping = _goal(process_id, number), _mapping(request.args)
    seen = migrations.preview(process_id, number, mapping, actor=auth.actor())
    wanted = {**dict.fromkeys(mapping), **seen.unmapped}
    versions = Counter(one.row.version for one in seen.prospects)
    earlier = versions.most_common(1)[0][0] if versions else number
    return frame.show(
        "moving.html",
        model=goal,
        seen=seen,
        mapping=mapping,
        anew=request.args.get("deadlines") == ANEW,
        choices=_choices(process_id, goal, seen, wanted),
        earlier=earlier,
        changes=diagrams.changes(_goal(process_id, earlier).key, goal.key) if earlier != number else [],
        marks=_marks(seen, diagrams.changes(_goal(process_id, earlier).key, goal.key)),
        verdicts=VERDICTS,
        why=_why,
        kinds=CHANGES,
    )


def _choices(process_id: str, goal: Row, seen: migrations.Preview, wanted: Mapping[str, Any]) -> list[dict[str, Any]]:
    """For each element that needs a mapping: what it was called, and what it may become, likely ones first."""
    there = programs.program(goal.key).process.elements
    names = {place.element: place for one in seen.prospects for place in one.plan.places}
    found = []
    for element, place in wanted.items():
        known = place or names.get(element)
        likely = list(place.suggestions) if place else []
        others = [e.id for e in there.values() if known and e.type == known.type and e.drawn and e.id not in likely]
        options = [(one, there[one].name if one in there else one) for one in [*likely, *others]]
        found.append({"element": element, "name": known.name if known else "", "options": options, "likely": likely})
    return found


def _marks(seen: migrations.Preview, changes: list[diagrams.Change]) -> dict[str, dict[str, Any]]:
    """What the diagram shows: how many stand where, and what is new or different."""
    marks: dict[str, dict[str, Any]] = {one.element: {one.kind: True} for one in changes}
    for place in (place for one in seen.prospects for place in one.plan.places):
        at = marks.setdefault(place.target or place.element, {})
        at["tokens"] = at.get("tokens", 0) + 1
        at["failed"] = at.get("failed", False) or place.verdict != migrations.CLEAN
    for at in marks.values():
        if "tokens" in at:
            at["state"], at["text"] = "now", str(at["tokens"])
    return marks


@pages.post("/models/<process_id>/<int:number>/move")
@access.requires(policy.may_migrate)
def move(process_id: str, number: int) -> Any:
    """All of them by the workers, or one at once."""
    mapping, key = _mapping(request.form), request.form.get("instance", type=int)
    anew = request.form.get("deadlines") == ANEW
    if key is not None:
        migrations.migrate(key, number, mapping, anew=anew, actor=auth.actor())
        kept = {**_named(mapping), **({"deadlines": ANEW} if anew else {})}
        here = url_for("pages.moving", process_id=process_id, number=number, **kept)
        undo = url_for("pages.undo_move", key=key)
        return frame.done(here, _("Moved to version %(number)d.", number=number), undo=undo)
    run = migrations.start(process_id, number, mapping, anew=anew, actor=auth.actor())
    return frame.done(url_for("pages.moves", process_id=process_id, run=run))


def _named(mapping: Mapping[str, str]) -> dict[str, Any]:
    return {f"{MAPPED}{name}": one for name, one in mapping.items()}


@pages.get("/models/<process_id>/moves/<key:run>")
@access.requires(policy.may_see_models)
def moves(process_id: str, run: int) -> str:
    """How far a move of many is, and what could not be moved."""
    row = found.run(run)
    if row is None or row.process_id != process_id:
        raise errors.NotFound(_("There is no such move."))
    frame.learn_titles([row.by])
    return frame.show(
        "moves.html",
        run=row,
        model=_goal(process_id, row.version),
        failed=found.items(run, state="failed", limit=FAILURES),
        may_migrate=policy.may_migrate(auth.actor()) is None,
    )


@pages.post("/models/<process_id>/moves/<key:run>/undo")
@access.requires(policy.may_migrate)
def undo_moves(process_id: str, run: int) -> Any:
    back = migrations.undo_run(run, actor=auth.actor())
    return frame.done(url_for("pages.moves", process_id=process_id, run=back))


@pages.post("/ui/instances/<key:key>/move/undo")
@access.requires(policy.may_migrate)
def undo_move(key: int) -> Any:
    """Bring one run back to the version before."""
    migrations.undo(key, actor=auth.actor())
    row = instances.get(key)
    model = definitions.by_key(row.definition_key) if row is not None else None
    text = _("Back on version %(number)d.", number=model.version) if model is not None else ""
    return frame.done(frame.back(url_for("pages.models")), text)


@pages.post("/ui/models/<process_id>/move/preview")
@access.requires(policy.may_deploy)
def preview_drawing(process_id: str) -> Any:
    """For the modeler: what a deployment of what is being drawn would mean for the releases that run."""
    text = str(reading.json_object().get("source", ""))
    try:
        seen = migrations.preview(process_id, source=(f"{process_id}.bpmn", text.encode()), actor=auth.actor())
    except (errors.InvalidDefinition, errors.NotFound):
        return jsonify({"text": "", "places": []})  # the list of problems says it
    places = {
        (place.element, place.code): place
        for one in seen.prospects
        for place in one.plan.places
        if place.verdict != migrations.CLEAN
    }
    told = [
        {"element": place.element, "name": place.name or place.element, "text": _why(place.code, place.message)}
        for place in places.values()
    ]
    return jsonify({"text": _sentence(seen), "counts": seen.counts, "places": told})


def _why(code: str, message: str) -> str:
    """Why something that is open cannot move, in a few words; in the engine's own where there are none."""
    return str(REASONS.get(code) or problems.said(message))


def _sentence(seen: migrations.Preview) -> str:
    total = len(seen.prospects)
    if not total:
        return ""
    counts = seen.counts
    clean, mapping, blocked = (counts[name] for name in (migrations.CLEAN, migrations.MAPPING, migrations.BLOCKED))
    words = [
        (clean, ngettext("%(num)d would move as it is", "%(num)d would move as they are", clean)),
        (mapping, ngettext("%(num)d needs a mapping", "%(num)d need a mapping", mapping)),
        (blocked, ngettext("%(num)d would have to stay for now", "%(num)d would have to stay for now", blocked)),
    ]
    running = ngettext("%(num)d running release", "%(num)d running releases", total)
    return f"{running}: {', '.join(word for count, word in words if count)}."
