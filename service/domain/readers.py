"""Who reads what is told: a person, by name, or a group in its chats, as `group:NAME` like in ladders."""

from __future__ import annotations

LONGEST_NAME = 80
GROUP = "group:"
LONGEST = len(GROUP) + LONGEST_NAME


def of_group(name: str) -> str:
    """The group as a reader."""
    return GROUP + name


def group(reader: str) -> str | None:
    """The name of the group that it is; None for a person."""
    return reader.removeprefix(GROUP) if reader.startswith(GROUP) else None


def person(reader: str) -> str | None:
    """The name of the person that it is; None for a group, and where nobody is meant."""
    return reader if reader and group(reader) is None else None
