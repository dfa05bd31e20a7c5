"""What a command may see: the moment, the facts of the record, the called processes, and how far it may go."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from service.bpmnio.dmn.model import Model
from service.engine import limits
from service.engine.definitions import Program

Limits = limits.Limits


@dataclass(frozen=True)
class World:
    """Everything outside of the instance that a command may read.

    now: aware moment. facts: plain read-only dict of the record, outermost scope of every expression.
    library: process id to Program, for call activities. zone: in which P1D is the same wall time next day.
    decisions: decision id to the Model that holds it, in the version of this instance; newest_decisions: in the newest.
    """

    now: datetime
    facts: Mapping[str, Any] = field(default_factory=dict)
    library: Mapping[str, Program] = field(default_factory=dict)
    zone: str = "UTC"
    limits: Limits = field(default_factory=Limits)
    decisions: Mapping[str, Model] = field(default_factory=dict)
    newest_decisions: Mapping[str, Model] = field(default_factory=dict)
