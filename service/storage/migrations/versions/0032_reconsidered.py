"""Approvals to be looked at again are found without passing every open task."""

from alembic import op

revision = "0032"
down_revision = "0031"


def upgrade() -> None:
    op.drop_index(op.f("ix_tasks_reconsider_at"), "tasks")
    op.create_index(op.f("ix_tasks_state_reconsider_at"), "tasks", ["state", "reconsider_at"])
