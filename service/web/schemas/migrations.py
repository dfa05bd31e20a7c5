"""Moving what runs to another version of its model."""

from __future__ import annotations

from marshmallow import fields as ma
from marshmallow import validate

from service.web.schemas import fields

VERDICTS = ["clean", "mapping", "blocked"]
MOST_SOURCE = 10_000_000


def _version() -> ma.Integer:
    return ma.Integer(
        strict=True,
        allow_none=True,
        load_default=None,
        validate=validate.Range(1, 2**31 - 1),
        metadata={"description": "Absent: the newest."},
    )


def _mapping() -> ma.Dict:
    return ma.Dict(
        keys=fields.text(255, least=1),
        values=fields.text(255, least=1),
        load_default=dict,
        validate=validate.Length(max=500),
        metadata={"description": "Ids of elements that are gone, each with the id of what takes its place."},
    )


class Move(fields.Schema):
    """Where to, and what took the place of what."""

    to_version = _version()
    mapping = _mapping()
    deadlines = fields.text(
        4, load_default="keep", validate=[validate.OneOf(["keep", "anew"])],
        metadata={"description": "anew: worked out by that version, from when each began; what was moved stays."},
    )  # fmt: skip


class MoveMany(Move):
    """The same for every running instance, or for some."""

    instances = ma.List(
        fields.Key(), load_default=None, allow_none=True, validate=validate.Length(1, 5000),
        metadata={"description": "Absent: every running instance that is not there already."},
    )  # fmt: skip


class Wanted(MoveMany):
    """Of what to see a preview: a deployed version, or a diagram that is not deployed yet."""

    source = fields.text(
        MOST_SOURCE, least=1, allow_none=True, load_default=None,
        metadata={"description": "The XML of a diagram that is not deployed; takes the place of `to_version`."},
    )  # fmt: skip


class Place(fields.Schema):
    """One open activation and what becomes of it."""

    element = ma.String(required=True)
    name = ma.String()
    type = ma.String()
    process = ma.String(metadata={"description": "Of the instance, or one that it called."})
    verdict = ma.String(required=True, validate=validate.OneOf(VERDICTS))
    target = ma.String(allow_none=True, metadata={"description": "The element in that version."})
    code = ma.String(metadata={"description": "Why not; empty where it is clean."})
    message = ma.String()
    suggestions = ma.List(ma.String(), metadata={"description": "Elements that may take its place."})


class Prospect(fields.Schema):
    """One running instance and what would become of it."""

    instance = fields.Key(required=True)
    release = fields.Number(allow_none=True)
    title = ma.String(allow_none=True)
    version = ma.Integer(required=True, metadata={"description": "On which it runs now."})
    verdict = ma.String(required=True, validate=validate.OneOf(VERDICTS))
    places = ma.List(ma.Nested(Place), required=True)
    armed = ma.List(ma.String(), metadata={"description": "Events that would be awaited from then on."})
    disarmed = ma.List(ma.String(), metadata={"description": "Events that would no longer be awaited."})


class Counts(fields.Schema):
    """How many of each."""

    clean = ma.Integer(required=True)
    mapping = ma.Integer(required=True)
    blocked = ma.Integer(required=True)


class Preview(fields.Schema):
    """What a move would do to every running instance; nothing has changed."""

    definition = ma.String(required=True)
    to_version = ma.Integer(required=True, allow_none=True, metadata={"description": "null: not deployed yet."})
    there = ma.Integer(required=True, metadata={"description": "How many are on that version already."})
    counts = ma.Nested(Counts, required=True)
    unmapped = ma.List(ma.Nested(Place), metadata={"description": "Each element that needs a mapping, once."})
    items = ma.List(ma.Nested(Prospect), required=True)


class Moved(fields.Schema):
    """An instance on its version."""

    instance = fields.Key(required=True)
    release = fields.Number(allow_none=True)
    definition = ma.String(required=True)
    version = ma.Integer(required=True)
    revision = ma.Integer(required=True)


class Run(fields.Schema):
    """A move of many instances, done by the workers, each by itself."""

    id = fields.Key(attribute="key", required=True)
    definition = ma.String(attribute="process_id", required=True)
    to_version = ma.Integer(attribute="version", required=True)
    undoes = fields.Key(allow_none=True, metadata={"description": "The run whose moves it takes back."})
    mapping = ma.Dict()
    at = fields.Moment(required=True)
    by = ma.String(allow_none=True)
    total = ma.Integer(required=True)
    done = ma.Integer(required=True)
    failed = ma.Integer(required=True)
    waiting = ma.Integer(required=True)


RunPage = fields.page_of(Run, "RunPage")


class Item(fields.Schema):
    """One instance of a run."""

    instance = fields.Key(attribute="instance_key", required=True)
    release = fields.Number(attribute="release_number", allow_none=True)
    title = ma.String(allow_none=True)
    state = ma.String(required=True, validate=validate.OneOf(["waiting", "done", "failed"]))
    message = ma.String(allow_none=True, metadata={"description": "Why it failed."})
    ended_at = fields.Moment(allow_none=True)


ItemPage = fields.page_of(Item, "ItemPage")


class ItemFilter(fields.Paging):
    """Which instances of a run."""

    state = fields.text(10, load_default=None, validate=[validate.OneOf(["waiting", "done", "failed"])])
