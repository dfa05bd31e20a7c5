"""Compensation: what was completed is undone by its handlers, the latest first, each as often as it was done."""

from __future__ import annotations

import orjson

from service.engine import steps
from service.engine.limits import Limits
from tests.engine.drawing import (
    CANCEL,
    Node,
    assigned,
    boundary,
    call,
    chain,
    drawn,
    each,
    end,
    error,
    file,
    flow,
    fork,
    loop,
    message,
    script,
    start,
    sub,
    throw,
    undo,
    undone,
    user,
    xor,
)
from tests.engine.driver import Case


def both(host: str, handler: str) -> str:
    return undone(host, user(handler))


def case_of(*body: str, variables: dict | None = None, **shared: object) -> Case:
    return Case(file(drawn(*body), **shared), variables)


def done(case: Case) -> dict[str, object]:
    """What the stored state remembers, by host."""
    raw = orjson.loads(case.step.state)
    return {flow[0]: flow[8] for flow in raw[4] if len(flow) > 8}


def test_what_was_completed_is_undone_the_latest_first_and_then_the_event_goes_on():
    row = chain(start(), user("A"), user("B"), throw("T", undo()), user("After"), end())
    case = case_of(row, both("A", "UndoA"), both("B", "UndoB"))
    case.complete("A").complete("B")
    assert case.open == ["UndoB"]
    assert case.complete("UndoB").open == ["UndoA"]
    assert case.complete("UndoA").open == ["After"]
    assert case.complete("After").status == "completed"
    assert case.path == ["S", "A", "B", "T", "B_", "UndoB", "A_", "UndoA", "After", "E"]
    assert case.story().index("-UndoA") < case.story().index("-T")


def test_scripts_undo_in_the_reverse_order_of_completion():
    note = '=append(trace, "{}")'
    row = chain(start(), script("A", "=1"), script("B", "=1"), script("C", "=1"), end("E", undo()))
    handlers = [undone(name, script(f"Undo{name}", note.format(name), "trace")) for name in "ABC"]
    case = case_of(row, *handlers, variables={"trace": []})
    assert case.status == "completed"
    assert case.of(steps.Ended)[0].variables["trace"] == ["C", "B", "A"]


def test_a_compensation_end_event_ends_when_all_is_undone():
    case = case_of(chain(start(), user("A"), end("E", undo())), both("A", "UndoA")).complete("A")
    assert case.open == ["UndoA"]
    assert case.complete("UndoA").status == "completed"
    assert case.step.facts[-1].element == "E"


def test_one_activity_can_be_named():
    row = chain(start(), user("A"), user("B"), throw("T", undo("A")), throw("T2", undo()), user("After"), end())
    case = case_of(row, both("A", "UndoA"), both("B", "UndoB")).complete("A").complete("B")
    assert case.open == ["UndoA"]
    assert case.complete("UndoA").open == ["UndoB"]
    assert case.complete("UndoB").open == ["After"]


def test_what_is_undone_is_not_undone_again():
    row = chain(start(), user("A"), throw("T", undo()), throw("T2", undo()), user("After"), end())
    case = case_of(row, both("A", "UndoA")).complete("A").complete("UndoA")
    assert case.open == ["After"]
    assert case.path.count("UndoA") == 1


def test_where_nothing_was_completed_the_event_passes_at_once():
    branches = chain(start(), xor("X", default="X_T"), "T"), flow("X", "A", "=never"), user("A"), flow("A", "T")
    case = case_of(
        *branches, throw("T", undo()), flow("T", "After"), user("After"), both("A", "UndoA"), variables={"never": False}
    )
    assert case.open == ["After"]
    assert "A_" not in case.path


