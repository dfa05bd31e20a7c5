"""Markdown that people write, as HTML that can do no harm: no HTML of theirs, no images, no links to programs."""

from __future__ import annotations

from markdown_it import MarkdownIt
from markupsafe import Markup

_PARSER = MarkdownIt("commonmark", {"html": False, "linkify": False}).enable("table").disable("image")


def render(text: str) -> Markup:
    """HTML of a text in CommonMark with tables; what is HTML in it is shown as it was typed."""
    return Markup(_PARSER.render(text))  # noqa: S704 - the parser escapes everything but what it makes itself
