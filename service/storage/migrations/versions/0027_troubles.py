"""The times in which the product itself was behind."""

import sqlalchemy as sa
from alembic import op

from service.storage.models.base import Json, Moment

revision = "0027"
down_revision = "0026"


def upgrade() -> None:
    op.create_table(
        "troubles",
        sa.Column("key", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("kind", sa.String(20), nullable=False),
        sa.Column("present", sa.String(20), nullable=True),
        sa.Column("began_at", Moment(), nullable=False),
        sa.Column("told_at", Moment(), nullable=True),
        sa.Column("fine_since", Moment(), nullable=True),
        sa.Column("ended_at", Moment(), nullable=True),
        sa.Column("facts", Json, nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_troubles")),
        sa.UniqueConstraint("present", name=op.f("uq_troubles_present")),
    )
    op.create_index(op.f("ix_troubles_began_at"), "troubles", ["began_at"])
