"""Messages that are kept for their time to live, who received them, and start events that messages and time trigger."""

import sqlalchemy as sa
from alembic import op

from service.storage.models.base import Json, Moment

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    _messages()
    op.create_table(
        "receipts",
        sa.Column("message_key", sa.BigInteger(), nullable=False),
        sa.Column("receiver", sa.String(length=300), nullable=False),
        sa.Column("instance_key", sa.BigInteger(), nullable=False),
        sa.Column("element", sa.String(length=255), nullable=True),
        sa.Column("at", Moment(), nullable=False),
        sa.ForeignKeyConstraint(["message_key"], ["messages.key"], name=op.f("fk_receipts_message_key_messages")),
        sa.PrimaryKeyConstraint("message_key", "receiver", name=op.f("pk_receipts")),
    )
    op.create_table(
        "starts",
        sa.Column("key", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("process_id", sa.String(length=255), nullable=False),
        sa.Column("definition_key", sa.BigInteger(), nullable=False),
        sa.Column("element", sa.String(length=255), nullable=False),
        sa.Column("kind", sa.String(length=8), nullable=False),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("schedule", Json, nullable=True),
        sa.Column("due_at", Moment(), nullable=True),
        sa.Column("asked_at", Moment(), nullable=True),
        sa.ForeignKeyConstraint(
            ["definition_key"], ["definitions.key"], name=op.f("fk_starts_definition_key_definitions")
        ),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_starts")),
        sa.UniqueConstraint("process_id", "element", name=op.f("uq_starts_process_id_element")),
    )
    op.create_index(op.f("ix_starts_due_at"), "starts", ["due_at"], unique=False)
    op.create_index(op.f("ix_starts_kind_name"), "starts", ["kind", "name"], unique=False)
    op.add_column("subscriptions", sa.Column("look_at", Moment(), nullable=True))
    op.add_column("subscriptions", sa.Column("asked_at", Moment(), nullable=True))
    op.create_index(op.f("ix_subscriptions_look_at"), "subscriptions", ["look_at"], unique=False)
    op.add_column("instances", sa.Column("start_correlation", sa.String(length=255), nullable=True))
    op.create_index(op.f("ix_instances_start_correlation"), "instances", ["start_correlation"], unique=False)


def _messages() -> None:
    """Those that are on their way go on; when they were sent is what `due_at` said of them until now."""
    op.add_column("messages", sa.Column("kind", sa.String(length=8), nullable=False, server_default="message"))
    op.add_column("messages", sa.Column("published_by", sa.String(length=80), nullable=True))
    op.add_column("messages", sa.Column("published_at", Moment(), nullable=True))
    op.add_column("messages", sa.Column("expires_at", Moment(), nullable=True))
    op.execute("UPDATE messages SET published_at = due_at, expires_at = due_at, targets = NULL")
    with op.batch_alter_table("messages") as batch:
        batch.alter_column("published_at", existing_type=Moment(), nullable=False)
        batch.alter_column("expires_at", existing_type=Moment(), nullable=False)
        batch.drop_column("delivered")
    op.create_index(op.f("ix_messages_name_state"), "messages", ["name", "state"], unique=False)
