"""Calendar feeds: secret links by which calendar programs read."""

import sqlalchemy as sa
from alembic import op

from service.storage.models.base import Json, Moment

revision = "0017"
down_revision = "0016"


def upgrade() -> None:
    op.create_table(
        "feeds",
        sa.Column("key", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("owner", sa.String(80), nullable=False),
        sa.Column("service", sa.String(120), nullable=True),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("created_at", Moment(), nullable=False),
        sa.Column("made_at", Moment(), nullable=False),
        sa.Column("read_at", Moment(), nullable=True),
        sa.Column("revoked_at", Moment(), nullable=True),
        sa.Column("shown", Json, nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_feeds")),
        sa.UniqueConstraint("digest", name=op.f("uq_feeds_digest")),
    )
    op.create_index(op.f("ix_feeds_owner"), "feeds", ["owner"])
