"""Evaluating FEEL: warnings, failures, limits, threads, forks and what hostile expressions come to."""

import contextlib
import os
import threading
import time
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service import errors
from service.bpmnio import feel, feelvalues, zones
from tests.support.exploring import examples

NOW = datetime(2026, 3, 1, 23, 30, tzinfo=UTC)

HOSTILE = {
    "an endless loop": "for i in 1..100000000 return i",
    "nested loops": "count(for a in 1..3000, b in 1..3000, c in 1..3000 return 1)",
    "a deep nest": "(" * 4000 + "1" + ")" * 4000,
    "deep negation": "not(" * 2000 + "true" + ")" * 2000,
    "endless recursion": "{f: function(g, x) g(g, x + 1), r: f(f, 1)}.r",
    "backtracking": 'matches("' + "a" * 40 + '!", "(a+)+$")',
    "a huge text": 'string join(for i in 1..3000000 return "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx", "")',
    "a doubling text": (
        '(function(d, s, n) d(d, s, n))(function(d, s, n) if n = 0 then s else d(d, s + s, n - 1), "xx", 60)'
    ),
    "a long text": '"' + "x" * 9000 + '"',
}


@pytest.mark.parametrize("expression", HOSTILE.values(), ids=HOSTILE.keys())
def test_a_hostile_expression_is_stopped_and_the_next_one_works(expression: str) -> None:
    started = time.process_time()
    with pytest.raises(feel.FeelLimit) as caught:
        feel.evaluate(expression, {})
    assert time.process_time() - started < 5
    assert caught.value.facts["expression"] == expression
    assert len(caught.value.detail) < 400
    assert feel.evaluate("1 + 1", {}).value == 2


@pytest.mark.parametrize(
    "expression",
    [
        "constructor.constructor",
        "a.__proto__",
        "a.constructor",
        "list.constructor",
        "globalThis",
        "this",
        "text.constructor.prototype",
        '{"__proto__": {polluted: 1}}.polluted',
        "prototype",
        "item.constructor",
        'get value(a, "constructor")',
        'get value(a, "__proto__")',
    ],
)
def test_nothing_of_the_engine_can_be_reached(expression: str) -> None:
    assert feel.evaluate(expression, {"a": {"b": 1}, "list": [1], "text": "x"}).value in (None, [None])
    assert feel.evaluate("{}.polluted", {}).value is None


def test_a_name_that_does_not_exist_is_null_with_a_warning_that_names_it() -> None:
    result = feel.evaluate("=unknown > 3", {"known": 1})
    assert result.value is None
    warning = result.warnings[0]
    assert (warning.kind, warning.name, warning.position) == ("NO_VARIABLE_FOUND", "unknown", 1)
    assert result.missing == ("unknown",)


def test_a_part_that_does_not_exist_is_named_with_its_path() -> None:
    result = feel.evaluate("release.window.begin", {"release": {"window": {"start": 1}}})
    assert result.value is None
    assert result.missing == ("release.window.begin",)


def test_values_that_cannot_be_compared_are_null_with_a_warning() -> None:
    result = feel.evaluate("text > 9", {"text": "10"})
    assert result.value is None
    assert result.warnings[0].kind == "NOT_COMPARABLE"


def test_a_syntax_error_says_where() -> None:
    with pytest.raises(feel.FeelSyntaxError) as caught:
        feel.evaluate("=1 + ", {})
    assert caught.value.facts["position"] == 5
    assert caught.value.facts["expression"] == "=1 + "
    assert isinstance(caught.value, errors.ScriptFailed)


def test_a_failed_assertion_fails_with_its_text() -> None:
    with pytest.raises(feel.FeelFailed, match="too few") as caught:
        feel.evaluate('assert(n, n > 3, "too few")', {"n": 2})
    assert not isinstance(caught.value, feel.FeelSyntaxError)


@pytest.mark.parametrize("expression", ["count", "function(x) x", "{f: function(x) x}"])
def test_a_function_is_no_value(expression: str) -> None:
    with pytest.raises(feel.FeelFailed, match="function"):
        feel.evaluate(expression, {})


def test_a_variable_may_be_called_like_a_function() -> None:
    context = {"now": datetime(2020, 1, 1, tzinfo=UTC), "count": 4}
    assert feel.evaluate("[now, now(), count + count([1])]", context, now=NOW).value == [context["now"], NOW, 5]


