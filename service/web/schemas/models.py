"""Deployments and what they hold."""

from __future__ import annotations

from flask_smorest.fields import Upload
from marshmallow import fields as ma

from service.web.schemas import fields


class Files(fields.Schema):
    """`.bpmn`, `.form` and `.dmn` files, each under any field name."""

    files = ma.List(Upload())


class DeployedDefinition(fields.Schema):
    """A diagram's version that this deployment made, or found unchanged."""

    id = ma.String(required=True, metadata={"description": "Process id."})
    key = fields.Key(required=True)
    version = ma.Integer(required=True)
    name = ma.String(required=True)


class DeployedForm(fields.Schema):
    """A form's version that this deployment made, or found unchanged."""

    id = ma.String(required=True)
    key = fields.Key(required=True)
    version = ma.Integer(required=True)


class DeployedDecision(fields.Schema):
    """A decision's version that this deployment made, or found unchanged."""

    id = ma.String(required=True)
    key = fields.Key(required=True)
    version = ma.Integer(required=True)
    name = ma.String(required=True)


class Finding(fields.Schema):
    """Something about a file: where, a stable code, and what to do."""

    file = ma.String(required=True)
    line = ma.Integer(allow_none=True)
    element_id = ma.String(allow_none=True)
    code = ma.String(required=True)
    message = ma.String(required=True)
    severity = ma.String(required=True)


class Deployment(fields.Schema):
    """What was deployed."""

    id = fields.Key(required=True)
    definitions = ma.List(ma.Nested(DeployedDefinition), required=True)
    forms = ma.List(ma.Nested(DeployedForm), required=True)
    decisions = ma.List(ma.Nested(DeployedDecision), required=True)
    unchanged = ma.List(ma.String(), metadata={"description": "Files that made no new version."})
    warnings = ma.List(ma.Nested(Finding))


class Definition(fields.Schema):
    """One version of a diagram."""

    id = ma.String(attribute="process_id", required=True)
    key = fields.Key(required=True)
    version = ma.Integer(required=True)
    name = ma.String(required=True)
    version_tag = ma.String(allow_none=True)
    file = ma.String()
    forms = ma.List(ma.String())
    facts = ma.List(ma.String(), metadata={"description": "Facts of the record that its expressions read."})
    called = ma.List(ma.String(), metadata={"description": "Processes it calls."})
    decisions = ma.List(ma.String(), metadata={"description": "Decisions it calls."})
    deployed_at = fields.Moment()
    deployed_by = ma.String(allow_none=True)
    running = ma.Integer(metadata={"description": "Active instances."})


DefinitionPage = fields.page_of(Definition, "DefinitionPage")


class Decision(fields.Schema):
    """One version of a decision."""

    id = ma.String(attribute="decision_id", required=True)
    key = fields.Key(required=True)
    version = ma.Integer(required=True)
    name = ma.String(required=True)
    file = ma.String()
    facts = ma.List(ma.String(), metadata={"description": "Facts of the record that its expressions read."})
    deployed_at = fields.Moment()
    deployed_by = ma.String(allow_none=True)


DecisionPage = fields.page_of(Decision, "DecisionPage")
