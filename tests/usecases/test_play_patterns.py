"""Workflow patterns and error situations, played: standard behaviour, or an incident that says why."""

from __future__ import annotations

import io
import json
from collections import Counter
from typing import Any

import pytest

from service.usecases.play import play
from tests.engine.drawing import (
    TERMINATE,
    boundary,
    catch,
    chain,
    complexly,
    drawn,
    duration,
    each,
    either,
    end,
    error,
    file,
    flow,
    fork,
    loop,
    message,
    race,
    script,
    service,
    start,
    sub,
    times,
    xor,
)


def played(tmp_path, source: bytes, **variables: Any) -> tuple[int, list[dict[str, Any]]]:
    path = tmp_path / "f.bpmn"
    path.write_bytes(source)
    out = io.StringIO()
    code = play.run(play.Options(str(path), auto=True, variables=json.dumps(variables)), out)
    return code, [json.loads(line) for line in out.getvalue().splitlines()]


def step(name: str) -> str:
    return script(name, f'="{name}"', "last")


def times_left(lines: list[dict[str, Any]]) -> dict[str, int]:
    """How often each script was left."""
    completed = [line for line in lines if line["event"] == "element.completed"]
    return dict(Counter(line["element"] for line in completed if line["type"] == "scriptTask"))


AB = step("A"), step("B"), step("C")
TWO = chain(start(), fork("F"), "A") + chain("F", "B") + step("A") + step("B")
PICKED = chain(start(), either("I", default="I_E9")) + "".join(AB) + end("E9") + flow("I", "E9")
PICKED += "".join(flow("I", name, f'=contains(go, "{name}")') for name in "ABC")

PATTERNS = {
    "exclusive choice and simple merge": (
        chain(start(), xor("G", default="G_B"))
        + "".join(AB)
        + flow("G", "A", "=n > 1")
        + flow("G", "B")
        + chain("A", xor("M"), "C")
        + flow("B", "M"),
        {"n": 2},
        {"A": 1, "C": 1},
    ),
    "synchronisation": (TWO + chain("A", fork("J"), step("C"), end()) + flow("B", "J"), {}, {"A": 1, "B": 1, "C": 1}),
    "multiple merge": (TWO + chain("A", xor("M"), step("C"), end()) + flow("B", "M"), {}, {"A": 1, "B": 1, "C": 2}),
    "merge without a gateway": (TWO + chain("A", step("C"), end()) + flow("B", "C"), {}, {"A": 1, "B": 1, "C": 2}),
    "discriminator": (
        TWO + chain("A", complexly("K", "=activationCount >= 1"), step("C"), end()) + flow("B", "K"),
        {},
        {"A": 1, "B": 1, "C": 1},
    ),
    "structured synchronising merge": (
        PICKED + chain("A", either("J"), step("Z"), end()) + flow("B", "J") + flow("C", "J"),
        {"go": "AC"},
        {"A": 1, "C": 1, "Z": 1},
    ),
    "implicit termination": (TWO, {}, {"A": 1, "B": 1}),
    "arbitrary cycle": (
        chain(
            start(),
            xor("M"),
            script("A", "=n + 1", "n"),
            xor("X", default="X_B"),
            step("B"),
            xor("Y", default="Y_E"),
            end(),
        )
        + flow("X", "M", "=n < 3")
        + flow("Y", "M", "=n < 5"),
        {"n": 0},
        {"A": 5, "B": 3},
    ),
    "deferred choice": (
        chain(start(), race("R"), catch("T", duration("PT1H")), step("A"), end())
        + chain("R", catch("M", message("go")), step("B"), end("E2")),
        {},
        {"A": 1},
    ),
    "several instances, known when they begin": (
        chain(start(), script("A", "=item", "x", loop=each("=list")), end()),
        {"list": [1, 2, 3]},
        {"A": 3},
    ),
    "cancelled activity": (
        chain(start(), sub("P1", chain(start("s"), catch("W", duration("P1D")), step("A"), end("e"))), end())
        + boundary("X", "P1", duration("PT1H"))
        + chain("X", step("B"), end("E2")),
        {},
        {"B": 1},
    ),
    "cancelled case": (
        chain(start(), fork("F"), step("A"), end("T", TERMINATE)) + chain("F", catch("W", duration("P9D")), step("B")),
        {},
        {"A": 1},
    ),
    "error of a called part": (
        chain(start(), sub("P1", chain(start("s"), step("A"), end("e", error("E1")))), step("B"), end())
        + boundary("X", "P1", error("E1"))
        + chain("X", step("C"), end("E2")),
        {},
        {"A": 1, "C": 1},
    ),
    "no instance at all": (chain(start(), script("A", "=1", "x", loop=times("0")), step("B"), end()), {}, {"B": 1}),
    "an empty list": (chain(start(), script("A", "=1", "x", loop=each("=[]")), step("B"), end()), {}, {"B": 1}),
    "a loop of no laps": (chain(start(), script("A", "=1", "x", loop=loop("", 0)), step("B"), end()), {}, {"B": 1}),
    "a loop whose condition never held": (
        chain(start(), script("A", "=1", "x", loop=loop("=false", before=True)), step("B"), end()),
        {},
        {"B": 1},
    ),
    "a loop whose condition is asked behind": (
        chain(start(), script("A", "=1", "x", loop=loop("=false")), step("B"), end()),
        {},
        {"A": 1, "B": 1},
    ),
}


@pytest.mark.parametrize("name", PATTERNS)
def test_a_pattern_runs_as_it_is_drawn(tmp_path, name):
    body, variables, expected = PATTERNS[name]
    source = file(drawn(body), messages={"go": ""}, errors=("E1",))
    code, lines = played(tmp_path, source, **variables)
    assert code == play.COMPLETED, lines[-1]
    assert times_left(lines) == expected


def choice(condition: str) -> str:
    return chain(start(), xor("G"), step("A"), end()).replace(
        flow("G", "A"), flow("G", "A", condition) + flow("G", "B", "=false") + step("B")
    )


ERRORS = {
    "no condition holds": (choice("=n > 5"), "G", "no-flow-matches", None),
    "a condition of nothing": (choice("=missing > 5"), "G", "null-value", "=missing > 5"),
    "a condition that is no boolean": (choice('="yes"'), "G", "wrong-type", '="yes"'),
    "no inclusive flow holds": (
        choice("=n > 5").replace("exclusiveGateway", "inclusiveGateway"), "G", "no-flow-matches", None,
    ),
    "an error that nothing catches": (chain(start(), end("X", error("E1"))), "X", "uncaught-error", None),
    "fewer than no instances": (
        chain(start(), service("A", loop=times("=0 - 1")), end()), "A", "wrong-type", "=0 - 1",
    ),
    "half an instance": (chain(start(), service("A", loop=times("=2.5")), end()), "A", "wrong-type", "=2.5"),
    "a loop that never ends": (
        chain(start(), script("A", "=1", "x", loop=loop("=true")), end()), "A", "limit", None,
    ),
    "a circle that never ends": (chain(start(), xor("M"), step("A"), "M"), None, "limit", None),
}  # fmt: skip


@pytest.mark.parametrize("name", ERRORS)
def test_an_error_situation_is_an_incident_that_says_why(tmp_path, name):
    body, element, code, expression = ERRORS[name]
    ended, lines = played(tmp_path, file(drawn(body), errors=("E1",)), n=1)
    assert ended == play.STUCK
    (incident,) = [line for line in lines if line["event"] == "incident"]
    assert element in (incident["element"], None)
    assert (incident["code"], incident["expression"]) == (code, expression)
    assert lines[-1]["event"] == "stuck"
