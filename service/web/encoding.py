"""JSON as this product writes it: orjson, moments in UTC with a Z."""

from __future__ import annotations

from typing import Any

import flask
import orjson
from flask import Flask
from flask.json import provider

OPTIONS = orjson.OPT_UTC_Z | orjson.OPT_NON_STR_KEYS


class OrjsonProvider(provider.JSONProvider):
    """Flask's JSON through orjson."""

    def dumps(self, obj: Any, **kwargs: Any) -> str:
        return orjson.dumps(obj, option=OPTIONS).decode()

    def loads(self, s: str | bytes, **kwargs: Any) -> Any:
        return orjson.loads(s)

    def response(self, *args: Any, **kwargs: Any) -> Any:
        body = orjson.dumps(self._prepare_response_obj(args, kwargs), option=OPTIONS)
        return flask.Response(body, mimetype="application/json")


def init_app(app: Flask) -> None:
    app.json = OrjsonProvider(app)
