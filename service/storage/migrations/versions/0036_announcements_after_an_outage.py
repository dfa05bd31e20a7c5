"""Mails of announced dates that wait because a mail server was away are sent as soon as it is back."""

import sqlalchemy as sa
from alembic import op

revision = "0036"
down_revision = "0035"


def upgrade() -> None:
    op.add_column("announcement_mails", sa.Column("outage", sa.Boolean(), nullable=False, server_default=sa.false()))
