"""The job `tidegate.notify`: a diagram tells people something."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from service import errors
from service.domain import clock, escalation, policy
from service.storage import db
from service.storage.queries import jobs as stored
from service.storage.types import Row
from service.usecases.telling import notices, recipients

KIND = "job.notify"


def run(job: Row) -> dict[str, Any]:
    """Tell the people named by `recipients` the `subject` and `text`, from the headers or else from the inputs.

    Recipients are those of ladders and role names, separated by blanks or commas. Running it again tells nobody twice.
    Raises InvalidInput where something is missing or a recipient does not exist.
    """
    wanted = names(_given(job, "recipients"))
    subject, text = str(_given(job, "subject") or ""), str(_given(job, "text") or "")
    wrong = {}
    if not wanted:
        wrong["recipients"] = ["are missing: add a header like “coordinator group:operations”"]
    unknown = [name for name in wanted if not _is_recipient(name)]
    if unknown:
        known = ", ".join((*escalation.RECIPIENTS, *policy.ROLES))
        wrong["recipients"] = [f"{', '.join(unknown)}: known are {known}, group:x and user:x"]
    if not subject:
        wrong["subject"] = ["is missing: add a header"]
    if wrong:
        raise errors.InvalidInput(wrong)
    row = stored.get(job.key)
    if row is None:
        raise errors.NotFound(f"There is no job {job.key}.")
    about = recipients.About(
        row.release_number, row.manager, row.coordinator, row.instance_key, activation_key=row.activation_key
    )
    release = f"R-{row.release_number} {row.release_title}" if row.release_number is not None else row.model_name
    meant = recipients.Directory().resolve(wanted, about)
    with db.transaction() as session:
        notices.tell(
            session,
            cause=f"job:{job.key}",
            recipients=meant.told,
            groups=meant.groups,
            missed=meant.missed,
            kind=KIND,
            subject=f"{subject} – {release}",
            body=text or subject,
            link=f"/releases/R-{row.release_number}" if row.release_number is not None else "",
            release_number=row.release_number,
            instance_key=row.instance_key,
            now=clock.now(),
        )
    return {}


def names(given: Any) -> Sequence[str]:
    """Recipients from a text or a list, each once."""
    parts = given if isinstance(given, list) else str(given or "").replace(",", " ").split()
    return list(dict.fromkeys(str(part).strip() for part in parts if str(part).strip()))


def _is_recipient(name: str) -> bool:
    return escalation.is_recipient(name) or name in policy.ROLES


def _given(job: Row, name: str) -> Any:
    return job.headers.get(name) or job.variables.get(name)
