"""Decisions by key and by id: read once a process, never changed afterwards."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Iterator, Mapping
from dataclasses import replace

from service import errors
from service.engine import decisions
from service.storage.queries import decisions as stored

MOST = 256

_lock = threading.Lock()
_models: OrderedDict[int, decisions.Model] = OrderedDict()


def model(key: int) -> decisions.Model:
    """The file of one deployed version of a decision. Raises NotFound."""
    with _lock:
        if key in _models:
            _models.move_to_end(key)
            return _models[key]
    row = stored.by_key(key)
    if row is None:
        raise errors.NotFound(f"There is no decision {key}.")
    loaded = replace(decisions.deployed(row.file, row.source), version=row.version)
    with _lock:
        _models[key] = loaded
        while len(_models) > MOST:
            _models.popitem(last=False)
    return loaded


def facts(model: decisions.Model, decision_id: str) -> frozenset[str]:
    """The facts of the record that a decision and those that it requires mention."""
    return decisions.facts(model, decision_id)


def forget() -> None:
    """Drop all of them: tests that change the database under a process."""
    with _lock:
        _models.clear()


class Kept(Mapping[str, decisions.Model]):
    """The decisions of an instance's manifest; others join it, in their newest version, when they are first called."""

    def __init__(self, keys: Mapping[str, int]) -> None:
        self.keys_by_id = dict(keys)
        self.joined = False

    def __getitem__(self, decision_id: str) -> decisions.Model:
        if decision_id not in self.keys_by_id:
            newest = stored.newest_keys([decision_id])
            if decision_id not in newest:
                raise KeyError(decision_id)
            self.keys_by_id |= newest
            self.joined = True
        return model(self.keys_by_id[decision_id])

    def __iter__(self) -> Iterator[str]:
        return iter(self.keys_by_id)

    def __len__(self) -> int:
        return len(self.keys_by_id)


class Newest(Mapping[str, decisions.Model]):
    """The newest version of every decision, looked up when it is called."""

    def __getitem__(self, decision_id: str) -> decisions.Model:
        newest = stored.newest_keys([decision_id])
        if decision_id not in newest:
            raise KeyError(decision_id)
        return model(newest[decision_id])

    def __iter__(self) -> Iterator[str]:
        return iter([row.decision_id for row in stored.all_latest()])

    def __len__(self) -> int:
        return len(stored.all_latest())
