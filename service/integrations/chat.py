"""Chat through Apprise: which addresses may be used, how they are shown, and handing a message over."""

from __future__ import annotations

import functools
import importlib
import logging
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit

from service import errors
from service.integrations import addresses

LONGEST_URL = 2000
LONGEST_SHOWN = 200
LONGEST_WORDS = 500
FIXED = frozenset({"slack", "discord", "tgram", "gchat"})  # their services are always at the same host, a public one

# What the library writes about each call goes where we look for the words of a refusal, and nowhere else.
_log = logging.getLogger("apprise")


@functools.cache
def _apprise() -> Any:
    """The library with all its services, which takes half a second to load: only who needs it loads it."""
    return importlib.import_module("apprise")


def url_problem(url: str, allowed: Collection[str]) -> str | None:
    """Why this is no address of a chat; None where it may be one."""
    if len(url) > LONGEST_URL:
        return f"use at most {LONGEST_URL} characters"
    scheme = _scheme(url)
    if scheme not in allowed:
        return f"must begin with one of {', '.join(f'{one}://' for one in sorted(allowed))}"
    if not url.isprintable() or _made(url) is None:
        return "is not an address that Apprise understands; its documentation says how one is written for each service"
    return None


def shown(url: str) -> str:
    """The address with its secrets masked: `slack://T...A/T...B/T...C`."""
    made = _made(url)
    if made is None:
        return f"{_scheme(url)}://..."
    masked = str(made.url(privacy=True)).partition("?")[0]
    if not _is_fixed(url):  # a path may hold a secret that the library does not know as one
        scheme, _, rest = masked.partition("://")
        host, _, path = rest.partition("/")
        masked = f"{scheme}://{host}/..." if path.strip("/") else f"{scheme}://{host}"
    return masked[:LONGEST_SHOWN]


def service(url: str) -> str:
    """The name of the service."""
    made = _made(url)
    return str(made.service_name) if made is not None else _scheme(url)


def send(url: str, title: str, text: str, *, allowed: Collection[str], private: bool) -> str:
    """Hand a message over; answers what the other side said. Raises ExternalFailure."""
    problem = url_problem(url, allowed)
    if problem:
        raise errors.ExternalFailure(f"The chat address cannot be used: {problem}", transient=False)
    made = _made(url)
    if not _is_fixed(url):
        addresses.resolve(urlsplit(url).hostname or "", private=private)
    made.redirects = False  # they may lead anywhere; whatever the address asks for
    ways = _apprise().Apprise()
    ways.add(made)
    with _listening() as said:
        done = bool(ways.notify(body=text, title=title, body_format=_apprise().NotifyFormat.TEXT))
    words = " ".join(one for one in said if not one.startswith("Notifying "))[:LONGEST_WORDS]
    if not done:
        raise errors.ExternalFailure(words or "The chat service did not take it and did not say why.")
    return words or "The chat service took it."


@contextmanager
def _listening() -> Iterator[list[str]]:
    """The sentences that the library writes about one call."""
    said: list[str] = []

    class Ear(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            said.append(record.getMessage().strip())

    ear, level, passes_on = Ear(logging.INFO), _log.level, _log.propagate
    _log.addHandler(ear)
    _log.setLevel(logging.INFO)
    _log.propagate = False
    try:
        yield said
    finally:
        _log.removeHandler(ear)
        _log.setLevel(level)
        _log.propagate = passes_on


def _made(url: str) -> Any:
    with _listening():
        try:
            return _apprise().Apprise.instantiate(url, suppress_exceptions=True)
        except (TypeError, ValueError):
            return None


def _is_fixed(url: str) -> bool:
    return bool({_scheme(url), _scheme(url).removesuffix("s")} & FIXED)


def _scheme(url: str) -> str:
    return url.partition("://")[0].lower() if "://" in url else ""
