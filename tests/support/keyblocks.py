"""Keys are drawn in blocks, each process from its own: what comes later may have the smaller one."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from service.storage import keys


@contextmanager
def another_process() -> Iterator[None]:
    """Within, keys come from a block that another process took later; afterwards from our own again."""
    own = dict(keys._ranges)
    keys._ranges.clear()
    yield
    keys._ranges.clear()
    keys._ranges.update(own)
