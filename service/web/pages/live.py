"""Server-sent events: one thread per web process asks what changed and tells every open page that listens.

A page opens `/ui/events?topics=release:1,tasks` and hears the names of those topics that were touched, nothing else.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from flask import Flask, Response, current_app, request
from werkzeug import exceptions

from service.domain import policy
from service.storage.queries import instances, releases
from service.web import access, auth, hub
from service.web.pages import frame

pages = frame.pages

COMMON = frozenset({"tasks", "releases", "models", "people"})
MOST_TOPICS = 12


def _topics(who: policy.Actor, wanted: str) -> frozenset[str]:
    """What this person may listen to of what the page asks for; always the own inbox."""
    names = [name for name in wanted.split(",") if name][:MOST_TOPICS]
    return frozenset([f"inbox:{who.name}", *(name for name in names if _may_hear(who, name))])


def _may_hear(who: policy.Actor, topic: str) -> bool:
    if topic in COMMON:
        return True
    kind, _, text = topic.partition(":")
    if not text.isdecimal() or len(text) > 18:
        return False
    if kind == "release":
        return releases.may_see(who, int(text))
    if kind == "instance":
        row = instances.get(int(text))
        return row is not None and row.release_number is not None and releases.may_see(who, row.release_number)
    return False


@pages.get("/ui/events")
@access.signed_in
def listen() -> Response:
    """The stream. Refused with 503 when this process has all the listeners that it may: the page asks again."""
    topics = _topics(auth.actor(), request.args.get("topics", ""))
    station: hub.Hub = current_app.extensions["tidegate_hub"]
    if not station.has_room():
        raise exceptions.ServiceUnavailable("Too many pages listen at this server.")
    headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
    return Response(_stream(station, topics), mimetype="text/event-stream", headers=headers)


def _stream(station: hub.Hub, topics: frozenset[str]) -> Iterator[bytes]:
    environ: dict[str, Any] = request.environ

    def stream() -> Iterator[bytes]:
        yield hub.HELLO
        # From here on the server's thread is free again, where the server lets us keep the connection.
        if not station.take_over(environ, topics):
            yield from station.listen(topics)

    return stream()


def init_app(app: Flask) -> None:
    app.extensions["tidegate_hub"] = hub.Hub(app)
