"""Forms: checking submissions by form-js' own rules without a browser, and schemas before deployment."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from service import errors
from service.bpmnio import bounds, feel, feelvalues, formscript
from service.bpmnio.formscript import FormInvalid, FormLimit

__all__ = ["FormInvalid", "FormLimit"]

SAFE_KEY = re.compile(r"[^\W\d]\w*")
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")
UNSAFE_KEYS = frozenset({"__proto__", "constructor", "prototype", "toString", "valueOf", "hasOwnProperty"})
UNARY_TESTS = (("conditional", "hide"), ("readonly",))
EXPRESSIONS = (
    ("expression",),
    ("valuesExpression",),
    ("dataSource",),
    ("columnsExpression",),
    ("label",),
    ("description",),
    ("text",),
    ("source",),
    ("alt",),
    ("validate", "min"),
    ("validate", "max"),
    ("validate", "minLength"),
    ("validate", "maxLength"),
)
MAX_NESTING = 20


@dataclass(frozen=True)
class Checked:
    """What a form makes of a submission. Paths are dotted (`address.city`, `items.0.name`).

    Refuse it if `errors` has anything. Store `values`: no hidden, disabled or unknown key is in it, read-only fields
    keep what they had, calculated fields that were not sent are calculated. `data` is what form-js itself would submit,
    where calculated fields that were not sent are null.
    """

    data: dict[str, Any]
    values: dict[str, Any]
    errors: dict[str, list[str]]
    hidden: tuple[str, ...] = ()
    readonly: tuple[str, ...] = ()
    tampered: tuple[str, ...] = ()
    """Read-only or calculated fields that came with another value; each has its error."""
    changed: tuple[str, ...] = ()
    """Fields whose value form-js cleaned: a number as text, an option that does not exist (now null)."""
    unknown: tuple[str, ...] = ()

    @property
    def ok(self) -> bool:
        return not self.errors


def check(
    schema: Mapping[str, Any],
    variables: Mapping[str, Any],
    submitted: Mapping[str, Any],
    *,
    now: datetime | None = None,
) -> Checked:
    """Check a submission as form-js would in the browser that showed the form over `variables`.

    A field that was not sent keeps its variable. Raises FormInvalid if the schema cannot be shown, InvalidInput if the
    submission is too large or nested too deeply, FormLimit if the form is too expensive.
    """
    sent = _text(submitted)
    known = json.dumps(feelvalues.plain(dict(variables)), default=_json)
    moment = (now or datetime.now(UTC)).timestamp() * 1000
    answer = formscript.ask("forms.check", formscript.schema_text(schema), known, sent, moment)
    lists = {name: tuple(answer[name]) for name in ("hidden", "readonly", "tampered", "changed", "unknown")}
    return Checked(answer["data"], answer["values"], answer["errors"], **lists)


def check_stream(
    schema: Mapping[str, Any], variables: Mapping[str, Any], lines: Iterable[str], *, now: datetime | None = None
) -> Iterator[dict[str, Any]]:
    """Check submissions, one JSON object a line: `{"data": {...}, "errors": {path: [text, ...]}}` for each.

    A line that is no object has its error under the key `""`. Empty lines are left out.
    """
    for line in lines:
        if not line.strip():
            continue
        try:
            submitted = json.loads(line)
        except (ValueError, RecursionError):
            submitted = None
        if not isinstance(submitted, dict):
            yield {"data": {}, "errors": {"": ["This is not a JSON object."]}}
            continue
        try:
            checked = check(schema, variables, submitted, now=now)
        except errors.InvalidInput as refusal:
            yield {"data": {}, "errors": refusal.errors}
            continue
        except FormLimit as refusal:
            yield {"data": {}, "errors": {"": [refusal.detail]}}
            continue
        yield {"data": checked.data, "errors": checked.errors}


def _text(submitted: Mapping[str, Any]) -> str:
    allowed = bounds.current()
    if _depth(submitted, allowed.nesting) > allowed.nesting:
        limit = bounds.setting("nesting")
        raise errors.InvalidInput({"": [f"The values are nested more than {allowed.nesting} levels deep ({limit})."]})
    try:
        text = json.dumps(submitted, allow_nan=False)
    except (TypeError, ValueError, RecursionError) as error:
        raise errors.InvalidInput({"": [f"The values are not JSON: {error}"]}) from None
    if len(text) > allowed.value_bytes:
        most = f"at most {allowed.value_bytes} are allowed ({bounds.setting('value_bytes')})"
        raise errors.InvalidInput({"": [f"The values have {len(text)} characters; {most}."]})
    return text


def _depth(value: Any, most: int) -> int:
    """How deep a value is nested. Raises InvalidInput for texts that no database can store."""
    depth, level = 0, [value]
    while level and depth <= most:
        depth += 1
        inner: list[Any] = []
        for each in level:
            if isinstance(each, Mapping):
                inner.extend(each)
                inner.extend(each.values())
            elif isinstance(each, list):
                inner.extend(each)
            elif isinstance(each, str) and _UNSTORABLE.search(each):
                raise errors.InvalidInput({"": ["The values contain characters that cannot be stored."]})
        level = inner
    return depth


def _json(value: Any) -> Any:
    if isinstance(value, Mapping):
        return dict(value)
    return str(value)


@dataclass(frozen=True)
class Problem:
    """One thing wrong with a schema: the component's id, the property, a stable code, what to do."""

    element_id: str | None
    property: str
    code: str
    message: str
    severity: str = "error"


