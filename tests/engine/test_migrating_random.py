"""Any diagram at any point: moving to the same version changes nothing, to one with other ids only the ids."""

from __future__ import annotations

import re

from hypothesis import assume, given
from hypothesis import strategies as st

from service.engine import definitions, steps
from service.engine.migration import migrating
from tests.engine.driver import Case, Track
from tests.engine.test_random_diagrams import PLAIN, PLANS, act, assert_balanced, diagram
from tests.engine.test_random_graphs import LIMITS, graphs
from tests.support.exploring import examples

IDS = re.compile(
    rb'(<bpmn:\w+ id|sourceRef|targetRef|attachedToRef|default)="(?!Message_|Signal_|Error_|Esc|P\d*"|D"|d\d+")(\w+)"'
)


def renamed(source: bytes) -> bytes:
    """The same diagram with other ids; names stay."""
    return IDS.sub(rb'\1="\2_new"', source)


def same(case: Case, source: bytes) -> None:
    before = case.step
    done = case.attempt(source)
    assert done.plan.verdict == "clean", done.plan
    assert done.step is not None
    assert done.step.state == before.state
    assert done.step.facts == ()
    assert done.step.next_due == before.next_due


@examples(60)
@given(plan=PLANS, data=st.data())
def test_migrating_to_the_same_version_changes_nothing(plan, data):
    source = diagram(plan)
    case = Case(source)
    for number in range(60):
        if case.status != "active":
            break
        same(case, source)
        act(case, data, lively=number < 25)


@examples(60)
@given(source=graphs(), data=st.data())
def test_migrating_to_the_same_version_changes_nothing_where_tokens_are_stuck(source, data):
    assume(not [p for p in definitions.check("t.bpmn", source) if p.severity == "error"])
    case = Case(source, limits=LIMITS)
    for _ in range(6):
        able = [place for place in case.tracks[0].open() if place[1] in ("task", "job", "message")]
        if case.status != "active":
            break
        same(case, source)
        if not able:
            break
        element, kind = data.draw(st.sampled_from(able))
        {"task": case.complete, "job": case.finish, "message": case.deliver}[kind](element)


def by_serial(track: Track) -> list[tuple[str, str]]:
    return sorted((w.element.removesuffix("_new"), w.kind) for w in track.instance.open_refs())


@examples(60)
@given(plan=PLAIN, data=st.data(), when=st.integers(0, 15))
def test_an_instance_goes_on_under_other_ids_and_comes_to_its_end(plan, data, when):
    source = diagram(plan)
    case = Case(source)
    for _ in range(when):
        if case.status == "active":
            act(case, data, lively=True)
    if case.status != "active":
        return
    drawn = [name for program in case.tracks[0].library.values() for name in program.process.elements]
    mapping = {element: f"{element}_new" for element in drawn}
    before, due = by_serial(case.tracks[0]), case.step.next_due
    case.migrate(renamed(source), **mapping)
    assert by_serial(case.tracks[0]) == before
    assert all(w.element.endswith("_new") for w in case.tracks[0].instance.open_refs())
    assert case.step.next_due == due
    assert {type(fact) for fact in case.facts} <= {steps.Moved}
    back, step = going_back(case, source)
    assert by_serial(back) == before
    assert {type(fact) for fact in step.facts} <= {steps.Moved}
    for number in range(400):
        if case.status != "active":
            break
        act(case, data, lively=number < 15)
    assert case.status == "completed"
    assert_balanced(case)


def going_back(case: Case, source: bytes) -> tuple[Track, steps.Step]:
    """The first run, moved once more to the version it came from."""
    track = case.tracks[0]
    library = {program.process.id: program for program in definitions.load("t.bpmn", source)}
    mapping = {f"{element}_new": element for program in library.values() for element in program.process.elements}
    before, after = migrating.Version(track.program, track.library), migrating.Version(library["P"], library)
    done = migrating.attempt(track.step.state, before, after, case.world, mapping)
    assert done.instance is not None, done.plan
    assert done.step is not None
    again = Track(False, library["P"], library)
    again.instance, again.step = done.instance, done.step
    return again, done.step
