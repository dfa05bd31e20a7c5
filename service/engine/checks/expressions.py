"""Every place that may hold an expression: is it FEEL where it must be, does FEEL read it, is static text usable."""

from __future__ import annotations

import re
from collections.abc import Callable

from croniter import croniter

from service.bpmnio import feel
from service.domain import durations
from service.engine import elements, facts, juel
from service.engine.findings import Findings

# An expression that is too complex takes its whole time limit; more than a few would hold up the check of a file.
MOST_TOO_COMPLEX = 3
CRON_FIELDS = (5, 6)
TOO_COMPLEX = ("TOO_COMPLEX", "TOO_LONG")

MUST_BE_FEEL = {
    "condition": "A condition",
    "activation condition": "An activation condition",
    "script": "A script",
    "collection": "The collection of a multi-instance activity",
    "active elements": "The list of active elements of an ad-hoc sub-process",
    "output element": "The output element of a multi-instance activity",
    "completion condition": "A completion condition",
    "loop condition": "A loop condition",
    "conditional event": "The condition of an event",
}


def check(process: elements.Process, found: Findings) -> None:
    """Examine all expressions of one process."""
    checker = _Checker(found)
    for element in process.elements.values():
        for where, text in facts.expressions(element):
            checker.check(element, where, text)


class _Checker:
    def __init__(self, found: Findings) -> None:
        self.found = found
        self.too_complex = 0

    def check(self, element: elements.Element, where: str, text: str) -> None:
        if text.startswith("="):
            self._feel(element, where, text)
        elif where in MUST_BE_FEEL or where.startswith("tidegate.criterion."):
            self._not_feel(element, where, text)
        else:
            self._static(element, where, text)

    def _feel(self, element: elements.Element, where: str, text: str) -> None:
        if self.too_complex >= MOST_TOO_COMPLEX:
            return
        for problem in feel.check(text).problems:
            self.too_complex += problem.code in TOO_COMPLEX
            self.found.error(
                "feel-syntax",
                f"The expression of {where} is not usable: {problem.message} {_place(text, problem)}",
                element,
            )

    def _not_feel(self, element: elements.Element, where: str, text: str) -> None:
        what = MUST_BE_FEEL.get(where, "A criterion")
        advice = _advice(text)
        self.found.error("not-feel", f"{what} must be a FEEL expression and begin with =; {advice}.", element)

    def _static(self, element: elements.Element, where: str, text: str) -> None:
        if juel.is_written(text):
            shown = text if len(text) <= 60 else f"{text[:57]}..."
            self.found.error("not-feel", f"{shown} in {where} is not understood; {_advice(text)}.", element)
            return
        check = STATIC.get(where)
        if where == "timer" and element.event is not None:
            timer = next((event.timer for event in element.event.each if event.timer and event.expression == text), "")
            check = TIMERS.get(timer or "")
        problem = check(text) if check else None
        if problem:
            self.found.error("static-value", f"The {where} is not usable: {problem}", element)


def _advice(text: str) -> str:
    """How to write a text in FEEL."""
    if juel.is_written(text):
        try:
            return f"write {juel.feel(text)}"
        except juel.Untranslatable as why:
            return f"it has no counterpart in FEEL ({why}); write an expression that begins with ="
    usable = len(text) <= 60 and not feel.check(text).problems
    return f"write = {text}" if usable else "begin it with ="


def _place(text: str, problem: feel.Problem) -> str:
    shown = text if len(text) <= 80 else text[:77] + "..."
    return f"(character {problem.position + 1} of “{shown}”)"


def _moment(text: str) -> str | None:
    """A date-time, or a duration counted from when the element is reached."""
    if durations.is_duration(text):
        return None
    try:
        durations.parse_moment(text, "UTC")
    except ValueError as error:
        return str(error)
    return None


def _duration(text: str) -> str | None:
    try:
        durations.parse(text)
    except ValueError as error:
        return str(error)
    return None


def _cycle(text: str) -> str | None:
    if len(text.split()) in CRON_FIELDS:
        usable = croniter.is_valid(text.replace("?", "*"), second_at_beginning=len(text.split()) == CRON_FIELDS[-1])
        return None if usable else f"“{text}” is no cron line."
    try:
        durations.parse_repetition(text, "UTC")
    except ValueError as error:
        return str(error)
    return None


def _priority(text: str) -> str | None:
    usable = text.isdecimal() and len(text) <= 3 and int(text) <= 100
    return None if usable else f"“{text[:40]}” is no whole number from 0 to 100."


def _whole(text: str) -> str | None:
    return None if text.isdecimal() and len(text) <= 9 else f"“{text[:40]}” is no whole number below a billion."


def _approval(text: str) -> str | None:
    if text in ("any", "all") or (text.isdecimal() and len(text) <= 9 and int(text) > 0):
        return None
    return f"“{text}” is no rule; write any, all, a number above 0, or an expression that begins with =."


def _static_id(text: str) -> str | None:
    return None if re.fullmatch(r"[^\s<>&]{1,200}", text) else f"“{text[:40]}” is no id."


STATIC: dict[str, Callable[[str], str | None]] = {
    "due date": _moment,
    "follow-up date": _moment,
    "tidegate.deadline": _moment,
    "priority": _priority,
    "retries": _whole,
    "cardinality": _whole,
    "tidegate.approval": _approval,
    "called process": _static_id,
    "called decision": _static_id,
    "form": _static_id,
}
TIMERS: dict[str, Callable[[str], str | None]] = {"date": _moment, "duration": _duration, "cycle": _cycle}
