"""The release policy: reading it, writing versions, reviewing them."""

from __future__ import annotations

from typing import Any

from service.domain import clock, differences, policy
from service.storage.queries import releasepolicy as found
from service.usecases.regular import releasepolicy
from service.web import access, auth
from service.web.api import rest
from service.web.schemas import fields
from service.web.schemas import releasepolicy as schemas

blueprint = rest.Blueprint("releasepolicy", "The release policy, its versions and reviews")


@blueprint.get("/release-policy")
@blueprint.response(200, schemas.ReleasePolicy)
@access.signed_in
def get_release_policy() -> Any:
    """The policy: the version in force, who owns it, when it is to be reviewed."""
    return _shown()


@blueprint.patch("/release-policy")
@rest.if_match
@blueprint.arguments(schemas.PolicyChange, example={"owner": "max"})
@blueprint.response(200, schemas.ReleasePolicy)
@access.signed_in
def change_release_policy(body: dict[str, Any]) -> Any:
    """Give it another owner, or another ladder, which holds from the next review on."""
    seen = rest.matching(rest.found(found.get(), "release policy").revision)
    with rest.stale_is_mismatch():
        releasepolicy.change(body, revision=seen, actor=auth.actor())
    return _shown()


@blueprint.get("/release-policy/versions")
@blueprint.arguments(fields.Paging, location="query")
@blueprint.response(200, schemas.PolicyVersionPage)
@access.signed_in
def list_policy_versions(wanted: dict[str, Any]) -> Any:
    """All versions, the newest first."""
    rows, cursor = found.versions(**wanted)
    return {"items": rows, "next": cursor}


@blueprint.post("/release-policy/versions")
@blueprint.arguments(
    schemas.NewPolicyVersion, example={"text": "# Release policy\n\nEvery change is approved.", "note": "First version"}
)
@blueprint.response(201, schemas.PolicyText)
@access.requires(policy.may_write_release_policy)
def write_release_policy(body: dict[str, Any]) -> Any:
    """Save another version. It holds once it is reviewed."""
    return found.version(releasepolicy.write(**body, actor=auth.actor()))


@blueprint.get("/release-policy/versions/<int:number>")
@blueprint.response(200, schemas.PolicyText)
@access.signed_in
def get_policy_version(number: int) -> Any:
    """One version with its text."""
    return _version(number)


@blueprint.post("/release-policy/versions/<int:number>/review")
@rest.if_match
@blueprint.arguments(schemas.NewPolicyReview, example={"review_at": "2100-03-01T08:00:00Z"})
@blueprint.response(200, schemas.ReleasePolicy)
@access.signed_in
def review_release_policy(body: dict[str, Any], number: int) -> Any:
    """Find a version right: it is in force, and is to be reviewed again at `review_at`."""
    seen = rest.matching(rest.found(found.get(), "release policy").revision)
    with rest.stale_is_mismatch():
        releasepolicy.review(number, **body, revision=seen, actor=auth.actor())
    return _shown()


@blueprint.get("/release-policy/changes")
@blueprint.arguments(schemas.PolicyComparison, location="query")
@blueprint.response(200, schemas.PolicyDifference)
@access.signed_in
def compare_policy_versions(wanted: dict[str, Any]) -> Any:
    """What changed between two versions, line by line."""
    texts = [_version(wanted[name]).text for name in ("before", "after")]
    return {"lines": differences.lines(*texts)}


def _version(number: int) -> Any:
    return rest.found(found.version(number), f"version {number} of the release policy")


def _shown() -> Any:
    row = rest.found(found.get(), "release policy")
    version = found.version(row.in_force) if row.in_force is not None else None
    body = {
        **row._mapping,
        "text": version.text if version is not None else None,
        "overdue": row.review_at is not None and row.review_at < clock.now(),
        "reviews": found.reviews(),
    }
    return rest.tagged(body, row.revision)
