"""When releases went on after a hold is found without reading their whole history."""

import sqlalchemy as sa
from alembic import op

revision = "0034"
down_revision = "0033"

RESUMED = sa.text("event = 'release.resumed'")


def upgrade() -> None:
    op.create_index("ix_history_resumed", "history", ["release_number"], postgresql_where=RESUMED, sqlite_where=RESUMED)
