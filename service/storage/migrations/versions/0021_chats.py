"""Where people can be reached by chat."""

import sqlalchemy as sa
from alembic import op

from service.storage.models.base import Moment

revision = "0021"
down_revision = "0020"


def upgrade() -> None:
    op.create_table(
        "chat_addresses",
        sa.Column("key", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("user", sa.String(80), nullable=False),
        sa.Column("name", sa.String(80), nullable=False),
        sa.Column("url", sa.String(2000), nullable=False),
        sa.Column("shown", sa.String(254), nullable=False),
        sa.Column("created_at", Moment(), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_chat_addresses")),
        sa.UniqueConstraint("user", "name", name=op.f("uq_chat_addresses_user_name")),
    )
