"""A session of `play`: instances in memory, a clock that jumps, and messages that find their way between them."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from service import errors
from service.bpmnio import feel
from service.domain import durations
from service.engine import elements, process, starting, steps
from service.engine.decisions import Model
from service.engine.definitions import Program
from service.usecases import facts, playlines, settings
from service.usecases.playlines import Run

BY = "play"


@dataclass(frozen=True)
class Event:
    """A message from outside: at a moment, or after an element was left."""

    message: str
    variables: Mapping[str, Any]
    at: datetime | None = None
    after: str | None = None
    correlation: str | None = None


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
        self.messages: deque[tuple[Event, bool]] = deque()  # those not yet received; True: a signal
        self.events = list(_numbered(script.events))
        self.starts: list[tuple[datetime, Program, str]] = []  # timer start events to come
        self.left: Counter[str] = Counter()
        self.came: Counter[str] = Counter()
        self.answered: Counter[str] = Counter()
        self.commands = 0

    def play(self, only: str | None) -> bool:
        """Start what starts by itself, or the one process; go on until all is over. False: stuck."""
        try:
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
        called = {name for program in self.library.values() for name in program.process.called}
        for name, program in self.library.items():
            if only is not None and name != only:
                continue
            if program.process.starts_by_itself and (only is not None or name not in called):
                self._start(program, self.script.variables)
            elif only is not None and len(starting.starts(program.process)) == 1:
                self._start(program, self.script.variables, starting.starts(program.process)[0].id)
            else:
                self._await_timers(program)

    def _await_timers(self, program: Program) -> None:
        for start in starting.starts(program.process):
            if start.event is not None and start.event.kind == "timer":
                self.starts.append((self._moment(start.event), program, start.id))

    def _moment(self, event: elements.Event) -> datetime:
        text = event.expression or ""
        if text.startswith("="):
            text = str(feel.plain(feel.evaluate(text, self.facts, now=self.now).value))
        try:
            if event.timer == "cycle":
                return durations.parse_repetition(text).at(1, self.now) or self.now
            if durations.is_duration(text):
                return durations.add(self.now, durations.parse(text))
            return durations.parse_moment(text, "UTC")
        except ValueError as error:
            raise errors.InvalidInput({"timer": [str(error)]}) from None

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
                "element": first.get("element"),
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

    def _start(self, program: Program, variables: Mapping[str, Any], at: str | None = None) -> None:
        instance, step = process.start(program, variables=variables, world=self._world(), at=at)
        run = Run(len(self.runs) + 1, program, instance)
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
                run.subscriptions[fact.ref] = fact
            case steps.Unsubscribed():
                run.subscriptions.pop(fact.ref, None)
            case steps.IncidentRaised():
                run.troubles[fact.ref] = fact.message
            case steps.MessageThrown():
                self.messages.append((Event(fact.name, fact.variables, correlation=fact.correlation), False))
            case steps.SignalThrown():
                self._signal(fact, run)

    # Messages and signals

    def _receive(self) -> bool:
        """Hand over one message that somebody waits for; False where nobody does."""
        self.messages.extend((event, False) for event in self._due_events())
        for index, (event, _) in enumerate(self.messages):
            if self._deliver(event):
                del self.messages[index]
                return True
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
            run.entered[sub.attached_to].element == event.after
            for run in self.runs
            for sub in run.subscriptions.values()
            if sub.attached_to in run.entered and (sub.kind, sub.message) == ("message", event.message)
        )
        return here or self.left[event.after] >= turn

    def _deliver(self, event: Event) -> bool:
        """To the oldest subscription in each process that waits for it, else to a start event."""
        targets: dict[str, tuple[Run, steps.Subscribed]] = {}
        for run in self.runs:
            for subscription in run.subscriptions.values():
                if _matches(subscription, event):
                    targets.setdefault(run.program.process.id, (run, subscription))
        for run, subscription in targets.values():
            self._absorb(run, run.instance.deliver(subscription.ref, self._kept(event.variables), self._world()))
        return bool(targets) or self._start_by(event, "message")

    def _start_by(self, event: Event, kind: str) -> bool:
        started = False
        for program in self.library.values():
            for start in starting.starts(program.process):
                if start.event is not None and (start.event.kind, start.event.name) == (kind, event.message):
                    self._start(program, self._kept(event.variables), start.id)
                    started = True
        return started

    def _signal(self, fact: steps.SignalThrown, thrower: Run) -> None:
        """The engine has told those inside of the thrower; here are the others."""
        for run in list(self.runs):
            if run is not thrower and run.status == "active":
                self._absorb(run, run.instance.signal(fact.name, fact.variables, self._world()))
        self._start_by(Event(fact.name, fact.variables), "signal")

    # Time

    def _fire(self) -> bool:
        """Fire the timers that are due now, and start what time starts."""
        for entry in [entry for entry in self.starts if entry[0] <= self.now]:
            self.starts.remove(entry)
            self._start(entry[1], self.script.variables, entry[2])
            return True
        for run in self.runs:
            if run.status == "active" and run.due is not None and run.due <= self.now:
                self._absorb(run, run.instance.tick(self._world()))
                return True
        return False

    def _let_time_pass(self) -> bool:
        moments = [run.due for run in self.runs if run.status == "active" and run.due is not None]
        moments += [event.at for _, event in self.events if event.at is not None and self._anyone_waits()]
        moments += [moment for moment, _, _ in self.starts]
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
        answer = answers.get(name)
        if isinstance(answer, list):
            answer = answer[min(self.answered[name], len(answer) - 1)] if answer else None
            self.answered[name] += 1
        if answer is not None and not isinstance(answer, Mapping):
            raise errors.InvalidInput({name: ["An answer is a JSON object, or a list of them."]})
        return answer

    def _kept(self, values: Mapping[str, Any]) -> dict[str, Any]:
        """The values that become variables; those named like facts change the record of this play."""
        for name, value in values.items():
            if facts.is_fact(name):
                facts.place(self.facts, name, value)
        return {name: value for name, value in values.items() if not facts.is_fact(name)}


def _numbered(events: tuple[Event, ...]) -> Iterator[tuple[int, Event]]:
    """Each event with its turn: the second one after an element waits until that was left twice."""
    turns: Counter[tuple[str, str | None]] = Counter()
    for event in events:
        turns[event.message, event.after] += 1
        yield turns[event.message, event.after], event


def _matches(subscription: steps.Subscribed, event: Event) -> bool:
    if (subscription.kind, subscription.message) != ("message", event.message):
        return False
    return None in (subscription.correlation, event.correlation) or subscription.correlation == event.correlation
