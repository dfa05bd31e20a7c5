"""Drives an instance twice at once, live and restored before every command; all that is told must be equal."""

from __future__ import annotations

import re
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import fields, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from service.domain.calendars import Calendar
from service.engine import decisions, definitions, process, steps
from service.engine.migration import migrating

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
REF = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
REFS = ("ref", "parent", "attached_to", "path")


class Track:
    """One of the two runs. Refs are random, so facts speak of them by the order in which they came."""

    def __init__(self, restores: bool, program: Any, library: Mapping[str, Any]) -> None:
        self.restores, self.program, self.library = restores, program, library
        self.instance: process.Instance
        self.step: steps.Step
        self.names: dict[str, str] = {}

    def start(self, variables: Mapping[str, Any], world: process.World, at: str | None) -> None:
        self.instance, self.step = process.start(self.program, variables=variables, world=world, at=at)

    def command(self, name: str, ref: tuple[str, str, int] | None, *args: Any) -> None:
        if self.restores:
            self.instance = process.restore(self.step.state, self.program, library=self.library)
        found = () if ref is None else (self.find(*ref),)
        self.step = getattr(self.instance, name)(*found, *args)

    def find(self, element: str, kind: str, number: int) -> str:
        found = [w for w in self.instance.open_refs() if w.element == element and kind in (w.kind, "")]
        refs = [w.ref for w in found if kind or w.kind != "inside"]
        assert len(refs) > number, f"{element} waits for no {kind}: {self.open()}"
        return refs[number]

    def open(self) -> list[tuple[str, str]]:
        return [(w.element, w.kind) for w in self.instance.open_refs() if w.kind != "inside"]

    def facts(self) -> list[steps.Fact]:
        return [self._named(fact) for fact in self.step.facts]

    def _named(self, fact: steps.Fact) -> steps.Fact:
        present = {f.name for f in fields(fact)} & set(REFS)
        return replace(fact, **{name: self._name(getattr(fact, name)) for name in sorted(present)})

    def _name(self, ref: str | None) -> str | None:
        if not ref:
            return ref
        return "/".join(self.names.setdefault(part, f"#{len(self.names) + 1}") for part in ref.split("/"))

    def seen(self) -> tuple[Any, ...]:
        """All that is told of an instance."""
        return (
            self.facts(), self.step.status, self.step.next_due, self.open(), self.instance.variables(),
            self._saved(),
        )  # fmt: skip

    def _saved(self) -> str:
        """The stored state, in the same names."""
        raw = self.step.state if self.step.state[:1] == b"[" else zlib.decompress(self.step.state)
        return REF.sub(lambda found: self._name(found[0]) or "", raw.decode())


def _programs(sources: Sequence[bytes]) -> dict[str, Any]:
    return {p.process.id: p for each in sources for p in definitions.load("test.bpmn", each)}


