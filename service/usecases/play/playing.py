"""A session of `play`: instances in memory, a clock that jumps, and messages that find their way between them."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from service import errors
from service.engine import process, starting, starts, steps
from service.engine.decisions import Model
from service.engine.definitions import Program
from service.usecases import settings
from service.usecases.context import facts
from service.usecases.play import playlines, playpost
from service.usecases.play.playlines import Run

BY = "play"
ZONE = "UTC"
REPEATS = re.compile(r"R\d")


@dataclass(frozen=True)
class Event:
    """What comes from outside: at a moment, or after an element was left. A message is kept for `ttl_seconds`."""

    name: str
    variables: Mapping[str, Any]
    kind: str = "message"
    at: datetime | None = None
    after: str | None = None
    correlation: str | None = None
    ttl_seconds: float | None = None


@dataclass(frozen=True)
class Script:
    """How the play goes. `values` and `jobs` answer by element id (jobs by type too); a list answers visit by visit."""

    now: datetime
    auto: bool
    facts: Mapping[str, Any]
    values: Mapping[str, Any]
    jobs: Mapping[str, Any]
    variables: Mapping[str, Any]
    events: tuple[Event, ...]
    max_steps: int


class Session:
    """All instances of one play. Commands are given one at a time, each followed by everything that it causes."""

    def __init__(
        self,
        library: Mapping[str, Program],
        script: Script,
        lines: playlines.Lines,
        decisions: Mapping[str, Model] | None = None,
    ) -> None:
        self.library, self.script, self.lines, self.decisions = library, script, lines, decisions or {}
        self.now = script.now
        self.facts = dict(script.facts)
        self.runs: list[Run] = []
        self.post = playpost.Post()
        self.events = list(_numbered(script.events))
        self.planned: dict[str, list[starts.Start]] = {}  # what begins an instance from outside, by process
        self.starts: list[tuple[Program, starts.Start]] = []  # timer start events to come
        self.left: Counter[str] = Counter()
        self.came: Counter[str] = Counter()
        self.answered: Counter[str] = Counter()
        self.commands = 0

    def play(self, only: str | None) -> bool:
        """Start what starts by itself, or the one process; go on until all is over. False: stuck."""
        try:
            self.planned = {name: self._plan(program) for name, program in self.library.items()}
            self._begin(only)
            while self.commands < self.script.max_steps:
                if not (self._receive() or self._fire() or self._go_on_by_itself()):
                    return self._end()
            return self._stuck(f"It is not over after {self.script.max_steps} steps.")
        except errors.ServiceError as error:
            return self._stuck(error.detail)

    def _go_on_by_itself(self) -> bool:
        return self.script.auto and (self._work() or self._let_time_pass())

    # Beginning and end

    def _begin(self, only: str | None) -> None:
        called = self._called()
        for name, program in self.library.items():
            if only is not None and name != only:
                continue
            if program.process.starts_by_itself and (only is not None or name not in called):
                self._start(program, self.script.variables)
            elif only is not None and len(starting.starts(program.process)) == 1:
                self._start(program, self.script.variables, starting.starts(program.process)[0].id)
            elif (only is not None or name not in called) and self._holds(program):
                self._start(program, self.script.variables)
            else:
                self._await_timers(program)

    def _called(self) -> set[str]:
        """The processes that others call. Of those that only call each other, or themselves, the first one begins."""
        calls = {name: program.process.called - {name} for name, program in self.library.items()}
        called = set().union(*calls.values())
        reached: set[str] = set()
        for name in sorted(self.library, key=lambda name: name in called):
            if name not in reached:
                called.discard(name)
                _reach(name, calls, reached)
        return called

    def _holds(self, program: Program) -> bool:
        """Whether a condition to start the process is true for the variables given."""
        return bool(process.holding(program, self.script.variables, self._world()))

    def _plan(self, program: Program) -> list[starts.Start]:
        return [starts.plan(element, self.facts, self.now, ZONE) for element in starts.drawn(program.process)]

    def _await_timers(self, program: Program) -> None:
        self.starts += [(program, start) for start in self.planned[program.process.id] if start.kind == "timer"]

    def _end(self) -> bool:
        if self.runs and all(run.status != "active" for run in self.runs):
            return True
        return self._stuck("Nothing in this file starts by itself." if not self.runs else None)

    def _stuck(self, why: str | None) -> bool:
        waiting = [wait for run in self.runs if run.status == "active" for wait in playlines.waiting(run)]
        waiting.sort(key=lambda wait: playlines.URGENCY.index(wait["kind"]))
        first: Mapping[str, Any] = waiting[0] if waiting else {}
        reason = why or first.get("why") or "Nothing moves any more."
        self.lines.write(
            {
                "at": self.now.isoformat(),
                "event": "stuck",
                **{name: first.get(name) for name in ("element", "type", "name", "process")},
                "reason": reason,
                "waiting": waiting,
            }
        )
        return False

    # Commands

    def _world(self) -> process.World:
        allowed = settings.engine_limits()
        return process.World(
            now=self.now,
            facts={**self.facts, "now": self.now},
            library=self.library,
            limits=replace(allowed, steps=min(allowed.steps, self.script.max_steps)),
            decisions=self.decisions,
            newest_decisions=self.decisions,
        )

    def _start(
        self, program: Program, variables: Mapping[str, Any], at: str | None = None, key: str | None = None
    ) -> None:
        instance, step = process.start(program, variables=variables, world=self._world(), at=at)
        run = Run(len(self.runs) + 1, program, instance, key=key)
        self.runs.append(run)
        self._absorb(run, step)

    def _absorb(self, run: Run, step: steps.Step) -> None:
        self.commands += 1
        run.due, run.status = step.next_due, step.status
        for fact in step.facts:
            self._take(run, fact)
            line = playlines.line(self.library, run, fact)
            if line:
                self.lines.write({"at": self.now.isoformat(), **line, "instance": run.number})

    def _take(self, run: Run, fact: steps.Fact) -> None:
        match fact:
            case steps.Entered():
                run.entered[fact.ref] = fact
                self.came[fact.element] += 1
            case steps.Left():
                self.left[fact.element] += 1
                run.troubles.pop(fact.ref, None)
            case steps.TaskOpened():
                run.tasks[fact.ref] = fact
            case steps.TaskClosed():
                run.tasks.pop(fact.ref, None)
            case steps.JobWanted():
                run.jobs[fact.ref] = fact
            case steps.JobGone():
                run.jobs.pop(fact.ref, None)
            case steps.Subscribed():
                self.post.wait(run, fact)
            case steps.Unsubscribed():
                self.post.forget(fact.ref)
            case steps.IncidentRaised():
                run.troubles[fact.ref] = fact.message
            case steps.MessageThrown():
                self.post.send(playpost.Letter(fact.name, fact.variables, fact.correlation, thrown=True))
            case steps.SignalThrown():
                self._signal(fact.name, fact.variables, run)

    # Messages and signals

    def _receive(self) -> bool:
        """Hand over one message that somebody waits for, or what comes from outside now; False where nothing moves."""
        came = [self._come(event) for event in self._due_events()]
        if any(came):
            return True
        for letter in self.post.in_force(self.now):
            moved, letter.fresh = self._deliver(letter), False
            if moved:
                return True
        return False

    def _come(self, event: Event) -> bool:
        """Something comes from outside; whether it moved anybody by that."""
        if event.kind == "signal":
            self._signal(event.name, self._kept(event.variables), None)
            return True
        expires_at = playpost.life(event.ttl_seconds, self.now)
        self.post.send(playpost.Letter(event.name, event.variables, event.correlation, expires_at))
        return False

    def _due_events(self) -> list[Event]:
        due = [numbered for numbered in self.events if self._is_due(*numbered)]
        self.events = [numbered for numbered in self.events if numbered not in due]
        return [event for _, event in due]

    def _is_due(self, turn: int, event: Event) -> bool:
        if event.after is None:
            return event.at is not None and event.at <= self.now
        # An event at the border of that very element would be gone after it: it happens while the element is there.
        here = self.came[event.after] >= turn and any(
            run.entered[one.attached_to].element == event.after
            for run, one in self.post.waiting(event.name)
            if one.attached_to in run.entered
        )
        return here or self.left[event.after] >= turn

    def _deliver(self, letter: playpost.Letter) -> bool:
        """To who waits longest in each process, else to its start event."""
        receivers = self.post.receivers(letter)
        for process_id, (run, waiting) in receivers.items():
            letter.reached.add(process_id)
            self._absorb(run, run.instance.deliver(waiting.ref, self._kept(letter.variables), self._world()))
        return self._start_by("message", letter) or bool(receivers)

    def _start_by(self, kind: str, letter: playpost.Letter) -> bool:
        """Once each process that it has not reached; of one key one instance at a time."""
        started = False
        for name, planned in self.planned.items():
            start = next((one for one in planned if (one.kind, one.name) == (kind, letter.name)), None)
            if start is None or name in letter.reached or self._is_running(name, letter.key):
                continue
            letter.reached.add(name)
            self._start(self.library[name], self._kept(letter.variables), start.element, letter.key)
            started = True
        return started

    def _is_running(self, process_id: str, key: str | None) -> bool:
        return key is not None and any(
            run.status == "active" and run.key == key and run.program.process.id == process_id for run in self.runs
        )

    def _signal(self, name: str, variables: Mapping[str, Any], thrower: Run | None) -> None:
        """The engine has told those inside of the thrower; here are the others."""
        for run in list(self.runs):
            if run is not thrower and run.status == "active":
                self._absorb(run, run.instance.signal(name, variables, self._world()))
        self._start_by("signal", playpost.Letter(name, variables))

    # Time

    def _fire(self) -> bool:
        """Fire the timers that are due now, and start what time starts."""
        for program, start in self.starts:
            if start.due_at is not None and start.due_at <= self.now:
                self.starts.remove((program, start))
                self.starts += [(program, later) for later in _turns(start)]
                self._start(program, self.script.variables, start.element)
                return True
        for run in self.runs:
            if run.status == "active" and run.due is not None and run.due <= self.now:
                self._absorb(run, run.instance.tick(self._world()))
                return True
        return False

    def _let_time_pass(self) -> bool:
        moments = [run.due for run in self.runs if run.status == "active" and run.due is not None]
        moments += [event.at for _, event in self.events if event.at is not None and self._anyone_waits()]
        moments += [start.due_at for _, start in self.starts if start.due_at is not None]
        later = [moment for moment in moments if moment > self.now]
        if not later:
            return False
        self.now = min(later)
        return True

    def _anyone_waits(self) -> bool:
        return not self.runs or any(run.status == "active" for run in self.runs)

    # Work

    def _work(self) -> bool:
        """Complete the oldest task that may be completed, or answer the oldest job."""
        for run in self.runs:
            for task in list(run.tasks.values()):
                if self._criteria_hold(run, task):
                    values = self._kept(self._values(task))
                    self._absorb(run, run.instance.complete(task.ref, values, self._world()))
                    return True
            for job in list(run.jobs.values()):
                if job.ref not in run.troubles:
                    self._answer(run, job)
                    return True
        return False

    def _criteria_hold(self, run: Run, task: steps.TaskOpened) -> bool:
        if task.ref in run.troubles and task.ref not in run.tasks:
            return False
        results = run.instance.evaluate(task.ref, task.criteria, self._world()) if task.criteria else {}
        missing = [label for label, result in results.items() if result.value is not True]
        if missing:
            run.troubles[task.ref] = "Criteria not met: " + "; ".join(missing) + "."
        else:
            run.troubles.pop(task.ref, None)
        return not missing

    def _values(self, task: steps.TaskOpened) -> Mapping[str, Any]:
        given = self._answer_for(self.script.values, task.element)
        if task.approval is None:
            return given or {}
        if given and task.element in given:
            return given
        decision = {"outcome": "approved", "by": BY, "comment": "", **(given or {})}
        return {task.element: decision}

    def _answer(self, run: Run, job: steps.JobWanted) -> None:
        name = job.element if job.element in self.script.jobs else job.type
        answer = self._answer_for(self.script.jobs, name) or {}
        variables = self._kept(answer.get("variables") or {})
        if "error" in answer:
            step = run.instance.error_job(job.ref, str(answer["error"]), variables, self._world())
        elif "fail" in answer:
            failed = steps.IncidentRaised(job.ref, job.element, "job-failed", str(answer["fail"]))
            step = steps.Step(b"", (failed,), run.status, run.due)
        else:
            step = run.instance.finish_job(job.ref, variables, self._world())
        self._absorb(run, step)

    def _answer_for(self, answers: Mapping[str, Any], name: str) -> Mapping[str, Any] | None:
        """The answer of this visit: of a list the next one, the last one again and again."""
        answer: Any = answers.get(name)
        if isinstance(answer, list):
            answer = answer[min(self.answered[name], len(answer) - 1)] if answer else None
            self.answered[name] += 1
        return answer

    def _kept(self, values: Mapping[str, Any]) -> dict[str, Any]:
        """The values that become variables; those named like facts change the record of this play."""
        for name, value in values.items():
            if facts.is_fact(name):
                facts.place(self.facts, name, value)
        return {name: value for name, value in values.items() if not facts.is_fact(name)}


def _reach(name: str, calls: Mapping[str, Iterable[str]], reached: set[str]) -> None:
    """Add a process and all that it calls."""
    waiting = [name]
    while waiting:
        at = waiting.pop()
        if at not in reached:
            reached.add(at)
            waiting += calls.get(at, ())


def _numbered(events: tuple[Event, ...]) -> Iterator[tuple[int, Event]]:
    """Each event with its turn: the second one after an element waits until that was left twice."""
    turns: Counter[tuple[str, str | None]] = Counter()
    for event in events:
        turns[event.name, event.after] += 1
        yield turns[event.name, event.after], event


def _turns(start: starts.Start) -> Iterator[starts.Start]:
    """The next turn of a timer that has a last one; what repeats without end starts once in a play."""
    schedule = dict(start.schedule or {})
    if REPEATS.match(str(schedule.get("cycle", ""))) and (later := starts.following(schedule, ZONE)):
        yield replace(start, schedule=later)
