"""Variables that an expression names and nothing in sight gives: warned of, since most of them are misspelt.

Known are the facts, the keys of the forms, what mappings, scripts, decisions, approvals and loops write, and what a
called process of the same deployment writes. A message, a job of another's worker or a process that is not at hand may
bring anything: behind it nothing is said.
"""

from __future__ import annotations

import difflib
import re
from collections import defaultdict, deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from service.bpmnio import feel
from service.engine import elements, facts, starting
from service.engine.findings import Findings

Keys = Mapping[str, frozenset[str]]

COUNTERS = {
    "loopCounter", "numberOfInstances", "numberOfActiveInstances", "numberOfCompletedInstances",
    "numberOfTerminatedInstances", "activationCount", "waitingForStart",
}  # fmt: skip
OWN = "tidegate."
SPEAKING = ("sendTask", "endEvent", "intermediateThrowEvent")
ASKED, UNDONE, BESIDE = "[asked]", "[undone]", "[beside]"  # no ids of elements
# Places that see what the element itself brought, beside everything else.
AFTER = ("output ", "output element", "completion condition", "tidegate.criterion.")
_TEXT = re.compile(r'"(?:[^"\\]|\\.)*"')


@dataclass(frozen=True)
class Given:
    """What a process writes: names, and the elements that may bring any others."""

    names: frozenset[str]
    open: frozenset[str]


def check(process: elements.Process, together: Mapping[str, elements.Process], keys: Keys, found: Findings) -> None:
    """Examine one process of a deployment. keys: of every form at hand, by its id."""
    callers = [other for other in together.values() if process.id in other.called and other.id != process.id]
    given = [_given(each, together, keys) for each in (process, *callers)]
    if any(each.open for each in given[1:]):
        return
    names = frozenset().union(*(each.names for each in given)) | COUNTERS | set(facts.FACTS)
    behind = _behind(process, given[0].open)
    begins = {element.id for element in starting.starts(process)}
    for element in process.elements.values():
        for where, text in facts.expressions(element):
            if not text.startswith("=") or element.id in behind:
                continue
            if where == "correlation key" and element.id in begins:
                continue  # what begins an instance compares no key of its own
            if where.startswith(AFTER) and _brings_anything(replace(element, outputs=()), together):
                continue
            _expression(element, where, text, names, found)


def _expression(element: elements.Element, where: str, text: str, names: frozenset[str], found: Findings) -> None:
    checked = feel.check(text, names=[name for name in names if not name.isidentifier()])
    if checked.problems:
        return
    plain = _without_filters(_TEXT.sub('""', text))
    for name in sorted(checked.variables - names):
        if re.search(rf"(?<!\w){re.escape(name)}(?!\w)", plain) is None:
            continue  # in a filter it may be an entry of the items
        near = difflib.get_close_matches(name, names, n=1, cutoff=0.75)
        advice = f"did you mean {near[0]}?" if near else "no form, mapping or result gives it."
        found.warning("unknown-variable", f"The variable {name} in the {where} is not known; {advice}", element)


def _without_filters(text: str) -> str:
    """The expression without what stands in brackets."""
    depth, kept = 0, []
    for character in text:
        depth -= character == "]"
        if depth <= 0:
            kept.append(character)
        depth += character == "["
    return "".join(kept)


def _given(process: elements.Process, together: Mapping[str, elements.Process], keys: Keys) -> Given:
    names: set[str] = set(process.declares)
    open_: set[str] = set()
    for element in process.elements.values():
        names.update(_written(element))
        for form in filter(None, (element.form, element.action.form if element.action else None)):
            if form in keys:
                names |= keys[form]
            else:
                open_.add(element.id)
        if _brings_anything(element, together):
            open_.add(element.id)
    for called in _called(process, together, {process.id}):
        names.update(name for element in called.elements.values() for name in _written(element))
        names.update(name for form in called.forms for name in keys.get(form, ()))
    return Given(frozenset(names), frozenset(open_))


def _written(element: elements.Element) -> Iterator[str]:
    """The names that an element writes itself."""
    if element.result_variable:
        yield element.result_variable
    yield from element.declares
    yield from element.local
    for target in [each.target for each in (*element.inputs, *element.outputs)] + [m.target for m in element.moves]:
        yield target.split(".", 1)[0]
    if element.loop is not None:
        yield from filter(None, (element.loop.element_variable, element.loop.output_collection))
        output = (element.loop.output_element or "").removeprefix("=").strip()
        yield from [output] if output.isidentifier() else []
    if element.approval is not None:
        yield element.id


def _brings_anything(element: elements.Element, together: Mapping[str, elements.Process]) -> bool:
    """Whether the results of an element may have names that the diagram does not say."""
    if element.type == "callActivity":
        if element.outputs or not element.propagate_child:
            return False
        called = together.get(element.called_process or "")
        return called is None or any(_brings_anything(each, {}) for each in called.elements.values())
    if element.job_type and not element.outputs:
        return not element.job_type.startswith(OWN)
    if element.event is None or element.outputs or element.type in SPEAKING:
        return False
    kinds = {each.kind for each in element.event.each}
    if element.action is not None:
        kinds.discard("message")  # its form says what comes
    return not kinds.isdisjoint(("message", "signal", "error", "escalation"))


def _called(
    process: elements.Process, together: Mapping[str, elements.Process], seen: set[str]
) -> Iterator[elements.Process]:
    for name in process.called - seen:
        if name in together:
            seen.add(name)
            yield together[name]
            yield from _called(together[name], together, seen)


def _behind(process: elements.Process, sources: frozenset[str]) -> set[str]:
    """The elements that a token may reach after one of the sources was left."""
    ways = _ways(process)
    reached: set[str] = set()
    queue = deque(target for source in sources for target in ways[source])
    while queue:
        at = queue.popleft()
        if at not in reached:
            reached.add(at)
            queue.extend(ways[at])
    return reached


def _ways(process: elements.Process) -> dict[str, list[str]]:
    """From each element where it may lead: along its flows, to events at its border, into and out of sub-processes.

    What asks for compensation leads to all that undoes, and back.
    """
    ways: dict[str, list[str]] = defaultdict(list)
    for element in process.elements.values():
        ways[f"{BESIDE} {element.parent}"].append(element.id)
        if element.type == "sequenceFlow":
            ways[element.source or ""] += [element.id, element.target or ""]
            continue
        if element.event is not None and element.event.attached_to:
            ways[element.event.attached_to].append(element.id)
        if element.for_compensation:
            ways[ASKED].append(element.id)
            ways[element.id].append(UNDONE)
        elif element.event is not None and element.event.kind in ("compensation", "cancel"):
            ways[element.id].append(ASKED)
            ways[UNDONE].append(element.id)
        if element.parent is not None:
            ways[element.parent].append(element.id)
            ways[element.id].append(element.parent)
        if element.triggered_by_event:
            # What it brings may be there whenever something else in its scope comes next.
            ways[element.id].append(f"{BESIDE} {element.parent}")
    return ways
