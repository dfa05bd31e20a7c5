"""The chats that somebody reads: adding, trying out and removing them."""

from __future__ import annotations

from typing import Any

from flask import request, url_for
from flask_babel import gettext as _

from service import errors
from service.storage.queries import chats as found
from service.usecases.sending import chats
from service.web import access, auth, problems
from service.web.pages import frame

pages = frame.pages


@pages.get("/account/chats", endpoint="chats")
@access.signed_in
def own_chats() -> str:
    return frame.show("chats.html", rows=found.of(auth.actor().name), schemes=chats.schemes())


@pages.post("/account/chats")
@access.signed_in
def add_chat() -> Any:
    chats.add(request.form.get("name", ""), request.form.get("url", ""), actor=auth.actor())
    return frame.done(url_for("pages.chats"), _("The chat is added. Send a test to it."))


@pages.post("/account/chats/<key:key>/test")
@access.signed_in
def test_chat(key: int) -> Any:
    try:
        chats.test(key, actor=auth.actor())
    except errors.ExternalFailure as problem:
        raise errors.ExternalFailure(
            _("The test did not arrive: %(words)s", words=problems.said(problem.detail))
        ) from problem
    return frame.done(url_for("pages.chats"), _("The chat service took the test. Look whether it is there."))


@pages.post("/account/chats/<key:key>/remove")
@access.signed_in
def remove_chat(key: int) -> Any:
    chats.remove(key, actor=auth.actor())
    return frame.done(url_for("pages.chats"), _("The chat is removed."))
