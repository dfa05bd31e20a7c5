"""The only home of RQ and Redis: how work is handed to workers, and how a worker takes it.

The queue is transport, not truth: whatever it loses, the database still has (design section 4).
"""

from __future__ import annotations

import json
import logging
import os
import signal
import socket
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC
from typing import Any
from uuid import uuid4

import redis
import rq
from redis.backoff import NoBackoff
from redis.retry import Retry
from rq.serializers import JSONSerializer
from rq.timeouts import TimerDeathPenalty
from rq.worker import SimpleWorker

from service import errors
from service.storage import tally

log = logging.getLogger(__name__)

WORK, MAIL = "tidegate-work", "tidegate-mail"
NAMES = (WORK, MAIL)
DOORS = "service.jobs.perform"
ALIVE, COUNTED = "tidegate:alive", "tidegate:counted"
KINDS = ("dispatcher", "worker")
BEAT_S, ALIVE_S = 2, 10
WAIT_S = 2  # a worker that waits for work looks up this often
LONGEST_WORK_S = 300
KEEP_FAILED_S = 3600
RECONNECT_S = 0.5
A_RUSH, RUSH_PAUSE_S, LONGEST_RUSH_S = 10, 0.1, 2.0  # so much waiting work holds mail back, but never for long


@dataclass(frozen=True)
class Asking:
    """One request to a worker: a function of `service.jobs.perform`, the rows' keys, and a new id for each asking."""

    door: str
    keys: tuple[int, ...]
    id: str
    queue: str = WORK


@dataclass(frozen=True)
class Sign:
    """A sign of life: of which process, where, since when it runs and when it was given (seconds of the epoch)."""

    kind: str
    name: str
    host: str
    pid: int
    since: float
    at: float
    told: Mapping[str, float]


class Queue:
    """The way to the workers through one Redis server."""

    def __init__(self, redis_url: str) -> None:
        self._connection = connect(redis_url)
        self._queues = {name: rq.Queue(name, connection=self._connection, serializer=JSONSerializer) for name in NAMES}

    def enqueue(self, door: str, key: int, id: str, *, queue: str = WORK) -> None:
        """Ask a worker to call `service.jobs.perform.<door>(key)`. Raises ExternalFailure when Redis is away."""
        self.enqueue_many([Asking(door, (key,), id, queue)])

    def enqueue_many(self, askings: Iterable[Asking]) -> None:
        """Ask for several at once, in one round trip a queue."""
        by_queue: dict[str, list[Any]] = {}
        for one in askings:
            by_queue.setdefault(one.queue, []).append(
                rq.Queue.prepare_data(
                    f"{DOORS}.{one.door}",
                    one.keys,
                    job_id=one.id,
                    timeout=LONGEST_WORK_S,
                    result_ttl=0,
                    failure_ttl=KEEP_FAILED_S,
                    description=f"{one.door}{one.keys}",
                )
            )
        with _wrapped():
            for name, datas in by_queue.items():
                self._queues[name].enqueue_many(datas)

    def lengths(self) -> dict[str, int]:
        """How much waits in each queue."""
        with _wrapped(), self._connection.pipeline(transaction=False) as pipe:
            for one in self._queues.values():
                pipe.llen(one.key)
            return dict(zip(self._queues, map(int, pipe.execute()), strict=True))

    def ping(self) -> float:
        """Seconds until Redis answers. Raises ExternalFailure when it does not."""
        began = time.perf_counter()
        with _wrapped():
            self._connection.ping()
        return time.perf_counter() - began

    def beat(self, kind: str, name: str, *, since: float | None = None, **told: Any) -> None:
        """Say that this process (`dispatcher`, `worker`) is alive, and pass on what it has counted.

        since: when it began, in seconds of the epoch; told: what else it has to say, as numbers.
        """
        now = time.time()
        sign = {"host": socket.gethostname(), "pid": os.getpid(), "since": since or now, "at": now, "told": told}
        taken = tally.take()
        try:
            with _wrapped(), self._connection.pipeline(transaction=False) as pipe:
                pipe.set(f"{ALIVE}:{kind}:{name}", json.dumps(sign), ex=ALIVE_S)
                for figure, value in taken.items():
                    pipe.hincrbyfloat(COUNTED, figure, value)
                pipe.execute()
        except errors.ExternalFailure:
            tally.give_back(taken)
            raise

    def silence(self, kind: str, name: str) -> None:
        """Say that it ends."""
        with _wrapped():
            self._connection.delete(f"{ALIVE}:{kind}:{name}")

    def signs(self) -> list[Sign]:
        """Who has given a sign of life within the last ten seconds."""
        with _wrapped():
            keys = sorted(self._connection.scan_iter(f"{ALIVE}:*", count=1000))
            texts = self._connection.mget(keys) if keys else []
        found = []
        for key, text in zip(keys, texts, strict=True):
            kind, _, name = key.decode().removeprefix(f"{ALIVE}:").partition(":")
            if text is not None:
                found.append(Sign(kind, name, **json.loads(text)))
        return found

    def alive(self) -> dict[str, int]:
        """How many dispatchers and workers have given one."""
        kinds = [sign.kind for sign in self.signs()]
        return {kind: kinds.count(kind) for kind in KINDS}

    def counted(self) -> dict[str, float]:
        """What all processes have counted, as in `tally`; it begins anew when Redis loses it."""
        with _wrapped():
            counted: dict[bytes, bytes] = self._connection.hgetall(COUNTED)  # type: ignore[assignment]
        return {name.decode(): float(value) for name, value in counted.items()}


def connect(redis_url: str) -> redis.Redis:
    """A connection that fails at once rather than after a series of retries: the loops here come again anyway."""
    return redis.Redis.from_url(
        redis_url, socket_connect_timeout=2, socket_timeout=WAIT_S + 8, retry=Retry(NoBackoff(), 1)
    )


