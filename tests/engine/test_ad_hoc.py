"""Ad-hoc sub-processes: what starts, in which order, and when it is enough."""

from __future__ import annotations

from html import escape

import pytest

from service.engine import steps
from service.engine.worlds import Limits
from tests.engine.diagrams import around, codes, diagram
from tests.engine.drawing import (
    Node,
    boundary,
    chain,
    drawn,
    each,
    end,
    error,
    file,
    flow,
    message,
    script,
    service,
    start,
    sub,
    user,
)
from tests.engine.driver import Case


def ad_hoc(*inside: str, collection: str = "", until: str = "", loop: str = "", **attributes: str) -> Node:
    """An ad-hoc sub-process H; `attributes` stand at its tag."""
    part = f'<zeebe:adHoc activeElementsCollection="{escape(collection)}"/>' if collection else ""
    ended = f"<bpmn:completionCondition>{escape(until)}</bpmn:completionCondition>" if until else ""
    box = f"<bpmn:extensionElements>{part}</bpmn:extensionElements>" if part else ""
    tag = "".join(f' {name}="{value}"' for name, value in attributes.items())
    text = f'<bpmn:adHocSubProcess id="H"{tag}>{box}{"".join(inside)}{loop}{ended}</bpmn:adHocSubProcess>'
    return Node("H", text)


def around_it(node: Node, *more: str, variables: dict | None = None, **shared: object) -> Case:
    return Case(file(drawn(chain(start(), node, user("After"), end()), *more), **shared), variables)


def test_everything_that_no_flow_leads_to_starts_at_once():
    case = around_it(ad_hoc(user("A"), chain(user("B"), user("C"))))
    assert case.open == ["A", "B"]
    assert case.complete("B").open == ["A", "C"]
    assert case.complete("A").complete("C").open == ["After"]
    assert case.complete("After").status == "completed"


def test_one_after_the_other_where_the_order_is_sequential():
    case = around_it(ad_hoc(chain(user("A"), user("A2")), user("B"), ordering="Sequential"))
    assert case.open == ["A"]
    assert case.complete("A").open == ["A2"]
    assert case.complete("A2").open == ["B"]
    assert case.complete("B").open == ["After"]


def test_scripts_run_one_after_the_other_in_the_order_of_the_drawing():
    source = ad_hoc(
        script("A", "=1", "a"), script("B", "=a + 1", "b"), script("C", "=b + 1", "c"), ordering="Sequential"
    )
    case = around_it(source)
    assert case.path == ["S", "H", "A", "B", "C", "After"]
    assert case.variables()["c"] == 3


def test_a_list_says_what_starts():
    inside = (user("A"), user("B"), user("C"))
    case = around_it(ad_hoc(*inside, collection="=chosen"), variables={"chosen": ["C", "A"]})
    assert case.open == ["C", "A"]
    assert case.complete("A").complete("C").open == ["After"]


def test_a_list_with_an_order_starts_one_after_the_other():
    inside = (user("A"), user("B"), user("C"))
    source = ad_hoc(*inside, collection='=["C", "B"]', ordering="Sequential")
    case = around_it(source)
    assert case.open == ["C"]
    assert case.complete("C").open == ["B"]
    assert case.complete("B").open == ["After"]


def test_an_element_that_is_listed_twice_starts_twice():
    case = around_it(ad_hoc(user("A"), collection='=["A", "A"]'))
    assert case.open == ["A", "A"]
    assert case.complete("A", 1).open == ["A"]
    assert case.complete("A").open == ["After"]


def test_an_empty_list_starts_nothing_and_goes_on():
    assert around_it(ad_hoc(user("A"), collection="=[]")).open == ["After"]


