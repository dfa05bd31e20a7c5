"""One entry to diagrams: check a file, and load the programs that it holds."""

from __future__ import annotations

import pickle
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from service.bpmnio import bounds
from service.engine import building, checks, elements, facts, limits, normalise, reading, starting, xml
from service.engine.checks import file as files
from service.engine.checks import variables
from service.engine.findings import Findings
from service.errors import InvalidDefinition, Problem


@dataclass(frozen=True)
class Program:
    """A process that can run: what it says, and the specs of SpiffWorkflow. Immutable, may be shared by threads.

    `blob` is a pickle of our own just-made objects and stays in the memory of this program; it is never stored.
    """

    process: elements.Process
    blob: bytes

    def private(self) -> tuple[Any, dict[str, Any]]:
        """A private copy of (spec of the process, specs of its sub-processes by name); running changes specs."""
        return pickle.loads(self.blob)  # noqa: S301 - our own object, see above


USUAL = limits.Limits()


def check(file: str, source: bytes, allowed: limits.Limits = USUAL) -> list[Problem]:
    """Everything that is wrong with a diagram, by line; never raises for a bad one."""
    return _examine(file, source, allowed)[1]


def load(file: str, source: bytes, allowed: limits.Limits = USUAL) -> tuple[Program, ...]:
    """One Program per executable process; raises InvalidDefinition with all problems."""
    return read(file, source, allowed)[0]


def unknown_variables(
    programs: Sequence[tuple[str, Program]], keys: Mapping[str, frozenset[str]], allowed: limits.Limits = USUAL
) -> list[Problem]:
    """Warnings of variables that nothing in these files gives. keys: of every form at hand, by its id."""
    together = {program.process.id: program.process for _, program in programs}
    problems = []
    with bounds.Effort(allowed.checking_ms, "checking_ms"):
        for file, program in programs:
            found = Findings(file)
            variables.check(program.process, together, keys, found)
            problems += found.problems()
    return problems


def deployed(file: str, source: bytes) -> tuple[Program, ...]:
    """The programs of a file that was deployed once: what runs goes on, whatever is checked or allowed now."""
    drawn = reading.read(xml.parse(file, source, len(source)), Findings(file))
    return tuple(_program(_finished(process)) for process in drawn.processes)


def read(file: str, source: bytes, allowed: limits.Limits = USUAL) -> tuple[tuple[Program, ...], list[Problem]]:
    """The programs and the warnings; raises InvalidDefinition with all problems."""
    processes, problems = _examine(file, source, allowed)
    if any(problem.severity == "error" for problem in problems):
        raise InvalidDefinition(problems)
    return tuple(_program(_finished(process)) for process in processes), problems


def _examine(file: str, source: bytes, allowed: limits.Limits) -> tuple[tuple[elements.Process, ...], list[Problem]]:
    found = Findings(file)
    try:
        root = xml.parse(file, source, allowed.file_bytes)
    except xml.Refused as refused:
        return (), [refused.problem]
    if files.too_large(root, found, allowed.elements, allowed.processes):
        return (), found.problems()
    drawn = reading.read(root, found)
    checks.run(root, drawn, found, allowed)
    return drawn.processes, found.problems()


def _finished(process: elements.Process) -> elements.Process:
    """The process with what the other layers want to know of it at a glance."""
    process = normalise.normalise(process)
    nodes = process.elements.values()
    decided = [e.called_decision for e in nodes if e.called_decision and not e.job_type]
    return replace(
        process,
        facts=facts.named(process),
        forms=frozenset(form for e in nodes for form in (e.form, e.action.form if e.action else None) if form),
        called=frozenset(e.called_process for e in nodes if e.called_process and not e.called_process.startswith("=")),
        decisions=frozenset(name for name in decided if not name.startswith("=")),
        starts_by_itself=bool(starting.plain(process)),
    )


def _program(process: elements.Process) -> Program:
    return Program(process=process, blob=pickle.dumps(building.build(process), protocol=5))
