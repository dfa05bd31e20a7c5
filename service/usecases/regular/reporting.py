"""Progress reports: the figures of a period, and those that come by themselves (S2-28)."""

from __future__ import annotations

import re
import statistics
from collections.abc import Mapping, Sequence
from datetime import datetime, time, timedelta
from typing import Any
from zoneinfo import available_timezones

from service import errors
from service.domain import clock, policy, rhythms
from service.domain.reports import Report, Section
from service.integrations import documents, letters, reportwords, texts
from service.storage import appointments, db, history, keys, types, writing
from service.storage.history import Entry
from service.storage.models.appointments import Appointment
from service.storage.models.reports import MadeReport, ReportSchedule
from service.storage.queries import notices as inboxes
from service.storage.queries import people
from service.storage.queries import reports as found
from service.storage.types import Row, Session
from service.usecases.telling import notices

TURN = "report"  # the kind of its appointments
READY = "report.ready"
FORMATS = tuple(documents.TYPES)
TYPES = documents.TYPES
MEMBERS = ("name", "every", "day", "at", "zone", "format", "recipients")
MOST_RECIPIENTS = 50
DAY = timedelta(days=1)
_CLOCK = re.compile(r"([01]\d|2[0-3]):[0-5]\d")


def report(since: datetime, until: datetime, *, language: str, zone: str, now: datetime | None = None) -> Report:
    """What happened between two moments, and what is open now, in the words of a language and the time of a zone.

    Raises InvalidInput where the end does not come last.
    """
    if since >= until:
        raise errors.InvalidInput({"since": ["must be before the end"]})
    said, made_at = reportwords.words(language), now or clock.now()

    def moment(at: datetime | None) -> str:
        return texts.by_clock(at, language, zone) if at is not None else ""

    releases = found.open_releases(made_at)
    titles = people.titles({row.manager for row in releases if row.manager})
    return Report(
        title=said["title"],
        period=said["period"].format(since=moment(since), until=moment(until), zone=zone),
        made=said["made"].format(moment=texts.moment(made_at, language, zone)),
        made_at=made_at,
        sections=[
            _open(said),
            _throughput(said, since, until),
            _deadlines(said, since, until),
            _approvals(said, since, until, made_at),
            _incidents(said, since, until),
            Section(
                said["releases"],
                [said[name] for name in ("release", "type", "phase", "manager", "window", "missed")],
                [_release(said, row, moment(row.window_end), titles) for row in releases],
                said["none"],
            ),
        ],
    )


def as_file(made: Report, format_: str, language: str) -> bytes:
    """A report as one of `FORMATS`."""
    return documents.render(made, format_, language)


def schedule(wanted: Mapping[str, Any], *, actor: policy.Actor) -> int:
    """Let a report come by itself; answers the key of the schedule.

    wanted: name, every, day, at (HH:MM), zone, format, recipients (names of people). Raises Forbidden, and InvalidInput
    with the fields.
    """
    policy.require(policy.may_see_reports(actor))
    given = {**wanted, "recipients": list(dict.fromkeys(wanted["recipients"]))}
    _check(given)
    with db.transaction() as session:
        key, now = keys.next_key(session), clock.now()
        row = {"key": key, **given, "by": actor.name, "active": True}
        writing.insert_rows(session, ReportSchedule, [row])
        _appoint(session, key, 1, _rhythm(types.made(given)).after(now))
        _remember(session, "report.scheduled", actor, now, name=given["name"])
    return key


def change(key: int, changes: Mapping[str, Any], *, revision: int | None = None, actor: policy.Actor) -> None:
    """Change members of a schedule, as those of `schedule`; another rhythm sets its next turn anew.

    Raises Forbidden, NotFound, InvalidInput with the fields, and StaleWrite where it is not at that revision any more.
    """
    with db.transaction() as session:
        last = appointments.hold(session, TURN, key)
        row = scheduled(key)
        policy.require(policy.may_change_reports(actor, row.by))
        given = {name: getattr(row, name) for name in MEMBERS} | dict(changes)
        given["recipients"] = list(dict.fromkeys(given["recipients"]))
        _check(given)
        seen = row.revision if revision is None else revision
        values = given | {"revision": row.revision + 1}
        if not writing.update_where(session, ReportSchedule, values, key=key, revision=seen, active=True):
            raise errors.StaleWrite("Somebody changed this schedule since you looked. Load it again.")
        now, rhythm = clock.now(), _rhythm(types.made(given))
        if rhythm != _rhythm(row):
            appointments.cancel(session, TURN, key)
            _appoint(session, key, last + 1, rhythm.after(now))
        _remember(session, "report.changed", actor, now, name=given["name"])


