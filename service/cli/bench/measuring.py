"""The measurements themselves, each over HTTP against running processes."""

from __future__ import annotations

import contextlib
import multiprocessing
import statistics
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from service.cli.bench import client, drawing, processor
from service.cli.bench.house import House

CLIENTS = 4
WARM_RUNS = 5
TIMER_PATIENCE_S = 30


@dataclass(frozen=True)
class Size:
    """How much is measured."""

    floor: int = 400
    runs: int = 60
    grown: int = 3
    seconds: float = 6.0
    rounds: int = 40
    timers: int = 60


QUICK = Size(floor=40, runs=5, grown=1, seconds=1.0, rounds=3, timers=5)


def everything(house: House, size: Size, say: Callable[[str], None]) -> dict[str, Any]:
    """All figures of one database; `say` hears what is being done."""
    found: dict[str, Any] = {}
    say("the floor")
    found["floor_ms"] = floor(house, size)
    say("starting runs and completing tasks")
    found |= runs(house, size)
    say("runs that grow")
    found |= growth(house, size)
    say("a run with sub-processes, joins, loops and timers that grows")
    found |= busy(house, size)
    say(f"{CLIENTS} clients")
    found[f"clients{CLIENTS}_per_s"] = together(house, size)
    say("four at once on one run")
    found["at_once"] = at_once(house, size)
    say("timers")
    found["timer_lag_s"] = timers(house, size)
    say("the floor once more")
    found["floor_again_ms"] = floor(house, size)
    found["ratios"] = _ratios(found)
    return found


def floor(house: House, size: Size) -> dict[str, float]:
    """The smallest transaction behind the same server."""
    one, times, began = client.Client(house.floor_port), [], None
    for number in range(size.floor + 20):
        if number == 20:
            began = processor.seconds(house.pids["floor"])
        one.post("/transaction", {})
        if number >= 20:
            times.append(one.seconds)
    one.close()
    return milliseconds(times) | _cost("cpu", began, processor.seconds(house.pids["floor"]), len(times))


def runs(house: House, size: Size) -> dict[str, Any]:
    """Runs of twelve tasks one after the other."""
    one = client.Client(house.port, house.token)
    starts: list[float] = []
    completions: list[float] = []
    whole: list[float] = []
    used = None
    for number in range(size.runs + WARM_RUNS):
        if number == WARM_RUNS:
            starts, completions, whole = [], [], []
            used = processor.seconds(house.pids["web"])
        began = time.perf_counter()
        _, tasks = one.start(drawing.CHAIN)
        starts.append(one.seconds)
        while tasks:
            opened = one.complete(tasks[0], rework=0, rollback=0)
            completions.append(one.seconds)
            tasks = [task["id"] for task in opened]
        whole.append(time.perf_counter() - began)
    one.close()
    cost = _cost("cpu_ms_a_request", used, processor.seconds(house.pids["web"]), len(starts) + len(completions))
    names = {"start_ms": starts, "complete_ms": completions, "end_to_end_ms": whole}
    return {name: milliseconds(times) for name, times in names.items()} | cost


def growth(house: House, size: Size) -> dict[str, Any]:
    """Completing when 99 and when 495 tasks of the run are done."""
    one = client.Client(house.port, house.token)
    at: dict[int, list[float]] = {99: [], 495: []}
    for _ in range(size.grown):
        _, tasks = one.start(drawing.CHAIN)
        task, element = tasks[0], "t1"
        for done in range(max(at) + drawing.LAP):
            opened = one.complete(task, rework=0, rollback=int(element == f"t{drawing.LAP}"))
            for mark, times in at.items():
                if mark <= done < mark + drawing.LAP:
                    times.append(one.seconds)
            task, element = opened[0]["id"], opened[0]["element"]
    one.close()
    return {f"complete_at_{mark}_ms": milliseconds(times) for mark, times in at.items()}


def busy(house: House, size: Size) -> dict[str, Any]:
    """Completing in a sub-process with a timer, a join and a loop, in the first laps and when 495 tasks are done."""
    one = client.Client(house.port, house.token)
    at: dict[int, list[float]] = {0: [], 495: []}
    for _ in range(size.grown):
        _, waiting = one.start(drawing.BUSY)
        for done in range(max(at) + drawing.LAP):
            opened = one.complete(waiting.pop(0), again=1)
            waiting += [task["id"] for task in opened]
            for mark, times in at.items():
                if mark <= done < mark + 2 * drawing.BUSY_LAP:
                    times.append(one.seconds)
    one.close()
    return {"busy_ms": milliseconds(at[0]), "busy_at_495_ms": milliseconds(at[495])}


