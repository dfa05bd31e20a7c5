"""What other layers may call the rows and sessions they are handed, without knowing SQLAlchemy."""

from __future__ import annotations

from collections.abc import Mapping
from types import SimpleNamespace
from typing import Any, cast

import sqlalchemy
from sqlalchemy.orm import Session

Row = sqlalchemy.Row[*tuple[Any, ...]]


def made(values: Mapping[str, Any]) -> Row:
    """What was just inserted, as reading it back would answer; nobody else can have changed it yet."""
    return cast(Row, SimpleNamespace(**values))


__all__ = ["Row", "Session", "made"]
