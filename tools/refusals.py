"""Finds the sentences with which the lower layers refuse and explain, so that every one of them has a German text.

An extractor for Babel. In Python a sentence is any text with words in it that is neither a docstring nor written to
the log; in the scripts of the embedded engine it is a text that begins with a capital letter and ends with a full
stop. What is put into a sentence at run time is numbered: `{0}`, `{1}`.
"""

from __future__ import annotations

import ast
import inspect
import re
from collections.abc import Iterator
from typing import IO, Any

from service import errors

LETTERS_AT_LEAST = 4
# texts of tables that are written to pages of the documentation, and of what only the log or a programmer reads
SILENT_NAMES = {"PROPERTIES", "JOB_TYPES"}
SILENT_FUNCTIONS = {"page"}
SILENT_CALLS = {
    *("Entry", "RuntimeError", "TypeError", "AssertionError"),
    *("debug", "info", "warning", "error", "exception", "critical", "log"),
}
LOGS = {"log", "logger", "_log", "logging"}
# names and formulas that only look like words
NO_SENTENCES = {
    *("RULE ORDER", "OUTPUT ORDER", "date and time", "days and time duration", "years and months duration"),
    *(
        "InternalError: interrupted",
        "InternalError: out of memory",
        "string too long",
        "array length",
        "UNIQUE constraint",
    ),
    *("(if {0} then {1} else {2})", "(loopCounter - 1)", "modulo({0}, {1})", "= flatten([{0}])", "BEGIN IMMEDIATE"),
    '<p><a href="{0}">{1}</a></p>',
    *("a naive moment cannot be stored: {0}", "user task, phase", "one command may write at most {0} rows"),
    "FEEL condition; while it does not hold, the task or phase cannot be completed.",
    *(
        " repeat {0} x{1}",
        "{0} repeat {1}",
        "to throw",
        "SELECT 1",
        "PRAGMA {0}",
        "PRAGMA busy_timeout=0",
        "SELECT pg_advisory_xact_lock(7283001)",
    ),
    '(({0} = null) = true or ({0} = "") = true or ({0} = []) = true or ({0} = {{}}) = true)',
}
_WORDS = re.compile(r"[^\W\d_]{2,}")
_SCRIPT = re.compile(r"""'((?:[A-Z"“])[^'\n]* [^'\n]*\.)'|`((?:[A-Z"“])[^`\n]* [^`\n]*\.)`""")

Found = tuple[int, None, str, list[str]]


def extract(file: IO[bytes], _keywords: Any, _tags: Any, options: dict[str, str]) -> Iterator[Found]:
    """The sentences of one file, as Babel asks for them."""
    source = file.read().decode()
    found = _of_script(source) if options.get("script") else _Sentences(source).all()
    for line, text in found:
        if text not in NO_SENTENCES and not text.startswith("<!doctype"):
            yield line, None, text, []


def _of_script(source: str) -> Iterator[tuple[int, str]]:
    for number, line in enumerate(source.splitlines(), 1):
        for match in _SCRIPT.finditer(line):
            pieces = re.split(r"\$\{[^}]*\}", match[1] or match[2])
            yield number, "".join(f"{piece}{{{n}}}" for n, piece in enumerate(pieces[:-1])) + pieces[-1]


class _Sentences(ast.NodeVisitor):
    """Walks the tree of a module and keeps each text that reads like words."""

    def __init__(self, source: str) -> None:
        self._tree = ast.parse(source)
        self._found: list[tuple[int, str]] = []
        self._errors = {name for name, kind in vars(errors).items() if inspect.isclass(kind)} | {"Exception"}

    def all(self) -> list[tuple[int, str]]:
        self.visit(self._tree)
        return self._found

    def visit_ClassDef(self, node: ast.ClassDef) -> None:
        text = ast.get_docstring(node)
        if text and self._is_error(node):
            self._keep(node, inspect.cleandoc(text).split("\n\n")[0].replace("\n", " "))
        self.generic_visit(node)

    def _is_error(self, node: ast.ClassDef) -> bool:
        """Whether it is below one of errors.py, or such a one itself: its docstring is the title that people read."""
        names = [base.value if isinstance(base, ast.Attribute) else base for base in node.bases]
        known = any(isinstance(name, ast.Name) and (name.id == "errors" or name.id in self._errors) for name in names)
        self._errors |= {node.name} if known else set()
        return known

    def visit_FunctionDef(self, node: ast.FunctionDef) -> None:
        if node.name not in SILENT_FUNCTIONS:
            self.generic_visit(node)

    def visit_Assign(self, node: ast.Assign) -> None:
        self._unless_silent(node, node.targets)

    def visit_AnnAssign(self, node: ast.AnnAssign) -> None:
        self._unless_silent(node, [node.target])

    def _unless_silent(self, node: ast.stmt, targets: list[ast.expr]) -> None:
        names = {target.id for target in targets if isinstance(target, ast.Name)}
        if not names & SILENT_NAMES:
            self.generic_visit(node)

    def visit_Expr(self, node: ast.Expr) -> None:
        if not isinstance(node.value, ast.Constant):  # a docstring, of whatever
            self.generic_visit(node)

    def visit_Assert(self, _node: ast.Assert) -> None:
        """Nobody reads these."""

    def visit_Call(self, node: ast.Call) -> None:
        if not _is_silent(node.func):
            self.generic_visit(node)

    def visit_Constant(self, node: ast.Constant) -> None:
        if isinstance(node.value, str):
            self._keep(node, node.value)

    def visit_JoinedStr(self, node: ast.JoinedStr) -> None:
        self._keep(node, _numbered(list(_pieces(node))))
        for value in node.values:
            if isinstance(value, ast.FormattedValue):
                self.visit(value.value)

    def visit_BinOp(self, node: ast.BinOp) -> None:
        pieces = list(_pieces(node))
        if not isinstance(node.op, ast.Add) or not any(pieces):
            self.generic_visit(node)
            return
        self._keep(node, _numbered(pieces))
        for side in (node.left, node.right):
            if not isinstance(side, ast.Constant | ast.JoinedStr):
                self.visit(side)

    def _keep(self, node: ast.expr | ast.stmt, text: str) -> None:
        words = _WORDS.findall(re.sub(r"\{\d+\}", "", text))
        if " " in text.strip() and sum(map(len, words)) >= LETTERS_AT_LEAST:
            self._found.append((node.lineno, text))


def _is_silent(called: ast.expr) -> bool:
    if isinstance(called, ast.Name):
        return called.id in SILENT_CALLS
    if isinstance(called, ast.Attribute) and isinstance(called.value, ast.Name):
        return called.value.id in LOGS and called.attr in SILENT_CALLS
    return False


def _pieces(node: ast.expr) -> Iterator[str | None]:
    """The texts of an f-string or a sum, with None for what is put in at run time."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.value
    elif isinstance(node, ast.JoinedStr):
        for value in node.values:
            yield from _pieces(value)
    elif isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
        yield from _pieces(node.left)
        yield from _pieces(node.right)
    else:
        yield None


def _numbered(pieces: list[str | None]) -> str:
    """One text; what stands side by side, or apart by a space alone, is one hole, as nothing tells where it parts."""
    kept: list[str | None] = []
    for piece in pieces:
        if piece is None and kept and kept[-1] is None:
            continue
        if piece is None and len(kept) > 1 and kept[-2] is None and not (kept[-1] or "").strip():
            kept.pop()
            continue
        if piece != "":
            kept.append(piece)
    number, text = 0, ""
    for piece in kept:
        text += f"{{{number}}}" if piece is None else piece
        number += piece is None
    return text
