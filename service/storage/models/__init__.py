"""The tables, by subject. Pure declarations: queries live in `storage.queries`, rules in `domain`."""

from service.storage.models import (
    announcements,
    base,
    calendars,
    definitions,
    feeds,
    instances,
    ledger,
    messages,
    migrations,
    notices,
    people,
    reaching,
    releases,
    untold,
    webhooks,
)

__all__ = [
    "announcements",
    "base",
    "calendars",
    "definitions",
    "feeds",
    "instances",
    "ledger",
    "messages",
    "migrations",
    "notices",
    "people",
    "reaching",
    "releases",
    "untold",
    "webhooks",
]
