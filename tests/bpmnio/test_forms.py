"""Submissions checked without a browser: conditions, read-only, calculated, repeated and hidden fields, limits."""

import os
import threading
from datetime import UTC, datetime
from typing import Any

import pytest

from service import errors
from service.bpmnio import forms


def form(*components: dict[str, Any]) -> dict[str, Any]:
    return {"type": "default", "id": "f", "schemaVersion": 18, "components": list(components)}


SCHEMA = form(
    {
        "type": "radio",
        "id": "d",
        "key": "decision",
        "label": "Decision",
        "values": [{"label": "Yes", "value": "yes"}, {"label": "No", "value": "no"}],
        "validate": {"required": True},
    },
    {
        "type": "textarea",
        "id": "r",
        "key": "reason",
        "label": "Reason",
        "validate": {"required": True, "minLength": 5},
        "conditional": {"hide": '=decision != "no"'},
    },
    {"type": "number", "id": "n", "key": "risk.score", "validate": {"min": "=lowest", "max": 10}, "decimalDigits": 0},
    {"type": "textfield", "id": "m", "key": "mail", "validate": {"validationType": "email"}},
    {"type": "textfield", "id": "p", "key": "tag", "validate": {"pattern": "^v[0-9]+$"}},
    {"type": "textfield", "id": "ro", "key": "owner", "readonly": "=locked"},
    {"type": "textfield", "id": "di", "key": "fixed", "disabled": True},
    {"type": "select", "id": "s", "key": "env", "valuesExpression": "=environments"},
    {"type": "datetime", "id": "dt", "key": "when", "subtype": "date", "dateLabel": "When"},
    {"type": "expression", "id": "e", "key": "total", "expression": "=risk.score * 2", "computeOn": "change"},
    {
        "type": "dynamiclist",
        "id": "l",
        "path": "items",
        "isRepeating": True,
        "components": [
            {"type": "textfield", "id": "li", "key": "name", "validate": {"required": True}},
            {
                "type": "textfield",
                "id": "lj",
                "key": "why",
                "validate": {"required": True},
                "conditional": {"hide": '=this.name = "ok"'},
            },
        ],
    },
    {
        "type": "group",
        "id": "g",
        "path": "extra",
        "conditional": {"hide": "=locked = false"},
        "components": [{"type": "textfield", "id": "gi", "key": "x", "validate": {"maxLength": 3}}],
    },
)
VARIABLES = {"lowest": 3, "locked": True, "owner": "ann", "fixed": "F", "environments": ["dev", "prod"]}
GOOD = {
    "decision": "yes",
    "risk": {"score": 5},
    "mail": "a@b.co",
    "tag": "v1",
    "env": "dev",
    "when": "2030-01-02",
    "items": [{"name": "ok"}, {"name": "bad", "why": "x"}],
    "extra": {"x": "ab"},
}


def check(changes: dict[str, Any] | None = None, variables: dict[str, Any] | None = None) -> forms.Checked:
    return forms.check(SCHEMA, VARIABLES | (variables or {}), GOOD | (changes or {}))


def test_a_good_submission_is_stored_as_the_form_has_it() -> None:
    checked = check()
    assert checked.errors == {}
    assert checked.values == {
        "decision": "yes",
        "risk": {"score": 5},
        "mail": "a@b.co",
        "tag": "v1",
        "owner": "ann",
        "env": "dev",
        "when": "2030-01-02",
        "total": 10,
        "items": [{"name": "ok"}, {"name": "bad", "why": "x"}],
        "extra": {"x": "ab"},
    }
    assert checked.data == checked.values | {"total": None}


@pytest.mark.parametrize(
    ("changes", "field", "text"),
    [
        ({"decision": None}, "decision", "Field is required."),
        ({"decision": "maybe"}, "decision", "Field is required."),
        ({"decision": "no"}, "reason", "Field is required."),
        ({"decision": "no", "reason": "abc"}, "reason", "Field must have minimum length of 5."),
        ({"risk": {"score": 2}}, "risk.score", "Field must have minimum value of 3."),
        ({"risk": {"score": 11}}, "risk.score", "Field must have maximum value of 10."),
        ({"risk": {"score": 3.5}}, "risk.score", "Value is expected to be an integer."),
        ({"risk": {"score": "abc"}}, "risk.score", "Value is not usable here."),
        ({"mail": "x"}, "mail", "Field must be a valid email."),
        ({"tag": "q"}, "tag", "Field must match pattern ^v[0-9]+$."),
        ({"env": "moon"}, "env", "Value is not one of the allowed options."),
        ({"env": {"a": 1}}, "env", "Value is not one of the allowed options."),
        ({"when": "tomorrow"}, "when", "Value is not usable here."),
        ({"mail": {"a": 1}}, "mail", "Value is not usable here."),
        ({"owner": "eve"}, "owner", "Field is read-only."),
        ({"total": 11}, "total", "Field is calculated by the form."),
        ({"items": [{"name": "bad"}]}, "items.0.why", "Field is required."),
        ({"items": [{"name": "ok"}, {"why": "q"}]}, "items.1.name", "Field is required."),
        ({"extra": {"x": "abcd"}}, "extra.x", "Field must have maximum length of 3."),
    ],
)
def test_a_bad_value_is_refused_with_its_field(changes: dict[str, Any], field: str, text: str) -> None:
    checked = check(changes)
    assert not checked.ok
    assert text in checked.errors[field]


def test_what_is_hidden_disabled_or_unknown_is_not_stored() -> None:
    checked = check({"reason": "smuggled", "fixed": "Z", "isAdmin": True, "__proto__": {"x": 1}})
    assert checked.errors == {}
    assert {"reason", "fixed", "isAdmin", "__proto__"}.isdisjoint(checked.values)
    assert checked.hidden == ("reason", "items.0.why")
    assert set(checked.unknown) == {"isAdmin", "__proto__"}


