"""Models: the diagrams with their versions, looking at one, editing and deploying it."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from flask import Response, current_app, jsonify, request, url_for
from flask_babel import gettext as _
from flask_babel import ngettext

from service import errors
from service.domain import policy
from service.storage.queries import decisions, definitions
from service.storage.queries import forms as found_forms
from service.storage.queries import migrations as found_moves
from service.usecases.definitions import diagrams
from service.usecases.deploying import models
from service.web import access, auth, problems, reading
from service.web.pages import frame

pages = frame.pages

TEMPLATES = Path(__file__).parents[3] / "bpmn" / ".camunda" / "element-templates"
SHOWN_MOVES = 5
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9 ._-]{0,99}\.(bpmn|form|dmn)")


@pages.get("/models", endpoint="models")
@access.requires(policy.may_see_models)
def listing() -> str:
    rows, forms, rules = definitions.all_latest(), found_forms.all_latest(), decisions.all_latest()
    frame.learn_titles(row.deployed_by for row in [*rows, *forms, *rules])
    may_deploy = policy.may_deploy(auth.actor()) is None
    return frame.show("models.html", rows=rows, forms=forms, decisions=rules, may_deploy=may_deploy)


def _version(process_id: str, number: int) -> Any:
    row = definitions.version(process_id, number)
    if row is None:
        raise errors.NotFound(_("There is no version %(number)d of %(model)s.", number=number, model=process_id))
    return row


@pages.get("/models/<process_id>", defaults={"number": None})
@pages.get("/models/<process_id>/<int:number>")
@access.requires(policy.may_see_models)
def model(process_id: str, number: int | None) -> str:
    versions = definitions.versions(process_id)
    if not versions:
        raise errors.NotFound(_("There is no model %(model)s.", model=process_id))
    row = next((one for one in versions if number in (None, one.version)), None) or _version(process_id, number or 0)
    runs = found_moves.runs(process_id, limit=SHOWN_MOVES)
    frame.learn_titles([*(one.deployed_by for one in versions), *(one.by for one in runs)])
    return frame.show(
        "model.html",
        runs=runs,
        elsewhere=sum(one.running for one in versions if one.version != row.version),
        may_migrate=policy.may_migrate(auth.actor()) is None,
        model=row,
        versions=versions,
        outline=diagrams.outline(row.key),
        forms=[found_forms.latest(name) for name in row.forms],
        may_deploy=policy.may_deploy(auth.actor()) is None,
    )


@pages.get("/models/<process_id>/<int:number>/diagram.bpmn")
@access.requires(policy.may_see_models)
def model_xml(process_id: str, number: int) -> Response:
    source = definitions.source(_version(process_id, number).key)
    response = Response(source[1] if source else b"", mimetype="application/xml")
    if request.args.get("download"):
        response.headers["Content-Disposition"] = f'attachment; filename="{process_id}.bpmn"'
    return response


@pages.get("/models/<process_id>/<int:number>/edit")
@access.requires(policy.may_deploy)
def edit_model(process_id: str, number: int) -> str:
    row = _version(process_id, number)
    address = url_for("pages.model_xml", process_id=process_id, number=number)
    running = policy.may_migrate(auth.actor()) is None and any(one.running for one in definitions.versions(process_id))
    newest = definitions.latest(process_id)
    return frame.show("modeler.html", model=row, source=address, file=row.file, newest=newest, running=running)


@pages.get("/models/new")
@access.requires(policy.may_deploy)
def new_model() -> str:
    return frame.show("modeler.html", model=None, source="", file="new_model.bpmn", newest=None, running=False)


@pages.get("/ui/element-templates")
@access.requires(policy.may_deploy)
def element_templates() -> Response:
    """The modeler's templates, as the repository keeps them for Camunda Modeler too."""
    found: list[Any] = []
    for file in sorted(TEMPLATES.glob("*.json")):
        found += json.loads(file.read_text())
    return jsonify(found)


def _files() -> list[tuple[str, bytes]]:
    """The files of a check or a deployment: one as JSON, or any number as uploads."""
    if request.is_json:
        body = reading.json_object()
        name, text = str(body.get("file", "")), str(body.get("source", ""))
        if not _NAME.fullmatch(name):
            raise errors.InvalidInput({"file": [_("give it a name that ends with .bpmn, .form or .dmn")]})
        return [(name, text.encode())]
    return [(upload.filename or "", upload.read()) for upload in request.files.getlist("files") if upload.filename]


@pages.post("/ui/models/check")
@access.requires(policy.may_deploy)
def check() -> Any:
    """What the server thinks of what is being drawn; the very check of a deployment."""
    return jsonify(problems.in_words({"problems": [problem.as_dict() for problem in models.check(_files())]}))


@pages.post("/ui/models/deploy")
@access.requires(policy.may_deploy)
def deploy() -> Any:
    done = models.deploy(_files(), actor=auth.actor())
    current_app.logger.info("deployed %s", [*done.definitions, *done.forms, *done.decisions])
    return frame.done(_where(done), _told(done), changed=bool(done.definitions or done.forms or done.decisions))


def _where(done: models.Deployed) -> str:
    if done.definitions:
        _key, process_id, number, _name = done.definitions[0]
        return url_for("pages.model", process_id=process_id, number=number)
    if done.forms:
        _form_key, form_id, number = done.forms[0]
        return url_for("pages.form", form_id=form_id, number=number)
    if done.decisions:
        _decision_key, decision_id, number, _name = done.decisions[0]
        return url_for("pages.decision", decision_id=decision_id, number=number)
    return url_for("pages.models")


def _told(done: models.Deployed) -> str:
    count = len(done.definitions) + len(done.forms) + len(done.decisions)
    if not count:
        return _("Nothing has changed, so there is no new version.")
    if count == 1 and done.definitions:
        return _("Version %(number)d is deployed. New releases use it from now on.", number=done.definitions[0][2])
    if count == 1 and done.forms:
        return _("Version %(number)d of the form is deployed.", number=done.forms[0][2])
    if count == 1:
        return _("Version %(number)d of the decision is deployed.", number=done.decisions[0][2])
    return ngettext("%(num)d new version is deployed.", "%(num)d new versions are deployed.", count)
