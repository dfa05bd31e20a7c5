"""How long activities took is found by their place in the model."""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"

TAKES_TIME = sa.text("left_at IS NULL OR left_at > entered_at")


def upgrade() -> None:
    op.create_index(
        "ix_activations_durations",
        "activations",
        ["process", "element", "left_at"],
        sqlite_where=TAKES_TIME,
        postgresql_where=TAKES_TIME,
    )
