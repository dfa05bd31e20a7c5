"""The JSON API under /api/v1 and its OpenAPI document."""

from __future__ import annotations

import functools
import importlib.metadata
from typing import Any

from flask import Flask, Response, current_app

from service.web import access, numbers
from service.web.api import (
    announcements,
    breakdowns,
    calendars,
    chats,
    document,
    feeds,
    instances,
    jobs,
    ladders,
    messages,
    migrations,
    models,
    people,
    reaching,
    releasepolicy,
    releases,
    reports,
    rest,
    tasks,
    templates,
    timing,
    webhooks,
)

BLUEPRINTS = (
    releases,
    announcements,
    tasks,
    templates,
    timing,
    ladders,
    models,
    migrations,
    instances,
    messages,
    jobs,
    breakdowns,
    webhooks,
    calendars,
    chats,
    feeds,
    people,
    reaching,
    releasepolicy,
    reports,
)

KEY = {"type": "string", "pattern": r"^-?[0-9]{1,19}$"}
GROUP = {"type": "string", "minLength": 1, "maxLength": 80}
NUMBER = {"type": "string", "pattern": r"^R-[1-9][0-9]{0,9}$"}


def init_app(app: Flask) -> None:
    """Register every part of the API."""
    app.config.update(
        API_TITLE="Tidegate",
        API_VERSION=importlib.metadata.version("tidegate"),
        OPENAPI_VERSION="3.1.0",
        API_SPEC_OPTIONS=document.OPTIONS,
        ETAG_DISABLED=True,
    )
    api = rest.Api(app)
    api.register_converter(numbers.KeyConverter, lambda converter: dict(KEY))
    api.register_converter(numbers.ReleaseConverter, lambda converter: dict(NUMBER))
    api.register_converter(numbers.GroupConverter, lambda converter: dict(GROUP))
    document.describe(api)
    for part in BLUEPRINTS:
        api.register_blueprint(part.blueprint)
    app.add_url_rule("/api/v1/openapi.json", "openapi", access.public(functools.partial(_openapi, api)))


def _openapi(api: rest.Api) -> Any:
    return Response(_text(api), mimetype="application/json")


@functools.cache
def _text(api: rest.Api) -> str:
    return current_app.json.dumps(api.spec.to_dict())
