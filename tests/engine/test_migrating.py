"""An instance moves to another version of its diagram: what fits, what needs a mapping, what is in the way."""

from __future__ import annotations

from datetime import timedelta

import pytest

from service.engine import steps
from service.engine.migration import migrating
from tests.engine import drawing as d
from tests.engine.driver import NOON, Case


def row(*names: str) -> bytes:
    """User tasks one after the other."""
    return d.file(d.drawn(d.chain(d.start(), *(d.user(name) for name in names), d.end())))


def places(attempt: migrating.Attempt) -> list[tuple[str, str, str]]:
    return [(place.element, place.verdict, place.code) for place in attempt.plan.places if place.verdict != "clean"]


def finish(case: Case, *names: str) -> None:
    """Complete these tasks and be done."""
    for name in names:
        case.complete(name)
    assert case.status == "completed", case.open


def test_a_task_ahead_is_added() -> None:
    case = Case(row("A", "B", "C")).complete("A").migrate(row("A", "B", "N", "C"))
    assert case.open == ["B"]
    assert case.facts == []
    finish(case, "B", "N", "C")


def test_a_task_ahead_is_removed() -> None:
    finish(Case(row("A", "B", "C", "D")).complete("A").migrate(row("A", "B", "D")), "B", "D")


def test_an_open_task_that_is_gone_needs_a_mapping() -> None:
    case = Case(row("A", "B", "C")).complete("A")
    attempt = case.attempt(row("A", "C"))
    assert attempt.plan.verdict == "mapping"
    assert places(attempt) == [("B", "mapping", "element-gone")]
    assert attempt.plan.places[0].suggestions == ("A", "C")
    assert attempt.instance is None
    finish(case.migrate(row("A", "C"), B="C"), "C")


def test_a_task_before_the_open_one_is_added() -> None:
    finish(Case(row("A", "B", "C")).complete("A").migrate(row("A", "N", "B", "C")), "B", "C")


def test_an_open_task_with_another_id_keeps_its_activation() -> None:
    case = Case(row("A", "B", "C")).complete("A")
    ref = case.tracks[0].find("B", "task", 0)
    attempt = case.attempt(row("A", "B2", "C"))
    assert attempt.plan.places[0].suggestions == ("B2",)
    case.migrate(row("A", "B2", "C"), B="B2")
    assert case.tracks[0].find("B2", "task", 0) == ref
    (moved,) = case.facts
    assert (moved.before, moved.element, moved.name) == ("B", "B2", "B2")
    finish(case, "B2", "C")


def test_a_mapping_to_nothing_is_said() -> None:
    case = Case(row("A", "B"))
    assert places(case.attempt(row("C", "B"), A="Q")) == [("A", "mapping", "target-missing")]


def test_a_done_task_is_removed() -> None:
    finish(Case(row("A", "B", "C")).complete("A").migrate(row("B", "C")), "B", "C")


def timed(span: str, *more: str, interrupting: bool = False) -> bytes:
    """A with a boundary timer T that leads to X; then B and more."""
    main = d.chain(d.start(), d.user("A"), d.user("B"), *(d.user(name) for name in more), d.end())
    side = d.boundary("T", "A", d.duration(span), interrupting)
    return d.file(d.drawn(main, d.chain(side, d.user("X"), d.end("E2"))))


@pytest.mark.parametrize("after", [timed("P5D"), timed("P3D", "N"), timed("P3D", interrupting=True)])
def test_a_running_timer_keeps_its_moment(after: bytes) -> None:
    case = Case(timed("P3D")).wait(days=1).migrate(after)
    assert case.facts == []
    assert case.step.next_due == NOON + timedelta(days=3)
    case.wait(days=1, hours=23)
    assert case.open == ["A", "T:timer"]
    case.wait(hours=1)
    assert "X" in case.open


def test_a_boundary_timer_is_added_to_an_open_task() -> None:
    case = Case(row("A", "B")).wait(days=1)
    attempt = case.attempt(timed("P3D"))
    assert attempt.plan.armed == ("T",)
    case.migrate(timed("P3D"))
    (armed,) = case.facts
    assert isinstance(armed, steps.TimerArmed)
    assert armed.due_at == NOON + timedelta(days=4)
    assert armed.attached_to == case.tracks[0]._name(case.tracks[0].find("A", "task", 0))
    case.wait(days=3)
    assert case.open == ["A", "X"]
    case.complete("X")
    finish(case, "A", "B")


