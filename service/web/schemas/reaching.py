"""What people prefer to hear of, and when they are away."""

from __future__ import annotations

from typing import Any

from marshmallow import fields as ma
from marshmallow import validate

from service.domain import reaching
from service.usecases.telling import absences
from service.web.schemas import fields

HOUR = {"pattern": r"^([01]\d|2[0-3]):[0-5]\d$", "description": "HH:MM in the zone of the person."}


def _hour(**kwargs: Any) -> ma.String:
    return fields.text(5, metadata=HOUR, **kwargs)


class Preferences(fields.Schema):
    """What reaches a person besides the inbox, and when. It holds for what is told from now on."""

    muted = ma.Dict(
        keys=ma.String(),
        values=ma.List(ma.String()),
        metadata={"description": 'What is not wanted, by channel: {"email": ["progress"]}.'},
    )
    quiet_from = ma.String(allow_none=True, metadata=HOUR)
    quiet_until = ma.String(allow_none=True, metadata=HOUR)
    quiet_days = ma.Boolean(metadata={"description": "Days without working hours in their calendar are quiet."})
    quiet_outside = ma.Boolean(metadata={"description": "All that is not working time in their calendar is quiet."})
    digest = ma.String(metadata={"description": "off, hourly or daily"})
    digest_at = ma.String(metadata={**HOUR, "description": "When the daily digest comes, HH:MM."})
    revision = ma.Integer(required=True, metadata={"description": "0: they never said."})


class PreferencesChange(fields.Schema):
    """The members to change; the others stay."""

    muted = ma.Dict(
        keys=fields.text(20, least=1),
        values=ma.List(fields.text(20, validate=[validate.OneOf(reaching.GROUPS)]), validate=validate.Length(max=20)),
    )
    quiet_from = _hour(allow_none=True)
    quiet_until = _hour(allow_none=True)
    quiet_days = ma.Boolean(truthy={True}, falsy={False})
    quiet_outside = ma.Boolean(truthy={True}, falsy={False})
    digest = fields.text(10, validate=[validate.OneOf(reaching.DIGESTS)])
    digest_at = _hour()


class Absence(fields.Schema):
    """Days on which somebody is away, both included, in their zone."""

    id = fields.Key(attribute="key", required=True)
    user = ma.String(required=True)
    first_day = ma.Date(required=True)
    last_day = ma.Date(required=True)
    substitute = ma.String(allow_none=True, metadata={"description": "Who hears of everything in their place."})
    note = ma.String()
    revision = ma.Integer()


AbsencePage = fields.page_of(Absence, "AbsencePage")


class AbsenceChange(fields.Schema):
    """The members to change; the others stay."""

    first_day = fields.Day()
    last_day = fields.Day()
    substitute = fields.text(80, allow_none=True)
    note = fields.text(absences.LONGEST_NOTE)


class NewAbsence(fields.Schema):
    """When somebody is away, and who stands in."""

    first_day = fields.Day(required=True)
    last_day = fields.Day(required=True)
    substitute = fields.text(80, load_default=None, allow_none=True)
    note = fields.text(absences.LONGEST_NOTE, load_default="")