@dataclass(frozen=True)
class Field:
    """A field that holds a value. `path` is dotted, with `[]` for each list it repeats in (`items.[].name`)."""

    path: str
    key: str
    type: str
    id: str | None
    label: str
    properties: dict[str, Any] = field(default_factory=dict)
    required: bool = False
    schema: dict[str, Any] = field(default_factory=dict, repr=False, compare=False)


def fields(schema: Mapping[str, Any]) -> list[Field]:
    """The fields that hold values, in the order of the form, with their custom properties (`tidegate.record`)."""
    kinds = formscript.types()
    found = []
    for component, above in _components(schema, kinds):
        kind = str(component.get("type"))
        if kinds.get(kind, {}).get("keyed") and isinstance(component.get("key"), str):
            validate, properties = component.get("validate"), component.get("properties")
            found.append(
                Field(
                    path=".".join([*above, component["key"]]),
                    key=component["key"],
                    type=kind,
                    id=component.get("id"),
                    label=str(component.get("label") or component["key"]),
                    properties=dict(properties) if isinstance(properties, dict) else {},
                    required=bool(validate.get("required")) if isinstance(validate, dict) else False,
                    schema=component,
                )
            )
    return found


def problems(schema: Any) -> list[Problem]:
    """What would not work in this form: unknown types, missing, doubled or unsafe keys, expressions, patterns."""
    if not isinstance(schema, dict):
        return [Problem(None, "", "FORM_NOT_AN_OBJECT", "A form is a JSON object; export it from the form editor.")]
    if not isinstance(schema.get("components"), list):
        return [Problem(None, "components", "FORM_NO_COMPONENTS", 'The form has no list of "components".')]
    found = list(_schema_problems(schema))
    if not any(problem.severity == "error" for problem in found):
        refusal = formscript.opening_problem(schema)
        if refusal:
            found.append(Problem(None, "", "FORM_NOT_SHOWABLE", refusal))
    return found


def _components(
    schema: Mapping[str, Any], kinds: Mapping[str, Mapping[str, bool]], above: tuple[str, ...] = (), depth: int = 0
) -> Iterator[tuple[dict[str, Any], tuple[str, ...]]]:
    inside = schema.get("components")
    for component in inside if isinstance(inside, list) and depth < MAX_NESTING else []:
        if not isinstance(component, dict):
            continue
        yield component, above
        kind = kinds.get(str(component.get("type")), {})
        path = component.get("path") if kind.get("pathed") else None
        own = (path,) if isinstance(path, str) and path else ()
        repeated = ("[]",) if own and kind.get("repeatable") and component.get("isRepeating") else ()
        yield from _components(component, kinds, (*above, *own, *repeated), depth + 1)


