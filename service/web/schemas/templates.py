"""Texts of notices, and who hears of key points."""

from __future__ import annotations

from marshmallow import fields as ma

from service.usecases.telling import templates
from service.web.schemas import fields


class Template(fields.Schema):
    """The text of a kind of notices in a language."""

    kind = ma.String(required=True)
    language = ma.String(required=True)
    subject = ma.String(required=True)
    body = ma.String(required=True, metadata={"description": "Lines with a value that is missing are left out."})
    shipped = ma.Boolean(required=True, metadata={"description": "It came with the product."})
    revision = ma.Integer(required=True, metadata={"description": "How often it was changed or restored."})
    placeholders = ma.List(ma.String(), metadata={"description": "The names that it may have in braces."})


class TemplateList(fields.Schema):
    """All of them, by kind and language."""

    items = ma.List(ma.Nested(Template), required=True)
    next = ma.String(allow_none=True)


class NewText(fields.Schema):
    """Another text."""

    subject = fields.required(templates.LONGEST_SUBJECT)
    body = fields.required(templates.LONGEST_BODY)


class TriedText(NewText):
    """Another text, and what to try it with."""

    release = fields.Number(metadata={"description": "Try it with what this release has; else with sample values."})


class Version(fields.Schema):
    """A text as it was."""

    revision = ma.Integer(required=True)
    subject = ma.String(allow_none=True, metadata={"description": "None: the shipped text held again."})
    body = ma.String(allow_none=True)
    by = ma.String(required=True)
    at = fields.Moment(required=True)


class VersionList(fields.Schema):
    """All versions, the newest first."""

    items = ma.List(ma.Nested(Version), required=True)
    next = ma.String(allow_none=True)


class TextPreview(fields.Schema):
    """What a text makes of values."""

    subject = ma.String(required=True)
    body = ma.String(required=True)
    page = ma.String(required=True, metadata={"description": "The mail as HTML."})
    made_up = ma.Boolean(required=True, metadata={"description": "Some of the values are samples."})


class KeyPoint(fields.Schema):
    """A kind of key points, and who hears of it."""

    kind = ma.String(required=True)
    event = ma.String(required=True, metadata={"description": "Its word in the alerts of a phase; empty: it has none."})
    usual = ma.List(ma.String(), required=True)
    recipients = ma.List(ma.String(), required=True, metadata={"description": "Who hears of it now."})


class KeyPointList(fields.Schema):
    """All kinds of key points."""

    items = ma.List(ma.Nested(KeyPoint), required=True)
    next = ma.String(allow_none=True)


class Hearing(fields.Schema):
    """Who is to hear of it, in the words of ladders, `requester`, `deciders`, roles, `nobody`; empty: the usual."""

    recipients = fields.text(2000, required=True)
