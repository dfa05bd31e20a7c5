"""The house rules find what they are for."""

from pathlib import Path

import pytest

from tools import house


@pytest.mark.parametrize(
    ("name", "text", "complaint"),
    [
        ("service/a.py", '"""A."""\ndef f():\n    import os\n', "an import inside f()"),
        ("service/a.py", "x = 1\n", "says in one sentence"),
        ("docs/a.md", "see https://files.python" + "hosted.org/x", "host of a package registry"),
        ("tests/a.py", '"""A."""\n@pytest.mark.' + "xfail\ndef test_a(): ...\n", "skipped or expected to fail"),
        ("service/a.py", '"""A."""\n' + "x = 1\n" * 500, "501 lines"),
        ("frontend/src/a.js", "// TO" + "DO later", "unfinished word"),
    ],
)
def test_house_rule_is_enforced(name: str, text: str, complaint: str) -> None:
    found = list(house.problems(house.ROOT / Path(name), text))
    assert len(found) == 1
    assert complaint in found[0]


def test_clean_file_is_accepted() -> None:
    assert list(house.problems(house.ROOT / "service" / "a.py", '"""A."""\n\nimport os\n')) == []