def test_what_is_still_going_on_is_not_undone():
    row = chain(start(), fork("F"), user("A")), flow("F", "B"), user("B"), flow("B", "T")
    case = case_of(*row, throw("T", undo()), flow("T", "After"), user("After"), both("A", "UndoA"), both("B", "UndoB"))
    case.complete("B")
    assert case.open == ["A", "UndoB"]
    case.complete("UndoB")
    assert case.open == ["A", "After"]


def test_what_was_interrupted_or_skipped_is_not_undone():
    row = chain(start(), user("A"), user("B"), throw("T", undo()), end())
    caught = boundary("Stop", "A", message("stop")), flow("Stop", "B")
    case = case_of(row, *caught, both("A", "UndoA"), both("B", "UndoB"), messages={"stop": ""})
    case.deliver("Stop").skip("B")
    assert case.status == "completed"
    assert not {"UndoA", "UndoB"} & set(case.path)


def test_each_lap_of_a_loop_is_undone():
    row = chain(start(), xor("X"), user("A"), xor("Y", default="Y_T"), throw("T", undo()), end())
    case = case_of(row, flow("Y", "X", "=more"), both("A", "UndoA"))
    case.complete("A", more=True).complete("A", more=True).complete("A", more=False)
    for _ in range(3):
        assert case.open == ["UndoA"]
        case.complete("UndoA")
    assert case.status == "completed"


def test_each_child_of_a_loop_is_undone_with_its_own_item():
    row = chain(start(), user("A", loop=each("=items", "item")), throw("T", undo()), end())
    handler = undone("A", script("UndoA", "=append(trace, item)", "trace"))
    case = case_of(row, handler, variables={"items": ["x", "y", "z"], "trace": []})
    case.complete("A", 1).complete("A", 0)
    assert done(case) == {}
    case.complete("A", 0)
    assert case.of(steps.Ended)[0].variables["trace"] == ["z", "x", "y"]


def test_a_standard_loop_is_undone_as_often_as_it_ran():
    row = chain(start(), user("A", loop=loop(maximum=2)), throw("T", undo()), end())
    case = case_of(row, both("A", "UndoA")).complete("A").complete("A")
    assert case.complete("UndoA").open == ["UndoA"]
    assert case.complete("UndoA").status == "completed"


def test_a_handler_that_is_a_loop_itself_undoes_all_at_once():
    row = chain(start(), user("A", loop=each("=items", "item")), throw("T", undo()), end())
    case = case_of(row, undone("A", user("UndoA", loop=each("=items", "item"))), variables={"items": [1, 2]})
    case.complete("A").complete("A")
    assert case.open == ["UndoA", "UndoA"]
    assert case.complete("UndoA").complete("UndoA").status == "completed"


def test_the_children_of_a_loop_that_was_interrupted_are_forgotten():
    row = chain(start(), user("A", loop=each("=items", "item")), throw("T", undo()), end())
    caught = boundary("Stop", "A", message("stop")), flow("Stop", "T")
    case = case_of(row, *caught, both("A", "UndoA"), variables={"items": [1, 2]}, messages={"stop": ""})
    assert case.complete("A").deliver("Stop").status == "completed"
    assert "UndoA" not in case.path


def completed_sub(*more: str, **options: object) -> Node:
    inside = chain(start("s"), user("A"), user("B"), end("e"))
    return sub("P1", inside, both("A", "UndoA"), both("B", "UndoB"), *more, **options)


def test_a_completed_sub_process_is_undone_by_what_was_completed_inside():
    case = case_of(
        chain(start(), completed_sub(), user("C"), throw("T", undo()), user("After"), end()), both("C", "UndoC")
    )
    case.complete("A").complete("B").complete("C")
    assert case.complete("UndoC").open == ["UndoB"]
    assert case.complete("UndoB").complete("UndoA").open == ["After"]
    assert case.story().count("+P1") == case.story().count("-P1") == 2


def test_a_completed_sub_process_can_be_named():
    row = chain(start(), completed_sub(), user("C"), throw("T", undo("P1")), user("After"), end())
    case = case_of(row, both("C", "UndoC")).complete("A").complete("B").complete("C")
    assert case.complete("UndoB").complete("UndoA").open == ["After"]
    assert "UndoC" not in case.path


