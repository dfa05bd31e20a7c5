"""Variables that nothing gives are warned of; what may come from elsewhere is not."""

from __future__ import annotations

import pytest

from service.engine import definitions
from service.errors import Problem
from tests.engine.drawing import (
    assigned,
    boundary,
    call,
    catch,
    chain,
    complexly,
    drawn,
    duration,
    each,
    end,
    file,
    flow,
    message,
    script,
    service,
    start,
    sub,
    throw,
    undo,
    undone,
    user,
    xor,
)

FORM = '<zeebe:formDefinition formId="check"/>'
KEYS = {"check": frozenset({"verdict", "lines", "due date"})}


def warned(*bodies: str, keys=KEYS, **shared) -> list[Problem]:
    programs = [("t.bpmn", program) for program in definitions.load("t.bpmn", file(*bodies, **shared))]
    return definitions.unknown_variables(programs, keys)


def names(*bodies: str, **more) -> list[str]:
    return [problem.message.split()[2] for problem in warned(*bodies, **more)]


def behind(node, expression: str) -> str:
    """A node, then a gateway that looks at something."""
    ways = flow("G", "E2", expression) + end("E2")
    return drawn(chain(start(), node, xor("G", default="G_E"), end()), ways)


def test_a_misspelt_variable_is_warned_of_with_place_and_the_near_name():
    (problem,) = warned(behind(user("A", FORM), '=verdct = "ok"'))
    assert (problem.code, problem.severity, problem.element_id, problem.line) == (
        "unknown-variable", "warning", "G_E2", 1,
    )  # fmt: skip
    assert problem.message == "The variable verdct in the condition is not known; did you mean verdict?"


def test_without_a_near_name_it_says_what_would_give_one():
    (problem,) = warned(behind(user("A"), "=approved"))
    assert problem.message.endswith("no form, mapping or result gives it.")


@pytest.mark.parametrize(
    "expression",
    [
        "=verdict = 1", "=release.title = verdict", "=some x in lines satisfies x > 1", "=due date > now",
        "=lines[price > 3] = []", '=lines[item.price > 3] = "price"', "=count(for i in lines return i) > 1",
        "={a: verdict, b: a}.b",
    ],
)  # fmt: skip
def test_forms_facts_and_names_of_the_expression_itself_are_known(expression):
    assert names(behind(user("A", FORM), expression)) == []


def test_what_mappings_results_loops_and_approvals_write_is_known():
    several = service("L", "tidegate.notify", loop=each("=things", "thing", into="told", of="=part"))
    body = drawn(
        chain(
            start(),
            script("X", "=[1]", "things"),
            several,
            service("J", "pack", outputs={"size.total": "=anything"}),
            user("OK", assigned(candidateGroups="g"), approval="any"),
            user("Z", assigned(assignee="=string(thing + told + size.total + loopCounter) + OK.outcome")),
            end(),
        )
    )
    assert names(body) == []


@pytest.mark.parametrize(
    "node",
    [
        service("A", "pack"), service("A", "=kind"), catch("A", message("go")), call("A", "elsewhere"),
        call("A", '="q"'), user("A", '<zeebe:formDefinition formId="unseen"/>'),
        sub("A", chain(start("s"), service("I", "pack"), end("e"))),
    ],
)  # fmt: skip
def test_behind_what_may_bring_anything_nothing_is_said(node):
    found = names(behind(node, "=surprise"), messages={"go": "=1"})
    assert "surprise" not in found


@pytest.mark.parametrize(
    "node", [service("A", "tidegate.notify"), catch("A", duration("PT1H")), call("A", "q", child=False), user("A")]
)
def test_behind_what_brings_nothing_it_is_said(node):
    assert names(behind(node, "=surprise")) == ["surprise"]


def test_before_a_message_it_is_said_and_behind_its_boundary_event_not():
    body = drawn(
        chain(start(), user("A", assigned(assignee="=early")), end()),
        boundary("B", "A", message("go")),
        chain("B", user("C", assigned(assignee="=late")), end("E2")),
    )
    assert names(body, messages={"go": "=1"}) == ["early"]


def test_what_undoes_comes_behind_what_asks_for_it_and_before_what_follows():
    asked = user("X"), throw("T", undo()), user("Z", assigned(assignee="=brought"))
    body = chain(start(), user("A"), *asked, end())
    seen = user("U", assigned(assignee="=label"))
    assert names(drawn(body, undone("A", seen))) == ["label", "brought"]
    brings = body.replace(asked[0], service("X", "ship")), undone("A", seen)
    assert names(drawn(*brings)) == []
    assert names(drawn(body, undone("A", service("U", "unship", inputs={"a": "=label"})))) == []


def test_processes_of_one_file_know_what_they_pass():
    outer = drawn(chain(start(), script("X", "=1", "given"), call("C", "Q"), xor("G", default="G_E"), end()))
    outer = outer.replace("</bpmn:process>", flow("G", "E2", "=made = typo") + end("E2") + "</bpmn:process>")
    inner = drawn(chain(start("s"), script("Y", "=given + unknown", "made"), end("e")), identity="Q")
    assert sorted(names(outer, inner)) == ["typo", "unknown"]


def test_criteria_and_outputs_see_what_the_task_itself_brings():
    body = drawn(
        chain(
            start(),
            user("A", FORM, criterion_Done="=verdict = mine", inputs={"mine": "=1"}, outputs={"x": "=verdict"}),
            service("J", "pack", outputs={"y": "=whatever"}),
            end(),
        )
    )
    assert names(body) == []


def test_the_key_of_a_message_that_begins_an_instance_is_compared_with_nothing():
    assert warned(drawn(chain(start(event=message("paid")), end())), messages={"paid": "=order"}) == []
    assert names(drawn(chain(start(), catch("C", message("paid")), end())), messages={"paid": "=order"}) == ["order"]


def test_the_counters_of_a_complex_gateway_are_given():
    gateway = complexly("C", "=activationCount = 1 and waitingForStart")
    assert warned(drawn(chain(start(), gateway, end()))) == []