def test_a_boundary_timer_is_removed_from_an_open_task() -> None:
    case = Case(timed("P3D"))
    assert case.attempt(row("A", "B")).plan.disarmed == ("T",)
    case.migrate(row("A", "B"))
    assert [type(fact) for fact in case.facts] == [steps.TimerDisarmed]
    assert case.step.next_due is None
    case.wait(days=4)
    finish(case, "A", "B")


def test_an_event_that_has_fired_does_not_wait_again() -> None:
    case = Case(timed("P3D")).wait(days=3)
    assert case.open == ["A", "X"]
    case.migrate(timed("P3D", "N"))
    assert case.open == ["A", "X"]
    case.complete("X")
    finish(case, "A", "B", "N")


def test_a_boundary_event_with_another_id_keeps_its_moment_where_it_is_mapped() -> None:
    renamed = timed("P9D").replace(b'"T"', b'"T2"').replace(b'"T_X"', b'"T2_X"')
    case = Case(timed("P3D")).wait(days=1)
    plan = case.attempt(renamed).plan
    assert (plan.verdict, plan.armed, plan.disarmed) == ("clean", ("T2",), ("T",))
    case.migrate(renamed, T="T2")
    assert case.step.next_due == NOON + timedelta(days=3)
    assert [type(fact) for fact in case.facts] == [steps.Moved]


def test_an_event_that_is_stuck_behind_its_activity_goes_on() -> None:
    def failing(expression: str, *more: str) -> bytes:
        side = d.chain(d.boundary("T", "A", d.message("m"), outputs={"x": expression}), d.user("X"), d.end("E2"))
        body = d.chain(d.start(), d.user("A"), *(d.user(name) for name in more), d.end())
        return d.file(d.drawn(body, side), messages={"m": ""})

    case = Case(failing("=assert(1, false)")).deliver("T")
    assert case.open == ["T:incident"]
    finish(case.migrate(failing("=1", "N")).retry("T"), "X")


def parallel(*names: str) -> bytes:
    fork, join = d.fork("F"), d.fork("J")
    branches = "".join(d.user(name) + d.flow("F", name) + d.flow(name, "J") for name in names)
    return d.file(d.drawn(d.chain(d.start(), fork), branches, d.chain(join, d.user("Z"), d.end())))


@pytest.mark.parametrize("done", [[], ["A"]])
def test_a_branch_of_an_open_split_cannot_be_added(done: list[str]) -> None:
    case = Case(parallel("A", "B"))
    for name in done:
        case.complete(name)
    attempt = case.attempt(parallel("A", "B", "C"))
    assert places(attempt) == [("J", "blocked", "join-starves")]
    assert "C" in attempt.plan.places[-1].message


def test_a_branch_can_be_added_ahead_and_behind() -> None:
    ahead = d.file(d.drawn(d.chain(d.start(), d.user("A"), d.user("B"), d.end())))
    fork, join = d.fork("F"), d.fork("J")
    body = d.chain(d.start(), d.user("A"), fork, d.user("B"), join, d.end()) + d.chain("F", d.user("C"), "J")
    case = Case(ahead).migrate(d.file(d.drawn(body))).complete("A")
    finish(case, "B", "C")
    finish(Case(parallel("A", "B")).complete("A").complete("B").migrate(parallel("A", "B", "C")), "Z")


def test_a_loop_back_does_not_supply_a_new_branch() -> None:
    def lapping(*names: str) -> bytes:
        fork, join, again, way = d.fork("F"), d.fork("J"), d.xor("G"), d.xor("M")
        branches = "".join(d.user(name) + d.flow("F", name) + d.flow(name, "J") for name in names)
        body = d.chain(d.start(), way, fork) + branches + d.chain(join, d.user("Z"), again)
        gateway = d.flow("G", "M", "=again") + d.chain("G", d.end())
        return d.file(d.drawn(body, gateway).replace('id="G" name="G"', 'id="G" default="G_E"'))

    case = Case(lapping("A", "B")).complete("A")
    assert places(case.attempt(lapping("A", "B", "C"))) == [("J", "blocked", "join-starves")]
    case.complete("B").migrate(lapping("A", "B", "C")).complete("Z", again=True)
    for name in ("A", "B", "C"):
        case.complete(name)
    assert case.open == ["Z"]


def test_a_branch_with_a_token_cannot_be_removed_unseen() -> None:
    case = Case(parallel("A", "B", "C"))
    assert places(case.attempt(parallel("A", "B"))) == [("C", "mapping", "element-gone")]


def test_a_branch_that_is_done_cannot_be_taken_from_under_the_join() -> None:
    case = Case(parallel("A", "B", "C")).complete("C")
    assert places(case.attempt(parallel("A", "B"))) == [("J", "blocked", "flow-changed")]


