"""The page about decision tables names every code of the check and every incident."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
SOURCES = [
    *(ROOT / "service" / "bpmnio" / "dmn").glob("*.py"), *(ROOT / "service" / "engine" / "decisions").glob("*.py"),
]  # fmt: skip
CODE = re.compile(r"(?:DecisionFailed|\.error|\.warning)\(\s*\"([a-z-]+)\"")


def test_every_code_is_explained() -> None:
    page = (ROOT / "docs" / "dmn.md").read_text(encoding="utf-8")
    codes = {code for source in SOURCES for code in CODE.findall(source.read_text(encoding="utf-8"))}
    assert {"null-value", "rules-overlap", "knowledge-model"} <= codes
    assert sorted(code for code in codes if f"`{code}`" not in page) == []
