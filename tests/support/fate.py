"""The tests' hand on the product's processes: what time they have, and who dies where."""

from __future__ import annotations

import functools
import os
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

from tests.support import dying
from tests.support.nursery import Born, Nursery


class Fate:
    """One folder that processes from the nursery look into, see `dying`."""

    def __init__(self, folder: Path, nursery: Nursery) -> None:
        self.folder = folder
        self.constants = {"service.usecases.upkeep.watching:LOOK_S": 1.0}
        self._nursery = nursery
        folder.mkdir(parents=True)
        self._turned_s = 0.0
        self.back = timedelta()  # how far the clock was turned back at once, at the most
        self.turn(0)

    @property
    def bear(self) -> Callable[..., Born]:
        """How the processes of a product that is under this fate begin."""
        return functools.partial(self._nursery.bear, fate=self.folder, constants=self.constants)

    def now(self) -> datetime:
        return dying.instant(self.folder)

    def turn(self, seconds: float) -> None:
        """Turn everybody's clock at once, forward or back."""
        self._turned_s += seconds
        self.back = max(self.back, timedelta(seconds=-seconds))
        scratch = self.folder / "turning"
        scratch.write_text(str(self._turned_s))
        os.replace(scratch, self.folder / dying.HANDS)

    def turn_to(self, moment: datetime) -> None:
        self.turn((moment - self.now()).total_seconds())

    def ordain(self, step: str) -> None:
        """Whichever process comes to this step first, dies there."""
        assert step in dying.STEPS, step
        dying.armed(self.folder, step).touch()

    def fallen(self) -> list[tuple[int, str]]:
        """Who died where, in their order."""
        path = self.folder / dying.FALLEN
        lines = path.read_text().splitlines() if path.exists() else []
        return [(int(number), step) for number, step in (line.split(" ", 1) for line in lines)]

    def wait_until_fallen(self, step: str, patience_s: float = 120) -> int:
        """The number of the process that died at this step."""
        end = time.monotonic() + patience_s
        while not (found := [number for number, name in self.fallen() if name == step]):
            assert time.monotonic() < end, f"nobody came to “{step}” within {patience_s} s"
            time.sleep(0.02)
        return found[-1]
