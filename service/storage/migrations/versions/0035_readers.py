"""What is told is told to readers: people, or groups in their chats."""

import sqlalchemy as sa
from alembic import op
from alembic.operations import BatchOperations

revision = "0035"
down_revision = "0034"

LONGEST = 86  # `group:` and a name


def upgrade() -> None:
    with op.batch_alter_table("notices") as notices:
        notices.drop_index(op.f("ix_notices_user_read_at"))
        notices.drop_index(op.f("ix_notices_user_asked_at"))
        notices.drop_constraint(op.f("uq_notices_cause_user"))
        _rename(notices)
    with op.batch_alter_table("notices") as notices:
        notices.create_unique_constraint(op.f("uq_notices_cause_reader"), ["cause", "reader"])
    op.create_index(op.f("ix_notices_reader_read_at"), "notices", ["reader", "read_at"])
    op.create_index(op.f("ix_notices_reader_asked_at"), "notices", ["reader", "asked_at"])
    for table, column in (("bundles", "made_at"), ("deliveries", "state")):
        with op.batch_alter_table(table) as batch:
            batch.drop_index(op.f(f"ix_{table}_user_{column}"))
            _rename(batch)
        op.create_index(op.f(f"ix_{table}_reader_{column}"), table, ["reader", column])
    with op.batch_alter_table("chat_addresses") as chats:
        chats.drop_constraint(op.f("uq_chat_addresses_user_name"))
        _rename(chats)
    with op.batch_alter_table("chat_addresses") as chats:
        chats.create_unique_constraint(op.f("uq_chat_addresses_reader_name"), ["reader", "name"])
    op.add_column("groups", sa.Column("language", sa.String(8), nullable=False, server_default="en"))


def _rename(table: BatchOperations) -> None:
    table.alter_column("user", new_column_name="reader", type_=sa.String(LONGEST), existing_nullable=False)