class Case:
    """A diagram under test, at a virtual noon that `wait` moves on."""

    def __init__(
        self,
        source: bytes | list[bytes],
        variables: Mapping[str, Any] | None = None,
        *,
        facts: Mapping[str, Any] | None = None,
        zone: str = "UTC",
        now: datetime = NOON,
        at: str | None = None,
        limits: process.Limits | None = None,
        rules: bytes | None = None,
    ) -> None:
        programs = _programs([source] if isinstance(source, bytes) else source)
        first = next(iter(programs.values()))
        models = {name: model for model in _models(rules) for name in model.decisions}
        self.world = process.World(
            now, facts or {}, programs, lambda: Calendar(zone), limits or process.Limits(), models, models
        )
        self.history: list[steps.Fact] = []
        self.tracks = [Track(restores, first, programs) for restores in (False, True)]
        for track in self.tracks:
            track.start(variables or {}, self.world, at)
        self._compare()

    def complete(self, element: str, number: int = 0, /, **values: Any) -> Case:
        return self._do("complete", (element, "task", number), values)

    def finish(self, element: str, number: int = 0, /, **variables: Any) -> Case:
        return self._do("finish_job", (element, "job", number), variables)

    def fail(self, element: str, code: str, number: int = 0, /, **variables: Any) -> Case:
        return self._do("error_job", (element, "job", number), code, variables)

    def deliver(self, element: str, number: int = 0, /, **variables: Any) -> Case:
        return self._do("deliver", (element, "message", number), variables)

    def signal(self, name: str, /, **variables: Any) -> Case:
        return self._do("signal", None, name, variables)

    def wait(self, **span: float) -> Case:
        return self.until(self.world.now + timedelta(**span))

    def until(self, moment: datetime) -> Case:
        self.world = replace(self.world, now=moment)
        return self._do("tick", None)

    def retry(self, element: str, kind: str = "incident") -> Case:
        return self._do("retry", (element, kind, 0))

    def skip(self, element: str, kind: str = "", number: int = 0) -> Case:
        return self._do("skip", (element, kind, number))

    def attempt(self, *sources: bytes, **mapping: str) -> migrating.Attempt:
        """What a migration to these sources would do; nothing changes."""
        return self._attempt(self.tracks[0], _programs(sources), mapping)

    def migrate(self, *sources: bytes, **mapping: str) -> Case:
        programs = _programs(sources)
        for track in self.tracks:
            done = self._attempt(track, programs, mapping)
            assert done.instance is not None, done.plan
            assert done.step is not None
            track.program, track.library = programs[track.program.process.id], programs
            track.instance, track.step = done.instance, done.step
        self.world = replace(self.world, library=programs)
        return self._compare()

    def _attempt(self, track: Track, programs: Mapping[str, Any], mapping: Mapping[str, str]) -> migrating.Attempt:
        old = migrating.Version(track.program, track.library)
        new = migrating.Version(programs[track.program.process.id], programs)
        return migrating.attempt(track.step.state, old, new, self.world, mapping)

    def back(self, element: str, within: str | None = None, number: int = 0) -> Case:
        """Send back to an element, in the run of the activity `within` where there are several."""
        for track in self.tracks:
            around = track.find(within, "inside", number) if within else None
            track.command("send_back", None, element, around, self.world)
        return self._compare()

    def move(self, element: str, to: str, number: int = 0) -> Case:
        return self._do("move", (element, "", number), to)

    def add(self, loop: str, item: Any) -> Case:
        return self._do("add_item", (loop, "inside", 0), item)

    def why_not_skip(self, element: str, kind: str = "") -> str | None:
        track = self.tracks[0]
        return track.instance.why_not_skip(track.find(element, kind, 0), self.world)

    def cancel(self) -> Case:
        return self._do("cancel", None)

    def set(self, element: str | None = None, /, **values: Any) -> Case:
        if element is not None:
            return self._do("set_variables", (element, "", 0), values)
        for track in self.tracks:
            track.command("set_variables", None, None, values, self.world)
        return self._compare()

    def variables(self, element: str | None = None, number: int = 0) -> dict[str, Any]:
        live, restored = [
            track.instance.variables(None if element is None else track.find(element, "", number))
            for track in self.tracks
        ]
        assert live == restored
        return live

    def evaluate(self, element: str, **expressions: str) -> dict[str, Any]:
        track = self.tracks[0]
        found = track.instance.evaluate(track.find(element, "", 0), expressions, self.world)
        return {label: result.value for label, result in found.items()}

    @property
    def open(self) -> list[str]:
        """What waits: `A`, or `B:timer` where it is no person's task."""
        return [element if kind == "task" else f"{element}:{kind}" for element, kind in self.tracks[0].open()]

    @property
    def step(self) -> steps.Step:
        return self.tracks[0].step

    @property
    def status(self) -> str:
        return self.step.status

    @property
    def facts(self) -> list[steps.Fact]:
        """Of the last command."""
        return self.tracks[0].facts()

    def of(self, kind: type, element: str | None = None) -> list[Any]:
        """All facts of one kind so far."""
        return [f for f in self.history if type(f) is kind and element in (f.element, None)]

    def story(self, of: list[steps.Fact] | None = None) -> list[str]:
        """The facts in words: `+A` entered, `-A` left, `xA` cancelled, others by their kind."""
        signs = {"completed": "-", "cancelled": "x", "skipped": "~"}
        told = []
        for fact in self.history if of is None else of:
            if isinstance(fact, steps.Entered):
                told.append(f"+{fact.element}")
            elif isinstance(fact, steps.Left):
                told.append(f"{signs[fact.outcome]}{fact.element}")
            elif isinstance(fact, steps.Ended):
                told.append(fact.outcome)
        return told

    @property
    def path(self) -> list[str]:
        """The elements entered so far, in order."""
        return [f.element for f in self.of(steps.Entered)]

    def _do(self, name: str, ref: tuple[str, str, int] | None, *args: Any) -> Case:
        for track in self.tracks:
            track.command(name, ref, *args, self.world)
        return self._compare()

    def _compare(self) -> Case:
        live, restored = (track.seen() for track in self.tracks)
        assert live == restored
        again = process.restore(self.step.state, self.tracks[0].program, library=self.tracks[0].library)
        assert again.snapshot() == self.step.state
        self.history += live[0]
        return self


def _models(rules: bytes | None) -> list[decisions.Model]:
    return [decisions.read("rules.dmn", rules)[0]] if rules else []