@pytest.mark.parametrize(
    ("given", "code"),
    [
        (["A", "no"], "ad-hoc-element"),
        (["C"], "ad-hoc-element"),
        (None, "null-value"),
        ("A", "wrong-type"),
        ([1], "wrong-type"),
    ],
)
def test_a_list_that_is_not_usable_is_an_incident_until_it_is(given, code):
    case = around_it(ad_hoc(chain(user("A"), user("C")), collection="=chosen"), variables={"chosen": given})
    assert [fact.code for fact in case.of(steps.IncidentRaised, "H")] == [code]
    case.set(chosen=["A"]).retry("H")
    assert case.open == ["A"]


def test_a_list_beyond_the_limit_is_an_incident():
    source = file(drawn(chain(start(), ad_hoc(user("A"), collection='=for i in 1..9 return "A"'), end())))
    assert Case(source, limits=Limits(items=8)).of(steps.IncidentRaised, "H")[0].code == "limit"


def test_when_the_condition_holds_the_rest_is_cancelled():
    case = around_it(ad_hoc(user("A"), user("B"), user("C"), until="=done"), variables={"done": False})
    case.complete("A")
    assert case.open == ["B", "C"]
    case.complete("B", done=True)
    assert case.open == ["After"]
    assert "xC" in case.story()


def test_the_rest_goes_on_where_it_shall_not_be_cancelled():
    source = ad_hoc(user("A"), user("B"), user("C"), until="=done", cancelRemainingInstances="false")
    case = around_it(source, variables={"done": False})
    assert case.complete("A", done=True).open == ["B", "C"]
    assert case.complete("B", done=False).open == ["C"]
    assert case.complete("C").open == ["After"]


def test_nothing_more_is_started_when_the_condition_holds():
    source = ad_hoc(
        user("A"), user("B"), user("C"), until="=done", ordering="Sequential", cancelRemainingInstances="false"
    )
    case = around_it(source, variables={"done": False})
    assert case.complete("A").complete("B", done=True).open == ["After"]
    assert "C" not in case.path


def test_the_condition_is_looked_at_when_a_path_has_ended():
    case = around_it(ad_hoc(chain(user("A"), user("B")), user("C"), until="=done"), variables={"done": True})
    assert sorted(case.complete("A").open) == ["B", "C"]
    assert case.complete("B").open == ["After"]


def test_a_condition_that_never_held_is_an_incident():
    case = around_it(ad_hoc(user("A"), until="=done"), variables={"done": False}).complete("A")
    assert [fact.code for fact in case.of(steps.IncidentRaised, "H")] == ["ad-hoc-unfinished"]
    assert case.open == ["H:incident"]
    case.retry("H")
    assert case.open == ["H:incident"]
    assert case.set(done=True).retry("H").open == ["After"]


def test_a_condition_that_fails_is_an_incident_and_the_rest_goes_on():
    case = around_it(ad_hoc(user("A"), user("B"), until="=done")).complete("A")
    assert [fact.code for fact in case.of(steps.IncidentRaised, "H")] == ["null-value"]
    assert "B" in case.open
    case.complete("B", done=True)
    assert case.retry("H").open == ["After"]


def test_an_unfinished_one_can_be_skipped():
    case = around_it(ad_hoc(user("A"), user("B"), until="=done"), variables={"done": False})
    assert case.skip("H", "inside").open == ["After"]


def test_joins_inside_wait_for_what_was_started():
    either = Node("J", '<bpmn:inclusiveGateway id="J"/>')
    inside = chain(user("A"), either, user("C")), chain(user("B"), "J")
    case = around_it(ad_hoc(*inside))
    assert sorted(case.complete("A").open) == ["B", "J:join"]
    assert case.complete("B").open == ["C"]
    assert case.complete("C").open == ["After"]


def test_its_variables_are_those_of_a_sub_process():
    inside = user("A")
    case = around_it(sub("H", inside, tag="adHocSubProcess", inputs={"own": "=1"}, outputs={"out": "=own"}))
    case.complete("A", own=2, other=3)
    assert case.variables() == {"out": 2, "other": 3}


