"""Models: checking and deploying diagrams, forms and decisions (S1-6, S2-6)."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from service import errors
from service.bpmnio import bounds
from service.bpmnio import forms as formjs
from service.domain import clock, policy
from service.engine import decisions as rules
from service.engine import definitions as diagrams
from service.errors import Problem
from service.storage import db, history, keys, writing
from service.storage.history import Entry
from service.storage.models.definitions import Decision, Definition, Deployment, Form
from service.storage.queries import decisions, definitions, forms
from service.storage.types import Session
from service.usecases import settings
from service.usecases.context import facts
from service.usecases.releases import records
from service.usecases.running import starts

File = tuple[str, bytes]

LONGEST_NAME = 255
LARGEST = 2**63 - 1
_TOO_MUCH = {"too-much-to-check", "too-many-processes"}
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")


@dataclass(frozen=True)
class Deployed:
    """What a deployment made: (key, id, version, name) of definitions and decisions, (key, id, version) of forms."""

    key: int
    definitions: list[tuple[int, str, int, str]] = field(default_factory=list)
    forms: list[tuple[int, str, int]] = field(default_factory=list)
    decisions: list[tuple[int, str, int, str]] = field(default_factory=list)
    unchanged: list[str] = field(default_factory=list)
    warnings: list[Problem] = field(default_factory=list)


@dataclass
class _Read:
    """The files of a deployment, understood."""

    programs: list[tuple[str, bytes, diagrams.Program]] = field(default_factory=list)
    forms: list[tuple[str, bytes, str, Mapping[str, Any]]] = field(default_factory=list)
    decisions: list[tuple[str, bytes, rules.Model, str]] = field(default_factory=list)  # each with the id of one
    problems: list[Problem] = field(default_factory=list)


def check(files: Sequence[File], *, alone: bool = False) -> list[Problem]:
    """Everything that is wrong with these files, errors and warnings; needs no rights and stores nothing.

    alone: without a database; forms and decisions that are not among the files are taken to be deployed.
    """
    return _read(files, alone=alone).problems


def deploy(files: Sequence[File], *, actor: policy.Actor) -> Deployed:
    """Check the files and store a new version of each that changed; running instances keep theirs.

    Raises InvalidDefinition with every problem, and then nothing is stored; Forbidden.
    """
    policy.require(policy.may_deploy(actor))
    if not files:
        raise errors.InvalidInput({"files": ["send at least one .bpmn, .form or .dmn file"]})
    read = _read(files)
    if any(problem.severity == "error" for problem in read.problems):
        raise errors.InvalidDefinition(read.problems)
    with db.transaction() as session:
        return _store(session, read, actor)


def _read(files: Sequence[File], *, alone: bool = False) -> _Read:
    read = _Read()
    with bounds.Effort(settings.current().max_checking_ms, "checking_ms"):
        _read_each(read, files)
        if not any(problem.code in _TOO_MUCH for problem in read.problems):
            _check_together(read, alone=alone)
            read.problems += _unknown_variables(read, alone=alone)
    return read


def _read_each(read: _Read, files: Sequence[File]) -> None:
    stint, most = bounds.Stint(settings.current().max_checking_ms), settings.current().max_processes
    for name, source in files:
        if stint.share >= 1:
            text = f"All files together take more than {stint.allowed} ms to check (TIDEGATE_MAX_CHECKING_MS)."
            read.problems.append(Problem(name[:80], None, None, "too-much-to-check", f"{text} Send fewer at once."))
            return
        if len(read.programs) > most:
            text = f"The files have more than {most} processes (TIDEGATE_MAX_PROCESSES). Send fewer at once."
            read.problems.append(Problem(name[:80], None, None, "too-many-processes", text))
            return
        if len(name) > LONGEST_NAME or "\x00" in name:
            text = f"The file's name is unusable. Give it one of at most {LONGEST_NAME} characters."
            read.problems.append(Problem(name[:80].replace("\x00", "?"), None, None, "unknown-file", text))
            continue
        kind = name.rpartition(".")[2].lower()
        if kind == "bpmn":
            _read_diagram(read, name, source)
        elif kind in ("form", "json"):
            _read_form(read, name, source)
        elif kind == "dmn":
            _read_decisions(read, name, source)
        else:
            text = "Only .bpmn, .form and .dmn files can be deployed. Rename the file or leave it out."
            read.problems.append(Problem(name, None, None, "unknown-file", text))


def _read_diagram(read: _Read, name: str, source: bytes) -> None:
    try:
        programs, warnings = diagrams.read(name, source, settings.engine_limits())
    except errors.InvalidDefinition as refused:
        read.problems += refused.problems
        return
    read.problems += warnings
    for model in (program.process for program in programs):
        if max(len(model.id), len(model.name or ""), len(model.version_tag or "")) > LONGEST_NAME:
            text = f"Id, name and version tag of a process have at most {LONGEST_NAME} characters. Shorten them."
            read.problems.append(Problem(name, None, model.id[:80], "too-long", text))
    read.programs += [(name, source, program) for program in programs]
    if not programs:
        text = "The file has no executable process. Tick “Executable” on the process you want to run."
        read.problems.append(Problem(name, None, None, "nothing-executable", text))


def _read_decisions(read: _Read, name: str, source: bytes) -> None:
    try:
        model, warnings = rules.read(name, source, settings.engine_limits())
    except errors.InvalidDefinition as refused:
        read.problems += refused.problems
        return
    read.problems += warnings
    for decision in model.decisions.values():
        if len(decision.name) > LONGEST_NAME:
            text = f"The name of a decision has at most {LONGEST_NAME} characters. Shorten it."
            read.problems.append(Problem(name, decision.line, decision.id, "too-long", text))
    read.decisions += [(name, source, model, identity) for identity in model.decisions]


def _read_form(read: _Read, name: str, source: bytes) -> None:
    try:
        schema = json.loads(source)
    except RecursionError:
        read.problems.append(Problem(name, 1, None, "too-deep", _too_deep()))
        return
    except ValueError as problem:
        line = getattr(problem, "lineno", None)
        read.problems.append(Problem(name, line, None, "malformed-json", f"The form is no JSON: {problem}."))
        return
    if not isinstance(schema, dict):
        read.problems.append(Problem(name, 1, None, "no-form", "A form is a JSON object as the form editor saves it."))
        return
    form_id = str(schema.get("id") or name.rpartition("/")[2].rpartition(".")[0])
    refused = _unusable(schema, form_id)
    if refused is not None:
        read.problems.append(Problem(name, None, None, *refused))
        return
    found_problems = formjs.problems(schema)
    read.problems += [Problem(name, None, p.element_id, p.code, p.message, p.severity) for p in found_problems]
    for found in formjs.fields(schema):
        if facts.is_fact(found.key) and not found.properties.get(records.PROPERTY):
            text = f"The key {found.key} is the name of a fact. Choose another, or record it with tidegate.record."
            read.problems.append(Problem(name, None, found.id, "fact-name", text))
    read.forms.append((name, source, form_id, schema))


def _unusable(schema: Any, form_id: str) -> tuple[str, str] | None:
    """Code and sentence for a form that cannot be stored; None if it can."""
    if len(form_id) > LONGEST_NAME:
        return "no-form", f"The form's id has {len(form_id)} characters; at most {LONGEST_NAME} are allowed."
    depth, level = 0, [schema]
    while level:
        depth += 1
        if depth > settings.current().max_nesting:
            return "too-deep", _too_deep()
        if any(isinstance(each, str) and _UNSTORABLE.search(each) for each in level):
            return "malformed-json", "The form contains characters that cannot be stored, such as U+0000."
        if any(isinstance(each, int) and abs(each) > LARGEST for each in level):
            return "malformed-json", f"The form contains a whole number beyond {LARGEST}, which cannot be stored."
        level = [inner for each in level for inner in _inside(each)]
    return None


def _too_deep() -> str:
    return f"The form is nested more than {settings.current().max_nesting} levels deep (TIDEGATE_MAX_NESTING)."


def _inside(value: Any) -> list[Any]:
    if isinstance(value, dict):
        return [*value, *value.values()]
    return value if isinstance(value, list) else []


def _check_together(read: _Read, *, alone: bool) -> None:
    """What only shows when all files and what is deployed already are looked at together."""
    seen: dict[str, str] = {}
    for name, _, program in read.programs:
        if program.process.id in seen:
            text = f"The process {program.process.id} is also in {seen[program.process.id]}. Give one another id."
            read.problems.append(Problem(name, None, program.process.id, "process-twice", text))
        seen[program.process.id] = name
    _refuse_decisions_twice(read)
    here = {form_id for _, _, form_id, _ in read.forms}
    for name, _, program in read.programs:
        refused = starts.refusal(program, clock.now())
        if refused is not None:
            read.problems.append(Problem(name, *_place(program, refused), "start-event", refused.detail))
        wanted = {e.form: e for e in program.process.elements.values() if e.form}
        missing = set() if alone else wanted.keys() - here - forms.newest_keys(wanted).keys()
        for form_id in sorted(missing):
            element = wanted[form_id]
            text = f"The form {form_id} is not deployed. Deploy it together with the diagram."
            read.problems.append(Problem(name, element.line, element.id, "form-missing", text))

    _refuse_missing_decisions(read, alone=alone)


def _refuse_decisions_twice(read: _Read) -> None:
    seen: dict[str, str] = {}
    for name, _, model, identity in read.decisions:
        if identity in seen:
            text = f"The decision {identity} is also in {seen[identity]}. Give one another id."
            read.problems.append(Problem(name, model.decisions[identity].line, identity, "decision-twice", text))
        seen[identity] = name


def _refuse_missing_decisions(read: _Read, *, alone: bool) -> None:
    here = {identity for _, _, _, identity in read.decisions}
    for name, _, program in read.programs:
        wanted = program.process.decisions - here
        missing = set() if alone else wanted - decisions.newest_keys(wanted).keys()
        for element in program.process.elements.values():
            if element.called_decision in missing and not element.job_type:
                text = f"The decision {element.called_decision} is not deployed. Deploy it together with the diagram."
                read.problems.append(Problem(name, element.line, element.id, "decision-missing", text))


def _place(program: diagrams.Program, refused: errors.ScriptFailed) -> tuple[int | None, str]:
    element = program.process.elements[refused.facts["element"]]
    return element.line, element.id


def _unknown_variables(read: _Read, *, alone: bool) -> list[Problem]:
    """Warnings of variables that neither the diagrams nor their forms give; forms that are not sent are looked up."""
    schemas = {form_id: schema for _, _, form_id, schema in read.forms}
    wanted = {form for _, _, program in read.programs for form in program.process.forms} - schemas.keys()
    deployed = {} if alone else forms.newest_keys(wanted)
    for form_id, key in deployed.items():
        row = forms.by_key(key)
        if row is not None:
            schemas[form_id] = row.body
    keys = {name: frozenset(field.path.split(".")[0] for field in formjs.fields(s)) for name, s in schemas.items()}
    here = {program.process.id for _, _, program in read.programs}
    others = [] if alone else [row for row in definitions.all_latest() if row.process_id not in here]
    called = frozenset(name for row in others for name in row.called)
    programs = [(name, program) for name, _, program in read.programs if program.process.id not in called]
    return diagrams.unknown_variables(programs, keys, settings.engine_limits())


def _store(session: Session, read: _Read, actor: policy.Actor) -> Deployed:
    now = clock.now()
    definition_rows = [row for row in (_definition_row(session, *item) for item in read.programs) if row]
    form_rows = [row for row in (_form_row(session, *item) for item in read.forms) if row]
    decision_rows = [row for row in (_decision_row(session, *item) for item in read.decisions) if row]
    changed = [
        {row["process_id"] for row in definition_rows},
        {row["form_id"] for row in form_rows},
        {row["decision_id"] for row in decision_rows},
    ]
    everything = [
        [program.process.id for _, _, program in read.programs],
        [form_id for _, _, form_id, _ in read.forms],
        [identity for _, _, _, identity in read.decisions],
    ]
    unchanged = [name for sent, new in zip(everything, changed, strict=True) for name in sent if name not in new]
    key = keys.next_key(session)
    writing.insert_rows(session, Deployment, [{"key": key, "at": now, "by": actor.name}])
    writing.insert_rows(session, Definition, [row | {"deployment_key": key} for row in definition_rows])
    writing.insert_rows(session, Form, [row | {"deployment_key": key} for row in form_rows])
    writing.insert_rows(session, Decision, [row | {"deployment_key": key} for row in decision_rows])
    for _, _, program in read.programs:
        newest = definitions.newest_keys([program.process.id])[program.process.id]
        starts.register(session, newest, program.process.id, starts.plan(program, now))
    told = {"definitions": [f"{row['process_id']} v{row['version']}" for row in definition_rows]}
    told |= {"forms": [f"{row['form_id']} v{row['version']}" for row in form_rows]}
    told |= {"decisions": [f"{row['decision_id']} v{row['version']}" for row in decision_rows]}
    history.append_to_administration(session, [Entry("models.deployed", data=told)], at=now, actor=actor.name)
    return _current(read, unchanged, key)


def _current(read: _Read, unchanged: list[str], key: int) -> Deployed:
    """The newest versions of everything that was sent, changed or not."""
    diagrams_now = [definitions.latest(program.process.id) for _, _, program in read.programs]
    forms_now = [forms.latest(form_id) for _, _, form_id, _ in read.forms]
    decisions_now = [decisions.latest(identity) for _, _, _, identity in read.decisions]
    return Deployed(
        key=key,
        definitions=[(row.key, row.process_id, row.version, row.name) for row in diagrams_now if row],
        forms=[(row.key, row.form_id, row.version) for row in forms_now if row],
        decisions=[(row.key, row.decision_id, row.version, row.name) for row in decisions_now if row],
        unchanged=unchanged,
        warnings=[problem for problem in read.problems if problem.severity != "error"],
    )


def _definition_row(session: Session, file: str, source: bytes, program: diagrams.Program) -> dict[str, Any] | None:
    model = program.process
    checksum = hashlib.sha256(source).hexdigest()
    before = definitions.latest(model.id)
    if before is not None and before.checksum == checksum:
        return None
    return {
        "key": keys.next_key(session),
        "process_id": model.id,
        "version": before.version + 1 if before is not None else 1,
        "name": model.name or model.id,
        "version_tag": model.version_tag,
        "file": file,
        "source": source,
        "checksum": checksum,
        "facts": sorted(model.facts),
        "forms": sorted(model.forms),
        "called": sorted(model.called),
        "decisions": sorted(model.decisions),
    }


def _form_row(
    session: Session, file: str, source: bytes, form_id: str, schema: Mapping[str, Any]
) -> dict[str, Any] | None:
    checksum = hashlib.sha256(source).hexdigest()
    before = forms.latest(form_id)
    if before is not None and before.checksum == checksum:
        return None
    return {
        "key": keys.next_key(session),
        "form_id": form_id,
        "version": before.version + 1 if before is not None else 1,
        "file": file,
        "body": schema,
        "checksum": checksum,
    }


def _decision_row(
    session: Session, file: str, source: bytes, model: rules.Model, decision_id: str
) -> dict[str, Any] | None:
    checksum = hashlib.sha256(source).hexdigest()
    before = decisions.latest(decision_id)
    if before is not None and before.checksum == checksum:
        return None
    return {
        "key": keys.next_key(session),
        "decision_id": decision_id,
        "version": before.version + 1 if before is not None else 1,
        "name": model.decisions[decision_id].name,
        "file": file,
        "source": source,
        "checksum": checksum,
        "facts": sorted(rules.facts(model, decision_id)),
    }
