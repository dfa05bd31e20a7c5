"""Progress reports: schedules, and what was made."""

import sqlalchemy as sa
from alembic import op

from service.storage.models.base import Json, Moment

revision = "0024"
down_revision = "0023"


def upgrade() -> None:
    op.create_table(
        "report_schedules",
        sa.Column("key", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("name", sa.String(120), nullable=False),
        sa.Column("every", sa.String(10), nullable=False),
        sa.Column("day", sa.Integer(), nullable=False),
        sa.Column("at", sa.String(5), nullable=False),
        sa.Column("zone", sa.String(64), nullable=False),
        sa.Column("format", sa.String(4), nullable=False),
        sa.Column("recipients", Json, nullable=False),
        sa.Column("by", sa.String(80), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_report_schedules")),
    )
    op.create_table(
        "reports",
        sa.Column("key", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("schedule_key", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.String(120), nullable=False),
        sa.Column("format", sa.String(4), nullable=False),
        sa.Column("language", sa.String(8), nullable=False),
        sa.Column("from_at", Moment(), nullable=False),
        sa.Column("to_at", Moment(), nullable=False),
        sa.Column("made_at", Moment(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_reports")),
    )
    op.create_index(op.f("ix_reports_schedule_key"), "reports", ["schedule_key"])
