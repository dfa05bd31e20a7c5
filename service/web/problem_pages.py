"""`/problems/<name>`: what each type of problem means, from the docstrings themselves."""

from __future__ import annotations

import inspect
from typing import Any

from flask import Blueprint, request
from werkzeug import exceptions

from service import errors
from service.web import access, problems

blueprint = Blueprint("problems", __name__, url_prefix="/problems")


def kinds() -> list[type[errors.ServiceError]]:
    """Every class of refusal there is, the general before the special."""
    found: list[type[errors.ServiceError]] = [errors.ServiceError]
    for kind in found:
        found.extend(kind.__subclasses__())
    return found


def _pages() -> dict[str, dict[str, Any]]:
    pages = {}
    for kind in kinds():
        text = inspect.cleandoc(kind.__doc__ or "")
        pages[problems.slug(kind)] = {
            "title": problems.title_of(kind),
            "status": problems.status_of(kind),
            "text": text,
        }
    for http in exceptions.default_exceptions.values():
        text = problems.describe(http())[0].get("detail") or "The server could not do this. It is in the log."
        pages.setdefault(problems.slug(http), {"title": http().name, "status": http.code, "text": text})
    return {slug: {"slug": slug, **page} for slug, page in pages.items()}


@blueprint.get("/")
@access.public
def index() -> Any:
    """All types of problems."""
    pages = list(_pages().values())
    if problems.for_people():
        return problems.page("problem_list.html", pages=pages, page={"title": "Problems", "text": ""})
    return {"items": [{"type": f"/problems/{page['slug']}", **page} for page in pages]}


@blueprint.get("/<slug>")
@access.public
def explain(slug: str) -> Any:
    """One type of problem; HTML unless JSON is asked for."""
    page = _pages().get(slug)
    if page is None:
        raise errors.NotFound(f"There is no type of problem named {slug}.")
    if request.accept_mimetypes.best_match(["text/html", "application/json"]) == "application/json":
        return {"type": f"/problems/{slug}", **page}
    return problems.page("problem_page.html", page=page)
