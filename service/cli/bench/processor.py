"""Processor time of a process and its children: a cost that does not depend on who else uses the machine."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

PROC = Path("/proc")


def seconds(pid: int) -> float | None:
    """Used so far by this process and its living descendants; None where the system does not tell."""
    if not PROC.is_dir():
        return None
    return sum(map(_used, _family(pid))) / os.sysconf("SC_CLK_TCK")


def each_ms(began: float | None, ended: float | None, count: int) -> float | None:
    """Milliseconds for each of `count`."""
    return None if began is None or ended is None else round((ended - began) / count * 1e3, 2)


def _family(pid: int) -> Iterator[int]:
    yield pid
    for thread in (PROC / str(pid) / "task").glob("*/children"):
        for child in _text(thread).split():
            yield from _family(int(child))


def _used(pid: int) -> int:
    fields = _text(PROC / str(pid) / "stat").rpartition(")")[2].split()
    return int(fields[11]) + int(fields[12]) if fields else 0


def _text(path: Path) -> str:
    try:
        return path.read_text()
    except OSError:
        return ""
