"""Texts of notices, and who hears of key points, as administrators say."""

import sqlalchemy as sa
from alembic import op

from service.storage.models.base import Json, Moment

revision = "0026"
down_revision = "0025"


def upgrade() -> None:
    op.create_table(
        "notice_templates",
        sa.Column("key", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("kind", sa.String(40), nullable=False),
        sa.Column("language", sa.String(10), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("subject", sa.String(500), nullable=True),
        sa.Column("body", sa.Text(), nullable=True),
        sa.Column("current", sa.Boolean(), nullable=False),
        sa.Column("by", sa.String(80), nullable=False),
        sa.Column("at", Moment(), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_notice_templates")),
        sa.UniqueConstraint("kind", "language", "revision", name=op.f("uq_notice_templates_kind_language_revision")),
    )
    op.create_index(op.f("ix_notice_templates_current_kind"), "notice_templates", ["current", "kind"])
    op.create_table(
        "hearers",
        sa.Column("kind", sa.String(40), nullable=False),
        sa.Column("recipients", Json, nullable=False),
        sa.Column("by", sa.String(80), nullable=False),
        sa.Column("at", Moment(), nullable=False),
        sa.PrimaryKeyConstraint("kind", name=op.f("pk_hearers")),
    )
