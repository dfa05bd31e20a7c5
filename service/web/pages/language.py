"""English and German: catalogs come straight from the `.po` files; nothing is compiled beforehand."""

from __future__ import annotations

import functools
import gettext
import io
from pathlib import Path

import flask_babel
from babel import support
from babel.messages import mofile, pofile
from flask import Flask, request

from service import errors, phrasebook
from service.domain import policy
from service.web import auth

LANGUAGES = {"en": "English", "de": "Deutsch"}
COOKIE = "tidegate_language"
FOLDER = Path(__file__).parents[1] / "translations"


class Catalogs(flask_babel.Domain):
    """flask-babel's domain with our catalogs in it."""

    def get_translations(self) -> support.NullTranslations:
        return catalog(current())


class Phrases(gettext.NullTranslations):
    """What the catalog of the pages does not have: the refusals and explanations of the layers below."""

    def __init__(self, language: str) -> None:
        super().__init__()
        self._language = language

    def gettext(self, message: str) -> str:
        return phrasebook.say(message, self._language)


class Babel(flask_babel.Babel):
    """flask-babel that knows no other domain."""

    domain_instance = Catalogs()


@functools.cache
def catalog(language: str) -> support.NullTranslations:
    """The translations of one language; what neither it nor the phrasebook has stays English."""
    file = FOLDER / language / "LC_MESSAGES" / "messages.po"
    if not file.exists():
        return support.NullTranslations()
    with file.open("rb") as source:
        known = pofile.read_po(source, locale=language)
    compiled = io.BytesIO()
    mofile.write_mo(compiled, known)
    compiled.seek(0)
    made = support.Translations(compiled)
    made.add_fallback(Phrases(language))
    return made


def person() -> policy.Actor | None:
    """Whoever asks, also where an error page is drawn for somebody with bad credentials."""
    try:
        return auth.actor_or_none()
    except errors.NotAuthenticated:
        return None


def current() -> str:
    """The language of this request: chosen in this browser, else the person's, the browser's own, English."""
    chosen, who = request.cookies.get(COOKIE), person()
    if chosen in LANGUAGES:
        return str(chosen)
    if who is not None and who.language in LANGUAGES:
        return who.language
    return request.accept_languages.best_match(list(LANGUAGES)) or "en"


def zone() -> str:
    """The person's time zone."""
    who = person()
    return who.zone if who is not None else "UTC"


def init_app(app: Flask) -> None:
    Babel(app, locale_selector=current, timezone_selector=zone)
