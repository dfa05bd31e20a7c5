"""Run the processes of one diagram in memory under a virtual clock, and print what happens as JSON lines."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TextIO

from service import errors
from service.domain import correlation, durations
from service.engine import decisions, definitions
from service.usecases import facts, playing, playlines, settings

COMPLETED, REFUSED, STUCK = 0, 1, 3


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


def run(options: Options, out: TextIO) -> int:
    """Play, printing one JSON object a line.

    Gives 0 completed, 1 refused, 3 stuck: the last line says where and why.
    """
    lines = playlines.Lines(out)
    try:
        source = _read(options.file)
        programs, _ = definitions.read(Path(options.file).name, source, settings.engine_limits())
        now = datetime.now(UTC).replace(microsecond=0)
        script = _script(options, now)
        models = _decisions(options, programs)
    except errors.InvalidDefinition as refused:
        for problem in refused.problems:
            lines.write({"event": "refused", **problem.as_dict()})
        return REFUSED
    except errors.ServiceError as refused:
        lines.write({"event": "refused", "message": refused.detail})
        return REFUSED
    if options.process and all(program.process.id != options.process for program in programs):
        known = ", ".join(program.process.id for program in programs)
        lines.write({"event": "refused", "message": f"There is no executable process {options.process}, only {known}."})
        return REFUSED
    session = playing.Session({program.process.id: program for program in programs}, script, lines, models)
    return COMPLETED if session.play(options.process) else STUCK


def _decisions(options: Options, programs: Sequence[definitions.Program]) -> dict[str, decisions.Model]:
    """The decisions that the diagram may call, by id. A file that is not asked for must not be in the way."""
    if options.decisions:
        return _read_decisions([Path(file) for file in options.decisions])
    nodes = [element for program in programs for element in program.process.elements.values()]
    if not any(element.called_decision for element in nodes):
        return {}
    beside = sorted(Path(options.file).parent.glob("*.dmn"))
    try:
        return _read_decisions(beside)
    except errors.InvalidDefinition:
        usable = _read_decisions([path for path in beside if not _is_broken(path)])
        if any(program.process.decisions - usable.keys() for program in programs):
            raise
        return usable


def _read_decisions(paths: Sequence[Path]) -> dict[str, decisions.Model]:
    models = [decisions.read(path.name, _read(str(path)), settings.engine_limits())[0] for path in paths]
    return {identity: model for model in models for identity in model.decisions}


def _is_broken(path: Path) -> bool:
    return any(problem.severity == "error" for problem in decisions.check(path.name, _read(str(path))))


def _script(options: Options, now: datetime) -> playing.Script:
    record = {**facts.empty(now)}
    for name, value in _object(options.facts, "facts").items():
        filled = isinstance(value, dict) and isinstance(record.get(name), dict)
        record[name] = {**record[name], **value} if filled else value
    start = _moment(record["now"], now) if isinstance(record["now"], str) else now
    return playing.Script(
        now=start,
        auto=options.auto,
        facts=record,
        values=_object(options.values, "values"),
        jobs=_object(options.jobs, "jobs"),
        variables=_parsed(options.variables, "variables") if options.variables else {},
        events=tuple(_event(entry, start) for entry in _list(options.events, "events")),
        max_steps=options.max_steps,
    )


def _event(entry: Any, start: datetime) -> playing.Event:
    kind = "signal" if isinstance(entry, dict) and "signal" in entry else "message"
    if not isinstance(entry, dict) or not isinstance(entry.get(kind), str):
        raise Unusable('An entry of events is like {"at": "PT1H", "message": "name", "variables": {}}.')
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


def _read(path: str) -> bytes:
    try:
        return Path(path).read_bytes()
    except OSError as error:
        raise Unusable(f"{path} cannot be read: {error.strerror}.") from None


def _loaded(path: str | None, what: str, empty: Any) -> Any:
    if path is None:
        return empty
    try:
        return json.loads(_read(path))
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
