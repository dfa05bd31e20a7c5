"""The figures of all processes in Prometheus' words: what workers and dispatchers counted, what waits, who lives."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily

from service import errors
from service.domain import clock
from service.storage import tally
from service.storage.queries import health

Family = GaugeMetricFamily | HistogramMetricFamily | CounterMetricFamily

HISTOGRAMS = {
    tally.LATE: ("tidegate_late_seconds", "From the due moment until it was done, by kind"),
    tally.ASKED: ("tidegate_asked_late_seconds", "How late the longest due of a turn was asked for, by kind"),
    tally.BEGUN: ("tidegate_queued_seconds", "From asking a worker until it began, by what it was asked for"),
    tally.DONE: ("tidegate_work_seconds", "From the beginning of a piece of work to its end, by what it was"),
    tally.TURN: ("tidegate_dispatcher_turn_seconds", "One look of a dispatcher at what is due"),
}


class Collector:
    """Asked anew at each scrape; without Redis it has only what the database knows."""

    def __init__(self, redis_url: str) -> None:
        self._redis_url = redis_url

    def collect(self) -> Iterator[Family]:
        yield from _gauges(health.figures())
        yield from _standing(health.standing(clock.now()))
        yield _gauge("tidegate_database_seconds", "Time the database takes to answer", health.database_seconds())
        if self._redis_url:
            try:
                yield from _transport(self._redis_url)
            except errors.ExternalFailure:
                yield _gauge("tidegate_redis_up", "Whether Redis answers", 0)


def _gauge(name: str, said: str, value: float) -> Family:
    return GaugeMetricFamily(name, said, value)


def _gauges(figures: Mapping[str, float]) -> Iterator[Family]:
    for name, value in figures.items():
        yield _gauge(f"tidegate_{name}", name.replace("_", " ").capitalize(), value)


def _standing(now: health.Standing) -> Iterator[Family]:
    due = GaugeMetricFamily("tidegate_due", "Due and not done, by kind", labels=["kind"])
    late = GaugeMetricFamily(
        "tidegate_due_since_seconds", "For how long the longest due waits, by kind", labels=["kind"]
    )
    failing = GaugeMetricFamily("tidegate_failing", "Due and failing again and again, by kind", labels=["kind"])
    moment = clock.now()
    for kind, one in now.backlog.items():
        due.add_metric([kind], one.due)
        late.add_metric([kind], max(0.0, (moment - one.since).total_seconds()) if one.since else 0.0)
        failing.add_metric([kind], one.failing)
    dead = GaugeMetricFamily("tidegate_dead", "Given up until somebody tries it again, by kind", labels=["kind"])
    dead.add_metric(["mails"], now.dead_mails)
    dead.add_metric(["webhook_events"], now.dead_events)
    yield from (due, late, failing, dead)
    yield _gauge("tidegate_leases_over", "Work whose worker has gone silent", now.leases_over)
    yield _gauge(
        "tidegate_mail_refused", "Whether the mail server has taken nothing for ten minutes", now.refused is not None
    )


def _transport(redis_url: str) -> Iterator[Family]:
    queue = health.transport(redis_url)
    yield _gauge("tidegate_redis_seconds", "Time Redis takes to answer", queue.ping())
    yield _gauge("tidegate_redis_up", "Whether Redis answers", 1)
    lengths = GaugeMetricFamily("tidegate_queue_length", "Requests that wait in a queue", labels=["queue"])
    for name, length in queue.lengths().items():
        lengths.add_metric([name], length)
    processes = GaugeMetricFamily("tidegate_processes", "Processes that gave a sign of life", labels=["kind"])
    for kind, count in queue.alive().items():
        processes.add_metric([kind], count)
    yield from (lengths, processes)
    counted = queue.counted()
    for figure, (name, said) in HISTOGRAMS.items():
        yield _histogram(name, said, tally.histograms(counted, figure))
    deliveries = CounterMetricFamily(
        "tidegate_deliveries", "Notices carried on, by channel and outcome", labels=["channel", "outcome"]
    )
    for label, value in tally.counters(counted, tally.DELIVERIES).items():
        deliveries.add_metric(label.split(" "), value)
    yield deliveries


def _histogram(name: str, said: str, by_label: Mapping[str, tally.Histogram]) -> Family:
    labelled = list(by_label) != [""]
    family = HistogramMetricFamily(name, said, labels=["kind"] if labelled else None)
    for label, one in by_label.items():
        seen, buckets = 0.0, []
        for bound, many in zip((*map(str, tally.BOUNDS), "+Inf"), one.buckets, strict=True):
            seen += many
            buckets.append((bound, seen))
        family.add_metric([label] if labelled else [], buckets, one.total_s)
    return family
