"""Decisions are deployed beside diagrams and forms."""

import sqlalchemy as sa
from alembic import op

from service.storage.models.base import Json

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    op.create_table(
        "decisions",
        sa.Column("key", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("deployment_key", sa.BigInteger(), nullable=False),
        sa.Column("decision_id", sa.String(length=255), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("file", sa.String(length=255), nullable=False),
        sa.Column("source", sa.LargeBinary(), nullable=False),
        sa.Column("checksum", sa.String(length=64), nullable=False),
        sa.Column("facts", Json, nullable=False),
        sa.ForeignKeyConstraint(
            ["deployment_key"], ["deployments.key"], name=op.f("fk_decisions_deployment_key_deployments")
        ),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_decisions")),
        sa.UniqueConstraint("decision_id", "version", name=op.f("uq_decisions_decision_id_version")),
    )
    op.add_column("definitions", sa.Column("decisions", Json, nullable=False, server_default="[]"))
