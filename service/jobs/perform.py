"""The worker's doors: each looks at its row again, so that running twice or early does no harm."""

from __future__ import annotations

import functools
import logging
from collections.abc import Callable
from typing import Any

from service.jobs import house
from service.usecases import breakdowns
from service.usecases.deadlines import firing, recalculation
from service.usecases.deploying import migrations
from service.usecases.regular import appointments
from service.usecases.releases import tasks
from service.usecases.running import instances, jobs, messages, starts
from service.usecases.sending import announcing, deliveries, webhook_calls
from service.usecases.telling import stalling
from service.usecases.upkeep import dispatch

log = logging.getLogger(__name__)


def fire_level(*level_keys: int) -> None:
    """Fire levels of deadlines: together, or one by one where one of them stands in the way of the others."""
    try:
        with house.enter():
            firing.fire_all(level_keys)
            breakdowns.over("levels", level_keys)
    except Exception:
        log.info("worker: levels %s did not fire together", level_keys)
        for key in level_keys:
            _do("levels", key, firing.fire)


def fire_timers(*instance_keys: int) -> None:
    """Fire the due timers of instances."""
    for key in instance_keys:
        _do("timers", key, instances.fire_timers, failed=stalling.note)


def run_job(*job_keys: int) -> None:
    """Run service tasks."""
    for key in job_keys:
        _do("jobs", key, jobs.run)


def relay_message(*message_keys: int) -> None:
    """Pass messages and signals on to who waits for them; end those whose time is over."""
    for key in message_keys:
        _do("messages", key, messages.relay)


def look_for_message(*subscription_keys: int) -> None:
    """Give what has begun to wait the message that is kept for it."""
    for key in subscription_keys:
        _do("subscriptions", key, messages.look)


def attend_start(*start_keys: int) -> None:
    """Start what a timer or a kept message starts."""
    for key in start_keys:
        _do("starts", key, starts.attend)


def move(*item_keys: int) -> None:
    """Move instances to another version, or back."""
    for key in item_keys:
        _do("moves", key, migrations.move_next)


def reconsider(*task_keys: int) -> None:
    """Look at approvals again whose deciders have changed."""
    for key in task_keys:
        _do("approvals", key, tasks.reconsider)


def gather(*delivery_keys: int) -> None:
    """Gather deliveries into bundles: together, or one by one where that fails."""
    try:
        with house.enter():
            deliveries.gather(delivery_keys)
            breakdowns.over("deliveries", delivery_keys)
    except Exception:
        log.info("worker: deliveries %s were not gathered together", delivery_keys)
        for key in delivery_keys:
            _do("deliveries", key, lambda one: deliveries.gather([one]))


def deliver(*bundle_keys: int) -> None:
    """Send messages."""
    for key in bundle_keys:
        _do("bundles", key, deliveries.deliver)


def call_webhook(*event_keys: int) -> None:
    """Tell webhooks."""
    for key in event_keys:
        _do("hooks", key, webhook_calls.call)


def announce(*mail_keys: int) -> None:
    """Tell addresses of announced dates."""
    for key in mail_keys:
        _do("announcements", key, announcing.send)


def keep_appointment(*appointment_keys: int) -> None:
    """Do what the product does by itself at a moment."""
    for key in appointment_keys:
        _do("appointments", key, appointments.keep)


def recalculate(*work_keys: int) -> None:
    """Go on working deadlines out anew in a calendar."""
    for key in work_keys:
        _do("recalculations", key, recalculation.go_on)


def _do(
    kind: str, key: int, work: Callable[[int], Any], failed: Callable[[int, Exception], None] | None = None
) -> None:
    """One piece of work in a context of its own. What fails is logged and asked for again later, not at once.

    Somebody sees that it fails: at the run, where there is one to have an incident, else among the breakdowns.
    """
    with house.enter():
        try:
            work(key)
        except Exception as problem:
            log.exception("worker: %s %s failed; it comes again in %s s", kind, key, dispatch.PAUSE_AFTER_FAILURE_S)
            dispatch.put_off(kind, key)
            _tell(failed or functools.partial(breakdowns.keep, kind), key, problem)
        else:
            if failed is None:
                breakdowns.over(kind, [key])


def _tell(failed: Callable[[int, Exception], None], key: int, problem: Exception) -> None:
    try:
        failed(key, problem)
    except Exception as another:
        log.warning("worker: nobody could be told of %s: %s", key, another)
