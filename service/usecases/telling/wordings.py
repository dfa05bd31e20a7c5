"""The texts of notices as they hold now; one that fails falls back to the shipped one, and is shown as a breakdown."""

from __future__ import annotations

import functools
import logging
from collections.abc import Collection, Mapping
from typing import Any

from service.integrations import texts
from service.storage import db
from service.storage.queries import templates as stored
from service.storage.types import Session
from service.usecases import breakdowns

log = logging.getLogger(__name__)


class Wordings:
    """Those of some kinds, looked up once; for one transaction."""

    def __init__(self, kinds: Collection[str]) -> None:
        rows = stored.current(kinds) if kinds else ()
        self._own = {(row.kind, row.language): (row.key, texts.Given(row.subject, row.body)) for row in rows}
        self._broken: dict[int, Exception] = {}

    def render(self, kind: str, language: str, zone: str, values: Mapping[str, Any]) -> tuple[str, str]:
        """Subject and body, as `texts.render`."""
        key, own = self._own.get((kind, texts.known(language)), (0, None))
        if own is not None and key not in self._broken:
            try:
                return texts.render(kind, language, zone, values, own)
            except Exception as problem:  # whatever it is, people are told in the shipped words
                log.warning("the text of %s in %s cannot be used: %s", kind, language, problem)
                self._broken[key] = problem
        return texts.render(kind, language, zone, values)

    def tell_broken(self, session: Session) -> None:
        """Show what failed among the breakdowns, once the transaction is committed."""
        for key, problem in self._broken.items():
            db.after_commit(session, functools.partial(breakdowns.keep, breakdowns.TEMPLATES, key, problem))
