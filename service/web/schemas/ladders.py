"""Default ladders, and planned milestones."""

from __future__ import annotations

from marshmallow import fields as ma

from service.web.schemas import fields

LONGEST = 4000


class Ladder(fields.Schema):
    """The ladder of one kind of thing that is due without one of its own."""

    thing = ma.String(required=True, metadata={"description": "task, approval, phase, milestone, release"})
    ladder = ma.String(attribute="text", required=True, metadata={"description": "One entry a line."})
    shipped = ma.Boolean(required=True, metadata={"description": "It is the one that the product comes with."})
    revision = ma.Integer(required=True)
    by = ma.String(allow_none=True)
    at = fields.Moment(allow_none=True)


LadderPage = fields.page_of(Ladder, "LadderPage")


class NewLadder(fields.Schema):
    """Another ladder."""

    ladder = fields.text(LONGEST, required=True, metadata={"description": "Empty: the shipped one."})


class PlannedMilestone(fields.Schema):
    """A milestone of a release."""

    milestone = ma.String(required=True)
    name = ma.String(required=True)
    planned_at = fields.Moment(allow_none=True)
    reached_at = fields.Moment(allow_none=True)
    deadline = fields.Key(attribute="deadline_key", allow_none=True)


MilestonePage = fields.page_of(PlannedMilestone, "MilestonePage")


class Plan(fields.Schema):
    """When a milestone is to be reached."""

    planned_at = fields.Moment(required=True, allow_none=True)
    ladder = fields.text(LONGEST, load_default="", metadata={"description": "For a new date; else the default."})
    reason = fields.text(2000, load_default="")
