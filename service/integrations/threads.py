"""Which mails belong together: all of a release, and in it all of a task, each person's for themselves."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Protocol


class Told(Protocol):
    """A notice, as far as its thread depends on it."""

    @property
    def release_number(self) -> int | None: ...
    @property
    def task_key(self) -> int | None: ...


def of(told: Sequence[Told], user: str, domain: str) -> tuple[str, ...]:
    """Message-IDs of the threads that these notices share, the widest first.

    No mail of these Message-IDs was ever sent: a mail program shows the mails that refer to them as one conversation.
    """
    whose = hashlib.sha256(user.encode()).hexdigest()[:12]
    found = []
    for part, keys in (("release", {one.release_number for one in told}), ("task", {one.task_key for one in told})):
        (key, *others) = keys
        if key is not None and not others:
            found.append(f"<{part}.{key}.{whose}@{domain}>")
    return tuple(found)
