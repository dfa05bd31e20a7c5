"""What is due and keeps failing."""

from __future__ import annotations

from marshmallow import fields as ma
from marshmallow import validate

from service.storage import outbox
from service.usecases import breakdowns
from service.web.schemas import fields


class Breakdown(fields.Schema):
    """Something due that the program fails on; it is tried again by itself."""

    id = fields.Key(attribute="key", required=True)
    kind = ma.String(required=True, validate=validate.OneOf((*outbox.KINDS, breakdowns.TEMPLATES)))
    name = ma.String(required=True, metadata={"description": "What it is: the message, the start event, the deadline."})
    instance = fields.Key(attribute="instance_key", allow_none=True)
    problem = ma.String(required=True, metadata={"description": "Why it failed the last time."})
    attempts = ma.Integer(required=True)
    first_at = fields.Moment(required=True)
    last_at = fields.Moment(required=True)


BreakdownPage = fields.page_of(Breakdown, "BreakdownPage")


class BreakdownFilter(fields.Paging):
    """Which page."""