def test_events_at_its_border_and_inside_of_it():
    caught = boundary("Bad", "A", error("bad")), user("Mend"), flow("Bad", "Mend")
    late = boundary("Stop", "H", message("stop")), flow("Stop", "After")
    source = ad_hoc(service("A"), *caught, user("B"))
    case = around_it(source, *late, messages={"stop": ""}, errors=("bad",))
    assert case.fail("A", "bad").open == ["Stop:message", "B", "Mend"]
    case.complete("Mend")
    assert case.complete("B").open == ["After"]
    case = around_it(source, *late, messages={"stop": ""}, errors=("bad",))
    assert case.deliver("Stop").open == ["After"]
    assert {"xA", "xB", "xH"} <= set(case.story())


def test_several_at_once_each_with_its_own_elements():
    source = ad_hoc(user("A"), user("B"), collection="=item", loop=each("=waves"))
    case = around_it(source, variables={"waves": [["A"], ["A", "B"]]})
    assert case.open == ["A", "A", "B"]
    assert case.complete("A").complete("A").complete("B").open == ["After"]


def test_again_in_a_loop_it_starts_anew():
    body = chain(start(), Node("X", '<bpmn:exclusiveGateway id="X"/>'), ad_hoc(user("A"), user("B")), end())
    again = Node("Y", '<bpmn:exclusiveGateway id="Y" default="Y_E2"/>')
    source = file(
        drawn(
            body.replace('targetRef="E"', 'targetRef="Y"'), again, end("E2"), flow("Y", "X", "=more"), flow("Y", "E2")
        ).replace('<bpmn:endEvent id="E" name="E"></bpmn:endEvent>', "")
    )
    case = Case(source, {"more": True})
    sizes = []
    for _ in range(4):
        case.complete("A").complete("B")
        sizes.append(len(case.step.state))
    assert case.open == ["A", "B"]
    assert sizes[1] == sizes[3]
    case.complete("A").complete("B", more=False)
    assert case.status == "completed"


def test_it_can_be_a_phase_with_criteria():
    case = around_it(Node("H", sub("H", user("A"), tag="adHocSubProcess", phase="Test", criterion_met="=ok")))
    assert case.complete("A").open == ["H.gate"]
    assert case.complete("H.gate").open == ["After"]


START = '<bpmn:startEvent id="i"/>'


def extended(attributes: str) -> str:
    box = f"<bpmn:extensionElements><zeebe:adHoc {attributes}/></bpmn:extensionElements>"
    return f'{box}<bpmn:task id="U"/>'


@pytest.mark.parametrize(
    ("inside", "attributes", "found"),
    [
        ("", "", ["ad-hoc-empty"]),
        ('<bpmn:intermediateThrowEvent id="t"/>', "", ["ad-hoc-empty"]),
        (START + '<bpmn:task id="U"/>', "", ["ad-hoc-event"]),
        ('<bpmn:task id="U"/><bpmn:endEvent id="i"/>', "", ["ad-hoc-event"]),
        ('<bpmn:task id="U"/>', 'ordering="Random"', ["ad-hoc-ordering"]),
        (
            f'<bpmn:task id="U"/><bpmn:task id="V"/><bpmn:task id="W"/>{flow("V", "W")}{flow("W", "V")}',
            "",
            ["unreachable"],
        ),
        (
            extended('outputCollection="all" outputElement="=one"'),
            "",
            ["ad-hoc-output"],
        ),
        (
            extended('activeElementsCollection="chosen"'),
            "",
            ["not-feel"],
        ),
        ('<bpmn:task id="U"/><bpmn:completionCondition>=1 +</bpmn:completionCondition>', "", ["feel-syntax"]),
        ('<bpmn:task id="U"/><bpmn:completionCondition>done</bpmn:completionCondition>', "", ["not-feel"]),
    ],
)
def test_what_does_not_run_is_refused(inside, attributes, found):
    assert codes(diagram(around(f'<bpmn:adHocSubProcess id="T" {attributes}>{inside}</bpmn:adHocSubProcess>'))) == found
