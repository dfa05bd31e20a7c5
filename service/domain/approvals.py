"""Approvals by several people: who may decide, how many are needed, and when the outcome is certain."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

APPROVED = "approved"
DENIED = "denied"
OUTCOMES = (APPROVED, DENIED)


def deciders(candidates: Iterable[str], excluded: Iterable[str | None]) -> list[str]:
    """The candidates less those whose own work is approved (four eyes), in a stable order."""
    return sorted(set(candidates) - {name for name in excluded if name})


def needed(rule: str | int, count: int) -> int:
    """How many approvals the rule asks of `count` deciders: any, all or a number."""
    if rule == "any":
        return 1
    if rule == "all":
        return max(count, 1)
    return int(rule)


def outcome(rule: str | int, needed: int, deciders: Sequence[str], votes: Mapping[str, str]) -> str | None:
    """approved, denied, or None while it is open.

    votes: outcome by name; only those of present deciders count. Under `all` the first denial decides; otherwise a
    quorum that is out of reach does.
    """
    approvals = sum(1 for name in deciders if votes.get(name) == APPROVED)
    denials = sum(1 for name in deciders if votes.get(name) == DENIED)
    if approvals >= needed:
        return APPROVED
    if rule == "all" and denials:
        return DENIED
    if denials and len(deciders) - denials < needed:
        return DENIED
    return None
