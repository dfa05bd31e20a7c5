"""Instances of diagrams: what runs, waits, failed and happened."""

from __future__ import annotations

from marshmallow import fields as ma
from marshmallow import validate

from service.web.schemas import fields, tasks


class NewInstance(fields.Schema):
    """Which diagram to start, with which variables."""

    definition = fields.required(255, metadata={"description": "Process id."})
    version = ma.Integer(
        strict=True, validate=validate.Range(1, 2**31 - 1), metadata={"description": "Absent: the newest."}
    )
    variables = fields.Values(load_default=dict)
    business_key = fields.text(255, least=1, allow_none=True)


class Activation(fields.Schema):
    """One stay of a token in one element."""

    id = fields.Key(attribute="key")
    element = ma.String()
    type = ma.String()
    name = ma.String()
    process = ma.String()
    loop_index = ma.Integer(allow_none=True)
    occurrence = ma.Integer()
    entered_at = fields.Moment()


class Instance(fields.Schema):
    """One run of a diagram."""

    id = fields.Key(required=True)
    definition = ma.String(required=True)
    definition_key = fields.Key(required=True)
    version = ma.Integer(required=True)
    state = ma.String(required=True, validate=validate.OneOf(["active", "completed", "cancelled"]))
    business_key = ma.String(allow_none=True)
    release = fields.Number(allow_none=True)
    started_by = ma.String(allow_none=True)
    started_at = fields.Moment()
    ended_at = fields.Moment(allow_none=True)
    end_element = ma.String(allow_none=True)
    revision = ma.Integer(required=True)
    tasks = ma.List(ma.Nested(tasks.Task), metadata={"description": "Its open tasks."})
    activations = ma.List(ma.Nested(Activation), metadata={"description": "Where its tokens are."})


class Event(fields.Schema):
    """One thing that happened. `hash` covers the row and the hash before it in the same chain."""

    id = fields.Key(required=True)
    at = fields.Moment(required=True)
    actor = ma.String(allow_none=True)
    event = ma.String(required=True)
    element = ma.String(allow_none=True)
    activation = fields.Key(attribute="activation_key", allow_none=True)
    instance = fields.Key(attribute="instance_key", allow_none=True)
    release = fields.Number(attribute="release_number", allow_none=True)
    data = ma.Dict()
    chain = ma.String()
    seq = ma.Integer()
    hash = ma.String()


EventPage = fields.page_of(Event, "EventPage")


class Incident(fields.Schema):
    """Where an instance waits for help."""

    id = fields.Key(attribute="key", required=True)
    instance = fields.Key(attribute="instance_key", required=True)
    release = fields.Number(attribute="release_number", allow_none=True)
    job = fields.Key(attribute="job_key", allow_none=True)
    element = ma.String(required=True)
    code = ma.String(required=True)
    message = ma.String(required=True)
    expression = ma.String(allow_none=True)
    state = ma.String(required=True)
    raised_at = fields.Moment(required=True)
    closed_at = fields.Moment(allow_none=True)
    closed_by = ma.String(allow_none=True)


IncidentPage = fields.page_of(Incident, "IncidentPage")


class IncidentFilter(fields.Paging):
    """Which incidents."""

    state = fields.text(10, load_default="open", validate=[validate.OneOf(["open", "resolved", "cancelled", "any"])])
    release = fields.Number()
    instance = fields.Key()


class Retry(fields.Schema):
    """Trying again may say why."""

    reason = fields.text(2000, load_default="")


class Why(fields.Schema):
    """A repair says why; everybody who takes part can read it."""

    reason = fields.required(2000)


class SendBack(Why):
    """To which earlier activity."""

    element = fields.required(255)
    within = fields.Key(
        allow_none=True,
        load_default=None,
        metadata={"description": "The activation that has it inside, where that runs several times."},
    )


class MoveToken(Why):
    """Which token goes where."""

    activation = fields.Key(required=True)
    element = fields.required(255)


class NewItem(Why):
    """One more item for a multi-instance activity."""

    activation = fields.Key(required=True, metadata={"description": "Of the whole activity, not of one of its items."})
    item = ma.Raw(load_default=None, allow_none=True)


class Target(fields.Schema):
    """An earlier activity that the run can be sent back to."""

    element = ma.String(required=True)
    name = ma.String(required=True)
    within = fields.Key(allow_none=True)
    ends = ma.List(fields.Key(), metadata={"description": "Activations that would end."})


TargetList = fields.page_of(Target, "TargetList")


class Activate(fields.Schema):
    """Work wanted by an external worker."""

    type = fields.required(255)
    worker = fields.text(120, least=1, load_default="worker")
    max_jobs = ma.Integer(strict=True, load_default=10, validate=validate.Range(1, 100))
    lease_seconds = ma.Integer(strict=True, load_default=60, validate=validate.Range(1, 86_400))


class Job(fields.Schema):
    """Work for a program."""

    id = fields.Key(attribute="key", required=True)
    type = ma.String(required=True)
    element = ma.String(required=True)
    name = ma.String()
    instance = fields.Key(attribute="instance_key", required=True)
    release = fields.Number(attribute="release_number", allow_none=True)
    headers = ma.Dict()
    variables = ma.Dict()
    retries = ma.Integer()
    state = ma.String(metadata={"description": "open, done, cancelled, failed"})
    worker = ma.String(allow_none=True)
    error = ma.String(allow_none=True, metadata={"description": "What the last attempt said."})


class ActivatedJob(Job):
    """A job that is yours until its lease ends."""

    lease = ma.String(required=True)
    leased_until = fields.Moment(required=True)


class RetriesLeft(fields.Schema):
    """How often it will be tried again."""

    retries = ma.Integer(required=True)


ActivatedJobs = fields.page_of(ActivatedJob, "ActivatedJobs")


class JobDone(fields.Schema):
    """What a job brought."""

    lease = fields.text(40, least=1, allow_none=True, load_default=None)
    variables = fields.Values(load_default=dict)


class JobFailed(fields.Schema):
    """Why a job did not succeed; without retries left it becomes an incident."""

    lease = fields.text(40, least=1, allow_none=True, load_default=None)
    message = fields.text(20_000, load_default="")
    retries = ma.Integer(
        strict=True, load_default=None, allow_none=True, validate=validate.Range(0, 100),
        metadata={"description": "How many are left; absent: one less than before."},
    )  # fmt: skip
    retry_in_seconds = ma.Integer(strict=True, load_default=None, allow_none=True, validate=validate.Range(0, 604_800))


class JobError(fields.Schema):
    """A BPMN error, caught by the nearest boundary event."""

    lease = fields.text(40, least=1, allow_none=True, load_default=None)
    code = fields.required(255)
    variables = fields.Values(load_default=dict)