def test_a_hidden_group_hides_its_fields() -> None:
    checked = check({"owner": "bob"}, {"locked": False})
    assert checked.errors == {}
    assert "extra" not in checked.values
    assert checked.values["owner"] == "bob"
    assert "extra.x" in checked.hidden


def test_a_value_smuggled_into_a_hidden_row_is_not_stored() -> None:
    checked = check({"items": [{"name": "ok", "why": "smuggled"}]})
    assert checked.values["items"] == [{"name": "ok"}]


def test_a_read_only_value_may_come_back_unchanged() -> None:
    assert check({"owner": "ann", "total": 10}).ok


def test_a_field_that_was_not_sent_keeps_its_variable() -> None:
    checked = forms.check(SCHEMA, VARIABLES | {"mail": "old@b.co"}, {"decision": "yes", "items": []})
    assert checked.values["mail"] == "old@b.co"


def test_cleaned_values_are_told() -> None:
    checked = check({"mail": None, "tag": 7})
    assert checked.changed == ("mail", "tag")


def test_the_time_of_a_calculated_field_is_the_servers() -> None:
    schema = form({"type": "expression", "id": "e", "key": "at", "expression": "=string(now())"})
    moment = datetime(2026, 3, 1, 12, tzinfo=UTC)
    checked = forms.check(schema, {}, {"at": "1999-01-01T00:00:00"}, now=moment)
    assert checked.errors == {}
    assert checked.values["at"].startswith("2026-03-01T12:00:00")


def test_calculated_fields_feed_conditions_and_each_other() -> None:
    schema = form(
        {"type": "textfield", "id": "t", "key": "why", "conditional": {"hide": "=e < 20"}},
        {"type": "expression", "id": "e", "key": "e", "expression": "=d + 1"},
        {"type": "expression", "id": "d", "key": "d", "expression": "=c + 1"},
        {"type": "expression", "id": "c", "key": "c", "expression": "=b + 1"},
        {"type": "expression", "id": "b", "key": "b", "expression": "=a * 2"},
        {"type": "number", "id": "a", "key": "a"},
    )
    assert forms.check(schema, {}, {"a": 4}).values == {"a": 4, "b": 8, "c": 9, "d": 10, "e": 11}
    checked = forms.check(schema, {}, {"a": 9, "why": "big"})
    assert checked.values == {"a": 9, "b": 18, "c": 19, "d": 20, "e": 21, "why": "big"}


def test_variables_may_hold_moments() -> None:
    schema = form({"type": "textfield", "id": "t", "key": "start", "readonly": True})
    checked = forms.check(schema, {"start": datetime(2026, 3, 1, tzinfo=UTC)}, {})
    assert checked.values == {"start": "2026-03-01T00:00:00+00:00"}


def test_two_forms_do_not_mix() -> None:
    one = form({"type": "textfield", "id": "t", "key": "a", "validate": {"required": True}})
    two = form({"type": "textfield", "id": "t", "key": "a"})
    for _ in range(3):
        assert forms.check(one, {}, {}).errors == {"a": ["Field is required."]}
        assert forms.check(two, {}, {}).errors == {}
        assert forms.check(one, {}, {"a": "x"}).values == {"a": "x"}


def test_a_schema_that_cannot_be_shown_is_refused() -> None:
    with pytest.raises(forms.FormInvalid, match="nope"):
        forms.check(form({"type": "nope", "id": "x"}), {}, {})


def test_a_pattern_that_never_ends_is_stopped_and_the_next_check_works() -> None:
    schema = form({"type": "textfield", "id": "t", "key": "a", "validate": {"pattern": "^(a+)+$"}})
    with pytest.raises(forms.FormLimit):
        forms.check(schema, {}, {"a": "a" * 60 + "!"})
    assert forms.check(schema, {}, {"a": "aa"}).ok


def test_a_submission_nested_without_end_or_too_large_is_refused() -> None:
    nested: Any = "x"
    for _ in range(2000):
        nested = [nested]
    with pytest.raises(errors.InvalidInput, match="nested"):
        check({"tag": nested})
    with pytest.raises(errors.InvalidInput, match="characters"):
        check({"tag": "x" * 2_000_000})


@pytest.mark.parametrize("text", ["a\0b", "\ud800"])
def test_texts_that_no_database_can_store_are_refused(text: str) -> None:
    for submitted in ({"tag": text}, {text: 1}, {"items": [{"name": text}]}):
        with pytest.raises(errors.InvalidInput, match="cannot be stored"):
            check(submitted)


def test_a_stream_answers_line_by_line() -> None:
    schema = form({"type": "textfield", "id": "t", "key": "a", "validate": {"required": True}})
    lines = ['{"a": "1"}', "", "{}", "[1]", "nonsense"]
    assert list(forms.check_stream(schema, {}, lines)) == [
        {"data": {"a": "1"}, "errors": {}},
        {"data": {"a": ""}, "errors": {"a": ["Field is required."]}},
        {"data": {}, "errors": {"": ["This is not a JSON object."]}},
        {"data": {}, "errors": {"": ["This is not a JSON object."]}},
    ]


def test_threads_and_forked_children_check_for_themselves() -> None:
    results: list[bool] = []
    threads = [threading.Thread(target=lambda: results.append(check().ok)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert results == [True] * 4
    child = os.fork()
    if child == 0:
        os._exit(0 if check().ok else 1)
    _, status = os.waitpid(child, 0)
    assert status == 0
