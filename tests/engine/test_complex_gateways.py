"""Complex gateways: they go on when their condition holds, and are reset by what comes later (BPMN 2.0.2, 13.4.5)."""

from __future__ import annotations

from service.engine import steps
from tests.engine.diagrams import codes
from tests.engine.drawing import (
    Node,
    boundary,
    chain,
    complexly,
    drawn,
    duration,
    each,
    either,
    end,
    file,
    flow,
    fork,
    script,
    start,
    sub,
    user,
    xor,
)
from tests.engine.driver import Case

BRANCHES = chain(start(), fork("F"), user("A"), "C"), chain("F", user("B"), "C"), chain("F", user("D"), "C")


def three(condition: str, *behind: str, **attributes: str) -> bytes:
    return file(drawn(*BRANCHES, complexly("C", condition, **attributes), *(behind or [chain("C", user("Z"), end())])))


def tokens(case: Case) -> int:
    return len(case.tracks[0].instance._board.tokens)


def test_two_of_three_go_on_once_and_the_third_is_taken_silently():
    case = Case(three("=activationCount >= 2")).complete("A")
    assert sorted(case.open) == ["B", "C:join", "D"]
    case.complete("D")
    assert "Z" in case.open
    case.complete("Z")
    assert case.status == "active"
    case.complete("B")
    assert case.status == "completed"
    assert case.path.count("C") == case.path.count("Z") == 1


def test_all_that_are_there_are_taken_together():
    case = Case(three("=activationCount >= 2 and go")).set(go=False).complete("A").complete("B").complete("D")
    assert case.open == ["C:incident", "C:join", "C:join"]
    case.set(go=True).retry("C")
    assert case.open == ["Z"]
    assert case.complete("Z").status == "completed"
    assert case.path.count("Z") == 1


def test_flows_with_conditions_can_tell_the_start_from_the_reset():
    behind = (
        chain(user("First"), end("E1")),
        chain(user("Late"), end("E2")),
        flow("C", "First", "=waitingForStart"),
        flow("C", "Late", "=not(waitingForStart)"),
    )
    case = Case(three("=activationCount >= 1", *behind)).complete("A")
    assert sorted(case.open) == ["B", "C:join", "D", "First"]
    case.complete("B")
    assert "Late" not in case.open
    case.complete("D")
    assert sorted(case.open) == ["First", "Late"]
    case.complete("Late").complete("First")
    assert case.status == "completed"
    assert case.path.count("C") == 2


def test_where_all_come_at_once_it_is_reset_at_once():
    behind = (
        chain(user("First"), end("E1")),
        chain(user("Late"), end("E2")),
        flow("C", "First", "=waitingForStart"),
        flow("C", "Late", "=not(waitingForStart)"),
    )
    case = Case(three("=activationCount = 3", *behind)).complete("A").complete("B").complete("D")
    assert sorted(case.open) == ["First", "Late"]


def test_it_is_not_reset_while_a_token_may_still_come_and_a_second_one_of_the_same_flow_waits():
    body = (
        chain(start(), xor("M"), user("A"), fork("F"), "C"),
        chain("F", xor("G", default="G_E2"), end("E2")),
        flow("G", "M", "=again"),
        chain("S", user("B"), "C"),
        complexly("C", "=activationCount >= 1"),
        chain("C", user("Z"), end()),
    )
    case = Case(file(drawn(*body)), {"again": True}).complete("A")
    assert sorted(case.open) == ["A", "B", "C:join", "Z"]
    case.complete("A", again=False)
    assert sorted(case.open) == ["B", "C:join", "C:join", "Z"]
    case.complete("B")
    assert sorted(case.open) == ["Z", "Z"]
    case.complete("Z").complete("Z")
    assert case.status == "completed"


def test_a_flow_that_nothing_can_come_along_resets_it_too():
    body = (
        chain(start(), either("I", default="I_E2"), end("E2")),
        *(chain(user(name), "C") for name in "ABD"),
        *(flow("I", name, f'=contains(taken, "{name}")') for name in "ABD"),
        complexly("C", "=activationCount >= 1"),
        chain("C", user("Z"), end()),
    )
    case = Case(file(drawn(*body)), {"taken": "AB"}).complete("B").complete("Z")
    assert sorted(case.open) == ["A", "C:join"]
    assert case.complete("A").status == "completed"


def test_a_gateway_that_only_splits_takes_every_flow_that_holds_or_the_default_one():
    body = (
        chain(start(), complexly("C", default="C_E"), end()),
        *(chain(user(name), end(f"E{name}")) + flow("C", name, f"=n > {n}") for n, name in enumerate("ABD")),
    )
    assert Case(file(drawn(*body)), {"n": 2}).open == ["A", "B"]
    assert Case(file(drawn(*body)), {"n": 0}).path == ["S", "C", "E"]


def test_where_no_flow_leaves_it_the_token_ends_there():
    case = Case(file(drawn(*BRANCHES, complexly("C", "=activationCount >= 2")))).complete("A").complete("B")
    assert case.complete("D").status == "completed"
    assert case.path.count("C") == 1


def test_an_ad_hoc_sub_process_hears_of_the_last_token_that_is_swallowed():
    inside = chain(fork("F"), user("A"), "C"), chain("F", user("B"), "C"), complexly("C", "=activationCount >= 1")
    inner = Node("H", f'<bpmn:adHocSubProcess id="H">{"".join(inside)}</bpmn:adHocSubProcess>')
    case = Case(file(drawn(chain(start(), inner, user("After"), end())))).complete("A")
    assert sorted(case.open) == ["B", "C:join"]
    assert case.complete("B").open == ["After"]


