"""`tidegate lint` and `deploy`: the same check, with and without storing."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from service import errors
from service.cli import wiring
from service.domain import policy
from service.usecases.deploying import models

FILES = click.argument(
    "files", nargs=-1, required=True, type=click.Path(exists=True, dir_okay=False, readable=True, path_type=Path)
)


@click.command()
@FILES
def lint(files: tuple[Path, ...]) -> None:
    """Check diagrams, forms and decisions without a server or a database.

    Prints `file:line: element-id: code: message` for each finding. Exit code 1 if one of them is an error; forms and
    decisions that are not among the files are taken to be deployed.
    """
    wiring.limits()
    problems = models.check([(str(path), path.read_bytes()) for path in files], alone=True)
    _print(problems)
    if any(problem.severity == "error" for problem in problems):
        sys.exit(1)


@click.command()
@FILES
def deploy(files: tuple[Path, ...]) -> None:
    """Check diagrams, forms and decisions, then store a new version of each that changed; all or nothing.

    Prints kind, id, key and version of each. Findings go to standard error; exit code 1 if one of them is an error.
    """
    with wiring.application():
        try:
            made = models.deploy([(path.name, path.read_bytes()) for path in files], actor=policy.SYSTEM)
        except errors.InvalidDefinition as refused:
            _print(refused.problems, err=True)
            wiring.problem("nothing was deployed")
            sys.exit(1)
    _print(made.warnings, err=True)
    for key, process_id, version, _ in made.definitions:
        click.echo(f"definition {process_id}: key {key}, version {version}{_same(process_id, made)}")
    for key, form_id, version in made.forms:
        click.echo(f"form {form_id}: key {key}, version {version}{_same(form_id, made)}")
    for key, decision_id, version, _ in made.decisions:
        click.echo(f"decision {decision_id}: key {key}, version {version}{_same(decision_id, made)}")


def _same(name: str, made: models.Deployed) -> str:
    return " (unchanged)" if name in made.unchanged else ""


def _print(problems: list[errors.Problem], *, err: bool = False) -> None:
    for problem in sorted(problems, key=lambda one: (one.file, one.line or 0)):
        prefix = "" if problem.severity == "error" else f"{problem.severity}: "
        place = f"{problem.file}:{problem.line or 1}: {problem.element_id or '-'}: {problem.code}"
        click.echo(f"{place}: {prefix}{problem.message}", err=err)