def test_its_own_handler_takes_the_place_of_what_is_inside():
    case = case_of(chain(start(), completed_sub(), throw("T", undo()), end()), both("P1", "UndoP"))
    case.complete("A").complete("B")
    assert case.open == ["UndoP"]
    assert case.complete("UndoP").status == "completed"


def test_a_sub_process_that_was_interrupted_is_not_undone():
    inside = sub("P1", chain(start("s"), user("A"), end("e", error("bad"))), both("A", "UndoA"))
    caught = boundary("Bad", "P1", error("bad")), flow("Bad", "T")
    case = case_of(chain(start(), inside, throw("T", undo()), user("After"), end()), *caught, errors=("bad",))
    assert case.complete("A").open == ["After"]


def test_inside_a_sub_process_only_what_is_there_is_undone():
    inside = sub("P1", chain(start("s"), user("B"), throw("T", undo()), user("C"), end("e")), both("B", "UndoB"))
    case = case_of(chain(start(), user("A"), inside, end()), both("A", "UndoA")).complete("A").complete("B")
    assert case.open == ["UndoB"]
    assert case.complete("UndoB").open == ["C"]
    assert done(case) == {}


def test_nested_sub_processes_are_undone_from_the_inside_of_the_last():
    deep = sub("P2", chain(start("s2"), user("A"), end("e2")), both("A", "UndoA"))
    outer = sub("P1", chain(start("s1"), deep, user("B"), end("e1")), both("B", "UndoB"))
    case = case_of(chain(start(), outer, throw("T", undo()), end())).complete("A").complete("B")
    assert case.complete("UndoB").complete("UndoA").status == "completed"


def test_a_handler_sees_the_variables_as_now_and_those_of_its_sub_process_as_at_its_end():
    inside = sub(
        "P1", chain(start("s"), user("A"), end("e")), undone("A", user("UndoA")), inputs={"own": "=1", "other": "=2"}
    )
    case = case_of(chain(start(), inside, user("B"), throw("T", undo()), end()), variables={"shared": "old"})
    case.complete("A", own=7).complete("B", shared="new")
    assert case.variables("UndoA") == {"own": 7, "other": 2, "shared": "new"}
    case.complete("UndoA", own=8, result=9)
    assert case.of(steps.Ended)[0].variables == {"shared": "new", "result": 9}


def test_the_output_mappings_of_a_sub_process_are_not_applied_again():
    inside = sub("P1", chain(start("s"), user("A"), end("e")), both("A", "UndoA"), outputs={"count": "=count + 1"})
    case = case_of(chain(start(), inside, throw("T", undo()), end()), variables={"count": 0}).complete("A")
    assert case.complete("UndoA").of(steps.Ended)[0].variables == {"count": 1}


def test_sub_processes_in_a_loop_are_undone_each_with_its_own_variables():
    inside = sub(
        "P1",
        chain(start("s"), user("A"), end("e")),
        undone("A", script("UndoA", "=append(trace, item)", "trace")),
        loop=each("=items", "item"),
    )
    case = case_of(chain(start(), inside, throw("T", undo()), end()), variables={"items": ["x", "y"], "trace": []})
    case.complete("A", 1).complete("A", 0)
    assert case.of(steps.Ended)[0].variables["trace"] == ["x", "y"]


def test_a_sub_process_can_undo():
    steps_back = sub("Back", chain(start("s"), user("U1"), user("U2"), end("e")))
    case = case_of(chain(start(), user("A"), throw("T", undo()), end()), undone("A", steps_back)).complete("A")
    assert case.complete("U1").complete("U2").status == "completed"


