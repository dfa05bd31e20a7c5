"""The house rules that no linter knows, checked over the tracked files."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[1]
LINES_AT_MOST = 500
SOURCES = (".py", ".js", ".mjs", ".css", ".html", ".jinja")
HOSTS = re.compile(r"://[\w.-]*\b(pypi|npmjs|pythonhosted|debian)\.[a-z]")
HIDING = re.compile(r"pytest\.(skip|xfail|importorskip)\b|mark\.(skip|skipif|xfail)\b")
# spelled in halves, so that this file keeps its own rule
UNFINISHED = re.compile(r"\b(TO" + "DO|FIX" + "ME|XX" + "X|HA" + r"CK)\b")


def tracked() -> list[Path]:
    done = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True)
    return [ROOT / name for name in done.stdout.split("\0") if name and (ROOT / name).is_file()]


def problems(path: Path, text: str) -> Iterator[str]:
    """What is wrong with one file, a sentence each, with the line where there is one."""
    name = path.relative_to(ROOT).as_posix()
    lines = text.splitlines()
    # a migration is a record of one moment, not code that grows
    if path.suffix in SOURCES and len(lines) > LINES_AT_MOST and "/migrations/versions/" not in name:
        yield f"{name}: {len(lines)} lines, {LINES_AT_MOST} at most: look for the missing noun"
    for number, line in enumerate(lines, 1):
        if HOSTS.search(line):
            yield f"{name}:{number}: names the host of a package registry, which may not be there"
        if path.suffix in SOURCES and UNFINISHED.search(line):
            yield f"{name}:{number}: an unfinished word; finish it or file it"
        if name.startswith("tests/") and path.suffix == ".py" and HIDING.search(line):
            yield f"{name}:{number}: a test may not be skipped or expected to fail"
    if path.suffix == ".py":
        yield from _python_problems(name, ast.parse(text))


def _python_problems(name: str, module: ast.Module) -> Iterator[str]:
    if module.body and not ast.get_docstring(module):
        yield f"{name}:1: a module says in one sentence what it is"
    if not name.startswith("service/"):
        return
    for function in ast.walk(module):
        if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef):
            for node in ast.walk(function):
                if isinstance(node, ast.Import | ast.ImportFrom):
                    yield f"{name}:{node.lineno}: an import inside {function.name}() hides a circle"


def main() -> int:
    found: list[str] = []
    for path in tracked():
        try:
            text = path.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue
        found += problems(path, text)
    print("\n".join(found) or "house rules: kept")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
