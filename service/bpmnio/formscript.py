"""form-js in the embedded engine: one door for everything that is asked of it, with its limits."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from service import errors
from service.bpmnio import bounds, scripts


class FormInvalid(errors.ServiceError):
    """The schema is not one of a form."""


class FormLimit(errors.LimitExceeded):
    """A form took too much time or memory to check."""


_bundle = scripts.Bundle("forms")


def opening_problem(schema: Mapping[str, Any]) -> str | None:
    """Why form-js cannot show this schema; None if it can."""
    try:
        ask("forms.open", schema_text(schema))
    except (FormInvalid, FormLimit) as refusal:
        return refusal.detail
    return None


def pattern_problem(pattern: str) -> str | None:
    """Why a validation pattern is no regular expression of JavaScript; None if it is."""
    problem: str | None = _bundle.ask("forms.pattern", pattern, seconds=_seconds()).get("problem")
    return problem


def types() -> dict[str, dict[str, bool]]:
    """The kinds of fields that form-js has: type -> {keyed, pathed, repeatable}."""
    answer: dict[str, dict[str, bool]] = _bundle.ask("forms.types", seconds=_seconds())
    return answer


def schema_text(schema: Mapping[str, Any]) -> str:
    """The schema as the engine knows it again. Raises FormInvalid for what is no JSON object of reasonable size."""
    try:
        text = json.dumps(schema, sort_keys=True, allow_nan=False)
    except (TypeError, ValueError, RecursionError) as error:
        raise FormInvalid(f"The schema is not JSON: {error}") from None
    most = bounds.current().form_bytes
    if len(text) > most:
        limit = bounds.setting("form_bytes")
        raise FormInvalid(f"The schema has {len(text)} characters; at most {most} are allowed ({limit}).")
    return text


def _seconds() -> float:
    return bounds.current().form_ms / 1000


def ask(function: str, *args: str | float) -> dict[str, Any]:
    try:
        answer: dict[str, Any] = bounds.measured(lambda: _bundle.ask(function, *args, seconds=_seconds()))
    except scripts.ScriptLimit as limit:
        name = bounds.setting("form_ms" if limit.facts.get("limit") == "time" else "expression_bytes")
        raise FormLimit(f"The form is too expensive to check. {limit.detail} ({name})") from None
    except bounds.TooMuchEffort as exhausted:
        raise FormLimit(f"The form is too expensive to check. {exhausted.detail}") from None
    except scripts.ScriptBroken as broken:
        raise FormInvalid(f"The form cannot be shown: {broken.detail}") from None
    if "schemaError" in answer:
        raise FormInvalid(f"The form cannot be shown: {answer['schemaError']}")
    return answer
