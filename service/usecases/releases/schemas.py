"""Form schemas by key, and a submission checked against one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from service import errors
from service.bpmnio import forms as formjs
from service.storage.queries import forms
from service.usecases.context import peeking
from service.usecases.releases import records


def of(form_key: int) -> Mapping[str, Any]:
    """The schema of one deployed version."""
    row = forms.by_key(form_key)
    if row is None:
        raise errors.NotFound(f"There is no form with the key {form_key}.")
    return row.body


def check(
    form_key: int, instance_key: int, ref: str | None, values: Mapping[str, Any]
) -> tuple[dict[str, Any], dict[str, Any]]:
    """The variables and the recorded facts of a submission; raises InvalidInput with the fields."""
    schema = of(form_key)
    data = records.shown(schema, peeking.form_data(instance_key, ref))
    answer = formjs.check(schema, data, dict(values))
    found = {field: list(texts) for field, texts in answer.errors.items()}
    found |= {field: ["is not a field of this form"] for field in answer.unknown}
    if found:
        raise errors.InvalidInput(found)
    recorded, checked = records.split(schema, answer.values)
    return checked, recorded