def test_the_event_may_go_on_without_waiting():
    row = chain(start(), user("A"), user("B"), throw("T", undo(waits=False)), user("After"), end())
    case = case_of(row, both("A", "UndoA"), both("B", "UndoB")).complete("A").complete("B")
    assert sorted(case.open) == ["After", "UndoB"]
    assert case.complete("After").status == "active"
    assert case.complete("UndoB").complete("UndoA").status == "completed"


def test_an_end_event_that_does_not_wait_leaves_the_scope_open_until_all_is_undone():
    inside = sub("P1", chain(start("s"), user("A"), end("e", undo(waits=False))), both("A", "UndoA"))
    case = case_of(chain(start(), inside, user("After"), end())).complete("A")
    assert case.open == ["UndoA"]
    assert case.complete("UndoA").open == ["After"]


def test_two_branches_ask_at_once_and_each_thing_is_undone_once():
    row = chain(start(), user("A"), user("B"), fork("F"), throw("T1", undo("A")), user("After1"))
    case = case_of(
        row,
        flow("F", "T2"),
        throw("T2", undo()),
        flow("T2", "After2"),
        user("After2"),
        both("A", "UndoA"),
        both("B", "UndoB"),
    )
    case.complete("A").complete("B")
    assert sorted(case.open) == ["UndoA", "UndoB"]
    assert case.complete("UndoB").open == ["UndoA", "After2"]
    assert case.complete("UndoA").open == ["After2", "After1"]


def test_a_called_process_is_undone_by_the_handler_of_its_call_and_keeps_its_own_to_itself():
    called = drawn(chain(start(), user("B"), end()), both("B", "UndoB"), identity="Q")
    row = drawn(chain(start(), call("A", "Q"), throw("T", undo()), end()), both("A", "UndoA"))
    case = Case([file(row), file(called)]).complete("B")
    assert case.open == ["UndoA"]
    assert case.complete("UndoA").status == "completed"


def test_a_cancelled_transaction_ends_what_runs_undoes_what_was_done_and_leaves_by_its_boundary():
    deep = sub("P2", chain(start("s2"), user("B"), end("e2")), both("B", "UndoB"))
    branches = chain(start("s"), user("A"), deep, fork("F"), user("C"), end("c", CANCEL)), flow("F", "D"), user("D")
    inside = sub("X", *branches, both("A", "UndoA"), both("C", "UndoC"), both("D", "UndoD"), tag="transaction")
    case = case_of(
        chain(start(), inside, user("Done"), end()), boundary("Off", "X", CANCEL), flow("Off", "After"), user("After")
    )
    case.complete("A").complete("B").complete("C")
    assert case.open == ["UndoC"]
    assert "xD" in case.story()
    assert case.complete("UndoC").complete("UndoB").complete("UndoA").open == ["After"]
    assert "xX" in case.story()
    assert case.complete("After").status == "completed"


def test_a_loop_of_transactions_that_one_child_cancels_is_undone_in_all_of_them():
    ways = flow("G", "c", "=off"), end("c", CANCEL), flow("G", "e"), end("e")
    body = chain(start("s"), user("A"), user("B"), xor("G", default="G_e")) + "".join(ways)
    handler = undone("A", script("UndoA", "=append(trace, item)", "trace"))
    inside = sub("X", body, handler, tag="transaction", loop=each("=items", "item"))
    after = boundary("Off", "X", CANCEL), flow("Off", "After"), user("After")
    case = case_of(chain(start(), inside, end()), *after, variables={"items": ["x", "y", "z"], "trace": []})
    case.complete("A", 0).complete("A", 0).complete("A", 0)
    case.complete("B", 0, off=False).complete("B", 1, off=True)
    assert case.open == ["After"]
    assert case.variables()["trace"] == ["z", "y", "x"]


