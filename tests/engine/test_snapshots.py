"""States: small, readable by any later program, refused where they do not fit; specs that running never changes."""

from __future__ import annotations

import json
import pickle
import subprocess
import sys
import threading
import zlib
from pathlib import Path

import pytest

from service.engine import adopting, definitions, process, snapshots, steps
from service.errors import Conflict, IncidentClosed, NotFound
from tests.engine.drawing import (
    boundary,
    call,
    catch,
    chain,
    cycle,
    drawn,
    each,
    end,
    file,
    files,
    flow,
    fork,
    message,
    race,
    start,
    sub,
    user,
    xor,
)
from tests.engine.driver import NOON, Case

WORLD = process.World(NOON)


def programs(*sources):
    return [program for source in sources for program in definitions.load("t.bpmn", source)]


def laps():
    return file(drawn(chain(start(), xor("M"), user("A"), xor("G", default="G_E"), end()), flow("G", "M", "=again")))


def test_the_state_is_json_with_a_version_and_holds_no_specs():
    (program,) = programs(laps())
    _, step = process.start(program, variables={"n": 1}, world=WORLD)
    state = json.loads(step.state)
    assert state[0] == snapshots.VERSION
    assert b"sequenceFlow" not in step.state
    assert b"again" not in step.state
    assert len(step.state) < 200


def test_a_large_state_is_compressed_and_comes_back():
    (program,) = programs(laps())
    text = "words " * 2000
    instance, step = process.start(program, variables={"text": text}, world=WORLD)
    assert len(step.state) < 1000
    assert process.restore(step.state, program).variables() == instance.variables() == {"text": text}


def test_a_state_of_another_format_is_refused():
    (program,) = programs(laps())
    _, step = process.start(program, variables={}, world=WORLD)
    state = json.loads(step.state)
    state[0] = 99
    for raw in (json.dumps(state).encode(), zlib.compress(json.dumps(state).encode())):
        with pytest.raises(Conflict, match="99"):
            process.restore(raw, program)


def test_a_state_whose_element_is_gone_is_refused_with_its_name():
    (program,) = programs(laps())
    (other,) = programs(file(drawn(chain(start(), user("B"), end()))))
    _, step = process.start(program, variables={}, world=WORLD)
    with pytest.raises(Conflict, match="“A”"):
        process.restore(step.state, other)


def test_a_state_whose_called_process_is_missing_is_refused_with_its_name():
    outer, inner = chain(start(), call("C", "Q"), end()), chain(start("s"), user("U"), end("e"))
    caller, called = programs(*files(drawn(outer), drawn(inner, identity="Q")))
    world = process.World(NOON, library={"Q": called})
    _, step = process.start(caller, variables={}, world=world)
    with pytest.raises(Conflict, match="“Q”"):
        process.restore(step.state, caller)


def test_the_program_of_another_process_continues_the_instance(tmp_path: Path):
    """A state written here is read by a Python that never saw this program object."""
    (program,) = programs(laps())
    _, step = process.start(program, variables={}, world=WORLD)
    (tmp_path / "state").write_bytes(step.state)
    (tmp_path / "t.bpmn").write_bytes(laps())
    code = (
        "import sys, pathlib, datetime as d\n"
        "from service.engine import definitions, process\n"
        "p = pathlib.Path(sys.argv[1])\n"
        "program, = definitions.load('t.bpmn', (p / 't.bpmn').read_bytes())\n"
        "i = process.restore((p / 'state').read_bytes(), program)\n"
        "w = process.World(d.datetime(2026, 3, 3, tzinfo=d.UTC))\n"
        "print(i.open_refs()[0].ref, i.complete(i.open_refs()[0].ref, {'again': False}, w).status)\n"
    )
    run = subprocess.run([sys.executable, "-c", code, str(tmp_path)], capture_output=True, text=True, check=True)
    assert run.stdout.split() == [next(f.ref for f in step.facts if isinstance(f, steps.TaskOpened)), "completed"]


def test_five_hundred_laps_leave_state_and_tree_as_small_as_one():
    case = Case(laps())
    size = len(case.step.state)
    for _ in range(500):
        case.complete("A", again=True)
    assert len(case.step.state) <= size + 40
    flow_of_it = case.tracks[0].instance._board.flow
    assert len(flow_of_it.tasks) == 2
    assert max(token.depth for token in flow_of_it.tasks.values()) == 1
    assert case.complete("A", again=False).status == "completed"