def test_a_split_where_nothing_holds_is_an_incident():
    body = chain(start(), complexly("C")), chain(user("A"), end()), flow("C", "A", "=n > 0")
    case = Case(file(drawn(*body)), {"n": 0})
    (incident,) = case.of(steps.IncidentRaised)
    assert (incident.element, incident.code) == ("C", "no-flow-matches")
    assert case.set(n=1).retry("C").open == ["A"]


def test_a_condition_that_fails_is_one_incident_and_retry_goes_on_with_all_tokens():
    case = Case(three("=activationCount >= needed")).complete("A").complete("B")
    (incident,) = case.of(steps.IncidentRaised)
    assert (incident.element, incident.code, incident.expression) == ("C", "null-value", "=activationCount >= needed")
    case.set(needed=2).retry("C")
    assert "Z" in case.open
    case.complete("D").complete("Z")
    assert case.status == "completed"


def test_a_condition_of_the_reset_that_fails_is_an_incident_of_its_own():
    behind = chain(user("Z"), end()), flow("C", "Z", "=waitingForStart or missing")
    case = Case(three("=activationCount >= 1", *behind)).complete("A").complete("B").complete("D")
    (incident,) = case.of(steps.IncidentRaised)
    assert incident.element == "C"
    assert case.set(missing=False).retry("C").complete("Z").status == "completed"


def test_the_end_of_the_scope_waits_for_the_reset_and_a_terminate_end_does_not():
    inside = sub("P1", *BRANCHES, complexly("C", "=activationCount >= 1"), chain("C", user("Z"), end()))
    body = drawn(chain(start("S0"), inside, user("After"), end("E0")))
    body = body.replace('id="S"', 'id="S1"').replace('sourceRef="S"', 'sourceRef="S1"')
    case = Case(file(body)).complete("A").complete("Z")
    assert "After" not in case.open
    assert case.complete("B").complete("D").open == ["After"]


def test_what_is_interrupted_forgets_what_had_come():
    inside = sub("P1", *BRANCHES, complexly("C", "=activationCount >= 2"), chain("C", user("Z"), end()))
    body = drawn(chain(start("S0"), inside, end("E0")), boundary("X", "P1", duration("PT1H")), chain("X", end("E9")))
    body = body.replace('id="S"', 'id="S1"').replace('sourceRef="S"', 'sourceRef="S1"')
    case = Case(file(body)).complete("A").complete("B").wait(hours=1)
    assert case.status == "completed"
    assert tokens(case) == 0


def test_each_child_of_a_loop_counts_for_itself():
    inside = sub(
        "P1", *BRANCHES, complexly("C", "=activationCount >= 2"), chain("C", user("Z"), end()), loop=each("=[1, 2]")
    )
    body = drawn(chain(start("S0"), inside, end("E0"))).replace('id="S"', 'id="S1"')
    case = Case(file(body.replace('sourceRef="S"', 'sourceRef="S1"'))).complete("A").complete("A", 0)
    assert "Z" not in case.open
    assert case.complete("B").open.count("Z") == 1


def test_a_hundred_laps_leave_nothing_behind():
    count = script("N", "=if n = null then 1 else n + 1", "n")
    body = (
        chain(start(), xor("M"), count, fork("F"), user("A"), "C"),
        chain("F", user("B"), "C"),
        complexly("C", "=activationCount >= 1"),
        chain("C", user("Z"), xor("G", default="G_E"), end()),
        flow("G", "M", "=n < 100"),
    )
    case = Case(file(drawn(*body)))
    sizes = set()
    for _ in range(100):
        case.complete("A").complete("B")
        sizes.add(tokens(case))
        case.complete("Z")
    assert case.status == "completed"
    assert sizes == {1}


def test_several_flows_without_an_activation_condition_are_refused():
    assert codes(three("")) == ["activation-condition-missing"]


def test_a_condition_that_is_no_feel_is_refused():
    assert codes(three("activationCount >= 2")) == ["not-feel"]


def test_two_flows_from_one_node_to_the_same_join_are_two_tokens():
    body = chain(start(), fork("F"), fork("J"), user("Z"), end()), flow("F", "J", identity="again")
    case = Case(file(drawn(*body)))
    assert case.open == ["Z"]
    inclusive = chain(start(), either("F"), either("J"), user("Z"), end())
    inclusive = inclusive.replace(flow("F", "J"), flow("F", "J", "=true")) + flow("F", "J", "=true", "again")
    assert Case(file(drawn(inclusive))).open == ["Z"]
    gathered = chain(start(), fork("F"), complexly("J", "=activationCount = 2"), user("Z"), end())
    assert Case(file(drawn(gathered, flow("F", "J", identity="again")))).open == ["Z"]


def test_what_had_come_moves_to_another_version():
    case = Case(three("=activationCount >= 2")).complete("A").complete("B").complete("Z")
    other = three("=activationCount >= 2").replace(b'"A"', b'"A2"').replace(b'"D"', b'"D2"').replace(b"F_D", b"F_D2")
    case.migrate(other, A="A2", D="D2")
    assert case.complete("D2").status == "completed"
    assert case.path.count("Z") == 1


def test_tokens_of_two_flows_between_the_same_nodes_move_to_another_version():
    def twice(task: str) -> bytes:
        body = chain(start(), fork("F"), fork("J"), user("Z"), end()), flow("F", "J", identity="again")
        return file(drawn(*body, chain("F", user(task), "J")))

    case = Case(twice("A")).migrate(twice("B"), A="B")
    assert case.complete("B").open == ["Z"]
