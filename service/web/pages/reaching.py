"""What reaches somebody and when they are away: their own page, and for administrators anybody's."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date
from typing import Any

from flask import request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from service import errors
from service.domain import clock, policy, reaching
from service.storage.queries import people as found
from service.usecases.telling import absences, audience, preferences
from service.usecases.worktime import calendars
from service.web import access, auth
from service.web.pages import frame, words

pages = frame.pages

GROUPS = {
    "deadlines": _l("Deadlines: soon due, missed, moved"),
    "approvals": _l("Approvals: asked and decided"),
    "tasks": _l("Tasks that are given to me"),
    "progress": _l("Progress of releases, and what models tell"),
    "incidents": _l("What is stuck"),
    "reports": _l("Reports and policies"),
    "operation": _l("Tidegate itself: its operation, its webhooks"),
}
CHANNELS = {audience.EMAIL: _l("By mail"), audience.CHAT: _l("By chat")}
DIGESTS = {
    "off": _l("Each at once"),
    "hourly": _l("Collected, every full hour"),
    "daily": _l("Collected, once a day"),
}


@pages.get("/account/reaching")
@access.signed_in
def reaching_me() -> str:
    return _page(auth.actor().name)


@pages.get("/administration/people/<name>/reaching")
@access.requires(policy.may_administer)
def reaching_person(name: str) -> str:
    return _page(name)


@pages.post("/people/<name>/reaching")
@access.signed_in
def change_preferences(name: str) -> Any:
    form, who = request.form, auth.actor()
    before = preferences.get(name, actor=who)["muted"]
    chosen = {channel: form.getlist(f"wanted-{channel}") for channel in form.getlist("channel")}
    changes = {
        "muted": {**before, **{channel: _unwanted(wanted) for channel, wanted in chosen.items()}},
        "quiet_from": form.get("quiet_from") or None,
        "quiet_until": form.get("quiet_until") or None,
        "quiet_days": "quiet_days" in form,
        "quiet_outside": "quiet_outside" in form,
        "digest": form.get("digest", reaching.OFF),
        "digest_at": form.get("digest_at") or "08:00",
    }
    with words.in_words():
        preferences.change(name, changes, actor=who)
    return frame.done(_home(name), _("It holds for what is told from now on."))


@pages.post("/people/<name>/absences")
@access.signed_in
def add_absence(name: str) -> Any:
    form = request.form
    days = {field: _day(form.get(field, ""), field) for field in ("first_day", "last_day")}
    with words.in_words():
        substitute, note = form.get("substitute") or None, form.get("note", "")
        absences.add(name, **days, substitute=substitute, note=note, actor=auth.actor())
    return frame.done(_home(name), _("The absence is written down."))


@pages.post("/absences/<key:key>/remove")
@access.signed_in
def remove_absence(key: int) -> Any:
    row = absences.see(key, actor=auth.actor())
    absences.remove(key, actor=auth.actor())
    return frame.done(_home(row.user), _("The absence is taken back."))


def _page(name: str) -> str:
    who = auth.actor()
    wishes = preferences.get(name, actor=who)
    away = absences.of(name, actor=who)
    frame.learn_titles(one.substitute for one in away)
    person = audience.Audience([name], clock.now()).get(name)
    return frame.show(
        "reaching.html",
        person=found.user(name),
        own=name == who.name,
        wishes=wishes,
        channels=CHANNELS if person is not None and person.chats else {audience.EMAIL: CHANNELS[audience.EMAIL]},
        groups=GROUPS,
        digests=DIGESTS,
        absences=away,
        hours=words.hours(calendars.of_person(name)),
        others=[one for one in found.users(active_only=True) if one.name != name],
        today=_today(person) if person is not None else [],
        can=_can_all(person) if person is not None else {},
    )


def _today(person: audience.Reader) -> list[str]:
    """What all of it means now, in sentences."""
    said = []
    if not person.email:
        said.append(_("There is no mail address, so notices are in the inbox alone."))
    elif person.absence is not None:
        until = words.day_alone(person.absence.last_day)
        said.append(_("Away until %(day)s: only what is urgent comes by mail.", day=until))
        stands_in = person.absence.substitute
        said.append(
            _("%(person)s also gets every notice meanwhile.", person=frame.title_of(stands_in))
            if stands_in
            else _("Nobody stands in.")
        )
    else:
        said.append(_now(person.preferences, person))
    return [
        *said,
        _("What is urgent always comes at once: last levels of ladders, what is stuck, trouble of Tidegate."),
    ]


def _now(wishes: reaching.Preferences, person: audience.Reader) -> str:
    now, zone, calendar = clock.now(), person.zone, person.calendar
    if wishes.digest != reaching.OFF:
        comes = wishes.quiet_ends(wishes.next_digest(now, zone), zone, calendar)
        return str(_("Mail is collected. The next one comes %(moment)s.", moment=words.short(comes)))
    if wishes.is_quiet(now, zone, calendar):
        ends = words.short(wishes.quiet_ends(now, zone, calendar))
        return str(_("It is quiet now: mail waits until %(moment)s.", moment=ends))
    if wishes.quiet_outside:
        return str(_("Mail comes at once while you work; outside of working hours it waits."))
    if wishes.quiet_from and wishes.quiet_until:
        begins, ends = f"{wishes.quiet_from:%H:%M}", f"{wishes.quiet_until:%H:%M}"
        return str(_("Mail comes at once; from %(begins)s until %(ends)s it waits.", begins=begins, ends=ends))
    return str(_("Mail comes at once."))


def _can_all(person: audience.Reader) -> dict[str, dict[str, str]]:
    """What would become of a notice of each group now, by channel."""
    ways = {channel: address for channel, address in person.ways() if channel in CHANNELS}
    return {
        channel: {group: _can(person, channel, address, group) for group in GROUPS} for channel, address in ways.items()
    }


def _can(person: audience.Reader, channel: str, address: str | None, group: str) -> str:
    decided = person.decide(channel, address, group, urgent=group == "incidents", now=clock.now())
    if decided.state == reaching.WAITING:
        return str(_("at once"))
    if decided.until is not None:
        return str(_("until %(moment)s", moment=words.short(decided.until)))
    return str(words.DELIVERY_REASONS[decided.reason or ""])


def _unwanted(wanted: Collection[str]) -> list[str]:
    return [group for group in reaching.GROUPS if group not in wanted]


def _home(name: str) -> str:
    own = name == auth.actor().name
    return url_for("pages.reaching_me") if own else url_for("pages.reaching_person", name=name)


def _day(text: str, field: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise errors.InvalidInput({field: [_("Choose a day.")]}) from None