def _schema_problems(schema: dict[str, Any]) -> Iterator[Problem]:
    kinds = formscript.types()
    if not isinstance(schema.get("id"), str) or not schema["id"]:
        yield Problem(None, "id", "FORM_NO_ID", 'The form has no "id"; user tasks refer to it.')
    seen: dict[str, str | None] = {}
    for component, above in _components(schema, kinds):
        kind = kinds.get(str(component.get("type")))
        if kind is None or component.get("type") == "default":
            yield _problem(component, "type", "FORM_UNKNOWN_TYPE", f'There is no field type "{component.get("type")}".')
            continue
        if kind["keyed"]:
            yield from _key_problems(component, "key", above, seen)
        elif kind["pathed"] and (component.get("path") or kind["repeatable"]):
            yield from _key_problems(component, "path", above, {} if not kind["repeatable"] else seen)
        yield from _expression_problems(component)
        yield from _pattern_problems(component)


def _key_problems(
    component: dict[str, Any], name: str, above: tuple[str, ...], seen: dict[str, str | None]
) -> Iterator[Problem]:
    key = component.get(name)
    if not isinstance(key, str) or not key.strip():
        yield _problem(component, name, "FORM_NO_KEY", f"The field has no {name}, so its value has no name.")
        return
    for part in key.split("."):
        if part in UNSAFE_KEYS or part.startswith("__"):
            yield _problem(component, name, "FORM_UNSAFE_KEY", f'"{part}" cannot be a key.')
        elif not SAFE_KEY.fullmatch(part):
            message = f'The key "{part}" is no name: begin with a letter, go on with letters, digits and _.'
            yield _problem(component, name, "FORM_BAD_KEY", message)
    path = ".".join([*above, key])
    if path in seen:
        yield _problem(component, name, "FORM_DOUBLE_KEY", f'The key "{path}" is used by another field too.')
    seen[path] = component.get("id")


def _expression_problems(component: dict[str, Any]) -> Iterator[Problem]:
    for places, unary_tests in ((UNARY_TESTS, True), (EXPRESSIONS, False)):
        for place in places:
            text = _at(component, place)
            if not isinstance(text, str) or not text.startswith("="):
                continue
            checked = feel.check(text[1:], unary_tests=unary_tests, in_form=True)
            for problem in checked.problems:
                message = f"{text}: {problem.message} (character {problem.position + 2})"
                yield _problem(component, ".".join(place), f"FORM_FEEL_{problem.code}", message)
    if component.get("type") == "expression" and not str(component.get("expression") or "").startswith("="):
        yield _problem(component, "expression", "FORM_NO_EXPRESSION", "A calculated field needs an expression: = a + b")


def _pattern_problems(component: dict[str, Any]) -> Iterator[Problem]:
    pattern = _at(component, ("validate", "pattern"))
    if pattern is None or pattern == "":
        return
    refusal = "It is not a text." if not isinstance(pattern, str) else formscript.pattern_problem(pattern)
    if refusal:
        yield _problem(
            component, "validate.pattern", "FORM_BAD_PATTERN", f"The pattern {pattern} is unusable: {refusal}"
        )


def _at(component: dict[str, Any], place: tuple[str, ...]) -> Any:
    value: Any = component
    for name in place:
        value = value.get(name) if isinstance(value, dict) else None
    return value


def _problem(component: dict[str, Any], name: str, code: str, message: str) -> Problem:
    label = component.get("label") or component.get("key") or component.get("type")
    return Problem(component.get("id"), name, code, f"{label}: {message}")
