"""The settings of this process, put here once by the wiring so that use cases need not be handed them."""

from __future__ import annotations

from service import config

_current = config.Settings()


def current() -> config.Settings:
    """The settings in force."""
    return _current


def use(settings: config.Settings) -> None:
    """Called by the wiring (app, worker, dispatcher) before anything else."""
    global _current
    _current = settings