def test_now_is_the_moment_given_and_today_the_date_in_its_zone() -> None:
    berlin = NOW.astimezone(ZoneInfo("Europe/Berlin"))
    assert feel.evaluate("now()", {}, now=berlin).value == NOW
    assert feel.evaluate("today()", {}, now=NOW).value == date(2026, 3, 1)
    assert feel.evaluate("today()", {}, now=berlin).value == date(2026, 3, 2)


def test_the_zone_of_the_server_makes_no_difference(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", "America/New_York")
    time.tzset()
    try:
        feel._bundle.forget()
        value = feel.evaluate('date and time("2026-05-01T10:00:00")', {}).value
    finally:
        monkeypatch.undo()
        time.tzset()
        feel._bundle.forget()
    assert value == datetime(2026, 5, 1, 10, tzinfo=UTC)


def test_midnight_stays_a_moment_and_a_date_stays_a_date() -> None:
    context = {"moment": datetime(2026, 5, 1, tzinfo=UTC), "day": date(2026, 5, 1), "span": timedelta(days=1, hours=2)}
    value = feel.evaluate("{m: moment, d: day, s: span, n: moment + span}", context).value
    assert value == {
        "m": datetime(2026, 5, 1, tzinfo=UTC),
        "d": date(2026, 5, 1),
        "s": feel.Duration("P1DT2H"),
        "n": datetime(2026, 5, 2, 2, tzinfo=UTC),
    }
    assert type(value["m"]) is datetime
    assert type(value["d"]) is date


def test_values_come_out_as_json_when_asked() -> None:
    value = feel.evaluate('[moment, date(moment), @"P1D", {a: moment}]', {"moment": NOW}).value
    assert feel.plain(value) == [
        "2026-03-01T23:30:00+00:00",
        "2026-03-01",
        "P1D",
        {"a": "2026-03-01T23:30:00+00:00"},
    ]


def test_money_goes_in_as_decimal() -> None:
    assert feel.evaluate("cost + 1", {"cost": Decimal("10.25")}).value == 11.25


@pytest.mark.parametrize("value", [datetime(2026, 1, 1), float("nan"), object()])
def test_what_is_no_value_is_refused(value: Any) -> None:
    with pytest.raises(feel.FeelFailed, match="cannot be used"):
        feel.evaluate("x", {"x": value})


def test_a_text_that_looks_like_a_marked_value_stays_a_text() -> None:
    forged = "\0" + "0" * 16 + ":T2026-01-01T00:00:00Z"
    assert feel.evaluate("[x, moment]", {"x": forged, "moment": NOW}).value == [forged, NOW]


def test_names_of_several_words_are_read_as_one() -> None:
    context = {"due date": 1, "release": {"go-live date": 2}, "due": 10, "a": 3}
    assert feel.evaluate("due date + a", context).value == 4
    assert feel.evaluate("release.go-live date + due", context).value == 12
    assert feel.evaluate("a - due", context).value == -7


def test_the_same_text_is_read_anew_for_other_names() -> None:
    assert feel.evaluate("a-b", {"a": 5, "b": 2}).value == 3
    assert feel.evaluate("a-b", {"a-b": 1, "a": 5, "b": 2}).value == 1
    assert feel.evaluate("a-b", {"a": 6, "b": 2}).value == 4


def test_many_are_evaluated_at_one_moment_and_fail_each_for_itself() -> None:
    first, second, third = feel.evaluate_many([("a + 1", {"a": 1}), ("1 +", {}), ("now()", {})], now=NOW)
    assert isinstance(first, feel.Result)
    assert first.value == 2
    assert isinstance(second, feel.FeelSyntaxError)
    assert isinstance(third, feel.Result)
    assert third.value == NOW


def test_random_numbers_and_ids_differ() -> None:
    values = feel.evaluate("[uuid(), uuid(), random number(), random number()]", {}).value
    assert len(set(values)) == 4
    assert all(0 <= number < 1 for number in values[2:])
    assert len(values[0]) == 36


def test_threads_each_have_their_own_engine() -> None:
    wrong: list[Any] = []

    def work(n: int) -> None:
        for i in range(100):
            value = feel.evaluate("a * 2 + count(list)", {"a": n * i, "list": [1] * n}).value
            if value != n * i * 2 + n:
                wrong.append((n, i, value))

    threads = [threading.Thread(target=work, args=(n,)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


def test_a_limit_hit_in_one_thread_leaves_the_others_alone() -> None:
    results: list[Any] = []

    def hostile() -> None:
        with pytest.raises(feel.FeelLimit):
            feel.evaluate("for i in 1..100000000 return i", {})
        results.append("stopped")

    def honest() -> None:
        results.append([feel.evaluate("a + 1", {"a": i}).value for i in range(200)] == list(range(1, 201)))

    threads = [threading.Thread(target=work) for work in (hostile, honest, hostile, honest)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(map(str, results)) == ["True", "True", "stopped", "stopped"]


def test_a_forked_child_evaluates_for_itself() -> None:
    assert feel.evaluate("1 + 1", {}).value == 2
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            os.write(writer, str(feel.evaluate("a + 1", {"a": 41}).value).encode())
        finally:
            os._exit(0)
    os.close(writer)
    _, status = os.waitpid(child, 0)
    answer = os.read(reader, 10)
    os.close(reader)
    assert (status, answer) == (0, b"42")
    assert feel.evaluate("2 + 2", {}).value == 4


def test_forked_children_draw_other_random_numbers() -> None:
    feel.evaluate("uuid()", {})
    drawn = []
    for _ in range(3):
        reader, writer = os.pipe()
        child = os.fork()
        if child == 0:
            try:
                os.write(writer, feel.evaluate("uuid()", {}).value.encode())
            finally:
                os._exit(0)
        os.close(writer)
        os.waitpid(child, 0)
        drawn.append(os.read(reader, 100))
        os.close(reader)
    drawn.append(feel.evaluate("uuid()", {}).value.encode())
    assert len(set(drawn)) == 4


def test_a_child_forked_beside_busy_threads_evaluates_for_itself() -> None:
    stop = threading.Event()

    def work() -> None:
        while not stop.wait(0.001):
            feel.evaluate("count(for i in 1..50 return i)", {})

    threads = [threading.Thread(target=work) for _ in range(2)]
    for thread in threads:
        thread.start()
    try:
        for _ in range(5):
            child = os.fork()
            if child == 0:
                os._exit(0 if [feel.evaluate("a + 1", {"a": i}).value for i in range(20)] == list(range(1, 21)) else 1)
            _, status = os.waitpid(child, 0)
            assert status == 0
    finally:
        stop.set()
        for thread in threads:
            thread.join()


def test_offsets_of_a_zone_are_those_of_the_time_zone_database() -> None:
    zone = ZoneInfo("America/New_York")
    table = zones.table("America/New_York")
    assert table is not None
    for month in range(1, 13):
        moment = datetime(2026, month, 15, 12, tzinfo=UTC)
        offset = [offset for start, offset in table if start <= moment.timestamp()][-1]
        assert timedelta(seconds=offset) == moment.astimezone(zone).utcoffset()
    assert zones.table("No/Where") is None
    assert zones.table("../../etc/passwd") is None


values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53), 2**53)
    | st.text(st.characters(codec="utf-8"), max_size=20)
    | st.datetimes(datetime(1900, 1, 2), datetime(9000, 1, 1)).map(
        lambda m: m.replace(tzinfo=UTC, microsecond=0, fold=0)
    )
    | st.dates(date(1901, 1, 1), date(9000, 1, 1)),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.from_regex(r"[a-z]\w{0,8}", fullmatch=True), inner, max_size=4)
    ),
    max_leaves=12,
)


@examples(150)
@given(values)
def test_every_value_comes_back_as_it_went_in(value: Any) -> None:
    result = feel.evaluate("x", {"x": value})
    assert result.value == value
    assert repr(result.value) == repr(value)


@examples(150)
@given(st.text(max_size=60))
def test_any_text_gives_a_result_or_a_failure_of_feel(text: str) -> None:
    with contextlib.suppress(feel.FeelFailed):
        feel.evaluate(text, {"a": 1, "b": [1, 2]})
    assert feel.evaluate("1 + 1", {}).value == 2


def test_marks_are_found_in_contexts_only_where_values_are() -> None:
    encoded = feelvalues.encode({"a": NOW, "b": "x"}, "a")
    assert encoded.marked
    assert encoded.text.count(feelvalues.MARK.replace("\0", "\\u0000")) == 1
