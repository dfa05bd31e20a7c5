"""Deadlines, and what was told to whom."""

from __future__ import annotations

from typing import Any

from marshmallow import fields as ma
from marshmallow import validate

from service.domain import readers
from service.web.schemas import fields, tasks

TO_A_GROUP = {"description": "The group, where it was told to the chats of one."}
LINE_STATES = ("told", "waiting", "held", "sent", "dead", "skipped", "untold")


class Level(fields.Schema):
    """One rung of the ladder, or one repeat of it."""

    level = ma.Integer()
    repeat = ma.Integer()
    moment = ma.String(metadata={"description": "As written in the ladder."})
    recipients = ma.List(ma.String())
    fire_at = fields.Moment()
    state = ma.String()
    fired_at = fields.Moment(allow_none=True)


class Forecast(fields.Schema):
    """What earlier cases of the same activity say about a deadline that is still ahead."""

    chance = ma.Float(
        allow_none=True,
        metadata={"description": "Of missing it, 0 to 1; null: it has taken longer than every earlier case."},
    )
    act_by = fields.Moment(
        metadata={"description": "Begun later, it would have been late in more than one of five earlier cases."}
    )
    cases = ma.Integer(metadata={"description": "Finished earlier cases that it rests on."})
    comparable = ma.Integer(metadata={"description": "Of these, how many took at least as long as this one by now."})
    longer = ma.Integer(metadata={"description": "Of those, how many took longer than the time left."})
    working = ma.Boolean(metadata={"description": "Whether lengths were counted in working time."})


class Deadline(fields.Schema):
    """A due moment of one activity."""

    id = fields.Key(attribute="key", required=True)
    name = ma.String(required=True)
    element = ma.String(required=True)
    thing = ma.String(required=True, metadata={"description": "task, approval, phase, milestone, release"})
    phase = ma.String(allow_none=True)
    release = fields.Number(attribute="release_number", allow_none=True)
    instance = fields.Key(attribute="instance_key", required=True)
    task = fields.Key(attribute="task_key", allow_none=True)
    state = ma.String(required=True, metadata={"description": "open, met, late (done after it), cancelled"})
    overdue = tasks.Overdue()
    assignee = ma.String(allow_none=True, metadata={"description": "Who holds its task."})
    as_drawn = ma.String(metadata={"description": "Duration or moment as the diagram has it."})
    clock = ma.String()
    started_at = fields.Moment()
    due_at = fields.Moment(required=True)
    ended_at = fields.Moment(allow_none=True)
    levels = ma.List(ma.Nested(Level))
    forecast = ma.Nested(
        Forecast, allow_none=True, metadata={"description": "Null where it is over or missed, or too few are finished."}
    )


DeadlinePage = fields.page_of(Deadline, "DeadlinePage")


class NewDue(fields.Schema):
    """Another due moment."""

    due_at = fields.Moment(required=True)
    reason = fields.required(2000)


class DeadlineFilter(fields.Paging):
    """Which deadlines."""

    state = fields.text(
        10, load_default="open", validate=[validate.OneOf(["open", "overdue", "met", "late", "cancelled", "any"])]
    )
    release = fields.Number()


class Delivery(fields.Schema):
    """How a notice went out: its receipt."""

    channel = ma.String(required=True)
    address = ma.String(allow_none=True)
    state = ma.String(required=True, metadata={"description": "waiting, held, sent, dead (given up), skipped"})
    reason = ma.String(
        allow_none=True,
        metadata={
            "description": "Why it was held (quiet, digest, rate) or skipped (no-address, opted-out, on-leave, gone)."
        },
    )
    attempts = ma.Integer()
    sent_at = fields.Moment(allow_none=True)
    message_id = ma.String(allow_none=True)
    answer = ma.String(allow_none=True, metadata={"description": "What the other side said last."})


class Person(ma.String):
    """Who reads it, where that is a person."""

    def _serialize(self, value: Any, attr: str | None, obj: Any, **kwargs: Any) -> str | None:
        return readers.person(value or "")


class GroupOfChats(ma.String):
    """Who reads it, where that is a group in its chats."""

    def _serialize(self, value: Any, attr: str | None, obj: Any, **kwargs: Any) -> str | None:
        return readers.group(value or "")


class Notice(fields.Schema):
    """What one person, or one group in its chats, was told, and why."""

    id = fields.Key(attribute="key", required=True)
    user = Person(
        attribute="reader", dump_only=True, allow_none=True, metadata={"description": "null: it was told to a group."}
    )
    group = GroupOfChats(attribute="reader", dump_only=True, allow_none=True, metadata=TO_A_GROUP)
    told_as = ma.String(attribute="as_", metadata={"description": "assignee, coordinator, group:x, ..."})
    kind = ma.String(required=True)
    cause = ma.String()
    release = fields.Number(attribute="release_number", allow_none=True)
    task = fields.Key(attribute="task_key", allow_none=True)
    subject = ma.String(required=True)
    body = ma.String()
    link = ma.String()
    asked_at = fields.Moment(required=True)
    read_at = fields.Moment(allow_none=True)
    deliveries = ma.List(ma.Nested(Delivery))


