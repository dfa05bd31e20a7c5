"""Search over releases and tasks."""

from __future__ import annotations

from typing import Any

from flask import redirect, request, url_for

from service.storage.queries import releases, tasks
from service.web import access, auth, numbers
from service.web.pages import frame

pages = frame.pages

MOST = 25


@pages.get("/search")
@access.signed_in
def search() -> Any:
    who = auth.actor()
    text = request.args.get("q", "").strip()
    if _is_number(text) and releases.get(int(text[2:])) is not None and releases.may_see(who, int(text[2:])):
        return redirect(url_for("pages.release", number=int(text[2:])))
    found_releases = releases.listing(who, q=text, limit=MOST)[0] if text else []
    found_tasks = tasks.listing(who, q=text, state=None, limit=MOST)[0] if text else []
    frame.learn_titles(row.assignee for row in found_tasks)
    return frame.show("search.html", q=text, releases=found_releases, tasks=found_tasks, most=MOST)


def _is_number(text: str) -> bool:
    """R-12 leads straight to its release."""
    return (
        text[:2].upper() == "R-"
        and len(text) <= 12
        and text[2:].isdecimal()
        and 0 < int(text[2:]) <= numbers.LARGEST_NUMBER
    )
