"""Live engine instances kept between commands, trusted only while the row's revision matches."""

from __future__ import annotations

import threading
from collections import OrderedDict
from dataclasses import dataclass, field

from service.engine import process
from service.usecases.definitions import programs

MOST = 500


@dataclass
class Live:
    """An instance in memory, and the keys of what is open in it."""

    revision: int
    instance: process.Instance
    library: programs.Library
    activations: dict[str, int] = field(default_factory=dict)  # ref -> key, open ones
    occurrences: dict[str, int] = field(default_factory=dict)  # element -> how often it was entered
    tasks: dict[str, int] = field(default_factory=dict)  # ref -> key, open ones
    offered: set[int] = field(default_factory=set)  # keys of open tasks that may have candidates
    deadlines: set[int] = field(default_factory=set)  # activation keys with an open deadline
    incidents: set[str] = field(default_factory=set)  # refs with an open incident


_lock = threading.Lock()
_kept: OrderedDict[int, Live] = OrderedDict()


def take(key: int, revision: int) -> Live | None:
    """The live instance, if it is this revision; it is the caller's own until it is put back."""
    with _lock:
        found = _kept.pop(key, None)
    return found if found and found.revision == revision else None


def put(key: int, live: Live) -> None:
    """Keep an instance whose revision was committed. After any exception: do not."""
    with _lock:
        _kept[key] = live
        while len(_kept) > MOST:
            _kept.popitem(last=False)


def forget() -> None:
    """Drop all of them: tests that look at what was stored."""
    with _lock:
        _kept.clear()
