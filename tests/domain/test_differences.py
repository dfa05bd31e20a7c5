"""What changed between two texts."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from service.domain import differences
from tests.support.exploring import examples

TEXTS = st.lists(st.sampled_from(["a", "b", "c", "d"]), max_size=30).map("\n".join)


def kinds(before: str, after: str) -> list[tuple[str, str]]:
    return [(one.kind, one.text) for one in differences.lines(before, after)]


def test_changed_lines_stand_among_those_around_them() -> None:
    before = "\n".join(f"line {number}" for number in range(1, 21))
    after = before.replace("line 10", "another line")
    assert kinds(before, after) == [
        ("left-out", ""),
        ("same", "line 7"),
        ("same", "line 8"),
        ("same", "line 9"),
        ("removed", "line 10"),
        ("added", "another line"),
        ("same", "line 11"),
        ("same", "line 12"),
        ("same", "line 13"),
        ("left-out", ""),
    ]


def test_the_same_text_has_no_differences() -> None:
    assert differences.lines("a\nb", "a\nb") == []


@examples(200)
@given(TEXTS, TEXTS)
def test_every_line_has_its_number_and_what_changed_is_all_there(before: str, after: str) -> None:
    found = differences.lines(before, after)
    old, new = before.splitlines(), after.splitlines()
    assert all(old[one.before - 1] == one.text for one in found if one.before)
    assert all(new[one.after - 1] == one.text for one in found if one.after)
    removed = [one.before for one in found if one.kind == differences.REMOVED]
    added = [one.after for one in found if one.kind == differences.ADDED]
    assert len(old) - len(removed) == len(new) - len(added)
    kept_old = [line for number, line in enumerate(old, 1) if number not in removed]
    kept_new = [line for number, line in enumerate(new, 1) if number not in added]
    assert kept_old == kept_new
