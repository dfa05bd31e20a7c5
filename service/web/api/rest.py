"""What all parts of the API share: blueprints that document themselves, strict parsing, problems in the document."""

from __future__ import annotations

import contextlib
import http
from collections.abc import Callable, Iterator, Sequence
from typing import Any, NoReturn, TypeVar

import flask_smorest
import marshmallow
import orjson
from flask import current_app, request
from webargs import core
from webargs.flaskparser import FlaskParser
from werkzeug import exceptions

from service import errors
from service.storage.queries import pages
from service.web import access, auth, problems, reading
from service.web.api import idempotency
from service.web.schemas import fields

Revision = TypeVar("Revision", int, str)
View = TypeVar("View", bound=Callable[..., Any])

USERS, GROUPS = "/users/<string(maxlength=80):name>", "/groups/<group:name>"  # where somebody is named


class Parser(FlaskParser):
    """Reads requests strictly: JSON only where JSON is due, nothing unknown, nothing a database cannot hold."""

    DEFAULT_UNKNOWN_BY_LOCATION = dict.fromkeys(("json", "query", "form", "files"), marshmallow.RAISE)

    def load_json(self, req: Any, schema: Any) -> Any:
        raw = req.get_data(cache=True)
        if not raw:
            return {}
        if not core.is_json(req.mimetype):
            raise exceptions.UnsupportedMediaType("Send JSON: Content-Type: application/json.")
        try:
            body = orjson.loads(raw)
        except orjson.JSONDecodeError as problem:
            raise exceptions.BadRequest(f"The body is not valid JSON: {problem}.") from None
        reading.require_usable(raw, body)
        return body

    def handle_error(self, error: marshmallow.ValidationError, req: Any, schema: Any, **kwargs: Any) -> NoReturn:
        located = error.messages_dict  # {location: {field: texts}}
        raise problems.invalid(next(iter(located.values()))) from None


class Blueprint(flask_smorest.Blueprint):
    """A part of the API. Documents refusals, credentials and the idempotency key of each operation by itself."""

    ARGUMENTS_PARSER = Parser()

    def __init__(self, name: str, description: str) -> None:
        super().__init__(name, __name__, url_prefix="/api/v1", description=description)
        self._prepare_doc_cbks.append(self._document)
        self.before_request(idempotency.begin)
        self.after_request(idempotency.end)

    def arguments(self, schema: Any, **options: Any) -> Any:
        # an instance: a class would be made into one with each request
        schema = schema() if isinstance(schema, type) else schema
        options.setdefault("required", any(field.required for field in schema.fields.values()))
        return super().arguments(schema, **options)

    def add_url_rule(
        self, rule: str, endpoint: str | None = None, view_func: Any = None, *args: Any, **options: Any
    ) -> None:
        declared = getattr(view_func, access.ATTRIBUTE, None)
        if declared is None:
            raise TypeError(f"{view_func.__name__} does not say who may use it")
        described = view_func._apidoc
        described.setdefault("manual_doc", {})["operationId"] = view_func.__name__
        arguments = described.get("arguments", {}).get("parameters", ())
        takes_query = any(parameter["in"] == "query" for parameter in arguments)
        super().add_url_rule(rule, endpoint, view_func if takes_query else _without_query(view_func), *args, **options)

    def _document(self, doc: dict[str, Any], doc_info: dict[str, Any], *, method: str, **kwargs: Any) -> dict[str, Any]:
        parameters = doc.setdefault("parameters", [])
        refusals = {401, 403, 404}
        if "requestBody" in doc or "requestBody" in doc_info.get("manual_doc", {}):
            refusals |= {400, 413, 415, 422}
        if method != "get":
            refusals |= {409}
        if doc_info.get("if_match"):
            parameters.append("IF_MATCH")
            refusals |= {412}
        if method == "post":
            parameters.append("IDEMPOTENCY_KEY")
        refusals |= {422}
        for status in sorted(refusals):
            doc["responses"].setdefault(status, http.HTTPStatus(status).name)
        return doc

    def of_somebody(
        self, method: str, path: str, *, mine: str, says: str, others: str = USERS
    ) -> Callable[[View], View]:
        """Declare a call about `name`: under `others`, where the address names them, and under /me for whoever asks.

        mine: the name of the second in the document; says: what it does, as its docstring would.
        """

        def declare(view: View) -> View:
            self.route(f"/me/{path}", methods=[method])(_about_oneself(view, mine, says))
            self.route(f"{others}/{path}", methods=[method])(view)
            return view

        return declare


