"""What the product tells beside deadlines, at the same moments: announced dates, reviews of the policy, reports."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from service.domain import clock
from service.usecases.deploying import models
from service.usecases.regular import releasepolicy, reporting
from service.usecases.releases import following, releases
from service.usecases.sending import announcing
from tests import cast

CORA, MAX, PETRA = (cast.actor(name) for name in ("cora", "max", "petra"))
FOLLOWERS, ADDRESSES = ("fred",), ("kim@customer.example.org", "lee@customer.example.org")
OWNER, MANAGER = "petra", "max"
REPORTED_TO = "max"
WINDOW = timedelta(days=60), timedelta(days=61)  # so far ahead that nobody hears of its end
RELEASE = {"type": "minor", "kind": "software", "category": "standard", "service": "Portal", "manager": MANAGER}
REPEATS = 20  # of one rung, at the most


def release(diagram: bytes, title: str) -> int:
    """A release of this model with followers, whose dates can be announced; answers its number."""
    models.deploy([("release.bpmn", diagram)], actor=PETRA)
    start, end = (clock.now() + ahead for ahead in WINDOW)
    number = releases.create({**RELEASE, "title": title, "window_start": start, "window_end": end}, actor=CORA)
    for name in FOLLOWERS:
        following.add(number, user=name, actor=CORA)
    for address in ADDRESSES:
        following.add(number, address=address, actor=CORA)
    return number


def announce(number: int, words: str) -> None:
    announcing.announce(number, words, actor=CORA)


def appoint(moments: Sequence[datetime], apart: timedelta) -> None:
    """A reminder of the review of the policy at each of these moments, and a report within the minute before."""
    step = f"PT{int(apart.total_seconds())}S"
    rungs = range(0, len(moments), REPEATS + 1)
    ladder = "\n".join(
        f"PT{int(first * apart.total_seconds())}S: assignee manager repeat {step} x{REPEATS}" for first in rungs
    )
    releasepolicy.write("Every change is approved.", actor=PETRA)
    releasepolicy.change({"ladder": ladder}, actor=PETRA)
    releasepolicy.review(1, review_at=moments[0], actor=PETRA)
    for number, moment in enumerate(moments, start=1):
        weekly = {"every": "weekly", "day": moment.isoweekday(), "at": f"{moment:%H:%M}", "zone": "UTC"}
        plan = {"name": f"Report {number}", "format": "csv", "recipients": [REPORTED_TO], **weekly}
        reporting.schedule(plan, actor=MAX)
