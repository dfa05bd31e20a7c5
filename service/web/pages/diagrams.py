"""What the live diagram asks for: its XML, what to mark on it, and the story of one element."""

from __future__ import annotations

from typing import Any

from flask import Response, jsonify, url_for
from flask_babel import gettext as _

from service import errors
from service.domain import policy
from service.storage.queries import deadlines, definitions, history, instances, releases
from service.storage.queries import tasks as found
from service.usecases.definitions import diagrams
from service.web import access, auth
from service.web.pages import events, frame, repairs, standing, words

pages = frame.pages


def _instance(key: int) -> Any:
    """The instance, if this person may see its release."""
    row = instances.get(key)
    if row is None:
        raise errors.NotFound(_("There is no such run of a model."))
    who = auth.actor()
    if row.release_number is None or not releases.may_see(who, row.release_number):
        policy.require(policy.may_see_models(who))
    return row


@pages.get("/ui/instances/<key:key>/diagram.bpmn")
@access.signed_in
def instance_xml(key: int) -> Response:
    source = definitions.source(_instance(key).definition_key)
    return Response(source[1] if source else b"", mimetype="application/xml")


@pages.get("/ui/instances/<key:key>/marks")
@access.signed_in
def marks(key: int) -> Any:
    row = _instance(key)
    release = releases.get(row.release_number) if row.release_number is not None else None
    stand = standing.of(key, active=row.status == "active", held_at=release.held_at if release else None)
    marked = {
        element: {
            "state": mark.state,
            "tokens": mark.tokens,
            "late": mark.late,
            "failed": mark.failed,
            "inside": mark.inside,
            "due": words.due(mark.due_at)[0] if mark.due_at and not (release and release.held_at) else None,
        }
        for element, mark in stand.marks.items()
    }
    return jsonify({"process": stand.outline.process_id if stand.outline else None, "marks": marked})


@pages.get("/ui/instances/<key:key>/elements/<element>")
@access.signed_in
def element(key: int, element: str) -> str:
    row = _instance(key)
    outline = diagrams.outline(row.definition_key)
    activations = instances.activations(key)
    stays = [one for one in activations if one.element == element]
    keys = {one.key for one in stays}
    rows = found.of_release(row.release_number) if row.release_number else found.open_of_instance(key)
    due = deadlines.of_release(row.release_number) if row.release_number else ()
    happened = [one for one in history.of_instance(key) if one.element == element]
    of_element = [one for one in rows if one.element == element]
    frame.learn_titles(name for one in of_element for name in (one.assignee, one.closed_by))
    return frame.show(
        "element.html",
        name=outline.names.get(element, element),
        stays=stays,
        tasks=of_element,
        deadlines=[one for one in due if one.activation_key in keys],
        story=events.told(happened[:30], outline.names),
        instance=row,
        repair=repairs.offered(row, element, activations),
        here=_page_of(row),
    )


def _page_of(row: Any) -> str:
    """Where its forms lead back to: the part is shown on another page."""
    return url_for("pages.release", number=row.release_number) if row.release_number else ""
