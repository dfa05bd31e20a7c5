"""What may come in: nothing that no database can hold, nothing nested beyond reason; asked before any page's view."""

from __future__ import annotations

from typing import Any

from flask import Flask, request
from werkzeug import exceptions

from service import errors
from service.usecases import settings
from service.web import numbers

NUL = "\x00"
_NUL_REFUSED = "Must not contain the character U+0000."


def require_usable(raw: bytes, value: Any) -> None:
    """Raises InvalidInput for a JSON value with a NUL character or nested too deeply; `raw` is its text."""
    deepest = settings.current().max_nesting
    if b"\\u0000" not in raw and raw.count(b"[") + raw.count(b"{") <= deepest:
        return  # most requests, without a walk through them
    depth, level = 0, [value]
    while level:
        depth += 1
        if depth > deepest + 1:  # the innermost values are a level of their own
            text = f"Must not be nested more than {deepest} levels deep (TIDEGATE_MAX_NESTING)."
            raise errors.InvalidInput({"body": [text]})
        level = [inner for each in level for inner in _inside(each)]


def _inside(value: Any) -> list[Any]:
    if isinstance(value, str) and NUL in value:
        raise errors.InvalidInput({"body": [_NUL_REFUSED]})
    if isinstance(value, dict):
        return [*value, *value.values()]
    return value if isinstance(value, list) else []


def json_object() -> dict[str, Any]:
    """The JSON object that a page's script sent; raises InvalidInput for any other JSON."""
    body = request.get_json()
    if not isinstance(body, dict):
        raise errors.InvalidInput({"body": ["Must be an object."]})
    require_usable(request.get_data(cache=True), body)
    return body


def position() -> int | None:
    """Where a list of a page goes on (`before=`); raises InvalidInput for what is no key."""
    text = request.args.get("before")
    if text is None:
        return None
    if not (text.isascii() and text.isdigit() and len(text) <= 19 and int(text) <= numbers.LARGEST_KEY):
        raise errors.InvalidInput({"before": ["Must be a key: digits."]})
    return int(text)


def refuse_nul() -> None:
    """Runs before every view, after the guard. The API's schemas read arguments and bodies themselves."""
    if NUL in request.path:
        raise exceptions.NotFound
    if request.path.startswith("/api/"):
        return
    uploads = [(name, upload.filename or "") for name, upload in request.files.items(multi=True)]
    given = [*request.args.items(multi=True), *request.form.items(multi=True), *uploads]
    wrong = {name.replace(NUL, "?"): [_NUL_REFUSED] for name, text in given if NUL in name or NUL in text}
    if wrong:
        raise errors.InvalidInput(wrong)


def init_app(app: Flask) -> None:
    app.before_request(refuse_nul)
