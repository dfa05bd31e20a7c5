"""Why somebody was told of a deadline, or was not: findings in sentences, in the language of the request."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from service.usecases.ledger import explaining

CHANNELS = {"email": _l("e-mail"), "chat": _l("chat")}
SKIPPED = {
    "no-address": _l("No %(channel)s: there is no address."),
    "gone": _l("No %(channel)s: they were not active any more."),
    "opted-out": _l("No %(channel)s: it is switched off in their preferences."),
    "on-leave": _l("No %(channel)s: they were away. In their place: %(told)s."),
}
HELD = {
    "quiet": _l("The %(channel)s waits until %(moment)s: it falls into their quiet hours."),
    "digest": _l("The %(channel)s waits until %(moment)s: it comes with their digest."),
    "rate": _l("The %(channel)s waits until %(moment)s: there were many messages in the last hour."),
}
CARRIED = {
    "sent": _l("The %(channel)s to %(address)s was sent %(moment)s."),
    "waiting": _l("The %(channel)s to %(address)s is on its way, together with what else comes."),
    "dead": _l("The %(channel)s to %(address)s could not be delivered: %(answer)s"),
    "held": _l("The %(channel)s waits until %(moment)s."),
    "skipped": _l("No %(channel)s was sent (%(reason)s)."),
}
LEVELS = {
    explaining.INBOX: _l("Told %(moment)s in the inbox, as %(as)s."),
    explaining.INBOX_ALONE: _l("Told %(moment)s in the inbox alone, as %(as)s: there is no address for anything else."),
    explaining.NOT_NAMED: _l("Not among those whom this level meant on %(moment)s: %(recipients)s. Told: %(told)s."),
    explaining.OTHERS_NEXT: _l("Not due before %(moment)s, and it means others: %(recipients)s. Now: %(told)s."),
    explaining.OTHERS_HELD: _l("The release is on hold, and this level means others: %(recipients)s. Now: %(told)s."),
    explaining.NOT_DUE: _l("Not due before %(moment)s. They would be told then, as %(as)s."),
    explaining.AWAY_NOW: _l(
        "Not due before %(moment)s. They would be told then, as %(as)s. They are away now; in their place: %(told)s."
    ),
    explaining.ON_HOLD: _l("The release is on hold; nobody is told until it goes on. They would be, as %(as)s."),
    "inactive": _l("Meant as %(as)s on %(moment)s, but the account was not active any more."),
    "on-leave": _l("Away on %(moment)s, with nobody to stand in."),
    "did-it": _l("Meant as %(as)s on %(moment)s, but did it themselves."),
}
ENDED = {
    "met": _l("Not needed: what it is about was done on %(ended)s, before this level was due."),
    "late": _l("Not needed: what it is about was done on %(ended)s, before this level was due."),
    "cancelled": _l("Not needed: what it is about was withdrawn on %(ended)s, before this level was due."),
}


def sentence(
    one: explaining.Finding,
    moment: Callable[[datetime], str],
    person: Callable[[str | None], str],
    recipient: Callable[[str], str],
) -> str:
    """A finding in words; moments, people and recipients are named as the reader knows them."""
    given: Mapping[str, Any] = one.values
    if one.code == explaining.WITHDRAWN:
        return str(ENDED.get(given["state"], ENDED["cancelled"])) % {"ended": moment(given["ended_at"])}
    channel = given.get("channel")
    told = {
        "moment": moment(one.at),
        "as": recipient(given["as"]) if given.get("as") else _("named"),
        "recipients": ", ".join(recipient(name) for name in given.get("recipients", ())),
        "told": ", ".join(person(name) for name in given.get("told", ())) or _("nobody"),
        "channel": str(CHANNELS.get(channel or "", channel or "")),
        "address": given.get("address") or "–",
        "reason": given.get("reason") or "–",
        "answer": given.get("answer") or "–",
    }
    return str(_text(one)) % told


def _text(one: explaining.Finding) -> Any:
    reason = one.values.get("reason", "")
    if one.code == "skipped":
        return SKIPPED.get(reason, CARRIED["skipped"])
    if one.code == "held":
        return HELD.get(reason, CARRIED["held"])
    return LEVELS.get(one.code) or CARRIED.get(one.code, one.code)
