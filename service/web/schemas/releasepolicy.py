"""The release policy, its versions and reviews."""

from __future__ import annotations

from marshmallow import fields as ma
from marshmallow import validate

from service.domain import differences
from service.usecases.regular import releasepolicy
from service.web.schemas import fields

_OWNER = {"description": "Who reviews it."}
_LADDER = {"description": "Who is told when of a review that is near or overdue: `assignee` is the owner."}


class PolicyReview(fields.Schema):
    """Somebody found a version right, until when."""

    version = ma.Integer(required=True)
    by = ma.String(required=True)
    at = fields.Moment(required=True)
    note = ma.String()
    review_at = fields.Moment(required=True, metadata={"description": "When it is to be reviewed next."})


class ReleasePolicy(fields.Schema):
    """The policy as it stands."""

    owner = ma.String(required=True, metadata=_OWNER)
    ladder = ma.String(required=True, metadata=_LADDER)
    in_force = ma.Integer(allow_none=True, metadata={"description": "The version that holds now."})
    newest = ma.Integer(required=True, metadata={"description": "The version that was written last."})
    review_at = fields.Moment(allow_none=True)
    overdue = ma.Boolean(metadata={"description": "Whether its review is."})
    text = ma.String(allow_none=True, metadata={"description": "Of the version in force, in Markdown."})
    reviews = ma.List(ma.Nested(PolicyReview))


class PolicyChange(fields.Schema):
    """Another owner or ladder."""

    owner = fields.text(80, least=1, metadata=_OWNER)
    ladder = fields.text(2000, least=1, metadata=_LADDER)


class PolicyVersion(fields.Schema):
    """One version."""

    number = ma.Integer(required=True)
    note = ma.String(metadata={"description": "What changed, and why."})
    by = ma.String(required=True)
    at = fields.Moment(required=True)


class PolicyText(PolicyVersion):
    """One version with its text."""

    text = ma.String(required=True, metadata={"description": "Markdown."})


PolicyVersionPage = fields.page_of(PolicyVersion, "PolicyVersionPage")


class NewPolicyVersion(fields.Schema):
    """Another version."""

    text = fields.required(releasepolicy.LONGEST_TEXT, metadata={"description": "Markdown."})
    note = fields.text(2000, load_default="")
    after = ma.Integer(
        strict=True, metadata={"description": "The version it was made from; refused if not the newest."}
    )


class NewPolicyReview(fields.Schema):
    """The version is right; until when."""

    review_at = fields.Moment(required=True)
    note = fields.text(2000, load_default="")


class PolicyComparison(fields.Schema):
    """Which versions."""

    before = ma.Integer(required=True, strict=False, validate=validate.Range(0, 1_000_000))
    after = ma.Integer(required=True, strict=False, validate=validate.Range(0, 1_000_000))


class DiffLine(fields.Schema):
    """One line of a comparison."""

    kind = ma.String(
        validate=validate.OneOf([differences.SAME, differences.ADDED, differences.REMOVED, differences.LEFT_OUT])
    )
    before = ma.Integer(allow_none=True, metadata={"description": "Its number in the version before."})
    after = ma.Integer(allow_none=True, metadata={"description": "Its number in the version after."})
    text = ma.String()


class PolicyDifference(fields.Schema):
    """What changed."""

    lines = ma.List(ma.Nested(DiffLine), required=True)
