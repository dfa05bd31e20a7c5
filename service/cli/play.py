"""`tidegate play`: a diagram run in memory."""

from __future__ import annotations

import sys

import click

from service.cli import wiring
from service.usecases.play import play as playing

FILE = click.Path(dir_okay=False)


@click.command()
@click.argument("file", type=FILE)
@click.option("--process", metavar="ID", help="Only this process; else every one that starts by itself.")
@click.option("--auto", is_flag=True, help="Complete tasks, answer jobs, approve approvals, let timers pass.")
@click.option("--values", metavar="FILE", type=FILE, help="JSON: values to complete tasks with, by element id.")
@click.option(
    "--jobs",
    metavar="FILE",
    type=FILE,
    help='JSON: answers to jobs by element id or type: {"variables": {}}, {"error": CODE} or {"fail": TEXT}.',
)
@click.option("--facts", metavar="FILE", type=FILE, help="JSON: facts of the record; default: a valid empty one.")
@click.option(
    "--events",
    metavar="FILE",
    type=FILE,
    help="JSON: messages that come, [{at or after_element, message, variables}].",
)
@click.option(
    "--decisions",
    metavar="FILE",
    type=FILE,
    multiple=True,
    help="A .dmn file with decisions that are called; default: those beside the diagram. May be repeated.",
)
@click.option("--vars", "variables", metavar="JSON", help="Variables to start with.")
@click.option("--max-steps", type=click.IntRange(1), default=1000, show_default=True, help="Stop after so many.")
def play(
    file: str,
    process: str | None,
    auto: bool,
    values: str | None,
    jobs: str | None,
    facts: str | None,
    events: str | None,
    decisions: tuple[str, ...],
    variables: str | None,
    max_steps: int,
) -> None:
    """Run a diagram in memory under a virtual clock, and print what happens, one JSON object a line.

    Working time is Monday to Friday from nine to five in UTC: a play has no service, and knows no calendars.

    Exit code 0: completed. 1: refused, with the problems. 3: stuck, at the first wait without --auto, or at
    --max-steps; the last line says where and why.
    """
    wiring.limits()
    options = playing.Options(
        file=file,
        process=process,
        auto=auto,
        values=values,
        jobs=jobs,
        facts=facts,
        events=events,
        variables=variables,
        max_steps=max_steps,
        decisions=decisions,
    )
    sys.exit(playing.run(options, sys.stdout))
