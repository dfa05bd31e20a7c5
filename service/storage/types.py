"""What other layers may call the rows and sessions they are handed, without knowing SQLAlchemy."""

from __future__ import annotations

from typing import Any

import sqlalchemy
from sqlalchemy.orm import Session

Row = sqlalchemy.Row[*tuple[Any, ...]]

__all__ = ["Row", "Session"]
