"""Run the processes of one diagram in memory under a virtual clock, and print what happens as JSON lines."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TextIO

from service import errors
from service.engine import decisions, definitions
from service.usecases import settings
from service.usecases.play import playing, playinputs, playlines
from service.usecases.play.playinputs import Options

COMPLETED, REFUSED, STUCK = 0, 1, 3


def run(options: Options, out: TextIO) -> int:
    """Play, printing one JSON object a line.

    Gives 0 completed, 1 refused, 3 stuck: the last line says where and why.
    """
    lines = playlines.Lines(out)
    try:
        source = playinputs.read(options.file)
        programs, _ = definitions.read(Path(options.file).name, source, settings.engine_limits())
        now = datetime.now(UTC).replace(microsecond=0)
        script = playinputs.script(options, now)
        _require_elements(script, programs)
        models = _decisions(options, programs)
    except errors.InvalidDefinition as refused:
        for problem in refused.problems:
            lines.write({"event": "refused", **problem.as_dict()})
        return REFUSED
    except errors.ServiceError as refused:
        lines.write({"event": "refused", "message": refused.detail})
        return REFUSED
    if options.process is not None and all(program.process.id != options.process for program in programs):
        known = ", ".join(program.process.id for program in programs)
        lines.write({"event": "refused", "message": f"There is no executable process {options.process}, only {known}."})
        return REFUSED
    session = playing.Session({program.process.id: program for program in programs}, script, lines, models)
    return COMPLETED if session.play(options.process) else STUCK


def _require_elements(script: playing.Script, programs: Sequence[definitions.Program]) -> None:
    """An event after an element that is not there would never come."""
    known = {element for program in programs for element in program.process.elements}
    for event in script.events:
        if event.after is not None and event.after not in known:
            raise playinputs.Unusable(f"{event.name} comes after {event.after}, but there is no such element.")


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
    models = [decisions.read(path.name, playinputs.read(str(path)), settings.engine_limits())[0] for path in paths]
    return {identity: model for model in models for identity in model.decisions}


def _is_broken(path: Path) -> bool:
    return any(problem.severity == "error" for problem in decisions.check(path.name, playinputs.read(str(path))))
