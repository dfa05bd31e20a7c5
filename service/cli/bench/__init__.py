"""`tidegate bench`: how fast this is on this machine, beside what the machine can do at all."""

from __future__ import annotations

import json
import os
import tempfile
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path
from typing import Any

import click

from service.cli.bench import house, lateness, measuring, postgres

KINDS = ("sqlite", "postgresql")
SECTIONS = ("runs", "deadlines")
GROUPS = ("ratios", "deadlines")  # figures with figures of their own, shown one a line


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object and nothing else.")
@click.option("--database", "only", type=click.Choice(KINDS), help="Measure this one only.")
@click.option("--section", type=click.Choice(SECTIONS), help="Measure this only: runs of diagrams, or deadlines.")
@click.option("--processes", type=click.IntRange(1, 64), default=1, show_default=True, help="Web server processes.")
@click.option("--quick", is_flag=True, help="A small sample, to see that the bench itself works.")
def bench(as_json: bool, only: str | None, section: str | None, processes: int, quick: bool) -> None:
    """Measure starting, completing, growth, several clients, contention and timers over HTTP, on both databases.

    Then, with two workers and a mail server: many open deadlines, a tenth of them missed within the same minute.

    The floor is a bare Flask application with one small transaction behind the same server on the same database.
    PostgreSQL comes from the test requirements, or is the one named in TIDEGATE_BENCH_POSTGRESQL_URL.
    """
    found: dict[str, Any] = {"machine": {"processors": os.cpu_count(), "load": round(os.getloadavg()[0], 2)}}
    for kind in KINDS:
        if only in (None, kind):
            found[kind] = _measure(kind, section, processes, quick=quick, quiet=as_json)
    click.echo(json.dumps(found) if as_json else _table(found))


def _measure(kind: str, section: str | None, processes: int, *, quick: bool, quiet: bool) -> dict[str, Any]:
    def say(what: str) -> None:
        if not quiet:
            click.echo(f"{kind}: {what}", err=True)

    found: dict[str, Any] = {}
    try:
        if section in (None, "runs"):
            with _place(kind) as (directory, url):
                say("starting web, worker, dispatcher")
                with house.living(directory, url, processes=processes) as living:
                    time.sleep(1)
                    found |= measuring.everything(living, measuring.QUICK if quick else measuring.Size(), say)
        if section in (None, "deadlines"):
            with _place(kind) as (directory, url):
                size = lateness.QUICK if quick else lateness.SIZES[kind]
                found["deadlines"] = lateness.measure(directory, url, size, say)
    except postgres.Missing as reason:
        return {"skipped": reason.detail}
    return found


@contextmanager
def _place(kind: str) -> Iterator[tuple[Path, str]]:
    """A folder and a fresh database."""
    with tempfile.TemporaryDirectory(prefix="tidegate-bench-") as folder, _database(kind, Path(folder)) as url:
        yield Path(folder), url


def _database(kind: str, directory: Path) -> AbstractContextManager[str]:
    if kind == "postgresql":
        return postgres.database(directory)
    return nullcontext(f"sqlite:///{directory / 'bench.sqlite3'}")


def _table(found: dict[str, Any]) -> str:
    kinds = [kind for kind in KINDS if kind in found]
    lines = [f"{'':28}" + "".join(f"{kind:>26}" for kind in kinds)]
    for group in (None, *GROUPS):
        groups = [found[kind] if group is None else found[kind].get(group, {}) for kind in kinds]
        for name in dict.fromkeys(name for one in groups for name in one if name not in GROUPS):
            lines.append(f"{name:28}" + "".join(f"{_shown(one.get(name)):>26}" for one in groups))
    return "\n".join(lines)


def _shown(value: Any) -> str:
    if isinstance(value, dict):
        return " ".join(
            f"{name} {inner}" if name in ("failed", "early", "never") else str(inner) for name, inner in value.items()
        )
    return "" if value is None else str(value)
