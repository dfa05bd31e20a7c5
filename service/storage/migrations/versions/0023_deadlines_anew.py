"""Moves to another version remember whether deadlines were worked out anew."""

import sqlalchemy as sa
from alembic import op

revision = "0023"
down_revision = "0022"


def upgrade() -> None:
    for table in ("migrations", "migration_runs"):
        with op.batch_alter_table(table) as moves:
            moves.add_column(sa.Column("anew", sa.Boolean(), server_default=sa.false(), nullable=False))
