"""What people want to hear of and when, and when they are away."""

import sqlalchemy as sa
from alembic import op

from service.storage.models.base import Json, Moment

revision = "0019"
down_revision = "0018"


def upgrade() -> None:
    op.create_table(
        "preferences",
        sa.Column("user", sa.String(80), nullable=False),
        sa.Column("muted", Json, nullable=False),
        sa.Column("quiet_from", sa.String(5), nullable=True),
        sa.Column("quiet_until", sa.String(5), nullable=True),
        sa.Column("quiet_days", sa.Boolean(), nullable=False),
        sa.Column("digest", sa.String(10), nullable=False),
        sa.Column("digest_at", sa.String(5), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("changed_at", Moment(), nullable=False),
        sa.PrimaryKeyConstraint("user", name=op.f("pk_preferences")),
    )
    op.create_table(
        "absences",
        sa.Column("key", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("user", sa.String(80), nullable=False),
        sa.Column("first_day", sa.Date(), nullable=False),
        sa.Column("last_day", sa.Date(), nullable=False),
        sa.Column("substitute", sa.String(80), nullable=True),
        sa.Column("note", sa.String(200), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("created_at", Moment(), nullable=False),
        sa.Column("created_by", sa.String(80), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_absences")),
    )
    op.create_index(op.f("ix_absences_user_last_day"), "absences", ["user", "last_day"])
