"""Messages of a play: those that were sent, who waits for them, and whom each has reached."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from service.domain import correlation
from service.engine import steps
from service.usecases.play.playlines import Run


@dataclass
class Letter:
    """A message that was sent. It reaches each process once, and is kept until `expires_at`, or to the end."""

    name: str
    variables: Mapping[str, Any]
    key: str | None = None
    expires_at: datetime | None = None
    thrown: bool = False  # by a diagram: those do not reach the actions of people
    fresh: bool = True
    reached: set[str] = field(default_factory=set)  # processes


class Post:
    """The letters of a play in the order in which they came, and who waits, the oldest first."""

    def __init__(self) -> None:
        self._letters: list[Letter] = []
        self._waiting: dict[str, tuple[Run, steps.Subscribed]] = {}

    def send(self, letter: Letter) -> None:
        self._letters.append(letter)

    def wait(self, run: Run, subscription: steps.Subscribed) -> None:
        """Something waits for a message from now on."""
        if subscription.kind == "message":
            self._waiting[subscription.ref] = run, subscription

    def forget(self, ref: str) -> None:
        """It waits no more."""
        self._waiting.pop(ref, None)

    def waiting(self, name: str) -> Iterator[tuple[Run, steps.Subscribed]]:
        """Who waits for a message of this name, the oldest first."""
        return ((run, one) for run, one in self._waiting.values() if one.message == name)

    def in_force(self, now: datetime) -> list[Letter]:
        """The letters that may still reach somebody; one that has just come does, whatever its time to live."""
        self._letters = [
            letter for letter in self._letters if letter.fresh or letter.expires_at is None or letter.expires_at > now
        ]
        return list(self._letters)

    def receivers(self, letter: Letter) -> dict[str, tuple[Run, steps.Subscribed]]:
        """Who takes a letter now: of each process that has not got it, who waits longest."""
        found: dict[str, tuple[Run, steps.Subscribed]] = {}
        for run, one in self.waiting(letter.name):
            if one.process in letter.reached or (one.action and letter.thrown):
                continue
            if correlation.fits(one.correlation, letter.key):
                found.setdefault(one.process, (run, one))
        return found


def life(seconds: float | None, now: datetime) -> datetime | None:
    """When a letter with this time to live expires; None where it is kept to the end."""
    return None if seconds is None else now + timedelta(seconds=seconds)
