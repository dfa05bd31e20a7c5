"""The German catalog has every text of the pages, with the same placeholders."""

from __future__ import annotations

import re
from pathlib import Path

from babel.messages import extract, frontend, pofile

WEB = Path(__file__).parents[2] / "service" / "web"
KEYWORDS = {**extract.DEFAULT_KEYWORDS, "_l": None, "lazy_gettext": None}


def _texts() -> set[str | tuple[str, ...]]:
    with (WEB / "translations" / "babel.cfg").open() as file:
        methods, options = frontend.parse_mapping_cfg(file)
    found = extract.extract_from_dir(str(WEB), methods, options, keywords=KEYWORDS)
    return {message for _file, _line, message, _comments, _context in found}


def test_every_text_of_the_pages_has_a_german_one() -> None:
    with (WEB / "translations" / "de" / "LC_MESSAGES" / "messages.po").open("rb") as file:
        catalog = pofile.read_po(file, locale="de")
    known = {message.id: message.string for message in catalog if message.id and message.string and not message.fuzzy}
    missing = sorted(str(text) for text in _texts() if text not in known)
    assert missing == []


def test_placeholders_are_the_same_in_german() -> None:
    with (WEB / "translations" / "de" / "LC_MESSAGES" / "messages.po").open("rb") as file:
        catalog = pofile.read_po(file, locale="de")
    for message in catalog:
        if not message.id:
            continue
        ids = [message.id] if isinstance(message.id, str) else list(message.id)
        strings = [message.string] if isinstance(message.string, str) else list(message.string or ())
        for one, other in zip(ids, strings, strict=True):
            holes = [sorted(re.findall(r"%\(\w+\)[sd]|\{\}", text)) for text in (one, other)]
            assert holes[0] == holes[1], one
