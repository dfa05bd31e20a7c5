"""Tasks of people."""

from __future__ import annotations

from typing import Any

from marshmallow import fields as ma
from marshmallow import validate

from service.domain import clock
from service.web.schemas import fields

STATES = ("open", "completed", "cancelled", "skipped")


class Overdue(ma.Boolean):
    """Whether an open thing is past its due moment."""

    def serialize(self, attr: str, obj: Any, accessor: Any = None, **kwargs: Any) -> bool:
        due, state = (
            obj.get(name) if isinstance(obj, dict) else getattr(obj, name, None) for name in ("due_at", "state")
        )
        return state == "open" and due is not None and due < clock.now()


class Approval(fields.Schema):
    """Who decides, and how many are needed."""

    rule = ma.Raw(metadata={"description": "any, all, or a number"})
    needed = ma.Integer()
    deciders = fields.Names()


class Task(fields.Schema):
    """Work for a person."""

    id = fields.Key(attribute="key", required=True)
    name = ma.String(required=True)
    item = ma.String(
        allow_none=True, metadata={"description": "Of a multi-instance activity: which one, in a word, or its number."}
    )
    element = ma.String(required=True, metadata={"description": "Id of the element in the diagram."})
    state = ma.String(required=True, validate=validate.OneOf(STATES))
    phase = ma.String(allow_none=True)
    release = fields.Number(attribute="release_number", allow_none=True)
    release_title = ma.String(allow_none=True)
    instance = fields.Key(attribute="instance_key", required=True)
    assignee = ma.String(allow_none=True)
    groups = fields.Names()
    users = fields.Names()
    priority = ma.Integer()
    due_at = fields.Moment(allow_none=True)
    overdue = Overdue()
    follow_up_at = fields.Moment(allow_none=True)
    opened_at = fields.Moment()
    claimed_at = fields.Moment(allow_none=True)
    closed_at = fields.Moment(allow_none=True)
    closed_by = ma.String(allow_none=True)
    form_key = fields.Key(allow_none=True)
    gate = ma.Boolean(metadata={"description": "Checks the end of a phase: complete it once all criteria hold."})
    button = ma.String(allow_none=True)
    approval = ma.Nested(Approval, allow_none=True)
    revision = ma.Integer()


class Criterion(fields.Schema):
    """Something that must hold before the task can be completed."""

    label = ma.String(required=True)
    met = ma.Boolean(required=True)
    why = ma.String(allow_none=True, metadata={"description": "What is missing."})


class Vote(fields.Schema):
    """One decision."""

    user = ma.String()
    outcome = ma.String(validate=validate.OneOf(["approved", "denied"]))
    comment = ma.String()
    at = fields.Moment()


class FormReference(fields.Schema):
    """Which form a task has."""

    id = ma.String(attribute="form_id")
    version = ma.Integer()
    key = fields.Key()


class TaskDetail(Task):
    """One task with its form, criteria, decisions and values."""

    form = ma.Nested(FormReference, allow_none=True)
    criteria = ma.List(ma.Nested(Criterion))
    votes = ma.List(ma.Nested(Vote))
    values = fields.Values(allow_none=True, metadata={"description": "What was answered."})


class Form(fields.Schema):
    """The form of a task as it is to be filled in."""

    schema = ma.Dict(allow_none=True, metadata={"description": "A form-js schema."})
    data = ma.Dict(metadata={"description": "What the fields hold at first."})
    readonly = ma.Boolean()
    why = ma.String(allow_none=True, metadata={"description": "Why you may only read it."})
    draft = ma.Dict(allow_none=True, metadata={"description": "What was typed and kept, not sent yet."})


TaskPage = fields.page_of(Task, "TaskPage")


class Filter(fields.Paging):
    """Which tasks."""

    assignee = fields.text(80, metadata={"description": "Who holds it; empty: nobody does."})
    group = fields.text(80, metadata={"description": "A candidate group."})
    state = fields.text(12, load_default="open", validate=[validate.OneOf([*STATES, "any"])])
    overdue = ma.Boolean(truthy={"true", "1"}, falsy={"false", "0"})
    release = fields.Number()
    instance = fields.Key()
    mine = ma.Boolean(truthy={"true", "1"}, falsy={"false", "0"}, metadata={"description": "What I hold or may take."})
    q = fields.text(200, metadata={"description": "Words in the name or in the release's title."})


class Delegate(fields.Schema):
    """To whom."""

    to = fields.required(80, metadata={"description": "Name of the person who is to do it."})


class Complete(fields.Schema):
    """The answers of the form; for an approval `outcome` (approved, denied) and `comment`."""

    values = fields.Values(load_default=dict)


class Outcome(fields.Schema):
    """What a command led to."""

    instance = fields.Key(attribute="instance_key", required=True)
    release = fields.Number(attribute="release_number", allow_none=True)
    status = ma.String(required=True, metadata={"description": "Of the instance: active, completed, cancelled."})
    opened = ma.List(ma.Nested(Task), required=True, metadata={"description": "Tasks that opened."})
    pending = ma.List(fields.Key(), required=True, metadata={"description": "Jobs that are not done yet."})
