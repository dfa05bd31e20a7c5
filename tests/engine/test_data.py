"""Data objects, properties, data inputs and outputs: variables, and what associations carry between them."""

from __future__ import annotations

import pytest

from service.engine import definitions, steps
from tests.engine.drawing import (
    boundary,
    catch,
    chain,
    drawn,
    end,
    error,
    file,
    fork,
    handler,
    message,
    script,
    signal,
    start,
    sub,
    throw,
    times,
    user,
)
from tests.engine.driver import Case

ORDER = '<bpmn:dataObject id="D1"/><bpmn:dataObjectReference id="R1" name="order" dataObjectRef="D1"/>'


def has(inputs: str = "", outputs: str = "") -> str:
    """The data inputs and outputs of an activity; their ids are their names with a dot behind."""
    inside = "".join(f'<bpmn:dataInput id="{name}." name="{name}"/>' for name in inputs.split())
    inside += "".join(f'<bpmn:dataOutput id="{name}." name="{name}"/>' for name in outputs.split())
    return f"<bpmn:ioSpecification>{inside}<bpmn:inputSet/><bpmn:outputSet/></bpmn:ioSpecification>"


def carry(way: str, sources: str, target: str, transformation: str = "", assigned: tuple = ()) -> str:
    inside = "".join(f"<bpmn:sourceRef>{source}</bpmn:sourceRef>" for source in sources.split())
    inside += f"<bpmn:targetRef>{target}</bpmn:targetRef>"
    inside += f"<bpmn:transformation>{transformation}</bpmn:transformation>" if transformation else ""
    for origin, to in assigned:
        inside += f"<bpmn:assignment><bpmn:from>{origin}</bpmn:from><bpmn:to>{to}</bpmn:to></bpmn:assignment>"
    return f"<bpmn:data{way}Association>{inside}</bpmn:data{way}Association>"


def into(*words: str, **more) -> str:
    return carry("Input", *words, **more)


def out(*words: str, **more) -> str:
    return carry("Output", *words, **more)


def task(*inside: str) -> Case:
    """A user task with data between start and end, and a task behind it that shows what is left."""
    return Case(file(drawn(ORDER, chain(start(), user("A", loop="".join(inside)), user("Z"), end()))), {"order": 1})


def test_a_data_object_is_the_variable_of_its_name():
    body = chain(start(), script("A", '="new"', "order"), user("Z"), end())
    assert Case(file(drawn(ORDER, body))).variables("Z") == {"order": "new"}


def test_a_data_input_is_a_local_variable():
    case = task(has("given"), into("R1", "given."))
    assert case.of(steps.TaskOpened)[0].inputs == {"given": 1}
    assert case.complete("A", given=5).variables("Z") == {"order": 1}


def test_a_data_output_is_carried_and_does_not_leave_by_itself():
    case = task(has("", "made"), out("made.", "R1"))
    assert case.complete("A", made=7, other=2).variables("Z") == {"order": 7, "other": 2}


def test_a_data_output_that_was_not_produced_carries_nothing():
    assert task(has("", "made"), out("made.", "R1")).complete("A", other=2).variables("Z") == {"order": 1, "other": 2}


def test_transformations_and_assignments_are_evaluated():
    case = task(has("twice", "made"), into("R1", "twice.", "=order * 2"), out("made.", "D1", "=made + order"))
    assert case.of(steps.TaskOpened)[0].inputs == {"twice": 2}
    assert case.complete("A", made=7).variables("Z") == {"order": 8}
    case = task(has("", "made"), out("", "R1", assigned=(("=made", "order.total"), ("=made * 2", "order.double"))))
    assert case.complete("A", made=7).variables("Z") == {"order": {"total": 7, "double": 14}}


def test_several_sources_become_one_by_a_transformation():
    more = '<bpmn:property id="p1" name="rate"/>'
    body = chain(start(), user("A", loop=has("both") + into("R1 p1", "both.", "=order + rate")), end())
    case = Case(file(drawn(more, ORDER, body)), {"order": 1, "rate": 2})
    assert case.of(steps.TaskOpened)[0].inputs == {"both": 3}


