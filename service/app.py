"""The wiring: one Flask application from one set of settings. Nothing starts by importing or creating it."""

from __future__ import annotations

from flask import Flask
from werkzeug.middleware import proxy_fix

from service.config import Settings
from service.storage import db
from service.usecases import settings as current
from service.web import (
    access,
    api,
    auth,
    encoding,
    headers,
    numbers,
    operation,
    pages,
    problem_pages,
    problems,
    reading,
)


def create_app(settings: Settings) -> Flask:
    """An application for these settings: API, pages, sign-in, refusals, health."""
    current.use(settings)
    app = Flask("service.web", static_folder="static", template_folder="templates")
    app.config["SETTINGS"] = settings
    app.config["MAX_CONTENT_LENGTH"] = settings.max_upload_bytes
    app.config["MAX_FORM_MEMORY_SIZE"] = settings.max_upload_bytes
    app.url_map.strict_slashes = False
    db.init_app(app, settings.database_url)
    encoding.init_app(app)
    numbers.init_app(app)
    problems.init_app(app)
    auth.init_app(app, settings)
    operation.init_app(app)
    access.init_app(app)
    reading.init_app(app)
    headers.init_app(app, secure=settings.secure_cookies)
    app.register_blueprint(problem_pages.blueprint)
    api.init_app(app)
    pages.register(app)
    if settings.trusted_proxies:
        app.wsgi_app = proxy_fix.ProxyFix(  # type: ignore[method-assign]
            app.wsgi_app, *[settings.trusted_proxies] * 4
        )
    return app
