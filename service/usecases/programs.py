"""Programs by definition key: parsed once a process, never changed afterwards."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Iterator, Mapping

from service import errors
from service.engine import definitions
from service.storage.queries import definitions as stored

MOST = 256

_lock = threading.Lock()
_programs: OrderedDict[int, definitions.Program] = OrderedDict()


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


def forget() -> None:
    """Drop all of them: tests that change the database under a process."""
    with _lock:
        _programs.clear()


class Library(Mapping[str, definitions.Program]):
    """The processes an instance can reach: those of its manifest; others join it when they are first called."""

    def __init__(self, processes: Mapping[str, int]) -> None:
        self.processes = dict(processes)
        self.joined: dict[str, int] = {}

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
