"""Announced dates of a release, and who follows them."""

from __future__ import annotations

from marshmallow import fields as ma
from marshmallow import validate

from service.usecases.releases import following
from service.usecases.sending import announcing
from service.web.schemas import fields


class Announcement(fields.Schema):
    """Dates that were announced, or that took the place of announced ones."""

    id = fields.Key(attribute="key", required=True)
    window_start = fields.Moment(required=True)
    window_end = fields.Moment(required=True)
    start_before = fields.Moment(allow_none=True, metadata={"description": "Where announced dates changed."})
    end_before = fields.Moment(allow_none=True)
    message = ma.String(metadata={"description": "What was said with it, or why the dates changed."})
    by = ma.String(required=True)
    at = fields.Moment(required=True)


class AnnouncementList(fields.Schema):
    """All of them, the newest first."""

    items = ma.List(ma.Nested(Announcement), required=True)
    next = ma.String(allow_none=True)


class NewAnnouncement(fields.Schema):
    """Announce the window that the release has now."""

    message = fields.text(announcing.LONGEST_MESSAGE, load_default="")


class Follower(fields.Schema):
    """A person or an address that hears of announced dates."""

    id = fields.Key(attribute="key", required=True)
    user = ma.String(allow_none=True)
    address = ma.String(allow_none=True)
    language = ma.String(required=True)
    added_by = ma.String(required=True)
    added_at = fields.Moment(required=True)
    mail = ma.String(allow_none=True, metadata={"description": "State of the last mail: waiting, sent, dead."})
    answer = ma.String(allow_none=True, metadata={"description": "What the mail server said last."})


class FollowerList(fields.Schema):
    """All of them, in the order in which they came."""

    items = ma.List(ma.Nested(Follower), required=True)
    next = ma.String(allow_none=True)


class NewFollower(fields.Schema):
    """A person by name, or an address of somebody without an account. Neither: yourself."""

    user = fields.text(80, least=1)
    address = fields.text(following.LONGEST_ADDRESS, least=3)
    language = fields.text(10, load_default="en", validate=[validate.OneOf(following.LANGUAGES)])
