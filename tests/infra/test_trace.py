"""A requirement counts as proved only by its own passing tests."""

from tools import trace


def outcome(*, passed: bool) -> dict[str, object]:
    return {"requirements": [], "passed": passed}


def test_there_are_166_requirements_and_the_last_line_counts_them() -> None:
    lines = trace.report(trace.states({}, {}))
    assert lines[-1] == "requirements: 0 of 166 proved"
    assert len(lines) == 167


def test_all_marked_tests_must_have_passed() -> None:
    tests = {"a": ["S0-1"], "b": ["S0-1", "S0-2"], "c": ["S0-3"], "d": ["S0-4"]}
    outcomes = {"a": outcome(passed=True), "b": outcome(passed=False), "c": outcome(passed=True)}
    states = trace.states(tests, outcomes)
    assert states["S0-1"] == "failed: b"
    assert states["S0-2"] == "failed: b"
    assert states["S0-3"] == "proved"
    assert states["S0-4"] == "not run: d"
    assert states["S0-5"] == "no test"
    assert trace.report(states)[-1] == "requirements: 1 of 166 proved"


def test_outcomes_of_tests_that_are_gone_prove_nothing() -> None:
    assert trace.states({}, {"gone": outcome(passed=True)})["S0-1"] == "no test"