NoticePage = fields.page_of(Notice, "NoticePage")


class NoticeFilter(fields.Paging):
    """Which notices."""

    release = fields.Number()
    user = fields.text(80, least=1, attribute="reader", metadata={"description": "Who was told."})


class Untold(fields.Schema):
    """A recipient who was not told."""

    recipient = ma.String(required=True, metadata={"description": "assignee, coordinator, group:x, ..."})
    user = ma.Function(
        lambda one: one.user or None,
        metadata={"type": "string", "nullable": True, "description": "null: the recipient meant nobody."},
    )
    reason = ma.String(required=True, metadata={"description": "nobody, inactive, did-it, on-leave"})


class LevelStory(Level):
    """One rung of the ladder with whom it told."""

    asked_at = fields.Moment(allow_none=True, metadata={"description": "When a worker was last asked to fire it."})
    notices = ma.List(ma.Nested(Notice))
    untold = ma.List(ma.Nested(Untold))


class Recipient(fields.Schema):
    """Whom a level would tell."""

    user = ma.String(required=True)
    told_as = ma.String(required=True)


class NextLevel(fields.Schema):
    """The level that fires next, and whom it would tell right now."""

    level = ma.Integer()
    repeat = ma.Integer()
    fire_at = fields.Moment()
    would_tell = ma.List(ma.Nested(Recipient))
    would_miss = ma.List(ma.Nested(Untold))


class DeadlineStory(Deadline):
    """A due moment with who was told what and who was not."""

    levels = ma.List(ma.Nested(LevelStory))
    next = ma.Nested(NextLevel, allow_none=True)


class Answered(fields.Schema):
    """What came of it."""

    what = ma.String(
        required=True,
        metadata={"description": "completed, skipped, cancelled, decided, delegated, claimed; a phase: met, late"},
    )
    at = fields.Moment(required=True)
    by = ma.String(allow_none=True)


class LedgerLine(fields.Schema):
    """One person, one cause, one way of telling: what became of it."""

    id = fields.Key(attribute="key", required=True)
    notice = fields.Key(attribute="notice_key", allow_none=True)
    cause = ma.String(required=True, metadata={"description": "level:5, job:7, ..."})
    kind = ma.String(required=True)
    subject = ma.String(allow_none=True)
    release = fields.Number(attribute="release_number", allow_none=True)
    task = fields.Key(attribute="task_key", allow_none=True)
    deadline = fields.Key(attribute="deadline_key", allow_none=True)
    level = ma.Integer(allow_none=True)
    repeat = ma.Integer(allow_none=True)
    planned_at = fields.Moment(allow_none=True)
    claimed_at = fields.Moment(allow_none=True)
    told_at = fields.Moment(allow_none=True, metadata={"description": "null: not told."})
    sent_at = fields.Moment(allow_none=True)
    read_at = fields.Moment(allow_none=True)
    answered = ma.Nested(Answered, allow_none=True)
    user = Person(
        attribute="reader",
        dump_only=True,
        allow_none=True,
        metadata={"description": "null: a group, or nobody was meant."},
    )
    group = GroupOfChats(attribute="reader", dump_only=True, allow_none=True, metadata=TO_A_GROUP)
    told_as = ma.String(attribute="as_", metadata={"description": "assignee, coordinator, group:x, ..."})
    channel = ma.String(allow_none=True, metadata={"description": "inbox, email, chat; null: not told."})
    state = ma.String(
        required=True,
        metadata={"description": "told (inbox), waiting, held, sent, dead, skipped, untold"},
    )
    reason = ma.String(allow_none=True, metadata={"description": "Why not, or why not yet."})
    words = ma.String(attribute="answer", allow_none=True, metadata={"description": "What the other side said."})


LedgerPage = fields.page_of(LedgerLine, "LedgerPage")


class LedgerFilter(fields.Paging):
    """Which lines."""

    release = fields.Number()
    user = fields.text(80, least=1, attribute="reader")
    task = fields.Key()
    state = fields.text(10, validate=[validate.OneOf(LINE_STATES)])
    channel = fields.text(20, least=1)
    reason = fields.text(20, least=1)
    since = fields.Moment()


class LevelFinding(fields.Schema):
    """What is the matter with one level."""

    level = ma.Integer()
    repeat = ma.Integer()
    code = ma.String(required=True)
    at = fields.Moment(required=True)
    words = ma.String(required=True)


class Explanation(fields.Schema):
    """Why somebody was told, or was not."""

    user = ma.String(required=True)
    told = ma.Boolean(required=True)
    findings = ma.List(ma.Nested(LevelFinding), required=True)


class ExplainedPerson(fields.Schema):
    """About whom."""

    user = fields.text(80, least=1, required=True)


class InboxFilter(fields.Paging):
    """Which of your own notices."""

    unread = ma.Boolean(truthy={"true", "1"}, falsy={"false", "0"})


class ReadCount(fields.Schema):
    """How many were marked."""

    marked = ma.Integer(required=True)
