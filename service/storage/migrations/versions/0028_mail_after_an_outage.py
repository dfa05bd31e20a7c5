"""What waits because a mail server was away is sent as soon as it is back."""

import sqlalchemy as sa
from alembic import op

revision = "0028"
down_revision = "0027"


def upgrade() -> None:
    op.add_column("bundles", sa.Column("outage", sa.Boolean(), nullable=False, server_default=sa.false()))