def test_a_child_that_cancels_while_another_one_undoes_leaves_its_own_to_that():
    ways = flow("G", "c", "=off"), end("c", CANCEL), flow("G", "e"), end("e")
    body = chain(start("s"), user("A"), user("B"), xor("G", default="G_e")) + "".join(ways)
    inside = sub("X", body, both("A", "UndoA"), tag="transaction", loop=each("=items", "item"))
    after = boundary("Off", "X", CANCEL), flow("Off", "After"), user("After")
    case = case_of(chain(start(), inside, end()), *after, variables={"items": ["x", "y"]})
    case.complete("A", 0).complete("A", 0).complete("B", 0, off=True)
    assert case.open == ["UndoA"]
    case.add("X", "z").complete("A").complete("B", off=True)
    assert case.open == ["UndoA"]
    undone_items = []
    while case.open == ["UndoA"]:
        undone_items.append(case.variables("UndoA")["item"])
        case.complete("UndoA")
    assert undone_items == ["x", "z", "y"]
    assert case.open == ["After"]
    assert case.complete("After").status == "completed"


def test_a_completed_transaction_can_be_undone_later():
    inside = sub("X", chain(start("s"), user("A"), end("e")), both("A", "UndoA"), tag="transaction")
    case = case_of(chain(start(), inside, throw("T", undo()), end())).complete("A")
    assert case.complete("UndoA").status == "completed"


def test_an_error_while_undoing_is_caught_around_the_event_that_asked_for_it():
    row = chain(start("s"), user("A"), throw("T", undo()), end("e"))
    back = sub("Back", chain(start("b"), user("U"), end("f", error("bad"))))
    inside = sub("P1", row, undone("A", back))
    caught = boundary("Bad", "P1", error("bad")), flow("Bad", "Mend"), user("Mend")
    case = case_of(chain(start(), inside, end()), *caught, errors=("bad",)).complete("A")
    assert case.complete("U").open == ["Mend"]
    assert case.complete("Mend").status == "completed"


def failing(handler_event: str, *, interrupting: bool = True) -> Node:
    """A sub-process that books, fails, and asks for compensation in its error event sub-process."""
    begins = start("es", error("bad"))
    handler = sub("ES", chain(begins, user("N"), throw("T", handler_event), end("ee")), both("N", "UndoN"))
    event = handler.replace('id="ES"', 'id="ES" triggeredByEvent="true"', 1)
    return sub("P1", chain(start("s"), user("A"), user("B"), end("f", error("bad"))), event, both("A", "UndoA"))


def test_an_error_event_sub_process_undoes_what_was_completed_around_it():
    case = case_of(chain(start(), failing(undo()), user("After"), end()), errors=("bad",))
    case.complete("A").complete("B").complete("N")
    assert case.open == ["UndoN"]
    assert case.complete("UndoN").open == ["UndoA"]
    assert case.complete("UndoA").open == ["After"]


def test_an_error_event_sub_process_can_name_an_activity_around_it():
    case = case_of(chain(start(), failing(undo("A")), user("After"), end()), errors=("bad",))
    case.complete("A").complete("B").complete("N")
    assert case.open == ["UndoA"]
    assert case.complete("UndoA").open == ["After"]


def test_a_completed_event_sub_process_is_undone_too():
    begins = start("es", message("note"))
    handler = sub("ES", chain(begins, user("N"), end("ee")), both("N", "UndoN"))
    event = handler.replace('id="ES"', 'id="ES" triggeredByEvent="true"', 1).replace(
        'id="es"', 'id="es" isInterrupting="false"'
    )
    case = case_of(
        chain(start(), user("A"), throw("T", undo()), end()), event, both("A", "UndoA"), messages={"note": ""}
    )
    case.deliver("es").complete("N").complete("A").complete("UndoA")
    assert sorted(case.open) == ["UndoN", "es:message"]
    assert case.complete("UndoN").status == "completed"


