"""How people call a task: by its name and, where several are alike, by which one it is."""

from __future__ import annotations


def called(name: str, item: str | None) -> str:
    """`Sound the piers · north`; without an item just the name."""
    return f"{name} · {item}" if item else name
