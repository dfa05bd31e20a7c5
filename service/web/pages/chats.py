"""The chats that somebody, or a group, reads: adding, trying out and removing them; and the page of a group."""

from __future__ import annotations

from typing import Any

from flask import request, url_for
from flask_babel import gettext as _

from service import errors
from service.domain import policy, readers
from service.storage.queries import people as found
from service.usecases.accounts import people
from service.usecases.sending import chats
from service.web import access, auth, problems
from service.web.pages import frame, words

pages = frame.pages

OF_GROUP = "/administration/groups/<group:reader>"
OWN = {"reader": None}


@pages.get("/account/chats", endpoint="chats")
@access.signed_in
def own_chats() -> str:
    return frame.show("chats.html", **_chats(auth.actor().name))


@pages.get(OF_GROUP)
@access.requires(policy.may_administer)
def group(reader: str) -> str:
    name = readers.group(reader) or ""
    row = found.group(name)
    if row is None:
        raise errors.NotFound(f"There is no group {name}.")
    members = found.group_members(row.name)
    frame.learn_titles(members)
    return frame.show("group.html", group=row, members=members, **_chats(reader))


@pages.post(OF_GROUP)
@access.requires(policy.may_administer)
def edit_group(reader: str) -> Any:
    changes = {name: request.form.get(name, "").strip() for name in ("title", "language")}
    with words.in_words():
        people.edit_group(readers.group(reader) or "", changes, actor=auth.actor())
    return frame.done(_home(reader), _("Saved."))


@pages.post("/account/chats", defaults=OWN)
@pages.post(f"{OF_GROUP}/chats")
@access.signed_in
def add_chat(reader: str | None) -> Any:
    whose = reader or auth.actor().name
    chats.add(whose, request.form.get("name", ""), request.form.get("url", ""), actor=auth.actor())
    return frame.done(_home(whose), _("The chat is added. Send a test to it."))


@pages.post("/account/chats/<key:key>/test", defaults=OWN)
@pages.post(f"{OF_GROUP}/chats/<key:key>/test")
@access.signed_in
def test_chat(key: int, reader: str | None) -> Any:
    whose = reader or auth.actor().name
    try:
        chats.test(whose, key, actor=auth.actor())
    except errors.ExternalFailure as problem:
        raise errors.ExternalFailure(
            _("The test did not arrive: %(words)s", words=problems.said(problem.detail))
        ) from problem
    return frame.done(_home(whose), _("The chat service took the test. Look whether it is there."))


@pages.post("/account/chats/<key:key>/remove", defaults=OWN)
@pages.post(f"{OF_GROUP}/chats/<key:key>/remove")
@access.signed_in
def remove_chat(key: int, reader: str | None) -> Any:
    whose = reader or auth.actor().name
    chats.remove(whose, key, actor=auth.actor())
    return frame.done(_home(whose), _("The chat is removed."))


def _chats(reader: str) -> dict[str, Any]:
    """What the pages need to show the chats of a reader. whose: what their addresses name, nothing for one's own."""
    whose = {} if readers.group(reader) is None else {"reader": reader}
    return {"rows": chats.of(reader, actor=auth.actor()), "schemes": chats.schemes(), "whose": whose}


def _home(reader: str) -> str:
    return url_for("pages.chats") if readers.group(reader) is None else url_for("pages.group", reader=reader)
