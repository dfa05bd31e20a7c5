"""Releases, the actions they offer, comments."""

from __future__ import annotations

import marshmallow
from marshmallow import fields as ma
from marshmallow import validate

from service.usecases.releases import releases
from service.web.schemas import fields

STATUSES = ("open", "closed", "terminated", "backed-out")


class Release(fields.Schema):
    """A release."""

    number = fields.Number(required=True)
    title = ma.String(required=True)
    type = ma.String(required=True, validate=validate.OneOf(releases.TYPES))
    kind = ma.String(required=True, validate=validate.OneOf(releases.KINDS))
    category = ma.String(required=True)
    service = ma.String(required=True)
    reason = ma.String()
    classification = ma.String(allow_none=True)
    model = ma.String(required=True, metadata={"description": "Process id of the diagram it follows."})
    status = ma.String(required=True)
    phase = ma.String(allow_none=True)
    phase_name = ma.String(allow_none=True)
    window_start = fields.Moment(allow_none=True)
    window_end = fields.Moment(allow_none=True)
    requester = ma.String(required=True)
    manager = ma.String(allow_none=True)
    coordinator = ma.String(allow_none=True)
    instance = fields.Key(attribute="instance_key", allow_none=True)
    outcome = ma.String(allow_none=True, metadata={"description": "Name of the end that it reached."})
    created_at = fields.Moment()
    closed_at = fields.Moment(allow_none=True)
    held_at = fields.Moment(allow_none=True, metadata={"description": "On hold since then."})
    held_by = ma.String(allow_none=True)
    held_reason = ma.String(allow_none=True)
    revision = ma.Integer(required=True)


class Milestone(fields.Schema):
    """A milestone that was reached."""

    milestone = ma.String(required=True)
    name = ma.String()
    reached_at = fields.Moment()


class ReleaseDetail(Release):
    """One release with its facts, people and milestones."""

    facts = ma.Dict(metadata={"description": "What forms recorded, by dotted name."})
    people = ma.Dict(keys=ma.String(), values=ma.List(ma.String()), metadata={"description": "Names by part."})
    milestones = ma.List(ma.Nested(Milestone))
    pending = ma.List(
        fields.Key(), metadata={"description": "Jobs of the system: what is saved, but not carried through yet."}
    )
    rework_loops = ma.Integer(metadata={"description": "How often it went back to a phase."})


ReleasePage = fields.page_of(Release, "ReleasePage")


class Filter(fields.Paging):
    """Which releases."""

    status = fields.text(16, validate=[validate.OneOf(STATUSES)])
    type = fields.text(16, validate=[validate.OneOf(releases.TYPES)])
    q = fields.text(200, metadata={"description": "A number, or words in title, service or reason."})


class _Written(fields.Schema):
    @marshmallow.validates_schema
    def _window(self, data: dict, **kwargs: object) -> None:
        start, end = data.get("window_start"), data.get("window_end")
        if start and end and end <= start:
            raise marshmallow.ValidationError("Must be after window_start.", "window_end")


class NewRelease(_Written):
    """What a new release needs."""

    title = fields.required(255)
    type = fields.text(16, required=True, validate=[validate.OneOf(releases.TYPES)])
    kind = fields.text(16, required=True, validate=[validate.OneOf(releases.KINDS)])
    category = fields.required(80, metadata={"description": "Selects the model where none is named."})
    service = fields.required(120)
    reason = fields.text(20_000)
    classification = fields.text(40, allow_none=True)
    model = fields.text(255, least=1, metadata={"description": "Process id of a deployed diagram."})
    window_start = fields.Moment(allow_none=True)
    window_end = fields.Moment(allow_none=True)
    manager = fields.text(80, least=1, allow_none=True)
    coordinator = fields.text(80, least=1, allow_none=True)


class ReleaseChange(_Written):
    """The members to change; the others stay."""

    title = fields.text(255, least=1, validate=[validate.Regexp(r"(?s).*\S", error="Must not be blank.")])
    kind = fields.text(16, validate=[validate.OneOf(releases.KINDS)])
    category = fields.text(80, least=1)
    service = fields.text(120, least=1)
    reason = fields.text(20_000)
    classification = fields.text(40, allow_none=True)
    window_start = fields.Moment(allow_none=True)
    window_end = fields.Moment(allow_none=True)
    manager = fields.text(80, least=1, allow_none=True)
    coordinator = fields.text(80, least=1, allow_none=True)
    change_reason = fields.text(2000, metadata={"description": "Told to those who hear that the window has changed."})


class Action(fields.Schema):
    """Something that can be done with the release now."""

    id = fields.Key(required=True)
    name = ma.String(required=True)
    label = ma.String(required=True)
    element = ma.String(required=True)
    form = ma.String(allow_none=True, metadata={"description": "Id of the form to fill in."})
    reason_required = ma.Boolean(required=True)
    allowed = ma.Boolean(required=True, metadata={"description": "Whether you may do it."})
    why_not = ma.String(allow_none=True)


ActionList = fields.page_of(Action, "ActionList")


class Act(marshmallow.Schema):
    """`reason`, and the values of the action's form."""

    class Meta:
        unknown = marshmallow.INCLUDE  # the form says what is known

    reason = fields.text(20_000)


class NewComment(fields.Schema):
    """What to say."""

    text = fields.required(20_000)


class Comment(fields.Schema):
    """What somebody said about a release."""

    id = fields.Key(attribute="key", required=True)
    by = ma.String(required=True)
    at = fields.Moment(required=True)
    text = ma.String(required=True)


CommentList = fields.page_of(Comment, "CommentList")


class Part(fields.Schema):
    """Who they are."""

    names = fields.Names(required=True)


class Category(fields.Schema):
    """A kind of release, with the model for each type."""

    name = ma.String(required=True)
    title = ma.String(required=True)
    models = ma.Dict(
        keys=ma.String(),
        values=ma.String(),
        required=True,
        metadata={"description": "Process id by type, or * for all."},
    )


class NewCategory(fields.Schema):
    """A new category."""

    name = fields.required(80)
    title = fields.text(120, load_default="")
    models = ma.Dict(
        keys=fields.text(16, validate=[validate.OneOf([*releases.TYPES, "*"])]),
        values=fields.text(255, least=1),
        required=True,
        validate=validate.Length(min=1),
    )


CategoryList = fields.page_of(Category, "CategoryList")
