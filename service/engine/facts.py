"""The facts of the record that expressions may name, and which of them a process names."""

from __future__ import annotations

from collections.abc import Iterator

from service.bpmnio import feel
from service.engine import elements

FACTS = ("release", "changes", "package", "parent", "children", "activities", "tests", "cost", "now")


def named(process: elements.Process) -> frozenset[str]:
    """The facts that some expression of the process mentions."""
    mentioned = {name for text in texts(process) for name in feel.check(text).variables}
    return frozenset(mentioned.intersection(FACTS))


def texts(process: elements.Process) -> Iterator[str]:
    """Every text of the process that is an expression."""
    for element in process.elements.values():
        yield from (text for _, text in expressions(element) if text.startswith("="))


def expressions(element: elements.Element) -> Iterator[tuple[str, str]]:
    """(where, text as written) for each place of an element that may hold an expression."""
    plain = {
        "condition": element.condition,
        "activation condition": element.activation,
        "assignee": element.assignment.assignee,
        "candidate groups": element.assignment.groups,
        "candidate users": element.assignment.users,
        "due date": element.due,
        "follow-up date": element.follow_up,
        "priority": element.priority,
        "job type": element.job_type,
        "retries": element.retries,
        "script": element.script,
        "called process": element.called_process,
        "called decision": element.called_decision,
        "form": element.form,
        "tidegate.deadline": element.deadline,
        "tidegate.approval": element.approval.rule if element.approval else None,
    }
    yield from ((where, text) for where, text in plain.items() if text)
    yield from ((f"tidegate.criterion.{label}", text) for label, text in element.criteria.items())
    for mapping in element.inputs:
        yield f"input {mapping.target}", mapping.source
    for mapping in element.outputs:
        yield f"output {mapping.target}", mapping.source
    for move in element.moves:
        yield f"output {move.target}", move.source
    if element.ad_hoc is not None:
        places = {
            "active elements": element.ad_hoc.collection,
            "completion condition": element.ad_hoc.completion_condition,
        }
        yield from ((where, text) for where, text in places.items() if text)
    yield from _of_loop(element.loop)
    yield from _of_event(element.event)


def _of_loop(loop: elements.Loop | None) -> Iterator[tuple[str, str]]:
    if loop is None:
        return
    places = {
        "collection": loop.collection,
        "output element": loop.output_element,
        "completion condition": loop.completion_condition,
        "cardinality": loop.cardinality,
        "loop condition": loop.condition,
    }
    yield from ((where, text) for where, text in places.items() if text)
    for thrown in loop.throws:
        if thrown.condition:
            yield "condition", thrown.condition
        yield from _of_event(thrown.event)


def _of_event(event: elements.Event | None) -> Iterator[tuple[str, str]]:
    for part in event.each if event is not None else ():
        yield from _of_part(part)


def _of_part(event: elements.Event) -> Iterator[tuple[str, str]]:
    places = {
        "conditional event" if event.kind == "conditional" else "timer": event.expression,
        "correlation key": event.correlation,
        "name": event.name,
        "code": event.code,
    }
    yield from ((where, text) for where, text in places.items() if text)
