"""What runs inside of something moves with it: event sub-processes, called processes, gates, what can be undone."""

from __future__ import annotations

from datetime import timedelta

from service.engine import process, steps
from service.engine.migration import migrating
from tests.engine import drawing as d
from tests.engine.driver import NOON, Case
from tests.engine.test_migrating import finish, places, row, timed


def watched(*handlers: str, event: str = "", interrupting: bool = True) -> bytes:
    """Task A, then B; event sub-processes named by what they do, started by a message of their name."""
    body = d.chain(d.start(), d.user("A"), d.user("B"), d.end())
    for name in handlers:
        start = d._node("startEvent", f"{name}_s", event or d.message("m"), isInterrupting=str(interrupting).lower())
        body += d._node(
            "subProcess", name, d.chain(start, d.user(f"{name}_do"), d.end(f"{name}_e")), triggeredByEvent="true"
        )
    return d.file(d.drawn(body), messages={"m": "=1"})


def test_event_sub_processes_come_and_go() -> None:
    case = Case(watched()).migrate(watched("H"))
    (there,) = case.facts
    assert (there.element, there.message, there.attached_to) == ("H_s", "m", None)
    case.migrate(watched("H", "X", event=d.duration("P1D")))
    assert [type(fact) for fact in case.facts] == [steps.Unsubscribed, steps.TimerArmed, steps.TimerArmed]
    case.migrate(watched("X", event=d.duration("P7D"))).wait(days=1)
    assert case.open == ["X_do"]
    finish(case.migrate(watched("X", "Y", event=d.duration("P7D"))), "X_do")


def test_a_running_event_sub_process_moves_with_its_id() -> None:
    case = Case(watched("H", interrupting=False)).deliver("H_s")
    assert case.open == ["A", "H_s:message", "H_do"]
    case.migrate(watched("K", interrupting=False), H="K", H_s="K_s", H_do="K_do")
    assert {type(fact) for fact in case.facts} == {steps.Moved}
    case.deliver("K_s").complete("K_do", 0).complete("K_do", 0)
    finish(case, "A", "B")


def calling(*after: str) -> bytes:
    return d.file(d.drawn(d.chain(d.start(), d.call("C", "Q"), *(d.user(name) for name in after), d.end())))


def called(*names: str) -> bytes:
    return d.file(d.drawn(d.chain(d.start(), *(d.user(name) for name in names), d.end()), identity="Q"))


def test_a_called_process_that_runs_moves_too() -> None:
    case = Case([calling("Z"), called("A", "B")])
    case.migrate(calling("N", "Z"), called("A", "M", "B"))
    finish(case, "A", "M", "B", "N", "Z")


def test_what_is_gone_in_a_called_process_needs_a_mapping() -> None:
    case = Case([calling("Z"), called("A", "B")])
    attempt = case.attempt(calling("Z"), called("A2", "B"))
    assert [(place.process, place.element, place.verdict) for place in attempt.plan.places] == [
        ("P", "C", "clean"),
        ("Q", "A", "mapping"),
    ]
    finish(case.migrate(calling("Z"), called("A2", "B"), A="A2"), "A2", "B", "Z")


def test_a_called_process_that_is_not_there_blocks() -> None:
    case = Case([calling("Z"), called("A")])
    assert places(case.attempt(calling("Z"))) == [("C", "blocked", "called-process-missing")]


def gated(criterion: str, name: str = "PH") -> bytes:
    inside = d.chain(d.start("s"), d.user("A"), d.end("e"))
    more = {"phase": "build"} | ({"criterion_ready": criterion} if criterion else {})
    return d.file(d.drawn(d.chain(d.start(), d.sub(name, inside, **more), d.end())))


def test_the_gate_of_a_phase_follows_the_phase_and_its_criteria() -> None:
    case = Case(gated("=a")).complete("A")
    assert case.open == ["PH.gate"]
    case.migrate(gated("=b"))
    assert case.facts[-1].criteria == {"ready": "=b"}
    case.migrate(gated("=b", "PH2"), PH="PH2")
    assert case.open == ["PH2.gate"]
    assert places(case.attempt(gated("", "PH2"))) == [("PH2.gate", "blocked", "gate-gone")]
    finish(case, "PH2.gate")