def scheduled(key: int) -> Row:
    """A schedule that is in force. Raises NotFound."""
    row = found.schedule(key)
    if row is None or not row.active:
        raise errors.NotFound("There is no such schedule of reports.")
    return row


def read(key: int, *, actor: policy.Actor) -> Row:
    """A report that was made, with its content: for who sees reports, and for whom it was sent to.

    Raises NotFound, Forbidden.
    """
    row = next(iter(found.bodies([key])), None)
    if row is None:
        raise errors.NotFound("There is no such report.")
    if not inboxes.leads(actor.name, _link(key)):
        policy.require(policy.may_see_reports(actor))
    return row


def _link(key: int) -> str:
    return f"/reports/{key}"


def end(key: int, *, actor: policy.Actor) -> None:
    """No report of this schedule comes any more; those made stay. Raises Forbidden, NotFound."""
    with db.transaction() as session:
        row = scheduled(key)
        policy.require(policy.may_change_reports(actor, row.by))
        writing.update_where(session, ReportSchedule, {"active": False}, key=key)
        appointments.cancel(session, TURN, key)
        _remember(session, "report.ended", actor, clock.now(), name=row.name)


def prepare(appointment: Row) -> list[dict[str, Any]]:
    """The reports of a turn, one for each language of its recipients; outside of any transaction, since it is slow."""
    plan = found.schedule(appointment.subject)
    if plan is None or not plan.active:
        return []
    until = appointment.due_at
    since = found.last_until(plan.key) or _rhythm(plan).before(until)
    made = []
    for language in sorted(set(_spoken(plan).values())):
        body = documents.render(report(since, until, language=language, zone=plan.zone), plan.format, language)
        made.append(
            {
                "schedule_key": plan.key, "name": plan.name, "format": plan.format, "language": language,
                "from_at": since, "to_at": until, "made_at": clock.now(), "body": body,
            }
        )  # fmt: skip
    return made


def send(session: Session, appointment: Row, made: Sequence[dict[str, Any]], now: datetime) -> None:
    """Store the reports of a turn, tell their recipients, and set the next turn; for the caller's transaction."""
    plan = found.schedule(appointment.subject)
    if plan is None or not plan.active:
        return
    rows = [{"key": key, **one} for key, one in zip(keys.take(session, len(made)), made, strict=True)]
    writing.insert_rows(session, MadeReport, rows)
    spoken = _spoken(plan)
    for row in rows:
        recipients = {name: "recipient" for name, language in spoken.items() if language == row["language"]}
        values = {"name": plan.name, "from": row["from_at"], "to": row["to_at"]}
        cause = f"appointment:{appointment.key}"
        notices.tell(
            session, now=now, cause=cause, recipients=recipients, kind=READY, values=values, link=_link(row["key"])
        )
    _appoint(session, plan.key, appointment.turn + 1, _rhythm(plan).after(appointment.due_at))


def attached(told: Sequence[letters.Entry]) -> list[tuple[str, str, bytes]]:
    """Name, type and content of the reports that these notices are about: a mail brings them along."""
    wanted = [int(one.link.rpartition("/")[2]) for one in told if one.kind == READY]
    return [(file_name(row), documents.TYPES[row.format], row.body) for row in found.bodies(wanted)] if wanted else []


def file_name(row: Row) -> str:
    """What a made report is called as a file."""
    name = re.sub(r"[^a-z0-9]+", "-", row.name.lower()).strip("-") or "report"
    return f"{name}-{row.to_at:%Y-%m-%d}.{row.format}"


def _check(given: Mapping[str, Any]) -> None:
    wrong: dict[str, list[str]] = {}
    if not given["name"].strip() or len(given["name"]) > 120:
        wrong["name"] = ["Give it a name of at most 120 characters."]
    if given["every"] not in rhythms.RHYTHMS:
        wrong["every"] = [f"Use one of: {', '.join(rhythms.RHYTHMS)}."]
    most = {rhythms.WEEKLY: 7, rhythms.MONTHLY: rhythms.LAST_DAY}.get(given["every"], 31)
    if not 1 <= given["day"] <= most:
        wrong["day"] = [f"Use a day from 1 to {most}."]
    if not _CLOCK.fullmatch(given["at"]):
        wrong["at"] = ["Write a time of day like 08:00."]
    if given["zone"] not in available_timezones():
        wrong["zone"] = ["Use the name of a time zone, like Europe/Berlin."]
    if given["format"] not in FORMATS:
        wrong["format"] = [f"Use one of: {', '.join(FORMATS)}."]
    unknown = sorted(set(given["recipients"]) - set(people.active_names(given["recipients"])))
    if unknown or not 0 < len(given["recipients"]) <= MOST_RECIPIENTS:
        wrong["recipients"] = [f"Name active people, at most {MOST_RECIPIENTS}. {' '.join(unknown)}".strip()]
    if wrong:
        raise errors.InvalidInput(wrong)


