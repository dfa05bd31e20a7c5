"""Schedules of reports can be changed."""

import sqlalchemy as sa
from alembic import op

revision = "0030"
down_revision = "0029"


def upgrade() -> None:
    op.add_column("report_schedules", sa.Column("revision", sa.Integer(), server_default="1", nullable=False))
