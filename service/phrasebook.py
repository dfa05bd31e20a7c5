"""Refusals and explanations in another language: finds the sentence that a text was made from, and says that one.

The lower layers speak English, with names and numbers put in. A phrase here is such a sentence with numbered holes,
as `tools/refusals.py` reads it out of the code, beside its translation. What stood in a hole is said in the other
language too where it is a phrase itself; what stands in quotation marks never is, as that is somebody's own words. A
hole written `{0:part}` in the translation may also hold a single word, or a phrase that the catalog marks as `part`.
"""

from __future__ import annotations

import functools
import itertools
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from babel.messages import pofile

FOLDER = Path(__file__).parent / "phrases"
PART = "part"
LONGEST = 4_000  # a longer text is nothing that somebody wrote here
ATTEMPTS = 300  # how many pieces of one text are looked up before the rest stays as it is
DEEPEST = 6
SENTENCES_AT_MOST = 12

HOLE = re.compile(r"\{(\d+)(:part)?\}")
_OPENING, _CLOSING = ("“", '"', "'"), ("”", '"', "'")
_SENTENCE_END = re.compile(r"(?<=[.?!]) (?=[A-Z“„\"<])")
_JOINTS = ("; ", ": ")
_TAILS_AT_MOST = 5


@dataclass(frozen=True)
class Phrase:
    """A sentence cut at its holes, and its translation with the holes in it."""

    pieces: tuple[str, ...]
    quoted: frozenset[int]
    translation: str

    @classmethod
    def of(cls, text: str, translation: str) -> Phrase:
        pieces = tuple(HOLE.split(text)[::3])
        quoted = {
            at
            for at, (before, after) in enumerate(itertools.pairwise(pieces))
            if before.endswith(_OPENING) and after.startswith(_CLOSING)
        }
        return cls(pieces, frozenset(quoted), translation)

    @property
    def weight(self) -> int:
        return sum(map(len, self.pieces))

    def parts(self, text: str) -> list[str] | None:
        """What stands in the holes, if the text was made from this sentence: each piece at the first place it fits."""
        first, *between, last = self.pieces
        if len(text) < self.weight or not text.startswith(first) or not text.endswith(last):
            return None
        at, end, found = len(first), len(text) - len(last), []
        for piece in between:
            place = text.find(piece, at, end)
            if place < 0:
                return None
            found.append(text[at:place])
            at = place + len(piece)
        return [*found, text[at:end]] if at <= end else None


class Phrasebook:
    """All phrases of one language."""

    def __init__(self, language: str) -> None:
        self._whole: dict[str, str] = {}
        self._words: dict[str, str] = {}
        made: list[Phrase] = []
        parts: list[Phrase] = []
        for text, translation, is_part in _entries(language):
            if HOLE.search(text):
                (parts if is_part else made).append(Phrase.of(text, translation))
            elif is_part:
                self._words[text] = translation
            else:
                self._whole[text] = translation
        self._made = sorted(made, key=lambda phrase: -phrase.weight)
        self._parts = sorted([*made, *parts], key=lambda phrase: -phrase.weight)

    def say(self, text: str) -> str:
        """The text in this language; what is not known of it stays as it is."""
        if len(text) > LONGEST:
            return text
        return _Reading(self).said(text) or text

    def whole(self, text: str, *, part: bool) -> str | None:
        return self._whole.get(text) or (self._words.get(text) if part else None)

    def made(self, *, part: bool) -> list[Phrase]:
        return self._parts if part else self._made


class _Reading:
    """One text being read: pieces of pieces, as many as there is patience for."""

    def __init__(self, book: Phrasebook) -> None:
        self._book = book
        self._left = ATTEMPTS

    def said(self, text: str, depth: int = 0, *, part: bool = False) -> str | None:
        """The text in the other language, None if nothing of it is known."""
        self._left -= 1
        core = text.strip()
        if self._left < 0 or depth > DEEPEST or not core:
            return None
        told = (
            self._book.whole(text, part=part)
            or self._book.whole(core, part=part)
            or self._made(core, depth, part=part)
            or self._in_a_row(core, depth)
            or self._joined(core, depth)
            or self._with_tail(core, depth)
            or self._made(core, depth, part=part, several=True)
        )
        if told is None or text == core:
            return told
        before, after = text[: len(text) - len(text.lstrip())], text[len(text.rstrip()) :]
        return f"{before}{told.strip()}{after}"

    def _made(self, text: str, depth: int, *, part: bool, several: bool = False) -> str | None:
        """From a sentence with holes; at first from one that holds no further sentences but such as are known."""
        for phrase in self._book.made(part=part):
            parts = phrase.parts(text)
            if parts is not None and (several or all(self._is_one(piece, depth) for piece in parts)):
                return self._filled(phrase, parts, depth)
        return None

    def _is_one(self, part: str, depth: int) -> bool:
        return not _SENTENCE_END.search(part) or self.said(part, depth + 1) is not None

    def _filled(self, phrase: Phrase, parts: list[str], depth: int) -> str:
        def put(hole: re.Match[str]) -> str:
            at = int(hole[1])
            own = at in phrase.quoted or not (hole[2] or " " in parts[at])
            return parts[at] if own else self.said(parts[at], depth + 1, part=bool(hole[2])) or parts[at]

        return HOLE.sub(put, phrase.translation)

    def _in_a_row(self, text: str, depth: int) -> str | None:
        sentences = _SENTENCE_END.split(text)
        if not 1 < len(sentences) <= SENTENCES_AT_MOST:
            return None
        told: list[str] = []
        known = False
        while sentences:
            # the longest run that is one phrase: some hold two sentences
            for many in range(len(sentences), 0, -1):
                run = " ".join(sentences[:many])
                translated = None if run == text else self.said(run, depth + 1)
                if translated is not None or many == 1:
                    known |= translated is not None
                    told.append(translated or run)
                    sentences = sentences[many:]
                    break
        return " ".join(told) if known else None

    def _joined(self, text: str, depth: int) -> str | None:
        for joint in _JOINTS:
            at = text.find(joint)
            while at >= 0 and self._left > 0:
                before, after = text[:at], text[at + len(joint) :]
                told = self.said(after, depth + 1)
                if told is not None:
                    return f"{self.said(before, depth + 1) or before}{joint}{told}"
                at = text.find(joint, at + 1)
        return None

    def _with_tail(self, text: str, depth: int) -> str | None:
        stop = "." if text.endswith(").") else ""
        if not text.endswith(")" + stop):
            return None
        if text.startswith("(") and not stop:
            inside = self.said(text[1:-1], depth + 1)
            return f"({inside})" if inside else None
        at = text.find(" (")
        for _attempt in range(_TAILS_AT_MOST):
            if at < 0:
                return None
            before, tail = text[:at], text[at + 1 : len(text) - len(stop)]
            told = self.said(before, depth + 1)
            if told is not None:
                return f"{told} {self.said(tail, depth + 1) or tail}{stop}"
            at = text.find(" (", at + 1)
        return None


def _entries(language: str) -> Iterator[tuple[str, str, bool]]:
    file = FOLDER / f"{language}.po"
    if not file.exists():
        return
    with file.open("rb") as source:
        for message in pofile.read_po(source, locale=language):
            if isinstance(message.id, str) and message.id and message.string and not message.fuzzy:
                yield message.id, str(message.string), message.context == PART


@functools.cache
def _book(language: str) -> Phrasebook:
    return Phrasebook(language)


@functools.lru_cache(maxsize=4096)
def say(text: str, language: str) -> str:
    """A refusal or an explanation in a language; English where there is no phrase for it."""
    return _book(language).say(text)
