"""Kept messages are found by name and key, however many there are of one name."""

from alembic import op

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    op.drop_index(op.f("ix_messages_name_state"), "messages")
    op.create_index(op.f("ix_messages_name_state_correlation"), "messages", ["name", "state", "correlation"])
