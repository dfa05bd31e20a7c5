"""What this process has counted and timed since it last told: counters and histograms, summed over all processes."""

from __future__ import annotations

import bisect
import threading
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass

BOUNDS = (0.01, 0.05, 0.1, 0.25, 0.5, 1.0, 2.0, 5.0, 15.0, 60.0, 300.0)  # seconds
SUM, OVER = "sum", "over"

# Histograms, each by kind.
LATE, ASKED, BEGUN, DONE, TURN = "late", "asked", "begun", "done", "turn"
# Counters, each by outcome.
DELIVERIES = "deliveries"

_lock = threading.Lock()
_counts: dict[str, float] = defaultdict(float)


def observe(figure: str, label: str, seconds: float) -> None:
    """One duration more."""
    place = bisect.bisect_left(BOUNDS, seconds)
    bucket = str(BOUNDS[place]) if place < len(BOUNDS) else OVER
    with _lock:
        _counts[f"{figure}|{label}|{bucket}"] += 1
        _counts[f"{figure}|{label}|{SUM}"] += max(0.0, seconds)


def count(figure: str, label: str, many: int = 1) -> None:
    """So many more."""
    with _lock:
        _counts[f"{figure}|{label}|"] += many


def take() -> dict[str, float]:
    """What came together, to be told; it begins again at nothing."""
    with _lock:
        taken = dict(_counts)
        _counts.clear()
    return taken


def give_back(taken: Mapping[str, float]) -> None:
    """It could not be told."""
    with _lock:
        for name, value in taken.items():
            _counts[name] += value


@dataclass(frozen=True)
class Histogram:
    """How many durations lie in each bucket (the last has no bound), and their sum."""

    buckets: tuple[float, ...]
    total_s: float

    @property
    def count(self) -> float:
        return sum(self.buckets)

    def share(self, part: float) -> float | None:
        """The bound below which this share lies; None where it lies beyond the last, or there are none."""
        seen = 0.0
        for bound, many in zip(BOUNDS, self.buckets, strict=False):
            seen += many
            if self.count and seen >= part * self.count:
                return bound
        return None


def histograms(counted: Mapping[str, float], figure: str) -> dict[str, Histogram]:
    """The histograms of one figure by label, from what all processes told."""
    found: dict[str, dict[str, float]] = defaultdict(dict)
    for name, value in counted.items():
        kind, label, part = name.split("|")
        if kind == figure:
            found[label][part] = value
    names = (*map(str, BOUNDS), OVER)
    return {
        label: Histogram(tuple(parts.get(name, 0.0) for name in names), parts.get(SUM, 0.0))
        for label, parts in sorted(found.items())
    }


def counters(counted: Mapping[str, float], figure: str) -> dict[str, float]:
    """The counters of one figure by label."""
    parts = ((name.split("|"), value) for name, value in counted.items())
    return {label: value for (kind, label, _), value in sorted(parts) if kind == figure}
