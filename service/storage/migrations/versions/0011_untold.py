"""Who was not told of something is kept with the reason; deadlines have revisions."""

import sqlalchemy as sa
from alembic import op

from service.storage.models.base import Moment

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    op.create_table(
        "untold",
        sa.Column("key", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("cause", sa.String(120), nullable=False),
        sa.Column("recipient", sa.String(120), nullable=False),
        sa.Column("user", sa.String(80), nullable=False),
        sa.Column("reason", sa.String(20), nullable=False),
        sa.Column("kind", sa.String(40), nullable=False),
        sa.Column("release_number", sa.Integer(), nullable=True),
        sa.Column("instance_key", sa.BigInteger(), nullable=True),
        sa.Column("task_key", sa.BigInteger(), nullable=True),
        sa.Column("at", Moment(), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_untold")),
        sa.UniqueConstraint("cause", "recipient", "user", name=op.f("uq_untold_cause_recipient_user")),
    )
    op.create_index(op.f("ix_untold_release_number"), "untold", ["release_number"])
    with op.batch_alter_table("deadlines") as deadlines:
        deadlines.add_column(sa.Column("revision", sa.Integer(), server_default="1", nullable=False))
