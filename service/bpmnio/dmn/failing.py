"""What keeps a decision from being made."""

from __future__ import annotations

from service import errors


class DecisionFailed(errors.ScriptFailed):
    """A decision could not be made."""

    def __init__(self, code: str, message: str, expression: str | None = None) -> None:
        super().__init__(message, code=code, message=message, expression=expression)
        self.code = code
        self.expression = expression