def nested(inner: list[str], outer: list[str]) -> bytes:
    inside = d.chain(d.start("s"), *(d.user(name) for name in inner), d.end("e"))
    return d.file(d.drawn(d.chain(d.start(), d.sub("SP", inside), *(d.user(name) for name in outer), d.end())))


def test_a_running_sub_process_changes_ahead() -> None:
    finish(Case(nested(["A", "B"], ["Z"])).migrate(nested(["A", "N", "B"], ["Z"])), "A", "N", "B", "Z")


@pytest.mark.parametrize("outer", [["Z", "N"], ["N", "Z"]])
def test_what_comes_after_a_running_sub_process_changes(outer: list[str]) -> None:
    case = Case(nested(["A", "B"], ["Z"])).complete("A").migrate(nested(["A", "B"], outer))
    finish(case, "B", *outer)


def test_a_running_sub_process_with_another_id_is_mapped() -> None:
    renamed = nested(["A", "B"], ["Z"]).replace(b'"SP"', b'"PH"').replace(b'"SP_Z"', b'"PH_Z"')
    renamed = renamed.replace(b'"S_SP"', b'"S_PH"')
    case = Case(nested(["A", "B"], ["Z"]))
    assert places(case.attempt(renamed)) == [("SP", "mapping", "element-gone")]
    finish(case.migrate(renamed, SP="PH"), "A", "B", "Z")


def test_a_task_that_moved_into_a_sub_process_is_blocked() -> None:
    case = Case(row("A", "B"))
    assert places(case.attempt(nested(["A"], ["B"]))) == [("A", "blocked", "scope-changed")]


def several(*after: str, loop: str = "") -> bytes:
    loop = loop or d.each("=items", "it", into="out", of="=x")
    return d.file(d.drawn(d.chain(d.start(), d.user("A", loop=loop), *(d.user(name) for name in after), d.end())))


def test_a_running_loop_keeps_its_children_and_what_they_gave() -> None:
    case = Case(several("Z"), {"items": [1, 2, 3]}).complete("A", 0, x="one").migrate(several("N", "Z"))
    case.complete("A", 0, x="two").complete("A", 0, x="three")
    assert case.variables()["out"] == ["one", "two", "three"]
    finish(case, "N", "Z")


@pytest.mark.parametrize(
    "loop",
    [
        d.each("=items", "it", into="out", of="=x", sequential=True),
        d.each("=items", "item", into="out", of="=x"),
        d.each("=items", "it", into="other", of="=x"),
        d.loop("=true", 3),
    ],
)
def test_a_running_loop_that_repeats_in_another_way_is_blocked(loop: str) -> None:
    case = Case(several("Z"), {"items": [1, 2]}).complete("A", x=1)
    blocked = places(case.attempt(several("Z", loop=loop)))
    assert set(blocked) == {("A", "blocked", "loop-changed")}


def test_a_task_that_became_a_loop_is_blocked() -> None:
    assert places(Case(row("A", "B")).attempt(several("B"))) == [("A", "blocked", "loop-changed")]


def chosen(condition: str) -> bytes:
    gateway = d.xor("G", default="G_C")
    body = d.chain(d.start(), d.user("A"), gateway) + d.user("B") + d.user("C") + d.end()
    flows = d.flow("G", "B", condition) + d.flow("G", "C") + d.flow("B", "E") + d.flow("C", "E")
    return d.file(d.drawn(body, flows))


def test_a_condition_ahead_changes() -> None:
    case = Case(chosen("=x = 1")).migrate(chosen("=x = 2")).complete("A", x=2)
    assert case.open == ["B"]


def test_an_expression_is_mended_by_a_new_version() -> None:
    case = Case(chosen('=number("x")')).complete("A", x=2)
    assert case.open == ["G:incident"]
    case.migrate(chosen("=x = 2"))
    assert case.open == ["G:incident"]
    assert case.retry("G").open == ["B"]


def test_another_type_is_blocked_unless_it_is_mapped() -> None:
    after = d.file(d.drawn(d.chain(d.start(), d.service("A"), d.user("B"), d.end())))
    case = Case(row("A", "B"))
    attempt = case.attempt(after)
    assert places(attempt) == [("A", "blocked", "type-changed")]
    assert attempt.plan.places[0].suggestions == ("B",)
    finish(case.migrate(after, A="B"), "B")


