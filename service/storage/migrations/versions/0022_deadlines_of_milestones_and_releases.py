"""Milestones and releases have deadlines of their own; administrators set the ladders that hold by default."""

import sqlalchemy as sa
from alembic import op

from service.storage.models.base import Moment

revision = "0022"
down_revision = "0021"


def upgrade() -> None:
    op.create_table(
        "default_ladders",
        sa.Column("thing", sa.String(12), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("by", sa.String(80), nullable=False),
        sa.Column("at", Moment(), nullable=False),
        sa.PrimaryKeyConstraint("thing", name=op.f("pk_default_ladders")),
    )
    with op.batch_alter_table("deadlines") as deadlines:
        deadlines.alter_column("activation_key", existing_type=sa.BigInteger(), nullable=True)
        deadlines.add_column(sa.Column("thing", sa.String(12), server_default="task", nullable=False))
        deadlines.add_column(sa.Column("subject", sa.String(140), nullable=True))
    op.execute("UPDATE deadlines SET thing = 'phase' WHERE task_key IS NULL")
    op.execute(
        "UPDATE deadlines SET thing = 'approval' WHERE task_key IN (SELECT key FROM tasks WHERE approval IS NOT NULL)"
    )
    still = sa.text("state = 'open'")
    op.create_index(
        op.f("ix_deadlines_subject"), "deadlines", ["subject"], unique=True, sqlite_where=still, postgresql_where=still
    )
    with op.batch_alter_table("deadline_levels") as levels:
        levels.alter_column("activation_key", existing_type=sa.BigInteger(), nullable=True)
    op.drop_index("ix_deadline_levels_deadline_key", "deadline_levels")
    op.create_index(
        op.f("ix_deadline_levels_deadline_key_level_repeat"),
        "deadline_levels",
        ["deadline_key", "level", "repeat"],
        unique=True,
    )
