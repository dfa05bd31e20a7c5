"""Decisions: a table as people read it, editing and deploying one."""

from __future__ import annotations

from typing import Any

from flask import Response, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from service import errors
from service.domain import policy
from service.storage.queries import decisions as found
from service.storage.queries import definitions
from service.storage.types import Row
from service.usecases.definitions import decisions
from service.web import access, auth
from service.web.pages import frame

pages = frame.pages

POLICIES = {
    "U": _l("Exactly one rule matches."),
    "F": _l("The first rule that matches counts."),
    "A": _l("Several rules may match if they say the same."),
    "P": _l("Of the rules that match, the one with the highest result counts."),
    "C": _l("All rules that match count; the result is the list of what they say."),
    "C+": _l("All rules that match count; the result is their sum."),
    "C<": _l("All rules that match count; the result is the smallest."),
    "C>": _l("All rules that match count; the result is the largest."),
    "C#": _l("The result is how many rules match."),
    "R": _l("All rules that match count, in their order."),
    "O": _l("All rules that match count, the highest result first."),
}
EMPTY = """<?xml version="1.0" encoding="UTF-8"?>
<definitions xmlns="https://www.omg.org/spec/DMN/20191111/MODEL/"
    xmlns:dmndi="https://www.omg.org/spec/DMN/20191111/DMNDI/" xmlns:dc="http://www.omg.org/spec/DMN/20180521/DC/"
    id="new_rules" name="New rules" namespace="http://camunda.org/schema/1.0/dmn">
  <decision id="new_decision" name="New decision">
    <decisionTable id="new_table" hitPolicy="UNIQUE">
      <input id="input_1" label="Looked at"><inputExpression id="expression_1" typeRef="string"><text></text>
      </inputExpression></input>
      <output id="output_1" label="Result" name="result" typeRef="string" />
      <rule id="rule_1"><inputEntry id="cell_1"><text></text></inputEntry>
        <outputEntry id="cell_2"><text></text></outputEntry></rule>
    </decisionTable>
  </decision>
  <dmndi:DMNDI><dmndi:DMNDiagram><dmndi:DMNShape dmnElementRef="new_decision">
    <dc:Bounds height="80" width="180" x="320" y="200" /></dmndi:DMNShape></dmndi:DMNDiagram></dmndi:DMNDI>
</definitions>
"""


def _version(decision_id: str, number: int) -> Row:
    row = found.version(decision_id, number)
    if row is None:
        raise errors.NotFound(_("There is no such decision: %(decision)s.", decision=decision_id))
    return row


@pages.get("/decisions/<decision_id>", defaults={"number": None})
@pages.get("/decisions/<decision_id>/<int:number>")
@access.requires(policy.may_see_models)
def decision(decision_id: str, number: int | None) -> str:
    versions = found.versions(decision_id)
    row = _version(decision_id, number or (versions[0].version if versions else 0))
    frame.learn_titles(one.deployed_by for one in versions)
    model = decisions.model(row.key)
    drawn = model.decisions[decision_id]
    return frame.show(
        "decision.html",
        row=row,
        versions=versions,
        decision=drawn,
        table=drawn.logic if hasattr(drawn.logic, "rules") else None,
        policies=POLICIES,
        required=[model.decisions[name] for name in drawn.required],
        used_by=[one for one in definitions.all_latest() if decision_id in one.decisions],
        may_deploy=policy.may_deploy(auth.actor()) is None,
    )


@pages.get("/decisions/<decision_id>/<int:number>/rules.dmn")
@access.requires(policy.may_see_models)
def decision_xml(decision_id: str, number: int) -> Response:
    row = _version(decision_id, number)
    response = Response(row.source, mimetype="application/xml")
    if request.args.get("download"):
        response.headers.set("Content-Disposition", "attachment", filename=row.file)
    return response


@pages.get("/decisions/<decision_id>/<int:number>/edit")
@access.requires(policy.may_deploy)
def edit_decision(decision_id: str, number: int) -> str:
    row = _version(decision_id, number)
    address = url_for("pages.decision_xml", decision_id=decision_id, number=number)
    return _editor(row, source=address, file=row.file, newest=found.latest(decision_id))


@pages.get("/decisions/new")
@access.requires(policy.may_deploy)
def new_decision() -> str:
    return _editor(None, source="", file="new_rules.dmn", newest=None)


def _editor(row: Row | None, **more: Any) -> str:
    return frame.show("decisioneditor.html", decision=row, empty=EMPTY, **more)
