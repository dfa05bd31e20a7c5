"""Recorded submissions with the answers of form-js itself: what it refuses is refused, the rest is stored alike.

Beyond form-js, values are refused that nobody could have sent from the form in a browser.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from service.bpmnio import forms


@pytest.fixture(scope="module")
def recorded(shared: Path) -> list[tuple[str, dict[str, Any], dict[str, Any]]]:
    """(form, schema, case) for every recorded submission."""
    text = (shared / "forms" / "submit-oracle.dev.json").read_text(encoding="utf-8")
    return [(form["from"], form["schema"], case) for form in json.loads(text) for case in form["cases"]]


def test_what_form_js_refuses_is_refused_and_what_is_accepted_is_stored_alike(
    recorded: list[tuple[str, dict[str, Any], dict[str, Any]]],
) -> None:
    wrong, accepted = [], 0
    for form, schema, case in recorded:
        checked = forms.check(schema, {}, case["submitted"])
        accepted += checked.ok
        if checked.ok and case["errors"]:
            wrong.append((form, case["name"], "accepted", case["errors"]))
        if checked.ok and checked.data != case["data"]:
            wrong.append((form, case["name"], "stored otherwise", checked.data, case["data"]))
    assert len(recorded) == 955
    assert accepted > 290
    assert wrong == []


def test_fields_that_form_js_refuses_are_named_with_its_words(
    recorded: list[tuple[str, dict[str, Any], dict[str, Any]]],
) -> None:
    for form, schema, case in recorded:
        checked = forms.check(schema, {}, case["submitted"])
        said = {text for texts in checked.errors.values() for text in texts}
        assert _texts(case["errors"]) <= said, (form, case["name"])


def test_beyond_form_js_only_what_no_browser_could_send_is_refused(
    recorded: list[tuple[str, dict[str, Any], dict[str, Any]]],
) -> None:
    ours = {
        "Field is read-only.",
        "Field is calculated by the form.",
        "Value is not one of the allowed options.",
        "Value is not usable here.",
    }
    for form, schema, case in recorded:
        checked = forms.check(schema, {}, case["submitted"])
        said = {text for texts in checked.errors.values() for text in texts}
        assert said - _texts(case["errors"]) <= ours, (form, case["name"])


def test_keys_that_the_form_does_not_have_are_never_stored(
    recorded: list[tuple[str, dict[str, Any], dict[str, Any]]],
) -> None:
    for _form, schema, case in recorded:
        checked = forms.check(schema, {}, case["submitted"])
        assert {"isAdmin", "approved_by", "__proto__x"}.isdisjoint(checked.values)


def _texts(errors: Any) -> set[str]:
    if isinstance(errors, str):
        return {errors}
    inner = errors.values() if isinstance(errors, dict) else errors or []
    return {text for each in inner for text in _texts(each)}
