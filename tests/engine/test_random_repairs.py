"""Any sound diagram, sent back at any time to anything before: nothing runs twice at once, and it always ends."""

from __future__ import annotations

import contextlib
from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from service.engine import steps
from service.engine.repair import places
from service.errors import Conflict, NotFound
from tests.engine.driver import Case
from tests.engine.sketching import diagram
from tests.engine.test_random_diagrams import BESIDE, LIMITS, PLAIN, PLANS, act, assert_balanced
from tests.support.exploring import examples


def targets(case: Case) -> list[str]:
    """What was entered before and can be entered again."""
    entered = {f.element for f in case.of(steps.Entered) if f.type in places.ACTIVITIES}
    return sorted(element for element in entered if _possible(case, element))


def _possible(case: Case, element: str) -> bool:
    answers = []
    for track in case.tracks:
        try:
            answers.append(len(track.instance.ends_when_sent_back(element, None)))
        except (Conflict, NotFound) as refused:
            answers.append(str(refused))
    assert answers[0] == answers[1]
    return not isinstance(answers[0], str)


def assert_once(case: Case, handlers: set[str]) -> None:
    """No element is open twice in the same place; a handler may be, when its event happens again and again."""
    left = {f.ref for f in case.of(steps.Left)}
    opened = [f for f in case.of(steps.Entered) if f.ref not in left and f.element not in handlers]
    counts = Counter((f.element, f.parent, f.loop_index) for f in opened)
    assert set(counts.values()) <= {1}, counts


def may_be_open_twice(case: Case) -> set[str]:
    """Behind a boundary event, inside of an event sub-process, or for each of several tokens of an activity."""
    found = set()
    for program in case.world.library.values():
        drawn = program.process.elements
        after = {flow.source: flow.target for flow in drawn.values() if flow.type == "sequenceFlow"}
        for element in drawn.values():
            if element.type == "boundaryEvent":
                found |= {element.id, after[element.id]}
            if element.completion_quantity > 1:
                found.add(after[element.id])
            if element.type == "complexGateway":  # one that does not wait for all lets a loop around it go on
                found |= drawn.keys()
            if any(around.triggered_by_event for around in _around(drawn, element)):
                found.add(element.id)
    return found


def _around(drawn, element):
    while element is not None:
        yield element
        element = drawn.get(element.parent)


def drive(case: Case, data: st.DataObject) -> None:
    """In any order, and four times back to something before."""
    several, left = may_be_open_twice(case), 4
    for number in range(2000):  # loops in loops begin anew as a whole
        if case.status != "active":
            break
        if left and number < 40 and data.draw(st.integers(0, 3)) == 0 and (able := targets(case)):
            left -= 1
            target = data.draw(st.sampled_from(able))
            case.back(target)
            assert target in [f.element for f in case.facts if isinstance(f, steps.Entered)]
        else:
            act(case, data, lively=number < 40)
        assert_once(case, several)
    assert case.status == "completed", (case.open, case.story())
    assert_balanced(case)


@examples(120)
@given(plan=PLAIN, data=st.data())
def test_any_sound_diagram_that_is_sent_back_comes_to_its_end_and_does_nothing_twice_at_once(plan, data):
    drive(Case(diagram(plan)), data)


@examples(60)
@given(plan=PLANS, beside=BESIDE, data=st.data())
def test_with_every_kind_of_block_too(plan, beside, data):
    drive(Case(diagram(plan, beside), limits=LIMITS), data)


@examples(80)
@given(plan=PLAIN, data=st.data())
def test_what_is_moved_anywhere_ends_or_waits_where_somebody_sees_it(plan, data):
    case = Case(diagram(plan))
    goals = [e.id for e in case.tracks[0].program.process.elements.values() if e.type != "sequenceFlow"]
    for number in range(30):
        if case.status != "active":
            break
        kind = data.draw(st.sampled_from(["act", "act", "move"]))
        entered = [(element, kind) for element, kind in case.tracks[0].open() if kind in ("task", "job")]
        if kind == "move" and entered:
            before = case.step.state
            with contextlib.suppress(Conflict, NotFound):
                case.move(data.draw(st.sampled_from(entered))[0], data.draw(st.sampled_from(goals)))
                before = case.step.state
            assert case.tracks[0].instance.snapshot() == before
        elif case.step.next_due or any(kind in ("task", "job", "message") for _, kind in case.tracks[0].open()):
            act(case, data, lively=number < 15)
        else:
            break
        assert case.status != "active" or case.open, "it waits in silence"
