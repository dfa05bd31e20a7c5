"""Expressions of the older dialect, `${...}`, put into FEEL where both mean the same; anything else is refused.

What they calculate is translated: names, paths, literals, comparisons, logic, arithmetic, `empty`, `a ? b : c`. What
they call (`${bean.find(1)}`) is code and is not. FEEL is stricter: where the older dialect took a text or a missing
variable for false, there is an incident.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable

# What the loops of both dialects offer by different names; the older one counts from 0.
RENAMED = {
    "nrOfInstances": "numberOfInstances",
    "nrOfActiveInstances": "numberOfActiveInstances",
    "nrOfCompletedInstances": "numberOfCompletedInstances",
    "loopCounter": "(loopCounter - 1)",
}
# Words that FEEL would read as something else.
RESERVED = {
    "if", "then", "else", "for", "in", "return", "some", "every", "satisfies", "between", "instance", "of", "function",
    "and", "or", "not", "item",
}  # fmt: skip
BINARY = {  # words and signs of an operator: how tightly it binds, what FEEL writes
    "||": (1, "or"), "or": (1, "or"), "&&": (2, "and"), "and": (2, "and"),
    "==": (3, "="), "eq": (3, "="), "!=": (3, "!="), "ne": (3, "!="),
    "<": (4, "<"), "lt": (4, "<"), ">": (4, ">"), "gt": (4, ">"), "<=": (4, "<="), "le": (4, "<="), ">=": (4, ">="),
    "ge": (4, ">="), "+": (5, "+"), "-": (5, "-"), "*": (6, "*"), "/": (6, "/"), "div": (6, "/"), "%": (6, "modulo"),
    "mod": (6, "modulo"),
}  # fmt: skip
COMPARING = (3, 4)
DEEPEST = 50
_WHOLE = re.compile(r"[$#]\{([^{}]*)\}", re.DOTALL)
_PART = re.compile(r"[$#]\{[^{}]*\}")
_TOKEN = re.compile(
    r"""\s*(?:(?P<number>\d+(?:\.\d+)?)|(?P<text>'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*")|(?P<name>[^\W\d]\w*)"""
    r"""|(?P<sign>\|\||&&|==|!=|<=|>=|[-+*/%<>!?:.()\[\]]))""",
    re.DOTALL,
)


class Untranslatable(Exception):
    """The expression has no counterpart; the message says which part of it."""


def is_written(text: str | None) -> bool:
    """Whether a text holds an expression of the older dialect."""
    return text is not None and not text.startswith("=") and _PART.search(text) is not None


def feel(text: str) -> str:
    """The whole text as FEEL with its `=`. Raises Untranslatable."""
    whole = _WHOLE.fullmatch(text.strip())
    if whole is None:
        raise Untranslatable("text and ${} are mixed")
    return "= " + _Reader(whole[1]).read()


def feel_list(text: str) -> str:
    """A list of names separated by commas, some of them expressions that give a name or a list of names, as FEEL."""
    parts = [part.strip() for part in _split(text) if part.strip()]
    given = [feel(part).removeprefix("= ") if _PART.search(part) else json.dumps(part) for part in parts]
    return f"= flatten([{', '.join(given)}])"


def _split(text: str) -> list[str]:
    """At commas outside of braces."""
    return re.split(r",(?![^{]*\})", text)


class _Reader:
    """Reads tokens one by one, and writes FEEL."""

    def __init__(self, text: str) -> None:
        self.tokens = _tokens(text)
        self.at = 0
        self.depth = 0

    def read(self) -> str:
        if not self.tokens:
            raise Untranslatable("it is empty")
        written = self._choice()
        if self.at < len(self.tokens):
            raise Untranslatable(f"“{self.tokens[self.at][1]}” is not understood")
        return written

    def _next(self) -> str:
        return self.tokens[self.at][1] if self.at < len(self.tokens) and self.tokens[self.at][0] != "text" else ""

    def _take(self, *signs: str) -> str:
        word = self._next()
        if word and word in signs:
            self.at += 1
            return word
        return ""

    def _need(self, sign: str) -> None:
        if not self._take(sign):
            raise Untranslatable(f"“{sign}” is missing")

    def _choice(self) -> str:
        self.depth += 1
        if self.depth > DEEPEST:
            raise Untranslatable("it is nested too deeply")
        condition = self._binary(1)
        if self._take("?"):
            yes = self._choice()
            self._need(":")
            condition = f"(if {condition} then {yes} else {self._choice()})"
        self.depth -= 1
        return condition

    def _binary(self, least: int) -> str:
        left, compared = self._unary(), False
        while (known := BINARY.get(self._next())) and known[0] >= least:
            self.at += 1
            binds, sign = known
            if binds in COMPARING and compared:
                raise Untranslatable("comparisons in a row")
            compared = binds in COMPARING
            right = self._binary(binds + 1)
            left = f"modulo({left}, {right})" if sign == "modulo" else f"{left} {sign} {right}"
            if binds > COMPARING[-1] or least > 1:
                left = f"({left})" if sign != "modulo" else left
        return left

    def _unary(self) -> str:
        nested: list[Callable[[str], str]] = []
        while word := self._take("!", "not", "-", "empty"):
            nested.append(UNARY[word])
            if len(nested) > DEEPEST:
                raise Untranslatable("it is nested too deeply")
        written = self._path()
        for write in reversed(nested):
            written = write(written)
        return written

    def _path(self) -> str:
        written = self._primary()
        while True:
            if self._take("."):
                written = f"{written}.{self._name()}"
            elif self._take("["):
                written = self._index(written)
            elif self._next() == "(":
                raise Untranslatable("it calls a method or a function")
            else:
                return written

    def _index(self, written: str) -> str:
        kind, word = self.tokens[self.at] if self.at < len(self.tokens) else ("", "")
        self.at += 1
        self._need("]")
        if kind == "number" and word.isdecimal():
            return f"{written}[{int(word) + 1}]"
        if kind == "text" and (name := _content(word)).isidentifier() and name not in RESERVED:
            return f"{written}.{name}"
        raise Untranslatable("only a number or a name may stand in brackets")

    def _name(self) -> str:
        kind, word = self.tokens[self.at] if self.at < len(self.tokens) else ("", "")
        if kind != "name" or word in RESERVED:
            raise Untranslatable(f"“{word}” is no name")
        self.at += 1
        return word

    def _primary(self) -> str:
        if self._take("("):
            inside = self._choice()
            self._need(")")
            return f"({inside})"
        kind, word = self.tokens[self.at] if self.at < len(self.tokens) else ("", "")
        if kind == "number":
            self.at += 1
            return word
        if kind == "text":
            self.at += 1
            return json.dumps(_content(word), ensure_ascii=False)
        return RENAMED.get(name := self._name(), name)


UNARY: dict[str, Callable[[str], str]] = {
    "!": "not({})".format,
    "not": "not({})".format,
    "-": "-({})".format,
    # Compared with `= true`, since FEEL says null where kinds differ.
    "empty": '(({0} = null) = true or ({0} = "") = true or ({0} = []) = true or ({0} = {{}}) = true)'.format,
}


def _tokens(text: str) -> list[tuple[str, str]]:
    found, position, text = [], 0, text.rstrip()
    while position < len(text):
        match = _TOKEN.match(text, position)
        if match is None:
            raise Untranslatable(f"“{text[position:].strip()[:20]}” is not understood")
        kind = str(match.lastgroup)
        found.append((kind, match[kind]))
        position = match.end()
    return found


def _content(quoted: str) -> str:
    return re.sub(r"\\(.)", r"\1", quoted[1:-1], flags=re.DOTALL)
