"""Calendar links."""

from __future__ import annotations

from marshmallow import fields as ma

from service.usecases.accounts import feeds
from service.web.schemas import fields


class CalendarLink(fields.Schema):
    """A link that calendar programs subscribe to; its address was shown once only."""

    id = fields.Key(attribute="key", required=True)
    service = ma.String(required=True, allow_none=True, metadata={"description": "Null: your own calendar."})
    created_at = fields.Moment(required=True)
    made_at = fields.Moment(required=True, metadata={"description": "When its present address was made."})
    read_at = fields.Moment(allow_none=True, metadata={"description": "About when a program read it last."})


class CreatedCalendarLink(CalendarLink):
    """A calendar link with its address. Keep it: it is not shown again."""

    url = ma.String(required=True)


CalendarLinkPage = fields.page_of(CalendarLink, "CalendarLinkPage")


class NewCalendarLink(fields.Schema):
    """Whose calendar."""

    service = fields.text(
        feeds.LONGEST_SERVICE, least=1, allow_none=True, load_default=None,
        metadata={"description": "Releases of this service (release managers); null: your own calendar."},
    )  # fmt: skip