@pytest.mark.parametrize(
    "inside",
    [
        out("", "R1"),
        out("A", "R1"),
        '<bpmn:property id="p1" name="__targetRef_placeholder"/>' + into("R1", "p1"),
        has("order", "order") + into("R1", "order.") + out("order.", "R1"),
    ],
    ids=["no source", "the task itself", "as Camunda Modeler draws it", "of the same name"],
)
def test_an_association_that_says_no_more_than_the_drawing_changes_nothing(inside):
    inside = inside.replace('dataOutput id="order."', 'dataOutput id="order.."').replace("order.<", "order.<")
    assert task(inside).complete("A", order=3, x=1).variables("Z") == {"order": 3, "x": 1}


def test_what_an_association_cannot_carry_is_tried_again_with_the_results():
    case = task(has("", "made"), out("made.", "R1", "=assert(made, rate > 0)")).complete("A", made=7)
    assert [fact.code for fact in case.of(steps.IncidentRaised)] == ["expression-failed"]
    assert case.set(rate=1).retry("A").variables("Z") == {"order": 7, "rate": 1}


def test_a_sub_process_has_its_data_for_itself():
    inside = chain(start("s"), user("I"), user("K"), end("e"))
    body = chain(start(), sub("P1", '<bpmn:dataObject id="D2" name="order"/>', inside), user("Z"), end())
    case = Case(file(drawn(ORDER, body)), {"order": "outer"})
    assert case.variables("I") == {"order": None}
    assert case.complete("I", order="inner", other=1).variables("K") == {"order": "inner", "other": 1}
    assert case.complete("K").variables("Z") == {"order": "outer", "other": 1}


def test_each_child_of_a_loop_has_its_own():
    inside = '<bpmn:property id="D2" name="own"/>' + chain(start("s"), user("I"), user("K"), end("e"))
    case = Case(file(drawn(chain(start(), sub("P1", inside, loop=times("2")), end()))))
    case.complete("I", own="first").complete("I", own="second")
    assert [case.variables("K", number)["own"] for number in (0, 1)] == ["first", "second"]
    assert case.complete("K").complete("K").variables() == {}


def test_a_sub_process_takes_data_in_and_gives_data_out():
    inside = has("given", "made") + into("R1", "given.") + out("made.", "R1")
    inside += chain(start("s"), script("I", "=given + 1", "made"), end("e"))
    case = Case(file(drawn(ORDER, chain(start(), sub("P1", inside), user("Z"), end()))), {"order": 1})
    assert case.variables("Z") == {"order": 2}


def test_the_property_of_a_task_is_gone_with_it():
    assert task('<bpmn:property id="p" name="own"/>').complete("A", own=1, x=2).variables("Z") == {"order": 1, "x": 2}
    case = task('<bpmn:property id="p" name="order"/>', out("p", "R1"))
    assert case.complete("A", order=6).variables("Z") == {"order": 6}
    case = task('<bpmn:property id="p" name="own"/>', out("p", "R1")).complete("A", own=5)
    assert case.variables("Z") == {"order": 5}


ITEMS = '<bpmn:dataObject id="D2" name="items"/><bpmn:dataObjectReference id="R2" dataObjectRef="D2"/>'
SEVERAL = (
    "<bpmn:multiInstanceLoopCharacteristics><bpmn:loopDataInputRef>{0}</bpmn:loopDataInputRef>"
    '<bpmn:loopDataOutputRef>{1}</bpmn:loopDataOutputRef><bpmn:inputDataItem id="i" name="item"/>'
    '<bpmn:outputDataItem id="o" name="made"/></bpmn:multiInstanceLoopCharacteristics>'
)


@pytest.mark.parametrize(
    "loop",
    [
        SEVERAL.format("R2", "R1"),
        has("all", "each") + into("R2", "all.") + out("each.", "R1") + SEVERAL.format("all.", "each."),
    ],
    ids=["directly", "by inputs and outputs"],
)
def test_a_multi_instance_activity_runs_over_data_and_collects_data(loop):
    body = chain(start(), script("A", "=item * 2", "made", loop=loop), user("Z"), end())
    case = Case(file(drawn(ORDER, ITEMS, body)), {"items": [1, 2, 3]})
    assert case.variables("Z") == {"items": [1, 2, 3], "order": [2, 4, 6]}