def _rhythm(plan: Row) -> rhythms.Rhythm:
    return rhythms.Rhythm(plan.every, plan.day, time.fromisoformat(plan.at), plan.zone)


def _spoken(plan: Row) -> dict[str, str]:
    """The languages of the recipients who are still active, by name."""
    return {one.name: one.language for one in people.called(set(plan.recipients)) if one.deactivated_at is None}


def _appoint(session: Session, key: int, turn: int, due_at: datetime) -> None:
    row = {"key": keys.next_key(session), "kind": TURN, "subject": key, "turn": turn, "recipients": ""}
    waiting = {"due_at": due_at, "state": appointments.WAITING, "asked_at": None, "kept_at": None}
    writing.insert_rows(session, Appointment, [{**row, **waiting}])


def _open(said: Mapping[str, str]) -> Section:
    rows = [(_named(said, row.type), row.phase_name or "–", str(row.count)) for row in found.open_by_type_and_phase()]
    return Section(said["open"], [said["type"], said["phase"], said["count"]], rows, said["none"])


def _throughput(said: Mapping[str, str], since: datetime, until: datetime) -> Section:
    begun, ended = found.begun(since, until), found.ended(since, until)
    rows = [(said["begun"].format(type=_named(said, name)), str(count)) for name, count in sorted(begun.items())]
    rows += [(said["ended"].format(status=_named(said, name)), str(count)) for name, count in sorted(ended.items())]
    return Section(said["throughput"], [said["what"], said["count"]], rows, said["none"])


def _deadlines(said: Mapping[str, str], since: datetime, until: datetime) -> Section:
    counts = found.deadlines(since, until)
    rows = [(said[name], str(counts[name])) for name in ("met", "late", "overdue", "levels")]
    return Section(said["deadlines"], [said["what"], said["count"]], rows)


def _approvals(said: Mapping[str, str], since: datetime, until: datetime, now: datetime) -> Section:
    rows = found.approvals(since, until)
    decided = [row.closed_at - row.opened_at for row in rows if row.state != "open"]
    waiting = [now - row.opened_at for row in rows if row.state == "open"]
    told = [(said["decided"], str(len(decided)))]
    if decided:
        told += [
            (said["median"], _span(said, statistics.median(decided))),
            (said["longest"], _span(said, max(decided))),
        ]
    told.append((said["waiting"], str(len(waiting))))
    if waiting:
        told.append((said["oldest"], _span(said, max(waiting))))
    return Section(said["approvals"], [said["what"], said["count"]], told)


def _incidents(said: Mapping[str, str], since: datetime, until: datetime) -> Section:
    counts = found.incidents(since, until)
    rows = [(said["raised"], counts["raised"]), (said["resolved"], counts["resolved"]), (said["still"], counts["open"])]
    return Section(said["incidents"], [said["what"], said["count"]], [(name, str(count)) for name, count in rows])


def _release(said: Mapping[str, str], row: Row, window_end: str, titles: Mapping[str, str]) -> Sequence[str]:
    manager = titles.get(row.manager, row.manager) or "–"
    named = f"R-{row.number} {row.title}"
    return named, _named(said, row.type), row.phase_name or "–", manager, window_end or "–", str(row.late)


def _named(said: Mapping[str, str], word: str) -> str:
    return said.get(word, word)


def _span(said: Mapping[str, str], length: timedelta) -> str:
    unit, n = ("hours", length.total_seconds() / 3600) if length < 2 * DAY else ("days", length / DAY)
    return said[unit].format(n=f"{n:.1f}".replace(".", said["point"]))


def _remember(session: Session, event: str, actor: policy.Actor, now: datetime, **data: Any) -> None:
    history.append_to_administration(session, [Entry(event, "", None, data)], at=now, actor=actor.name)
