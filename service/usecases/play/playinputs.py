"""What `tidegate play` is told: its options, and the JSON files that they name, all of it checked before it is used."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from service import errors
from service.domain import correlation, durations
from service.usecases.context import facts
from service.usecases.play import playing

IN_EVENTS = ("at", "after_element", "message", "signal", "variables", "correlation_key", "ttl_seconds")
IN_JOBS = ("variables", "error", "fail")


@dataclass(frozen=True)
class Options:
    """What `tidegate play` is told; the texts are paths of JSON files, `variables` is JSON itself."""

    file: str
    process: str | None = None
    auto: bool = False
    values: str | None = None
    jobs: str | None = None
    facts: str | None = None
    events: str | None = None
    variables: str | None = None
    max_steps: int = 1000
    decisions: tuple[str, ...] = ()  # absent: the .dmn files beside the diagram


class Unusable(errors.ServiceError):
    """One of the files or texts that play was given is not usable."""


def script(options: Options, now: datetime) -> playing.Script:
    record = {**facts.empty(now)}
    for name, value in _object(options.facts, "facts").items():
        filled = isinstance(value, dict) and isinstance(record.get(name), dict)
        record[name] = {**record[name], **value} if filled else value
    start = record["now"] if isinstance(record["now"], datetime) else _moment(record["now"], now)
    return playing.Script(
        now=start,
        auto=options.auto,
        facts=record,
        values=_values(_object(options.values, "values")),
        jobs=_jobs(_object(options.jobs, "jobs")),
        variables=_variables(options.variables),
        events=tuple(_event(entry, start) for entry in _list(options.events, "events")),
        max_steps=options.max_steps,
    )


def _values(given: Mapping[str, Any]) -> Mapping[str, Any]:
    for name, answer in _answers(given):
        if not isinstance(answer, dict):
            raise Unusable(f"The values of {name} are an object, or a list of objects, one for each visit.")
    return given


def _jobs(given: Mapping[str, Any]) -> Mapping[str, Any]:
    for name, answer in _answers(given):
        if not isinstance(answer, dict) or not {*answer} <= {*IN_JOBS} or {"error", "fail"} <= {*answer}:
            like = '{"variables": {}}, {"error": "CODE"} or {"fail": "text"}'
            raise Unusable(f"The answer to the job {name} is {like}, or a list of these, one for each visit.")
        if not isinstance(answer.get("variables", {}), dict):
            raise Unusable(f"The variables of the answer to the job {name} are an object.")
    return given


def _answers(given: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """Each answer with the name that it is for; of a list one after the other."""
    for name, answer in given.items():
        yield from ((name, one) for one in (answer if isinstance(answer, list) else [answer]))


def _variables(text: str | None) -> Mapping[str, Any]:
    given = _parsed(text, "variables") if text else {}
    for name in filter(facts.is_fact, given):
        raise Unusable(f"{name} is a fact of the record and no variable; give it with the facts.")
    return given


def _event(entry: Any, start: datetime) -> playing.Event:
    kind = "signal" if isinstance(entry, dict) and "signal" in entry else "message"
    if not isinstance(entry, dict) or not isinstance(entry.get(kind), str):
        raise Unusable('An entry of events is like {"at": "PT1H", "message": "name", "variables": {}}.')
    for name in entry.keys() - {*IN_EVENTS}:
        raise Unusable(f"An entry of events has no {name}; it has {', '.join(IN_EVENTS)}.")
    variables = entry.get("variables") or {}
    if not isinstance(variables, dict):
        raise Unusable("The variables of an event are an object.")
    at, after = entry.get("at"), entry.get("after_element")
    if at is not None and after is not None:
        raise Unusable("An event has either at or after_element, not both.")
    return playing.Event(
        name=entry[kind],
        kind=kind,
        variables=variables,
        at=_moment(at, start) if at is not None else (start if after is None else None),
        after=after,
        correlation=_key(entry.get("correlation_key")),
        ttl_seconds=_seconds(entry.get("ttl_seconds")),
    )


def _key(value: Any) -> str | None:
    try:
        return correlation.as_text(value)
    except ValueError as error:
        raise Unusable(str(error)) from None


def _seconds(value: Any) -> float | None:
    if value is not None and (isinstance(value, bool) or not isinstance(value, (int, float)) or value < 0):
        raise Unusable("ttl_seconds is a number of seconds, 0 or more.")
    return value


def _moment(text: Any, start: datetime) -> datetime:
    """A moment, or a duration from the start of the clock."""
    try:
        if durations.is_duration(str(text)):
            return durations.add(start, durations.parse(str(text)))
        return durations.parse_moment(str(text), "UTC")
    except ValueError as error:
        raise Unusable(str(error)) from None


def read(path: str) -> bytes:
    try:
        return Path(path).read_bytes()
    except OSError as error:
        raise Unusable(f"{path} cannot be read: {error.strerror}.") from None


def _loaded(path: str | None, what: str, empty: Any) -> Any:
    if path is None:
        return empty
    try:
        return json.loads(read(path))
    except ValueError as error:
        raise Unusable(f"The file of {what}, {path}, is not JSON: {error}.") from None


def _object(path: str | None, what: str) -> Mapping[str, Any]:
    return _is_object(_loaded(path, what, {}), what)


def _list(path: str | None, what: str) -> list[Any]:
    loaded = _loaded(path, what, [])
    if not isinstance(loaded, list):
        raise Unusable(f"{what.capitalize()} must be a JSON list.")
    return loaded


def _parsed(text: str, what: str) -> Mapping[str, Any]:
    try:
        return _is_object(json.loads(text), what)
    except ValueError as error:
        raise Unusable(f"{what.capitalize()} must be JSON: {error}.") from None


def _is_object(loaded: Any, what: str) -> Mapping[str, Any]:
    if not isinstance(loaded, dict):
        raise Unusable(f"{what.capitalize()} must be a JSON object.")
    return loaded
