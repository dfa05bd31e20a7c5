"""Schemas before deployment: what would not work, and the fields that a form has."""

from typing import Any

import pytest

from service.bpmnio import forms


def text(key: Any, **more: Any) -> dict[str, Any]:
    return {"type": "textfield", "id": f"id_{key}", "key": key, "label": "Text", **more}


def form(*components: Any) -> dict[str, Any]:
    return {"type": "default", "id": "f", "components": list(components)}


@pytest.mark.parametrize(
    ("schema", "code"),
    [
        ([], "FORM_NOT_AN_OBJECT"),
        ({"type": "default", "id": "f"}, "FORM_NO_COMPONENTS"),
        ({"type": "default", "components": []}, "FORM_NO_ID"),
        ({"id": "f", "components": []}, "FORM_NOT_SHOWABLE"),
        (form({"type": "nope", "id": "x"}), "FORM_UNKNOWN_TYPE"),
        (form({"type": "textfield", "id": "x"}), "FORM_NO_KEY"),
        (form(text("a"), text("a") | {"id": "other"}), "FORM_DOUBLE_KEY"),
        (form(text("__proto__")), "FORM_UNSAFE_KEY"),
        (form(text("a.constructor.b")), "FORM_UNSAFE_KEY"),
        (form(text("two words")), "FORM_BAD_KEY"),
        (form(text("a", conditional={"hide": "=b ="})), "FORM_FEEL_SYNTAX"),
        (form(text("a", readonly="=frob(b)")), "FORM_FEEL_UNKNOWN_FUNCTION"),
        (form(text("a", validate={"minLength": "=1 +"})), "FORM_FEEL_SYNTAX"),
        (form(text("a", validate={"pattern": "(["})), "FORM_BAD_PATTERN"),
        (form({"type": "expression", "id": "e", "key": "e"}), "FORM_NO_EXPRESSION"),
        (form(text("a") | {"id": "same"}, text("b") | {"id": "same"}), "FORM_NOT_SHOWABLE"),
        (form({"type": "group", "id": "g", "components": [text("a", readonly="=1 +")]}), "FORM_FEEL_SYNTAX"),
    ],
)
def test_a_schema_that_would_not_work_has_a_problem(schema: Any, code: str) -> None:
    assert code in [problem.code for problem in forms.problems(schema)]


def test_a_good_schema_has_none() -> None:
    schema = form(
        text("a", conditional={"hide": '=b = "x"'}, readonly="=c", validate={"pattern": "^v"}),
        {"type": "text", "id": "t", "text": "# Hello {{name}}"},
        {"type": "group", "id": "g", "path": "g", "components": [text("a") | {"id": "ga"}]},
        {"type": "group", "id": "h", "path": "g", "components": [text("b") | {"id": "gb"}]},
        {"type": "number", "id": "n", "key": "n", "validate": {"min": "=lowest"}},
    )
    assert forms.problems(schema) == []


def test_fields_have_paths_labels_and_properties() -> None:
    schema = form(
        text("a", properties={"tidegate.record": "release.training"}, validate={"required": True}),
        {"type": "separator", "id": "s"},
        {
            "type": "dynamiclist",
            "id": "l",
            "path": "items",
            "isRepeating": True,
            "components": [{"type": "group", "id": "g", "path": "in", "components": [text("name")]}],
        },
    )
    first, second = forms.fields(schema)
    assert (first.path, first.type, first.label, first.required) == ("a", "textfield", "Text", True)
    assert first.properties == {"tidegate.record": "release.training"}
    assert second.path == "items.[].in.name"


def test_every_type_of_form_js_is_known() -> None:
    assert {"textfield", "number", "checkbox", "dynamiclist", "filepicker"} <= set(forms.formscript.types())
