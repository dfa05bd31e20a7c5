"""What `tidegate play` is told: whatever is unusable in its options is refused before anything runs, and says why."""

from __future__ import annotations

import io
import json
from typing import Any

import pytest

from service.usecases.play import play
from tests.engine.drawing import chain, drawn, end, file, message, script, service, start, throw, times, user

SOURCE = file(drawn(chain(start(), user("A"), service("B"), throw("T", message("m")), end())), messages={"m": ""})


def told(tmp_path, **options: Any) -> tuple[int, list[dict[str, Any]]]:
    (tmp_path / "f.bpmn").write_bytes(SOURCE)
    for name in {"values", "jobs", "facts", "events"} & options.keys():
        (tmp_path / f"{name}.json").write_text(json.dumps(options[name]))
        options[name] = str(tmp_path / f"{name}.json")
    out = io.StringIO()
    code = play.run(play.Options(str(tmp_path / "f.bpmn"), auto=True, **options), out)
    return code, [json.loads(line) for line in out.getvalue().splitlines()]


@pytest.mark.parametrize(
    ("options", "why"),
    [
        ({"values": [1]}, "Values must be a JSON object."),
        ({"values": {"A": 5}}, "The values of A are an object, or a list of objects, one for each visit."),
        ({"values": {"A": [{}, 5]}}, "The values of A are an object, or a list of objects, one for each visit."),
        ({"jobs": {"work": "done"}}, "The answer to the job work is {"),
        ({"jobs": {"work": {"result": 1}}}, "The answer to the job work is {"),
        ({"jobs": {"work": {"error": "E", "fail": "x"}}}, "The answer to the job work is {"),
        ({"jobs": {"work": {"variables": 5}}}, "The variables of the answer to the job work are an object."),
        ({"variables": '{"release": {}}'}, "release is a fact of the record and no variable; give it with the facts."),
        ({"variables": "[1]"}, "Variables must be a JSON object."),
        ({"facts": {"now": 5}}, "“5” is not a moment. Write it like 2026-03-31T17:00:00+02:00."),
        ({"events": {}}, "Events must be a JSON list."),
        ({"events": [{"message": "m", "after": "A"}]}, "An entry of events has no after; it has at, after_element,"),
        ({"events": [{"message": "m", "after_element": "Q"}]}, "m comes after Q, but there is no such element."),
        ({"events": [{"message": "m", "at": "soon"}]}, "“soon” is not a moment."),
        ({"process": ""}, "There is no executable process , only P."),
    ],
)
def test_what_is_unusable_is_refused_with_a_sentence(tmp_path, options, why):
    code, lines = told(tmp_path, **options)
    assert code == play.REFUSED
    assert [line["event"] for line in lines] == ["refused"]
    assert lines[0]["message"].startswith(why)


def test_answers_may_be_lists_and_jobs_may_succeed_without_a_word(tmp_path):
    code, lines = told(tmp_path, values={"A": [{"x": 1}]}, jobs={"work": [{}], "B": {"variables": {"y": 2}}})
    assert (code, lines[-1]["variables"]) == (play.COMPLETED, {"x": 1, "y": 2})


def test_the_last_line_says_where_it_is_stuck_as_other_lines_do(tmp_path):
    code, lines = told(tmp_path, jobs={"work": {"fail": "no server"}})
    assert code == play.STUCK
    last = {name: lines[-1][name] for name in ("event", "element", "type", "name", "process", "reason")}
    assert list(last.values()) == ["stuck", "B", "serviceTask", "B", "P", "no server"]


def test_null_is_a_result_of_a_script_and_what_carries_its_children_has_none(tmp_path):
    body = chain(start(), script("A", "=missing", "x", loop=times("1")), end())
    (tmp_path / "f.bpmn").write_bytes(file(drawn(body)))
    out = io.StringIO()
    assert play.run(play.Options(str(tmp_path / "f.bpmn")), out) == play.COMPLETED
    lines = [json.loads(line) for line in out.getvalue().splitlines()]
    left = [line for line in lines if (line["event"], line["element"]) == ("element.completed", "A")]
    assert [(line["type"], line.get("result", "none")) for line in left] == [
        ("scriptTask", None), ("multiInstanceBody", "none"),
    ]  # fmt: skip
