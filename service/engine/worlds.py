"""What a command may see: the moment, the facts of the record, the called processes, and how far it may go."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from service.bpmnio.dmn.model import Model
from service.domain.calendars import Calendar
from service.engine import limits
from service.engine.definitions import Program

Limits = limits.Limits


@dataclass(frozen=True)
class World:
    """Everything outside of the instance that a command may read.

    now: aware moment. facts: plain read-only dict of the record, outermost scope of every expression.
    library: process id to Program, for call activities. working: gives the calendar that holds here; asked when it is
    first needed, once.
    decisions: decision id to the Model that holds it, in the version of this instance; newest_decisions: in the newest.
    """

    now: datetime
    facts: Mapping[str, Any] = field(default_factory=dict)
    library: Mapping[str, Program] = field(default_factory=dict)
    working: Callable[[], Calendar] = Calendar
    limits: Limits = field(default_factory=Limits)
    decisions: Mapping[str, Model] = field(default_factory=dict)
    newest_decisions: Mapping[str, Model] = field(default_factory=dict)

    @functools.cached_property
    def calendar(self) -> Calendar:
        """In which working time counts."""
        return self.working()

    @property
    def zone(self) -> str:
        """In which P1D is the same wall time next day."""
        return self.calendar.zone
