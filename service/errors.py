"""Every way to refuse, in one hierarchy that knows nothing of HTTP, SQL or BPMN libraries.

The docstring of a class is the title people read; `detail` says what happened and what to do; facts travel as keywords.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any


class ServiceError(Exception):
    """The request could not be carried out."""

    def __init__(self, detail: str = "", **facts: Any) -> None:
        super().__init__(detail or (type(self).__doc__ or "").strip())
        self.facts = facts

    @property
    def detail(self) -> str:
        return str(self)


class NotAuthenticated(ServiceError):
    """Sign in first."""


class TooManyAttempts(ServiceError):
    """Too many attempts failed; wait a little."""


class Forbidden(ServiceError):
    """You may not do this."""


class NotFound(ServiceError):
    """There is no such thing here."""


class Conflict(ServiceError):
    """This is not possible in the present state."""


class TaskNotOpen(Conflict):
    """The task is no longer open."""


class TaskTaken(Conflict):
    """Somebody else has taken this task."""


class CriteriaUnmet(Conflict):
    """The readiness criteria of this task are not met."""


class ActionNotOffered(Conflict):
    """This action is not offered now."""


class AlreadyDecided(Conflict):
    """You have decided on this already."""


class AlreadyExists(Conflict):
    """Something of this name exists already."""


class IncidentClosed(Conflict):
    """The incident is closed already."""


class CannotMigrate(Conflict):
    """The run cannot be moved to this version as it stands."""


class LeaseLost(Conflict):
    """The lease on this job has ended; somebody else may be working on it."""


class OnHold(Conflict):
    """The release is on hold."""


class StaleWrite(Conflict):
    """Someone else changed this first."""


class KeyReused(ServiceError):
    """This idempotency key came before with another body."""


class InvalidInput(ServiceError):
    """Some of the values sent are not usable."""

    def __init__(self, errors: Mapping[str, Sequence[str]], detail: str = "", **facts: Any) -> None:
        self.errors = {field: list(texts) for field, texts in errors.items()}
        named = "; ".join(f"{field}: {' '.join(texts)}" for field, texts in self.errors.items())
        super().__init__(detail or named, errors=self.errors, **facts)


@dataclass(frozen=True)
class Problem:
    """One thing wrong with a file: where it is, a stable code, and what to do about it."""

    file: str
    line: int | None
    element_id: str | None
    code: str
    message: str
    severity: str = "error"

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)

    def __str__(self) -> str:
        return f"{self.file}:{self.line or 0}: {self.element_id or '-'}: {self.code}: {self.message}"


class InvalidDefinition(ServiceError):
    """The files cannot be deployed."""

    def __init__(self, problems: Sequence[Problem], detail: str = "") -> None:
        self.problems = list(problems)
        super().__init__(
            detail or "; ".join(str(p) for p in self.problems if p.severity == "error"),
            problems=[p.as_dict() for p in self.problems],
        )


class ScriptFailed(ServiceError):
    """An expression of the diagram could not be evaluated."""


class LimitExceeded(ServiceError):
    """A limit of this installation is exceeded."""


class ExternalFailure(ServiceError):
    """Another system did not do its part."""

    def __init__(self, detail: str = "", *, transient: bool = True, **facts: Any) -> None:
        self.transient = transient
        super().__init__(detail, **facts)


class InvalidSettings(ServiceError):
    """The configuration is not usable."""
