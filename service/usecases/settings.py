"""The settings of this process, put here once by the wiring so that use cases need not be handed them."""

from __future__ import annotations

from dataclasses import fields

from service import config
from service.bpmnio import bounds
from service.engine import limits

_current = config.Settings()


def current() -> config.Settings:
    """The settings in force."""
    return _current


def use(settings: config.Settings) -> None:
    """Called by the wiring (app, worker, dispatcher, command line) before anything else."""
    global _current
    _current = settings
    named = {field.name: _limit(settings, field.name) for field in fields(bounds.Bounds)}
    bounds.use(bounds.Bounds(**named))


def engine_limits() -> limits.Limits:
    """How far a diagram may go, as the settings say."""
    return limits.Limits(**{field.name: _limit(_current, field.name) for field in fields(limits.Limits)})


def _limit(settings: config.Settings, name: str) -> int:
    value: int = getattr(settings, name if name == "feel_ms" else f"max_{name}")
    return value
