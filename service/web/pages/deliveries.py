"""Mails that were given up, with the words of the mail server, and trying them again."""

from __future__ import annotations

from typing import Any

from flask import request, url_for
from flask_babel import gettext as _

from service.domain import policy
from service.storage.queries import notices as found
from service.usecases.sending import deliveries
from service.web import access, auth
from service.web.pages import frame

pages = frame.pages


@pages.get("/administration/undelivered")
@access.requires(policy.may_administer)
def undelivered() -> str:
    rows, cursor = found.deliveries(state="dead", cursor=request.args.get("cursor"))
    frame.learn_titles(row.user for row in rows)
    return frame.show("undelivered.html", rows=rows, cursor=cursor, total=found.delivery_counts()["dead"])


@pages.post("/administration/undelivered/<key:key>/resend")
@access.requires(policy.may_administer)
def resend_delivery(key: int) -> Any:
    deliveries.resend(key, actor=auth.actor())
    return frame.done(frame.back(url_for("pages.undelivered")), _("It is on its way again."))