def test_a_job_goes_on() -> None:
    before = d.file(d.drawn(d.chain(d.start(), d.service("A"), d.user("B"), d.end())))
    after = d.file(d.drawn(d.chain(d.start(), d.service("A", "other"), d.user("N"), d.user("B"), d.end())))
    finish(Case(before).migrate(after).finish("A", x=1), "N", "B")


def waiting(event: str, key: str = "", **more: str) -> bytes:
    body = d.drawn(d.chain(d.start(), d.catch("C", event, **more), d.user("Z"), d.end()))
    return d.file(body, messages={"one": key, "two": key}, signals=("one", "two"))


def test_a_message_with_another_name_or_key_is_awaited_under_it() -> None:
    case = Case(waiting(d.message("one"), "=a"), {"a": "1", "b": "2"})
    case.migrate(waiting(d.message("one"), "=a"))
    assert case.facts == []
    case.migrate(waiting(d.message("two"), "=b"))
    gone, there = case.facts
    assert isinstance(gone, steps.Unsubscribed)
    assert (there.message, there.correlation, there.ref) == ("two", "2", gone.ref)
    case.deliver("C")
    finish(case, "Z")


def test_a_signal_with_another_name_is_awaited_under_it() -> None:
    case = Case(waiting(d.signal("one"))).migrate(waiting(d.signal("two"))).signal("one")
    assert case.open == ["C:signal"]
    finish(case.signal("two"), "Z")


def ad_hoc(*names: str, listed: str = "") -> bytes:
    kept = f'<zeebe:adHoc activeElementsCollection="{listed}"/>' if listed else ""
    inside = "".join(d.user(name) for name in names)
    box = f"<bpmn:extensionElements>{kept}</bpmn:extensionElements>" if kept else ""
    node = d.Node("H", f'<bpmn:adHocSubProcess id="H" ordering="Sequential">{box}{inside}</bpmn:adHocSubProcess>')
    return d.file(d.drawn(d.chain(d.start(), node, d.end())))


def test_what_an_ad_hoc_sub_process_has_still_to_start_is_mapped() -> None:
    case = Case(ad_hoc("A", "B"))
    assert places(case.attempt(ad_hoc("A", "C"))) == [("H", "blocked", "flow-changed")]
    finish(case.migrate(ad_hoc("A", "C"), B="C"), "A", "C")


def test_an_activity_that_takes_several_tokens_keeps_those_that_are_there() -> None:
    def gathering(*after: str) -> bytes:
        thing = d._node("userTask", "T", "", startQuantity="2")
        branches = d.chain("F", d.user("A"), "T") + d.chain("F", d.user("B"), "T")
        side = d.chain(d.boundary("X", "T", d.duration("P1D"), False), d.end("E2")) if "X" in after else ""
        return d.file(d.drawn(d.chain(d.start(), d.fork("F")), branches, d.chain(thing, d.user("Z"), d.end()), side))

    case = Case(gathering()).complete("A").migrate(gathering("X")).complete("B")
    assert case.open == ["T", "X:timer"]
    finish(case, "T", "Z")


def test_an_event_of_another_kind_is_blocked() -> None:
    case = Case(waiting(d.message("one")))
    assert places(case.attempt(waiting(d.signal("one")))) == [("C", "blocked", "type-changed")]


def test_an_expression_that_fails_at_a_new_border_blocks() -> None:
    attempt = Case(row("A", "B")).attempt(timed("=missing"))
    assert places(attempt) == [("T", "blocked", "cannot-wait")]
    assert "missing" in attempt.plan.places[-1].message


def racing(**events: str) -> bytes:
    body = d.chain(d.start(), d.race("R"))
    for name, event in events.items():
        body += d.chain("R", d.catch(name, event), d.user(f"{name}_done"), d.end(f"{name}_end"))
    return d.file(d.drawn(body), messages={"one": "", "two": ""})


def test_events_behind_a_gateway_come_and_go() -> None:
    case = Case(racing(T=d.duration("P2D"), M=d.message("one"))).wait(days=1)
    case.migrate(racing(T=d.duration("P9D"), N=d.message("two")))
    assert case.open == ["R:inside", "T:timer", "N:message"] or case.open == ["T:timer", "N:message"]
    assert case.step.next_due == NOON + timedelta(days=2)
    assert {type(fact) for fact in case.facts} == {steps.Unsubscribed, steps.Subscribed}
    case.deliver("N")
    finish(case, "N_done")


def test_a_gateway_with_none_of_its_events_left_is_blocked() -> None:
    case = Case(racing(M=d.message("one"), T=d.duration("P1D")))
    after = racing(N=d.message("two"), Q=d.duration("P1D"))
    assert places(case.attempt(after)) == [("R", "blocked", "flow-changed")]
