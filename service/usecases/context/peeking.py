"""Looking into an instance without changing it: what a form shows, whether a condition holds."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from typing import Any

from service import errors
from service.domain import clock, keypoints
from service.engine import process
from service.storage.queries import instances, releases
from service.storage.types import Row
from service.usecases import settings
from service.usecases.context import facts
from service.usecases.definitions import programs
from service.usecases.worktime import calendars


def form_data(instance_key: int, ref: str | None) -> dict[str, Any]:
    """What a form may read: the facts of the release and the variables seen from the activation."""
    row, instance = restored(instance_key)
    world = _world(row)
    return dict(world.facts) | instance.variables(ref)


def evaluate(instance_key: int, ref: str, expressions: Mapping[str, str]) -> Mapping[str, Any]:
    """The value of each expression as seen from an activation, now."""
    row, instance = restored(instance_key)
    return instance.evaluate(ref, expressions, _world(row))


def world_and_instance(instance_key: int) -> tuple[process.World, process.Instance]:
    """A copy of the instance, and what it may see now."""
    row, instance = restored(instance_key)
    return _world(row), instance


def alerts(activation_key: int) -> keypoints.Alerts:
    """Who hears of what happens at an open activation, as the phase around it says."""
    row = instances.activation(activation_key)
    return restored(row.instance_key)[1].alerts_of(row.ref) if row is not None else {}


def restored(instance_key: int) -> tuple[Row, process.Instance]:
    row, stored = instances.get(instance_key), instances.state(instance_key)
    if row is None or stored is None:
        raise errors.NotFound(f"There is no instance {instance_key}.")
    library = programs.Library.of(row.manifest)
    return row, process.restore(stored[1], programs.program(row.definition_key), library=library)


def _world(row: Row) -> process.World:
    now = clock.now()
    release = releases.get(row.release_number) if row.release_number is not None else None
    record = facts.of_release(release, now) if release is not None else facts.empty(now)
    library = programs.Library.of(row.manifest)
    working = functools.partial(calendars.of_release, release)
    return process.World(now, record, library, working, settings.engine_limits())
