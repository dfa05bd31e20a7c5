"""`tidegate form`: checking submissions of a form."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import click

from service.bpmnio import forms
from service.cli import wiring


@click.group()
def form() -> None:
    """Forms."""


@form.command()
@click.argument("schema", type=click.Path(exists=True, dir_okay=False, readable=True, path_type=Path))
@click.option("--vars", "variables", default="{}", metavar="JSON", help="What the form's fields and expressions see.")
def check(schema: Path, variables: str) -> None:
    """Check submissions from standard input, one JSON object a line, by the rules that pages and API use.

    Prints for each a line `{"data": {...}, "errors": {field: [text, ...]}}`.
    """
    wiring.limits()
    body = _object(schema.read_text(encoding="utf-8"), str(schema))
    known = _object(variables, "--vars")
    for answer in forms.check_stream(body, known, sys.stdin):
        click.echo(json.dumps(answer, ensure_ascii=False))


def _object(text: str, name: str) -> dict[str, Any]:
    try:
        value = json.loads(text)
    except ValueError as problem:
        raise click.UsageError(f"{name} is not valid JSON: {problem}") from problem
    if not isinstance(value, dict):
        raise click.UsageError(f"{name} is not a JSON object")
    return value