def test_an_incident_while_undoing_waits_for_help():
    row = chain(start(), user("A"), user("B"), throw("T", undo()), end())
    handler = undone("A", user("UndoA", assigned(assignee="=who")))
    case = case_of(row, handler, both("B", "UndoB"), variables={"who": [1]})
    case.complete("A").complete("B").complete("UndoB")
    assert case.open == ["UndoA:incident"]
    assert case.set(who="tom").retry("UndoA").open == ["UndoA"]
    assert case.complete("UndoA").status == "completed"


def test_a_handler_can_be_skipped():
    row = chain(start(), user("A"), user("B"), throw("T", undo()), user("After"), end())
    case = case_of(row, both("A", "UndoA"), both("B", "UndoB")).complete("A").complete("B")
    assert case.skip("UndoB").open == ["UndoA"]
    assert case.skip("UndoA").open == ["After"]


def test_a_cancelled_instance_forgets_everything():
    row = chain(start(), user("A"), user("B"), throw("T", undo()), end())
    case = case_of(row, both("A", "UndoA")).complete("A")
    assert done(case)
    case.cancel()
    assert done(case) == {}
    case = case_of(row, both("A", "UndoA")).complete("A").complete("B").cancel()
    assert {"xUndoA", "xT"} <= set(case.story())


def test_a_completed_instance_remembers_nothing():
    case = case_of(
        chain(start(), user("A"), throw("T", undo("A")), user("B"), end()), both("A", "UndoA"), both("B", "UndoB")
    )
    case.complete("A").complete("UndoA").complete("B")
    assert (case.status, done(case)) == ("completed", {})


def test_only_what_something_can_ask_for_is_remembered():
    row = chain(start(), user("A"), user("B"), user("C"), throw("T", undo("B")), end())
    case = case_of(row, both("A", "UndoA"), both("B", "UndoB")).complete("A").complete("B")
    assert done(case) == {None: [["B", {}, []]]}
    plain = case_of(chain(start(), user("A"), user("B"), end()), both("A", "UndoA")).complete("A")
    assert done(plain) == {}


def test_compensation_inside_an_ad_hoc_sub_process():
    inside = chain(user("A"), throw("T", undo(waits=False)))
    box = Node("H", f'<bpmn:adHocSubProcess id="H">{inside}{both("A", "UndoA")}</bpmn:adHocSubProcess>')
    case = case_of(chain(start(), box, user("After"), end())).complete("A")
    assert case.open == ["UndoA"]
    assert case.complete("UndoA").open == ["After"]


def test_a_completed_ad_hoc_sub_process_is_undone():
    box = sub("H", user("A"), user("B"), both("A", "UndoA"), both("B", "UndoB"), tag="adHocSubProcess")
    case = case_of(chain(start(), box, throw("T", undo()), user("After"), end())).complete("B").complete("A")
    assert case.complete("UndoA").complete("UndoB").open == ["After"]


def test_what_is_remembered_has_a_limit_and_who_skips_goes_on_without():
    row = chain(start(), user("A"), xor("M"), script("Lap", "=n + 1", "n"), xor("More"), throw("T", undo()), end())
    more = flow("More", "M", "=n < 10", identity="again")
    body = drawn(
        row.replace('<bpmn:exclusiveGateway id="More"', '<bpmn:exclusiveGateway default="More_T" id="More"'), more
    )
    source = body.replace("</bpmn:process>", undone("Lap", script("Undo", "=undone + 1", "undone")) + "</bpmn:process>")
    case = Case(file(source), {"n": 0, "undone": 0}, limits=Limits(undoable=3)).complete("A")
    (found,) = case.of(steps.IncidentRaised)
    assert (found.element, found.code) == ("Lap", "limit")
    assert "3 completed activities would be remembered to be undone (TIDEGATE_MAX_UNDOABLE)" in found.message
    assert len(done(case)[None]) == 3
    (again,) = case.retry("Lap").facts
    assert again == found
    while case.status == "active":
        case.skip("Lap")
    assert case.of(steps.Ended)[0].variables == {"n": 10, "undone": 3}
