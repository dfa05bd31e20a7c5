"""The only place that knows status codes: every refusal becomes an RFC 9457 problem, for scripts and for people."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterable, Mapping
from typing import Any

import flask_babel
import jinja2
import marshmallow
from flask import Flask, Response, current_app, redirect, render_template, request, url_for
from markupsafe import escape
from werkzeug import exceptions

from service import errors

MEDIA_TYPE = "application/problem+json"

STATUS: dict[type[errors.ServiceError], int] = {
    errors.NotAuthenticated: 401,
    errors.Forbidden: 403,
    errors.NotFound: 404,
    errors.Conflict: 409,
    errors.KeyReused: 422,
    errors.InvalidInput: 422,
    errors.InvalidDefinition: 422,
    errors.LimitExceeded: 422,
    errors.TooManyAttempts: 429,
    errors.ExternalFailure: 502,
    errors.ServiceError: 500,
}
_OWN_MEMBERS = ("type", "title", "status", "detail", "instance")

Answer = tuple[dict[str, Any], int, list[tuple[str, str]]]


def slug(kind: type[BaseException]) -> str:
    """The class name in kebab case: the last part of the problem's type."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "-", kind.__name__).lower()


def status_of(kind: type[errors.ServiceError]) -> int:
    """The status of the nearest class above that has one."""
    return next(STATUS[parent] for parent in kind.__mro__ if parent in STATUS)


def title_of(kind: type[BaseException]) -> str:
    """The first sentence of the class's docstring."""
    return inspect.cleandoc(kind.__doc__ or "").split("\n\n")[0].replace("\n", " ")


def describe(error: Exception) -> Answer:
    """Body, status and headers for any refusal."""
    if isinstance(error, marshmallow.ValidationError):
        error = invalid(error.messages)
    if isinstance(error, errors.ServiceError):
        return _described(error)
    if isinstance(error, exceptions.HTTPException):
        return _from_http(error)
    return _from_http(exceptions.InternalServerError())


def _described(error: errors.ServiceError) -> Answer:
    status = status_of(type(error))
    body: dict[str, Any] = {"type": f"/problems/{slug(type(error))}", "title": title_of(type(error)), "status": status}
    body["detail"] = error.detail
    body |= {name: value for name, value in error.facts.items() if name not in _OWN_MEMBERS}
    if status == 401:
        return body, status, [("WWW-Authenticate", 'Bearer realm="tidegate"')]
    if "retry_after" in error.facts:
        return body, status, [("Retry-After", str(error.facts["retry_after"]))]
    return body, status, []


def _from_http(error: exceptions.HTTPException) -> Answer:
    status = error.code or 500
    body = {"type": f"/problems/{slug(type(error))}", "title": error.name, "status": status}
    if status < 500:
        body["detail"] = re.sub(r"<[^>]+>", "", error.description or "")
    kept = [
        (name, value) for name, value in error.get_headers() if name.lower() not in ("content-type", "content-length")
    ]
    return body, status, kept


def invalid(messages: Any) -> errors.InvalidInput:
    """What marshmallow found, with nested fields as dotted names."""
    found: dict[str, list[str]] = {}
    _flatten(messages, "", found)
    return errors.InvalidInput(found)


def _flatten(messages: Any, path: str, found: dict[str, list[str]]) -> None:
    if isinstance(messages, Mapping):
        for name, inner in messages.items():
            step = "" if name == "_schema" else str(name)
            _flatten(inner, ".".join(part for part in (path, step) if part), found)
    elif isinstance(messages, Iterable) and not isinstance(messages, str):
        found.setdefault(path or "body", []).extend(str(text) for text in messages)
    else:
        found.setdefault(path or "body", []).append(str(messages))


def answer(error: Exception) -> Any:
    """The response: a problem document for scripts, a page for people."""
    if isinstance(error, exceptions.HTTPException) and (error.code or 500) < 400:
        return error.get_response()
    body, status, headers = describe(error)
    if not for_programs():
        body = in_words(body)
    if for_people():
        if status == 401 and request.method == "GET" and "pages.sign_in" in current_app.view_functions:
            return redirect(url_for("pages.sign_in", next=request.full_path.rstrip("?")))
        return page("error.html", status, headers, problem=body)
    return Response(current_app.json.dumps(body), status, headers, content_type=MEDIA_TYPE)


def in_words(body: Mapping[str, Any]) -> dict[str, Any]:
    """A problem as the pages show it: title, detail, what is wrong with fields and files in the person's language."""
    try:
        told: dict[str, Any] = {name: said(body[name]) for name in ("title", "detail") if body.get(name)}
        if "errors" in body:
            told["errors"] = {name: [said(text) for text in texts] for name, texts in body["errors"].items()}
        if "problems" in body:
            told["problems"] = [{**one, "message": said(one["message"])} for one in body["problems"]]
    except Exception:  # telling of a failure must not fail: the language is looked up where the failure may be
        current_app.logger.exception("the problem %s could not be translated", body.get("type"))
        return dict(body)
    return {**body, **told}


def said(text: str) -> str:
    """A sentence of the rules in the person's language, where there is one; never a format."""
    return str(flask_babel.get_translations().ugettext(text)) if text else ""


def for_programs() -> bool:
    """The answer is one of the API, which speaks English."""
    return request.path.startswith("/api/") or "babel" not in current_app.extensions


def for_people() -> bool:
    """The answer is for a browser's window, not for a script."""
    if request.path.startswith("/api/"):
        return False
    offered = ["application/json", MEDIA_TYPE, "text/html"]
    return request.accept_mimetypes.best_match(offered) == "text/html"


def page(template: str, status: int = 200, headers: Iterable[tuple[str, str]] = (), **context: Any) -> Response:
    """The page from its template; plain HTML where there is none, or where drawing it fails."""
    try:
        text = render_template(template, fragment="HX-Request" in request.headers, **context)
    except jinja2.TemplateNotFound:
        text = _plain(context)
    except Exception:  # an error page must not fail: whatever went wrong goes to the log
        current_app.logger.exception("the template %s could not be drawn", template)
        text = _plain(context)
    return Response(text, status, list(headers), mimetype="text/html")


def _plain(context: Mapping[str, Any]) -> str:
    shown = context.get("problem") or context.get("page") or {}
    title, text = escape(shown.get("title", "Tidegate")), escape(shown.get("detail") or shown.get("text") or "")
    entries = "".join(
        f'<li><a href="/problems/{one["slug"]}">{escape(one["title"])}</a></li>' for one in context.get("pages", ())
    )
    head = f"<!doctype html><html lang=en><meta charset=utf-8><title>{title}</title>"
    return f"{head}<h1>{title}</h1><p>{text}</p><ul>{entries}</ul>"


def init_app(app: Flask) -> None:
    app.register_error_handler(errors.ServiceError, answer)
    app.register_error_handler(exceptions.HTTPException, answer)
    app.register_error_handler(marshmallow.ValidationError, answer)
