"""The parts of the OpenAPI document that belong to no single operation."""

from __future__ import annotations

from typing import Any

from apispec.ext.marshmallow import OpenAPIConverter
from marshmallow import fields as ma

from service.web.api import idempotency
from service.web.schemas import fields

DESCRIPTION = """\
Everything that the pages do, for scripts. Send a bearer token: `Authorization: Bearer TOKEN`
(`tidegate token create --user NAME` makes one).

- Keys are 64-bit numbers in strings; releases have numbers like `R-1`.
- Moments are RFC 3339 with a zone, answers in UTC.
- Lists are `{items, next}`; ask for the next page with `?cursor=` and the value of `next`. It is null on the last page.
- Refusals are `application/problem+json` (RFC 9457); `type` resolves to a page that explains it.
- Unknown fields and parameters are refused.
- Every POST takes `Idempotency-Key`, kept for 24 hours a user: the same request again gets the kept answer.
- Records carry an `ETag`; send it back in `If-Match` to make sure that nobody changed the record in between.
"""

OPTIONS: dict[str, Any] = {
    "info": {"description": DESCRIPTION},
    "components": {"securitySchemes": {"bearer": {"type": "http", "scheme": "bearer"}}},
    "security": [{"bearer": []}],
}

IDEMPOTENCY_KEY = {
    "required": False,
    "description": "The same key with the same request gets the first answer again, for 24 hours.",
    "schema": {"type": "string", "minLength": 1, "maxLength": idempotency.LONGEST_KEY, "pattern": "^[ -~]+$"},
}
IF_MATCH = {
    "required": False,
    "description": "The ETag of the record as you know it; 412 if it has changed.",
    "schema": {"type": "string"},
    "example": '"3"',
}


def describe(api: Any) -> None:
    """Headers that many operations take, and the types of our own fields."""
    api.spec.components.parameters["IDEMPOTENCY_KEY"] = {"in": "header", "name": idempotency.HEADER, **IDEMPOTENCY_KEY}
    api.spec.components.parameters_lazy.pop("IF_MATCH", None)
    api.spec.components.parameters["IF_MATCH"] = {"in": "header", "name": "If-Match", **IF_MATCH}
    converter: OpenAPIConverter = api.ma_plugin.converter
    api.ma_plugin.map_to_openapi_type(fields.Key, "string", None)
    api.ma_plugin.map_to_openapi_type(fields.Number, "string", None)
    api.ma_plugin.map_to_openapi_type(fields.Moment, "string", "date-time")
    converter.add_attribute_function(_patterns)


def _patterns(self: Any, field: ma.Field[Any], **kwargs: Any) -> dict[str, Any]:
    if isinstance(field, fields.CorrelationKey):
        return {"type": ["string", "number", "null"]}
    if isinstance(field, fields.Key):
        return {"pattern": "^-?[0-9]{1,19}$"}
    if isinstance(field, fields.Number):
        return {"pattern": "^R-[1-9][0-9]{0,9}$"}
    return {}