class _wrapped:
    """Redis' own exceptions stop here."""

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: Any, problem: BaseException | None, trace: Any) -> None:
        if isinstance(problem, redis.RedisError | OSError):
            raise errors.ExternalFailure(f"Redis does not answer: {problem}", system="redis") from problem


class _Worker(SimpleWorker):
    """Runs jobs in its own process without a fork, looks up often, and gives up when Redis is away."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.log_result_lifespan = False

    @property
    def dequeue_timeout(self) -> int:
        return WAIT_S

    def subscribe(self) -> None:
        """No remote commands, so no thread that listens for them."""

    def unsubscribe(self) -> None:
        """Nothing to undo."""

    def _install_signal_handlers(self) -> None:
        """`Crew` has its own."""

    def procline(self, message: str) -> None:
        """The process keeps its name."""

    def perform_job(self, job: Any, *more: Any) -> bool:
        door, began = str(job.func_name).rpartition(".")[2], time.time()
        if job.enqueued_at is not None:
            tally.observe(tally.BEGUN, door, began - job.enqueued_at.replace(tzinfo=UTC).timestamp())
        try:
            return bool(super().perform_job(job, *more))
        finally:
            tally.observe(tally.DONE, door, time.time() - began)

    def dequeue_job_and_maintain_ttl(self, timeout: int | None, max_idle_time: int | None = None) -> Any:
        self.set_state("idle")
        while not self._stop_requested:
            try:
                self.heartbeat()
                return self.queue_class.dequeue_any(
                    self._ordered_queues,
                    timeout,
                    connection=self.connection,
                    job_class=self.job_class,
                    serializer=self.serializer,
                    death_penalty_class=self.death_penalty_class,
                )
            except rq.exceptions.DequeueTimeout:
                if self.should_run_maintenance_tasks:
                    self.run_maintenance_tasks()
            except redis.RedisError as problem:
                log.warning("worker: Redis does not answer: %s", problem)
                return None
        return None

    def teardown(self) -> None:
        try:
            super().teardown()
        except redis.RedisError:
            log.debug("worker: Redis is away, nothing to sign off from")


class _MailWorker(_Worker):
    """The same beside the main thread, where signals set no time limits. It lets a rush of other work pass first."""

    death_penalty_class = TimerDeathPenalty

    def dequeue_job_and_maintain_ttl(self, timeout: int | None, max_idle_time: int | None = None) -> Any:
        end = time.monotonic() + LONGEST_RUSH_S
        try:
            while time.monotonic() < end and self.connection.llen(f"rq:queue:{WORK}") > A_RUSH:
                time.sleep(RUSH_PAUSE_S)
        except redis.RedisError as problem:
            log.warning("worker: Redis does not answer: %s", problem)
            return None
        return super().dequeue_job_and_maintain_ttl(timeout, max_idle_time)


class Crew:
    """One process that works: its main thread does the work, a second one the mail, which may be slow.

    Both come back by themselves when Redis was away. SIGTERM and SIGINT let what is running finish.
    """

    def __init__(self, redis_url: str, *, patience_s: float = 20) -> None:
        self._url = redis_url
        self._queue = Queue(redis_url)
        self._name = f"{os.getpid()}-{uuid4().hex[:8]}"
        self._since = time.time()
        self._patience_s = patience_s
        self._ending = threading.Event()
        self._workers: dict[str, _Worker] = {}

    def run(self, ready: Callable[[], None] = lambda: None) -> None:
        """Work until somebody asks to stop."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._stop)
        logging.getLogger("rq").setLevel(logging.WARNING)
        threads = [
            threading.Thread(target=self._keep_working, args=(MAIL, _MailWorker), name="mail", daemon=True),
            threading.Thread(target=self._keep_beating, name="beat", daemon=True),
        ]
        for thread in threads:
            thread.start()
        ready()
        self._keep_working(WORK, _Worker)
        threads[0].join(self._patience_s)

    def _stop(self, number: int, frame: Any) -> None:
        self._ending.set()
        for worker in list(self._workers.values()):
            worker._stop_requested = True

    def _keep_working(self, name: str, kind: type[_Worker]) -> None:
        while not self._ending.is_set():
            try:
                self._work(name, kind)
            except redis.RedisError as problem:
                log.warning("worker: Redis does not answer: %s", problem)
            except Exception:
                log.exception("worker: the loop of %s failed and begins again", name)
            self._ending.wait(RECONNECT_S)

    def _work(self, name: str, kind: type[_Worker]) -> None:
        connection = connect(self._url)
        try:
            worker = kind(
                [rq.Queue(name, connection=connection, serializer=JSONSerializer)],
                name=f"{self._name}-{name}-{uuid4().hex[:4]}",
                connection=connection,
                serializer=JSONSerializer,
                worker_ttl=60,
                log_job_description=False,
            )
            self._workers[name] = worker
            if not self._ending.is_set():
                worker.work(logging_level="WARNING")
        finally:
            connection.close()

    def _keep_beating(self) -> None:
        while not self._ending.is_set():
            try:
                self._queue.beat("worker", self._name, since=self._since)
            except errors.ExternalFailure:
                log.debug("worker: no beat, Redis is away")
            self._ending.wait(BEAT_S)
        try:
            self._queue.silence("worker", self._name)
        except errors.ExternalFailure:
            log.debug("worker: Redis is away, nothing to sign off from")


def run_worker(redis_url: str, ready: Callable[[], None] = lambda: None) -> None:
    """Be one worker process until SIGTERM or SIGINT."""
    Crew(redis_url).run(ready)
