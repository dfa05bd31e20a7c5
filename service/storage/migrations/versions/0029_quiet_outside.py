"""People may want quiet outside of their working hours."""

import sqlalchemy as sa
from alembic import op

revision = "0029"
down_revision = "0028"


def upgrade() -> None:
    op.add_column("preferences", sa.Column("quiet_outside", sa.Boolean(), server_default=sa.false(), nullable=False))
