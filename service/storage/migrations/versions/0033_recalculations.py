"""Open deadlines are worked out anew in a calendar by the workers, and somebody sees how far they are."""

import sqlalchemy as sa
from alembic import op

from service.storage.models.base import Moment

revision = "0033"
down_revision = "0032"


def upgrade() -> None:
    op.create_table(
        "recalculations",
        sa.Column("key", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("calendar", sa.String(80), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("at", Moment(), nullable=False),
        sa.Column("by", sa.String(80), nullable=False),
        sa.Column("total", sa.Integer(), nullable=False),
        sa.Column("done", sa.Integer(), nullable=False),
        sa.Column("moved", sa.Integer(), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.String(10), nullable=False),
        sa.Column("due_at", Moment(), nullable=False),
        sa.Column("asked_at", Moment(), nullable=True),
        sa.Column("ended_at", Moment(), nullable=True),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_recalculations")),
    )
    op.create_index(op.f("ix_recalculations_calendar"), "recalculations", ["calendar"])
    op.create_index(op.f("ix_recalculations_state_due_at"), "recalculations", ["state", "due_at"])
