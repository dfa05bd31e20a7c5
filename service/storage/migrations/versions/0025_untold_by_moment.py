"""The ledger reads the newest of who was not told without reading all."""

from alembic import op

revision = "0025"
down_revision = "0024"


def upgrade() -> None:
    op.create_index(op.f("ix_untold_at"), "untold", ["at"])
