"""`tidegate bench`: how fast this is on this machine, beside what the machine can do at all."""

from __future__ import annotations

import json
import os
import tempfile
import time
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Any

import click

from service.cli.bench import house, measuring, postgres

KINDS = ("sqlite", "postgresql")


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object and nothing else.")
@click.option("--database", "only", type=click.Choice(KINDS), help="Measure this one only.")
@click.option("--processes", type=click.IntRange(1, 64), default=1, show_default=True, help="Web server processes.")
@click.option("--quick", is_flag=True, help="A small sample, to see that the bench itself works.")
def bench(as_json: bool, only: str | None, processes: int, quick: bool) -> None:
    """Measure starting, completing, growth, several clients, contention and timers over HTTP, on both databases.

    The floor is a bare Flask application with one small transaction behind the same server on the same database.
    PostgreSQL comes from the test requirements, or is the one named in TIDEGATE_BENCH_POSTGRESQL_URL.
    """
    size = measuring.QUICK if quick else measuring.Size()
    found: dict[str, Any] = {"machine": {"processors": os.cpu_count(), "load": round(os.getloadavg()[0], 2)}}
    for kind in KINDS:
        if only in (None, kind):
            found[kind] = _measure(kind, size, processes, quiet=as_json)
    click.echo(json.dumps(found) if as_json else _table(found))


def _measure(kind: str, size: measuring.Size, processes: int, *, quiet: bool) -> dict[str, Any]:
    def say(what: str) -> None:
        if not quiet:
            click.echo(f"{kind}: {what}", err=True)

    with tempfile.TemporaryDirectory(prefix="tidegate-bench-") as folder:
        directory = Path(folder)
        try:
            with _database(kind, directory) as url:
                say("starting web, worker, dispatcher")
                with house.living(directory, url, processes) as living:
                    time.sleep(1)
                    return measuring.everything(living, size, say)
        except postgres.Missing as reason:
            return {"skipped": reason.detail}


def _database(kind: str, directory: Path) -> AbstractContextManager[str]:
    if kind == "postgresql":
        return postgres.database(directory)
    return nullcontext(f"sqlite:///{directory / 'bench.sqlite3'}")


def _table(found: dict[str, Any]) -> str:
    lines = [f"{'':22}" + "".join(f"{kind:>26}" for kind in KINDS if kind in found)]
    names = dict.fromkeys(name for kind in KINDS for name in found.get(kind, {}) if name != "ratios")
    for name in names:
        lines.append(f"{name:22}" + "".join(f"{_shown(found[kind].get(name)):>26}" for kind in KINDS if kind in found))
    for name in dict.fromkeys(name for kind in KINDS for name in found.get(kind, {}).get("ratios", {})):
        shown = (found[kind].get("ratios", {}).get(name, "") for kind in KINDS if kind in found)
        lines.append(f"{name:22}" + "".join(f"{value!s:>26}" for value in shown))
    return "\n".join(lines)


def _shown(value: Any) -> str:
    if isinstance(value, dict):
        return " ".join(
            f"{name} {inner}" if name in ("failed", "early", "never") else str(inner) for name, inner in value.items()
        )
    return "" if value is None else str(value)