def _about_oneself(view: Callable[..., Any], name: str, says: str) -> Callable[..., Any]:
    """The view for whoever is signed in."""

    def mine(*args: Any, **more: Any) -> Any:
        return view(*args, **more, name=auth.actor().name)

    described = view._apidoc  # type: ignore[attr-defined]
    mine.__dict__.update(view.__dict__)
    mine.__dict__["_apidoc"] = {**described, "manual_doc": dict(described.get("manual_doc", {}))}
    mine.__name__, mine.__doc__ = name, says
    return mine


def _without_query(view: Callable[..., Any]) -> Callable[..., Any]:
    """The view, refusing query parameters since it has none."""

    def strict(*args: Any, **kwargs: Any) -> Any:
        if request.query_string:
            raise errors.InvalidInput(
                {name: ["Unknown field."] for name in request.args} or {"query": ["Unknown field."]}
            )
        return view(*args, **kwargs)

    strict.__dict__.update(view.__dict__)
    strict.__name__, strict.__doc__ = view.__name__, view.__doc__
    return strict


class Api(flask_smorest.Api):
    """The OpenAPI document; refusals stay with `problems`."""

    ERROR_SCHEMA = fields.Problem

    def _register_error_handlers(self) -> None:
        """Nothing here: one place handles refusals for API and pages."""

    def _register_responses(self) -> None:
        for status in http.HTTPStatus:
            if status >= 400:
                self.spec.components.response(status.name, self._refusal(status.phrase), lazy=True)
        self.spec.components.response("DEFAULT_ERROR", self._refusal("Any other refusal"), lazy=True)
        self.spec.components.response("NOT_MODIFIED", {"description": "Not modified since"}, lazy=True)

    def _refusal(self, description: str) -> dict[str, Any]:
        return {"description": description, "content": {problems.MEDIA_TYPE: {"schema": self.ERROR_SCHEMA}}}


def if_match(view: Callable[..., Any]) -> Callable[..., Any]:
    """Document that the operation honours If-Match."""
    view._apidoc = {**getattr(view, "_apidoc", {}), "if_match": True}  # type: ignore[attr-defined]
    return view


def conditional() -> bool:
    """The caller sent If-Match."""
    return bool(request.if_match)


def matching(revision: Revision) -> Revision | None:
    """The revision to insist on: None without If-Match; refused with 412 when the caller has seen another one."""
    if not conditional():
        return None
    if not request.if_match.contains(str(revision)):
        raise exceptions.PreconditionFailed(f"This record is at revision {revision} now. Read it again.")
    return revision


@contextlib.contextmanager
def stale_is_mismatch() -> Iterator[None]:
    """Somebody else was faster between our look and our lock: that too is a failed If-Match."""
    try:
        yield
    except errors.StaleWrite as problem:
        raise exceptions.PreconditionFailed(problem.detail) from None


def tagged(body: Any, revision: int | str) -> Any:
    """The record with its ETag, or 304 when the caller has this revision."""
    headers = {"ETag": f'"{revision}"'}
    if request.method in ("GET", "HEAD") and request.if_none_match.contains(str(revision)):
        return current_app.response_class(status=304, headers=headers)
    return body, headers


def found(row: Any, what: str) -> Any:
    """The row; raises NotFound with a sentence when there is none."""
    if row is None:
        raise errors.NotFound(f"There is no {what}.")
    return row


def position(cursor: str | None) -> int | None:
    """Where a list that is ordered by one number goes on."""
    return None if cursor is None else pages.decode(cursor, pages.key)[0]


def name_position(cursor: str | None) -> str:
    """Where a list that is ordered by name goes on."""
    return "" if cursor is None else pages.decode(cursor, pages.name)[0]


def page(rows: Sequence[Any], limit: int, place: Callable[[Any], int | str]) -> dict[str, Any]:
    """`{items, next}` from `limit + 1` rows."""
    items, cursor = pages.cut(rows, limit, lambda row: [place(row)])
    return {"items": items, "next": cursor}
