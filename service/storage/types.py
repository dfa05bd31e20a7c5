"""What other layers may call the rows and sessions they are handed, without knowing SQLAlchemy."""

from __future__ import annotations

from sqlalchemy import Row
from sqlalchemy.orm import Session

__all__ = ["Row", "Session"]
