"""Escalation ladders: who is told what before and after a due moment (design section 1)."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Rung:
    """One entry of a ladder.

    moment: a duration from the due moment as drawn (`-P1D`, `PT0S`, `P1D`) or a share of the time (`80%`).
    recipients: assignee, candidates, coordinator, manager, stakeholders, board, group:x, user:x.
    repeat: ISO duration between repeats, with `times` (1..20) repeats after the first.
    """

    moment: str
    recipients: tuple[str, ...]
    repeat: str | None = None
    times: int = 0
