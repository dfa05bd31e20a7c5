"""The release policy with its versions and reviews; moments at which the product has something to do."""

import sqlalchemy as sa
from alembic import op

from service.storage.models.base import Moment

revision = "0020"
down_revision = "0019"


def upgrade() -> None:
    op.create_table(
        "appointments",
        sa.Column("key", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("kind", sa.String(20), nullable=False),
        sa.Column("subject", sa.BigInteger(), nullable=False),
        sa.Column("turn", sa.Integer(), nullable=False),
        sa.Column("recipients", sa.String(255), nullable=False),
        sa.Column("due_at", Moment(), nullable=False),
        sa.Column("state", sa.String(10), nullable=False),
        sa.Column("asked_at", Moment(), nullable=True),
        sa.Column("kept_at", Moment(), nullable=True),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_appointments")),
        sa.UniqueConstraint("kind", "subject", "turn", name=op.f("uq_appointments_kind_subject_turn")),
    )
    op.create_index(op.f("ix_appointments_state_due_at"), "appointments", ["state", "due_at"])
    op.create_table(
        "release_policy",
        sa.Column("key", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("owner", sa.String(80), nullable=False),
        sa.Column("ladder", sa.Text(), nullable=False),
        sa.Column("in_force", sa.Integer(), nullable=True),
        sa.Column("review_at", Moment(), nullable=True),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_release_policy")),
    )
    op.create_table(
        "release_policy_versions",
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("by", sa.String(80), nullable=False),
        sa.Column("at", Moment(), nullable=False),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_release_policy_versions")),
    )
    op.create_table(
        "release_policy_reviews",
        sa.Column("key", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("by", sa.String(80), nullable=False),
        sa.Column("at", Moment(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("review_at", Moment(), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_release_policy_reviews")),
        sa.ForeignKeyConstraint(
            ["version"],
            ["release_policy_versions.number"],
            name=op.f("fk_release_policy_reviews_version_release_policy_versions"),
        ),
    )
