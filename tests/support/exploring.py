"""How many examples a property test looks at, and which: the same each time, or, asked to explore, many new ones."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

from hypothesis import HealthCheck, settings

TIMES = int(os.environ.get("EXPLORE", "0"))


def examples(number: int) -> Callable[[Any], Any]:
    """The settings for `number` examples that never change; with EXPLORE=n set, n times as many new ones.

    A change is judged by the same examples as the state before it; `make explore` finds what nobody thought of.
    """
    return settings(
        max_examples=number * max(TIMES, 1),
        derandomize=not TIMES,
        deadline=None,
        suppress_health_check=list(HealthCheck),
        print_blob=True,
    )
