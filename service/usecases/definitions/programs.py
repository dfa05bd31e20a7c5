"""Programs by definition key: parsed once a process, never changed afterwards."""

from __future__ import annotations

import functools
import threading
from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping
from typing import Any, ParamSpec, TypeVar

from service import errors
from service.engine import definitions
from service.storage.queries import definitions as stored
from service.usecases.definitions import decisions

MOST = 256

P = ParamSpec("P")
T = TypeVar("T")

_lock = threading.Lock()
_programs: OrderedDict[int, definitions.Program] = OrderedDict()
_derived: list[Callable[[], None]] = []


def program(key: int) -> definitions.Program:
    """The program of one deployed version."""
    with _lock:
        if key in _programs:
            _programs.move_to_end(key)
            return _programs[key]
    found = stored.source(key)
    if found is None:
        raise errors.NotFound(f"There is no definition {key}.")
    file, source, process_id = found
    loaded = next(p for p in definitions.deployed(file, source) if p.process.id == process_id)
    with _lock:
        _programs[key] = loaded
        while len(_programs) > MOST:
            _programs.popitem(last=False)
    return loaded


def kept(most: int) -> Callable[[Callable[P, T]], Callable[P, T]]:
    """Keep what a function works out from the keys of deployed versions, as long as their programs."""

    def decorate(work: Callable[P, T]) -> Callable[P, T]:
        keeping = functools.lru_cache(maxsize=most)(work)
        _derived.append(keeping.cache_clear)
        return keeping  # type: ignore[return-value]

    return decorate


def forget() -> None:
    """Drop all of them, and what is worked out from them: tests that change the database under a process."""
    with _lock:
        _programs.clear()
    for clear in _derived:
        clear()
    decisions.forget()


class Library(Mapping[str, definitions.Program]):
    """The processes an instance can reach: those of its manifest; others join it when they are first called.

    `decisions` are those of the manifest, in the same way.
    """

    def __init__(self, processes: Mapping[str, int], rules: Mapping[str, int] | None = None) -> None:
        self.processes = dict(processes)
        self.decisions = decisions.Kept(rules or {})
        self.joined: dict[str, int] = {}

    @classmethod
    def of(cls, manifest: Mapping[str, Any]) -> Library:
        """The library of an instance, from the manifest in its row."""
        processes, rules = manifest["processes"], manifest.get("decisions", {})
        return cls({name: int(key) for name, key in processes.items()}, {name: int(key) for name, key in rules.items()})

    def manifest(self) -> dict[str, Any]:
        """What of the manifest is known here: keys of processes and decisions, as JSON holds them."""
        rules = self.decisions.keys_by_id
        return {
            "processes": {name: str(key) for name, key in self.processes.items()},
            "decisions": {name: str(key) for name, key in rules.items()},
        }

    @property
    def grown(self) -> bool:
        """Something was called for the first time."""
        return bool(self.joined) or self.decisions.joined

    def __getitem__(self, process_id: str) -> definitions.Program:
        if process_id not in self.processes:
            newest = stored.newest_keys([process_id])
            if process_id not in newest:
                raise KeyError(process_id)
            self.processes |= newest
            self.joined |= newest
        return program(self.processes[process_id])

    def __iter__(self) -> Iterator[str]:
        return iter(self.processes)

    def __len__(self) -> int:
        return len(self.processes)
