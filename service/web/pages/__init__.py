"""The pages: HTML for people, from the same use cases and queries as the API."""

from __future__ import annotations

from flask import Flask

from service.web.pages import (
    account,
    administration,
    announcements,
    breakdowns,
    calendars,
    categories,
    chats,
    decisions,
    deliveries,
    diagrams,
    editing,
    feeds,
    forms,
    frame,
    inbox,
    ladders,
    language,
    ledger,
    live,
    models,
    moves,
    operation,
    reaching,
    releasepolicy,
    releases,
    repairs,
    reports,
    searching,
    tasks,
    templates,
    webhooks,
    words,
)

FAMILIES = (
    account,
    administration,
    announcements,
    breakdowns,
    calendars,
    categories,
    chats,
    decisions,
    deliveries,
    diagrams,
    editing,
    feeds,
    forms,
    inbox,
    ladders,
    ledger,
    live,
    models,
    moves,
    operation,
    reaching,
    releasepolicy,
    releases,
    repairs,
    reports,
    searching,
    tasks,
    templates,
    webhooks,
)


def register(app: Flask) -> None:
    """Put the pages, their words and their languages into the application."""
    language.init_app(app)
    words.init_app(app)
    frame.init_app(app)
    live.init_app(app)
    app.register_blueprint(frame.pages)
