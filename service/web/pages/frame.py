"""What all pages share: the blueprint, the shell's data, and how a page answers a form."""

from __future__ import annotations

import functools
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import flask_babel
import flask_wtf.csrf
from flask import Blueprint, Flask, current_app, flash, g, jsonify, redirect, render_template, request, url_for
from markupsafe import Markup

from service.domain import policy
from service.storage.queries import notices, people
from service.storage.queries import tasks as found
from service.web import auth
from service.web.pages import language

pages = Blueprint("pages", __name__)

THEMES = ("auto", "light", "dark")
THEME_COOKIE = "tidegate_theme"
FETCHED = "X-Tidegate-Fetch"  # set by our own script: answer with JSON, the page stays
YEAR = 365 * 24 * 3600


def show(template: str, **context: Any) -> str:
    """A page from its template."""
    return render_template(template, **context)


def done(location: str, message: str = "", *, undo: str | None = None, **more: Any) -> Any:
    """The answer to a form that was carried out: where to go and what to say; `undo` is an address to post to."""
    if request.headers.get(FETCHED):
        return jsonify({"location": location, "message": message, "undo": undo, **more})
    if message:
        flash(message)
    return redirect(location, 303)


def back(fallback: str) -> str:
    """The page the form was on, if it was one of ours."""
    return auth.safe_next(request.form.get("next")) or fallback


def keep(response: Any, name: str, value: str) -> None:
    """Remember a choice in this browser."""
    secure = bool(current_app.config.get("SESSION_COOKIE_SECURE"))
    response.set_cookie(name, value, max_age=YEAR, httponly=True, samesite="Lax", secure=secure)


@functools.cache
def _manifest(file: Path, changed_ns: int) -> Mapping[str, str]:
    names: dict[str, str] = json.loads(file.read_text())
    return names


def asset(name: str) -> str:
    """The address of a built file, with its content's hash, so that browsers may keep it."""
    file = Path(current_app.static_folder or "") / "manifest.json"
    known = _manifest(file, file.stat().st_mtime_ns) if file.exists() else {}
    return url_for("static", filename=name, v=known.get(name))


def counts(who: policy.Actor) -> dict[str, int]:
    """The numbers of the rail."""
    of_tasks = found.counts(who)
    return {
        "tasks": of_tasks["held"] + of_tasks["offered"],
        "overdue": of_tasks["overdue"],
        "inbox": notices.unread(who.name),
    }


def title_of(name: str | None) -> str:
    """What to call a person; looked up once a request."""
    if not name:
        return ""
    if name == policy.SYSTEM.name:
        return policy.SYSTEM.title
    known: dict[str, str] = g.setdefault("titles", {})
    if name not in known:
        known |= {name: name, **people.titles([name])}
    return known[name]


def learn_titles(names: Any) -> None:
    """Look up many people at once, before a list shows them."""
    known: dict[str, str] = g.setdefault("titles", {})
    wanted = {name for name in names if name and name not in known}
    known |= {name: name for name in wanted} | dict(people.titles(wanted))


def group_title(name: str) -> str:
    """What to call a group."""
    known: dict[str, str] | None = g.get("group_titles")
    if known is None:
        known = g.group_titles = {row.name: row.title for row in people.groups()}
    return known.get(name, name)


def _context() -> dict[str, Any]:
    who = language.person()
    theme = request.cookies.get(THEME_COOKIE)
    return {
        "actor": who,
        "asset": asset,
        "counts": counts(who) if who is not None and not request.headers.get(FETCHED) else None,
        "here_with": here_with,
        "here": request.full_path.rstrip("?"),
        "language": language.current(),
        "languages": language.LANGUAGES,
        "policy": policy,
        "theme": theme if theme in THEMES else "auto",
        "csrf_field": _csrf_field,
        "csrf_value": flask_wtf.csrf.generate_csrf,
    }


def here_with(**changes: Any) -> str:
    """This address with other arguments; None takes one away."""
    kept = {name: value for name, value in request.args.items() if name != "cursor"}
    wanted = {name: value for name, value in {**kept, **changes}.items() if value not in (None, "")}
    return url_for(request.endpoint or "pages.home", **(request.view_args or {}), **wanted)


def _csrf_field() -> Markup:
    return Markup('<input type="hidden" name="csrf_token" value="{}">').format(flask_wtf.csrf.generate_csrf())


def _stale_form(error: Exception) -> Any:
    """A form of a session that has ended: say so in words, and lead on."""
    text = flask_babel.gettext(
        "This page had been open for so long that its form was no longer valid. Please try again."
    )
    if request.headers.get(FETCHED):
        return jsonify({"title": text, "detail": text, "status": 400, "reload": True}), 400
    flash(text, "bad")
    return redirect(
        auth.safe_next(request.path) or "/" if request.endpoint == "pages.sign_in" else request.referrer or "/", 303
    )


def init_app(app: Flask) -> None:
    app.context_processor(_context)
    app.jinja_env.filters["person"] = title_of
    app.jinja_env.filters["group"] = group_title
    app.jinja_env.filters["translated"] = flask_babel.gettext  # of text from elsewhere: `_()` would not escape it
    app.jinja_env.trim_blocks = True
    app.jinja_env.lstrip_blocks = True
    app.register_error_handler(flask_wtf.csrf.CSRFError, _stale_form)