def test_running_never_changes_the_shared_specs():
    inner = sub("W", chain(start("s"), user("A"), end("e")), loop=each("=[1,2]"))
    body = drawn(
        chain(start(), fork("F"), inner, fork("J"), race("R")),
        chain("F", user("B"), "J"),
        boundary("T", "B", cycle("R/PT1H"), False),
        chain("T", user("X"), end("E2")),
        boundary("N", "W", message("halt")),
        chain("N", user("Y"), "J"),
        chain("R", catch("C1", message("go")), end()),
        chain("R", catch("C2", message("on")), end("E4")),
    )
    source = file(body, messages={"halt": "", "go": "", "on": ""})
    (program,) = programs(source)
    graph = adopting.graph(program)
    before = pickle.dumps((graph.spec, graph.subs))
    for _ in range(2):
        instance, _ = process.start(program, variables={}, world=WORLD)
        instance.tick(process.World(NOON.replace(hour=20)))
        for element in ("A", "B", "X", "X"):
            ref = next(w.ref for w in instance.open_refs() if w.element == element and w.kind == "task")
            instance.complete(ref, {}, WORLD)
        ref = next(w.ref for w in instance.open_refs() if w.element == "N")
        instance.deliver(ref, {}, WORLD)
    assert pickle.dumps((graph.spec, graph.subs)) == before
    assert adopting.graph(program) is graph


def test_many_threads_run_instances_of_one_program_at_once():
    (program,) = programs(laps())
    wrong: list[object] = []

    def run(number: int) -> None:
        instance, step = process.start(program, variables={"me": number}, world=WORLD)
        for lap in range(40):
            ref = instance.open_refs()[0].ref
            step = instance.complete(ref, {"again": lap < 39, "lap": lap}, WORLD)
            if instance.variables() != {"me": number, "again": lap < 39, "lap": lap}:
                wrong.append(instance.variables())
        if step.status != "completed":
            wrong.append(step)

    threads = [threading.Thread(target=run, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


@pytest.mark.parametrize(
    ("command", "refusal"),
    [
        (lambda i: i.deliver("nobody", {}, WORLD), NotFound),
        (lambda i: i.skip("nobody", WORLD), NotFound),
        (lambda i: i.variables("nobody"), NotFound),
        (lambda i: i.set_variables("nobody", {}, WORLD), NotFound),
        (lambda i: i.evaluate("nobody", {}, WORLD), NotFound),
        (lambda i: i.retry("nobody", WORLD), IncidentClosed),
        (lambda i: i.retry(i.open_refs()[0].ref, WORLD), IncidentClosed),
    ],
)
def test_a_command_that_is_not_possible_changes_nothing(command, refusal):
    (program,) = programs(laps())
    instance, step = process.start(program, variables={}, world=WORLD)
    with pytest.raises(refusal):
        command(instance)
    assert instance.snapshot() == step.state


def test_an_instance_that_is_over_takes_no_commands():
    case = Case(laps()).cancel()
    with pytest.raises(Conflict):
        case.tracks[0].instance.cancel(case.world)
    assert case.wait(hours=1).facts == []


def test_where_an_instance_starts():
    (plain,) = programs(laps())
    with pytest.raises(NotFound):
        process.start(plain, variables={}, world=WORLD, at="nowhere")
    two = file(
        drawn(
            chain(start("S1", message("a")), user("A"), end()), chain(start("S2", message("b")), user("B"), end("E2"))
        ),
        messages={"a": "", "b": ""},
    )
    with pytest.raises(Conflict):
        Case(two)
    assert Case(two, at="S2").open == ["B"]
    assert Case(file(drawn(chain(start("S1", message("a")), user("A"), end())), messages={"a": ""})).open == ["A"]


def test_a_running_instance_goes_on_with_a_newer_drawing():
    (old,) = programs(file(drawn(chain(start(), user("A"), user("B"), end()))))
    (new,) = programs(file(drawn(chain(start(), user("A"), user("N"), user("B"), end()))))
    _, step = process.start(old, variables={"n": 1}, world=WORLD)
    moved = process.restore(step.state, new)
    moved.complete(moved.open_refs()[0].ref, {}, WORLD)
    assert [(w.element, w.kind) for w in moved.open_refs()] == [("N", "task")]
    assert moved.variables() == {"n": 1}