def together(house: House, size: Size) -> float:
    """Completions a second of several clients, each a process of its own, each with its own runs."""
    context = multiprocessing.get_context("spawn")
    counts = context.Queue()
    barrier = context.Barrier(CLIENTS)
    arguments = (house.port, house.token, size.seconds, barrier, counts)
    workers = [context.Process(target=_work, args=arguments, daemon=True) for _ in range(CLIENTS)]
    for worker in workers:
        worker.start()
    done = sum(counts.get(timeout=size.seconds + 60) for _ in workers)
    for worker in workers:
        worker.join()
    return round(done / size.seconds, 1)


def _work(port: int, token: str, seconds: float, barrier: Any, counts: Any) -> None:
    one, done = client.Client(port, token), 0
    barrier.wait()
    end = time.perf_counter() + seconds
    while time.perf_counter() < end:
        _, tasks = one.start(drawing.CHAIN)
        while tasks and time.perf_counter() < end:
            tasks = [task["id"] for task in one.complete(tasks[0], rework=0, rollback=0)]
            done += 1
    counts.put(done)


def at_once(house: House, size: Size) -> dict[str, Any]:
    """Four tasks of one run completed at the same moment: how many fail, and how long the slowest wait."""
    one, times, failures = client.Client(house.port, house.token), [], []
    clients = [client.Client(house.port, house.token) for _ in range(4)]
    for each in clients:
        each.get("/api/v1/me")  # the connection is there before the moment

    def finish(who: client.Client, task: str, gate: threading.Barrier) -> None:
        gate.wait()
        try:
            who.complete(task)
            times.append(who.seconds)
        except client.Refused as refusal:
            failures.append(str(refusal))

    for _ in range(size.rounds):
        _, tasks = one.start(drawing.PARALLEL)
        gate = threading.Barrier(len(tasks))
        threads = [threading.Thread(target=finish, args=(*pair, gate)) for pair in zip(clients, tasks, strict=True)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    for each in (one, *clients):
        each.close()
    answer: dict[str, Any] = {"failed": len(failures), "p95_ms": milliseconds(times)["p95"] if times else None}
    return answer | ({"first_failure": failures[0]} if failures else {})


def timers(house: House, size: Size) -> dict[str, Any]:
    """From the moment a timer is due to the moment its next task opens, by the server's clock."""
    one, waiting, lags = client.Client(house.port, house.token), {}, []
    for _ in range(size.timers):
        made = one.post("/api/v1/instances", {"definition": drawing.TIMER})
        waiting[made["id"]] = datetime.fromisoformat(made["started_at"])
        time.sleep(0.05)
    end = time.monotonic() + TIMER_PATIENCE_S
    while waiting and time.monotonic() < end:
        time.sleep(0.2)
        for run, started in list(waiting.items()):
            opened = one.get(f"/api/v1/instances/{run}")["tasks"]
            if opened:
                fired = datetime.fromisoformat(opened[0]["opened_at"])
                lags.append((fired - started).total_seconds() - drawing.TIMER_SECONDS)
                del waiting[run]
    one.close()
    if not lags:
        return {"median": None, "p95": None, "max": None, "early": 0, "never": len(waiting)}
    found = {"median": statistics.median(lags), "p95": percentile(lags, 0.95), "max": max(lags)}
    figures: dict[str, Any] = {name: round(value, 3) for name, value in found.items()}
    return figures | {"early": sum(lag < 0 for lag in lags), "never": len(waiting)}


def _cost(name: str, began: float | None, ended: float | None, count: int) -> dict[str, float]:
    cost = processor.each_ms(began, ended, count)
    return {} if cost is None else {name: cost}


def milliseconds(times: Sequence[float]) -> dict[str, float]:
    """Median and 95th percentile."""
    return {"median": round(statistics.median(times) * 1e3, 2), "p95": round(percentile(times, 0.95) * 1e3, 2)}


def percentile(values: Sequence[float], share: float) -> float:
    """The value below which this share lies, between neighbours where needed."""
    ordered = sorted(values)
    place = (len(ordered) - 1) * share
    low = int(place)
    high = min(low + 1, len(ordered) - 1)
    return ordered[low] + (ordered[high] - ordered[low]) * (place - low)


def _ratios(found: dict[str, Any]) -> dict[str, float]:
    base = min(found["floor_ms"]["median"], found["floor_again_ms"]["median"])
    ratios = {}
    with contextlib.suppress(ZeroDivisionError):
        ratios = {
            "start_to_floor": found["start_ms"]["median"] / base,
            "complete_to_floor": found["complete_ms"]["median"] / base,
            "at_99_to_first": found["complete_at_99_ms"]["median"] / found["complete_ms"]["median"],
            "at_495_to_first": found["complete_at_495_ms"]["median"] / found["complete_ms"]["median"],
            "busy_at_495_to_first": found["busy_at_495_ms"]["median"] / found["busy_ms"]["median"],
        }
    return {name: round(value, 2) for name, value in ratios.items()}
