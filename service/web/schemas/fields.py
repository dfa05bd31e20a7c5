"""The field types of this API, and what every schema shares."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import marshmallow
from marshmallow import fields, validate

from service.domain import correlation
from service.web import numbers

LONGEST_CORRELATION = 255


class Schema(marshmallow.Schema):
    """Unknown fields are refused; values come from rows, objects or dicts."""

    class Meta:
        unknown = marshmallow.RAISE

    def get_attribute(self, obj: Any, attr: str, default: Any) -> Any:
        # marshmallow asks rows for obj["name"] first, which raises each time
        if isinstance(obj, dict):
            return obj.get(attr, default)
        return getattr(obj, attr, default)


class Text(fields.String):
    """Text that databases can hold: no NUL character."""

    def _deserialize(self, value: Any, *args: Any, **kwargs: Any) -> str:
        text: str = super()._deserialize(value, *args, **kwargs)
        if "\x00" in text:
            raise marshmallow.ValidationError("Must not contain the character U+0000.")
        return text


def text(most: int, *, least: int = 0, **kwargs: Any) -> Text:
    """A text of bounded length."""
    extra = kwargs.pop("validate", [])
    return Text(validate=[validate.Length(least, most), *extra], **kwargs)


def required(most: int, **kwargs: Any) -> Text:
    """A text that must be there and not be blank."""
    kwargs["validate"] = [not_blank, *kwargs.get("validate", ())]
    kwargs["metadata"] = {"pattern": r"\S", **kwargs.get("metadata", {})}
    return text(most, least=1, required=True, **kwargs)


def not_blank(value: str) -> None:
    """Refuses a text of white space alone."""
    if not value.strip():
        raise marshmallow.ValidationError("Must not be blank.")


class Key(fields.Field[int]):
    """A 64-bit key: digits in a string."""

    default_error_messages = {"invalid": "Must be a key: digits in a string."}

    def _serialize(self, value: Any, attr: str | None, obj: Any, **kwargs: Any) -> str | None:
        return None if value is None else str(value)

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> int:
        digits = value.removeprefix("-") if isinstance(value, str) else ""
        if not (digits.isascii() and digits.isdigit() and len(digits) <= 19 and abs(int(value)) <= numbers.LARGEST_KEY):
            raise self.make_error("invalid")
        return int(value)


class Number(fields.Field[int]):
    """A release's number: R-1."""

    default_error_messages = {"invalid": "Must be the number of a release, like R-1."}

    def _serialize(self, value: Any, attr: str | None, obj: Any, **kwargs: Any) -> str | None:
        return None if value is None else numbers.show(value)

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> int:
        digits = value.removeprefix("R-") if isinstance(value, str) and value.startswith("R-") else ""
        if not (
            digits.isascii() and digits.isdigit() and len(digits) <= 10 and 0 < int(digits) <= numbers.LARGEST_NUMBER
        ):
            raise self.make_error("invalid")
        return int(digits)


class CorrelationKey(Text):
    """A text or a number; a number is the text that it is written as."""

    def _deserialize(self, value: Any, *args: Any, **kwargs: Any) -> str:
        try:
            text: str = super()._deserialize(correlation.as_text(value), *args, **kwargs)
        except ValueError:
            raise marshmallow.ValidationError("Must be a text or a number.") from None
        if not 1 <= len(text) <= LONGEST_CORRELATION:
            raise marshmallow.ValidationError(f"Length must be between 1 and {LONGEST_CORRELATION}.")
        return text


class Moment(fields.AwareDateTime):
    """A moment in RFC 3339, UTC in answers."""

    def _serialize(self, value: datetime | None, attr: str | None, obj: Any, **kwargs: Any) -> Any:
        return value  # the encoder writes it

    def _deserialize(self, value: Any, *args: Any, **kwargs: Any) -> datetime:
        moment: datetime = super()._deserialize(value, *args, **kwargs)
        if not 1970 <= moment.year <= 9000:
            raise marshmallow.ValidationError("Must lie between 1970 and 9000.")
        return moment


class Day(fields.Date):
    """A day of the calendar: 2027-08-02."""

    def _deserialize(self, value: Any, *args: Any, **kwargs: Any) -> date:
        day: date = super()._deserialize(value, *args, **kwargs)
        if not 1970 <= day.year <= 9000:
            raise marshmallow.ValidationError("Must lie between 1970 and 9000.")
        return day


class Names(fields.List):
    """A list of names of people, groups or roles."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(text(80, least=1), validate=validate.Length(max=200), **kwargs)


class Values(fields.Dict):
    """An open JSON object: variables, form values."""

    default_error_messages = {"invalid": "Must be an object."}

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(keys=text(255, least=1), **kwargs)


class Nothing(Schema):
    """An empty body, or {}."""


class Paging(Schema):
    """Which part of a list."""

    limit = fields.Integer(
        load_default=50, validate=validate.Range(1, 200), metadata={"description": "How many at most."}
    )
    cursor = text(500, load_default=None, metadata={"description": "`next` of the page before."})


def page_of(schema: type[Schema], name: str) -> type[Schema]:
    """The schema of `{items, next}` with these items."""
    members: dict[str, Any] = {
        "items": fields.List(fields.Nested(schema), required=True),
        "next": fields.String(
            required=True, allow_none=True, metadata={"description": "Cursor of the next page, or null."}
        ),
    }
    return type(name, (Schema,), {"__doc__": f"A page of a list: {schema.__name__}.", **members})


class Problem(marshmallow.Schema):
    """A refusal (RFC 9457). Some types add members: `errors` by field, `problems` of files."""

    class Meta:
        unknown = marshmallow.INCLUDE

    type = fields.String(required=True, metadata={"description": "Resolves to a page that explains it."})
    title = fields.String(required=True)
    status = fields.Integer(required=True)
    detail = fields.String(metadata={"description": "What happened and what to do."})
    errors = fields.Dict(
        keys=fields.String(), values=fields.List(fields.String()), metadata={"description": "Texts by field."}
    )