def test_a_gate_that_is_new_opens_at_the_end_of_a_running_phase() -> None:
    finish(Case(gated("")).migrate(gated("=a")), "A", "PH.gate")


def test_an_action_with_another_label_is_offered_anew() -> None:
    def offered(**more: str) -> bytes:
        side = d.boundary("X", "A", d.message("stop"), True, **more)
        return d.file(
            d.drawn(d.chain(d.start(), d.user("A"), d.end()), d.chain(side, d.end("E2"))), messages={"stop": ""}
        )

    case = Case(offered(label="Stop", roles="coordinator")).migrate(offered(label="Halt", roles="coordinator"))
    gone, there = case.facts
    assert isinstance(gone, steps.Unsubscribed)
    assert (there.label, there.attached_to) == ("Halt", case.tracks[0]._name(case.tracks[0].find("A", "task", 0)))


def test_going_back_is_the_difference_the_other_way_round() -> None:
    case = Case(timed("P3D")).wait(days=1)
    track = case.tracks[0]
    earlier, old = track.step.state, migrating.Version(track.program, track.library)
    case.migrate(row("A2", "B"), A="A2")
    current = migrating.Version(track.program, track.library)
    instance, step = migrating.back(track.step.state, current, earlier, old)
    assert step.state == earlier
    assert step.next_due == NOON + timedelta(days=3)
    assert sorted(type(fact).__name__ for fact in step.facts) == ["Moved", "TimerArmed"]
    assert {w.element for w in instance.open_refs()} == {"A", "T"}


def test_a_state_of_another_version_is_left_as_it_was() -> None:
    case = Case(row("A", "B"))
    before = case.step.state
    assert case.attempt(row("X", "B")).plan.verdict == "mapping"
    assert process.restore(before, case.tracks[0].program).snapshot() == before


def undoing(first: str = "A", *more: str, handler: str = "U") -> bytes:
    """A task that `handler` undoes, then B, then everything is undone."""
    undo = d.undone(first, d.user(handler)) if handler else ""
    body = d.chain(
        d.start(), d.user(first), d.user("B"), *(d.user(name) for name in more), d.throw("T", d.undo()), d.end()
    )
    return d.file(d.drawn(body, undo))


def test_what_is_completed_can_be_undone_in_another_version() -> None:
    case = Case(undoing()).complete("A").migrate(undoing("A", "N", handler="V"))
    case.complete("B").complete("N")
    assert case.open == ["V"]
    finish(case.migrate(undoing("A", "N", handler="V")), "V")


def test_what_is_completed_under_another_id_is_mapped_so_that_it_can_be_undone() -> None:
    case = Case(undoing()).complete("A")
    assert places(case.attempt(undoing("A2"))) == [("A", "mapping", "element-gone")]
    finish(case.migrate(undoing("A2"), A="A2").complete("B"), "U")


def test_what_is_just_being_undone_goes_on() -> None:
    case = Case(undoing()).complete("A").complete("B")
    assert case.open == ["U"]
    assert places(case.attempt(undoing(handler=""))) != []
    case.migrate(undoing("A", handler="V"), U="V")
    finish(case, "V")


def conditional(text: str = "") -> bytes:
    side = d.chain(d.boundary("T", "A", d.condition(text), False), d.user("X"), d.end("E2")) if text else ""
    return d.file(d.drawn(d.chain(d.start(), d.user("A"), d.end()), side))


def test_a_condition_is_awaited_as_the_new_version_draws_it() -> None:
    case = Case(conditional(), {"x": 0}).migrate(conditional("=x > 1"))
    assert case.open == ["A", "T:condition"]
    case.migrate(conditional("=x > 5")).set(x=2)
    assert case.open == ["A", "T:condition"]
    assert "X" in case.set(x=6).open


def test_a_condition_that_holds_already_blocks() -> None:
    assert places(Case(conditional(), {"x": 3}).attempt(conditional("=x > 1"))) == [("T", "blocked", "would-move")]