def test_what_an_event_sends_arrives_as_the_data_of_the_event_that_catches_it():
    sent = '<bpmn:dataInput id="in" name="parcel"/>' + into("R1", "in")
    got = '<bpmn:dataOutput id="out" name="received"/>' + out("out", "D2")
    ways = chain("F", user("W"), throw("T", sent + signal("go"))), chain("F", catch("C", got + signal("go")), user("Z"))
    case = Case(file(drawn(ORDER, ITEMS, chain(start(), fork("F")), *ways), signals=("go",)), {"order": 1})
    assert case.complete("W").of(steps.SignalThrown)[0].variables == {"parcel": 1}
    assert case.variables("Z") == {"order": 1, "items": 1}


def test_boundary_events_and_event_sub_processes_take_data():
    got = '<bpmn:dataOutput id="out" name="why"/>' + out("out", "R1")
    inside = chain(
        start("s"), user("I"), end("e", '<bpmn:dataInput id="in" name="why"/>' + into("p", "in") + error("E"))
    )
    inside = '<bpmn:property id="p" name="cause"/>' + inside
    border = boundary("X", "P1", got + error("E")), chain("X", user("Z"))
    case = Case(file(drawn(ORDER, chain(start(), sub("P1", inside), end()), *border), errors=("E",)))
    assert case.complete("I", cause="late").variables("Z") == {"order": "late"}
    body = chain(start(), user("A"), end()), handler("H", got + message("m"), user("Z"))
    case = Case(file(drawn(ORDER, *body), messages={"m": ""})).deliver("sH", why="late", x=1)
    assert case.variables("Z") == {"order": "late", "x": 1}


def problems(body: str) -> dict[str, tuple[str | None, str]]:
    return {p.code: (p.element_id, p.severity) for p in definitions.check("f.bpmn", file(drawn(ORDER, body)))}


@pytest.mark.parametrize(
    ("inside", "code"),
    [
        (has("", "made") + out("made.", "R1", "concat(made)"), "data-expression"),
        (has("", "made") + out("", "R1", assigned=(("made", "order"),)), "data-expression"),
        (has("", "made") + out("made.", "nope"), "missing-reference"),
        (has("given") + into("nope", "given."), "missing-reference"),
        (has("given") + into("R1 D1", "given."), "data-expression"),
        (has("", "made") + out("made.", "R1", "=made +"), "feel-syntax"),
        (SEVERAL.format("nope", "R1"), "missing-reference"),
    ],
)
def test_what_data_cannot_say_is_refused_at_its_element(inside, code):
    assert problems(chain(start(), user("A", loop=inside), end()))[code] == ("A", "error")


def test_the_data_inputs_of_a_process_are_known_variables():
    inputs = has("order")
    source = file(drawn(inputs, chain(start(), script("A", "=order + 1", "x"), end())))
    assert definitions.unknown_variables([("f.bpmn", definitions.load("f.bpmn", source)[0])], {}) == []
    assert Case(source, {"order": 1}).variables() == {"order": 1, "x": 2}


def test_a_data_store_is_warned_of():
    store = '<bpmn:dataStoreReference id="S1" name="archive"/>'
    body = chain(start(), user("A", loop=has("", "made") + out("made.", "S1")), user("Z"), end())
    assert problems(store + body)["data-store"] == ("A", "warning")
    assert Case(file(drawn(store, body))).complete("A", made=1).variables("Z") == {"archive": 1}


def test_reading_the_data_of_a_sub_process_outside_is_warned_of():
    inside = '<bpmn:dataObject id="D2" name="risk"/>' + chain(start("s"), script("I", "=1", "risk"), end("e"))
    found = problems(chain(start(), sub("P1", inside), script("A", "=risk + 1", "x"), end()))
    assert found["data-object-outside"] == ("A", "warning")
    assert "data-object-outside" not in problems(chain(start(), sub("P1", inside), script("A", "=order", "x"), end()))


def test_data_named_like_a_fact_is_a_drawing_until_it_is_written():
    named = '<bpmn:dataObject id="D2" name="changes"/>'
    inside = sub("P1", named, chain(start("s"), user("I"), end("e")))
    assert Case(file(drawn(chain(start(), inside, end())))).variables("I") == {}
    written = user("A", loop=has("", "made") + out("made.", "D2"))
    assert problems(named + chain(start(), written, end()))["named-like-fact"] == ("A", "error")
