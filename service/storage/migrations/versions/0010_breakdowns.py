"""What keeps failing shows where an administrator looks; approvals remember that they are to be looked at again."""

import sqlalchemy as sa
from alembic import op

from service.storage.models.base import Moment

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    op.create_table(
        "breakdowns",
        sa.Column("key", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("kind", sa.String(20), nullable=False),
        sa.Column("subject", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.String(300), nullable=False),
        sa.Column("instance_key", sa.BigInteger(), nullable=True),
        sa.Column("problem", sa.Text(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("first_at", Moment(), nullable=False),
        sa.Column("last_at", Moment(), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_breakdowns")),
        sa.UniqueConstraint("kind", "subject", name=op.f("uq_breakdowns_kind_subject")),
    )
    op.create_index(op.f("ix_breakdowns_last_at"), "breakdowns", ["last_at"])
    with op.batch_alter_table("tasks") as tasks:
        tasks.add_column(sa.Column("reconsider_at", Moment(), nullable=True))
        tasks.add_column(sa.Column("asked_at", Moment(), nullable=True))
        tasks.create_index(op.f("ix_tasks_reconsider_at"), ["reconsider_at"])
