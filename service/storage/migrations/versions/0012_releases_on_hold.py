"""A release can be put on hold: its timers and the levels of its deadlines wait until it goes on."""

import sqlalchemy as sa
from alembic import op

from service.storage.models.base import Moment

revision = "0012"
down_revision = "0011"


def upgrade() -> None:
    op.add_column("releases", sa.Column("held_at", Moment(), nullable=True))
    op.add_column("releases", sa.Column("held_by", sa.String(80), nullable=True))
    op.add_column("releases", sa.Column("held_reason", sa.Text(), nullable=True))
    op.add_column("timers", sa.Column("held", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.create_index("ix_deadline_levels_deadline_key", "deadline_levels", ["deadline_key"])
