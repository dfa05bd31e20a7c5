"""Refusals and explanations have a German text, found from the English one with its names and numbers in it."""

from __future__ import annotations

import re
import time
from pathlib import Path

import pytest
from babel.messages import catalog, extract, frontend, pofile

from service import phrasebook
from service.integrations import texts

ROOT = Path(__file__).parents[2]


def _sentences() -> dict[str, str]:
    """Each sentence of the layers below the pages, with where it is."""
    with (phrasebook.FOLDER / "babel.cfg").open() as file:
        methods, options = frontend.parse_mapping_cfg(file)
    walk = extract.extract_from_dir(str(ROOT), methods, options, directory_filter=_is_ours)
    return {text: f"{file}:{line}" for file, line, text, _comments, _context in walk}


def _is_ours(folder: str) -> bool:
    parts = Path(folder).relative_to(ROOT).parts
    return parts[0] in ("service", "frontend") and "node_modules" not in parts


def _catalog() -> catalog.Catalog:
    with (phrasebook.FOLDER / "de.po").open("rb") as file:
        return pofile.read_po(file, locale="de")


def test_every_refusal_and_explanation_has_a_german_text() -> None:
    known = {message.id for message in _catalog() if message.string and not message.context}
    missing = sorted(f"{place}: {text}" for text, place in _sentences().items() if text not in known)
    assert missing == []


def test_no_german_text_is_for_a_sentence_that_nobody_says() -> None:
    said = _sentences()
    own = (one for one in _catalog() if one.id and not one.context)
    stale = [one.id for one in own if one.id not in said and not _from_elsewhere(one)]
    assert stale == []


def _from_elsewhere(message: catalog.Message) -> bool:
    return any(comment.startswith("elsewhere:") for comment in message.auto_comments)


def test_what_is_put_in_is_put_into_the_german_text_too() -> None:
    for message in _catalog():
        if message.id:
            holes = [sorted(re.findall(r"\{(\d+)", text)) for text in (message.id, message.string)]
            assert set(holes[0]) == set(holes[1]), message.id


def test_no_sentence_is_translated_twice() -> None:
    entries = re.findall(r'^((?:msgctxt ".*"\n)?msgid ".*")$', (phrasebook.FOLDER / "de.po").read_text(), re.M)
    assert sorted(entries) == sorted(set(entries))


@pytest.mark.parametrize(
    ("english", "german"),
    [
        ("The form intake is not deployed. Deploy it together with the diagram.", "Das Formular intake ist nicht"),
        ("An assignee must be a text, this is 5.", "Ein Bearbeiter muss ein Text sein; das ist 5."),
        ("“due date” is no id.", "„due date“ ist keine Id."),
        ("An assignee is needed, but “a” gave null (a is missing).", "Ein Bearbeiter wird gebraucht, aber „a“ ergab "),
        ("name: is needed; size: use at most 5 characters", "name: ist nötig; size: verwenden Sie höchstens 5 Zeichen"),
        ("This flow's targetRef (empty) does not exist; redraw it.", "Das Ziel (leer) dieses Flusses gibt es nicht"),
        ("This is the title of somebody's release", "This is the title of somebody's release"),
        ("More than 9 tokens would be open at once (X).", "Mehr als 9 Token wären zugleich offen (X)."),
        (
            "The due date is not usable: “P3X” is not a duration. Write it in ISO 8601, like PT4H (four hours), "
            "P1D (a day), P2W (two weeks) or -P1D (a day before).",
            "Nicht brauchbar (Fälligkeitsdatum): „P3X“ ist keine Dauer. Schreiben Sie es in ISO 8601",
        ),
    ],
)
def test_a_sentence_is_known_with_what_was_put_into_it(english: str, german: str) -> None:
    assert phrasebook.say(english, "de").startswith(german)


def test_somebodys_own_words_stay_as_they_are() -> None:
    assert phrasebook.say("No condition of “is needed” holds, and there is no default flow.", "de") == (
        "Keine Bedingung von „is needed“ ist erfüllt, und es gibt keinen Standardfluss."
    )


def test_english_and_other_languages_are_left_alone() -> None:
    assert phrasebook.say("is needed", "en") == phrasebook.say("is needed", "fr") == "is needed"


@pytest.mark.parametrize("piece", ["a: (b; c. D ", "There is no ", " (x) There is. ", "“a” is ", "{0} {1}"])
def test_a_long_hostile_text_takes_no_time(piece: str) -> None:
    text = (piece * phrasebook.LONGEST)[: phrasebook.LONGEST]
    started = time.process_time()
    phrasebook.Phrasebook("de").say(text)
    assert time.process_time() - started < 2


def test_a_german_notice_says_the_reason_in_german() -> None:
    values = {
        "name": "Build",
        "release": "R-1",
        "error": "No condition of “Ready?” holds, and there is no default flow.",
    }
    _subject, body = texts.render("incident.raised", "de", "UTC", values)
    assert "Keine Bedingung von „Ready?“ ist erfüllt, und es gibt keinen Standardfluss." in body
