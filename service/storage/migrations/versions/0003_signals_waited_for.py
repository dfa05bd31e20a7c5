"""Which instances wait for a signal, and in which process the event is drawn."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"

_PROCESS = """
    UPDATE subscriptions SET process = (
        SELECT definitions.process_id FROM instances JOIN definitions ON definitions.key = instances.definition_key
        WHERE instances.key = subscriptions.instance_key
    )
"""


def upgrade() -> None:
    op.add_column("subscriptions", sa.Column("kind", sa.String(length=8), nullable=False, server_default="message"))
    op.add_column("subscriptions", sa.Column("process", sa.String(length=255), nullable=False, server_default=""))
    op.execute(_PROCESS)
