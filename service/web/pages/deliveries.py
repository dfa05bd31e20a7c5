"""Messages that were given up, with the words of the other side, and trying them again."""

from __future__ import annotations

from typing import Any

from flask import request, url_for
from flask_babel import gettext as _

from service.domain import policy
from service.storage.queries import bundles as found
from service.usecases.sending import deliveries
from service.web import access, auth
from service.web.pages import frame

pages = frame.pages


@pages.get("/administration/undelivered")
@access.requires(policy.may_administer)
def undelivered() -> str:
    rows, cursor = found.given_up(cursor=request.args.get("cursor"))
    frame.learn_titles(row.reader for row in rows)
    return frame.show("undelivered.html", rows=rows, cursor=cursor, total=found.count_given_up())


@pages.post("/administration/undelivered/<key:key>/resend")
@access.requires(policy.may_administer)
def resend_bundle(key: int) -> Any:
    deliveries.resend(key, actor=auth.actor())
    return frame.done(frame.back(url_for("pages.undelivered")), _("It is on its way again."))
