"""Deliveries are receipts with reasons; what travels together is a bundle; the last level of a ladder is known."""

import sqlalchemy as sa
from alembic import op

from service.storage.models.base import Moment

revision = "0013"
down_revision = "0012"


def upgrade() -> None:
    op.create_table(
        "bundles",
        sa.Column("key", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("user", sa.String(80), nullable=False),
        sa.Column("channel", sa.String(20), nullable=False),
        sa.Column("address", sa.String(254), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(10), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("made_at", Moment(), nullable=False),
        sa.Column("due_at", Moment(), nullable=False),
        sa.Column("asked_at", Moment(), nullable=True),
        sa.Column("lease", sa.String(40), nullable=True),
        sa.Column("leased_until", Moment(), nullable=True),
        sa.Column("sent_at", Moment(), nullable=True),
        sa.Column("message_id", sa.String(255), nullable=False),
        sa.Column("answer", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_bundles")),
    )
    op.create_index(op.f("ix_bundles_state_due_at"), "bundles", ["state", "due_at"])
    op.create_index(op.f("ix_bundles_user_made_at"), "bundles", ["user", "made_at"])
    with op.batch_alter_table("deadline_levels") as levels:
        levels.add_column(sa.Column("last", sa.Boolean(), nullable=False, server_default=sa.false()))
    _mark_last()
    with op.batch_alter_table("deadline_levels") as levels:
        levels.alter_column("last", server_default=None)
    _deliveries()


def _deliveries() -> None:
    """Those that wait are gathered at once; those given up become bundles of their own, to be tried again."""
    with op.batch_alter_table("deliveries") as deliveries:
        deliveries.add_column(sa.Column("user", sa.String(80), nullable=True))
        deliveries.add_column(sa.Column("reason", sa.String(20), nullable=True))
        deliveries.add_column(sa.Column("urgent", sa.Boolean(), nullable=False, server_default=sa.false()))
        deliveries.add_column(sa.Column("told_at", Moment(), nullable=True))
        deliveries.add_column(sa.Column("look_at", Moment(), nullable=True))
        deliveries.add_column(sa.Column("bundle", sa.BigInteger(), nullable=True))
    op.execute(
        'UPDATE deliveries SET "user" = (SELECT n."user" FROM notices n WHERE n.key = deliveries.notice_key), '
        "told_at = (SELECT n.asked_at FROM notices n WHERE n.key = deliveries.notice_key), asked_at = NULL"
    )
    op.execute("UPDATE deliveries SET look_at = due_at WHERE state = 'waiting'")
    op.execute(
        'INSERT INTO bundles (key, "user", channel, address, size, state, attempts, made_at, due_at, message_id, answer) '
        "SELECT key, \"user\", channel, address, 1, 'dead', attempts, told_at, due_at, message_id, answer "
        "FROM deliveries WHERE state = 'dead'"
    )
    op.execute("UPDATE deliveries SET bundle = key WHERE state = 'dead'")
    with op.batch_alter_table("deliveries") as deliveries:
        deliveries.drop_index(op.f("ix_deliveries_state_due_at"))
        deliveries.drop_column("lease")
        deliveries.drop_column("leased_until")
        deliveries.alter_column("user", nullable=False)
        deliveries.alter_column("told_at", nullable=False)
        deliveries.alter_column("urgent", server_default=None)
        deliveries.create_foreign_key(op.f("fk_deliveries_bundle_bundles"), "bundles", ["bundle"], ["key"])
        deliveries.create_index(op.f("ix_deliveries_bundle"), ["bundle"])
        deliveries.create_index(op.f("ix_deliveries_look_at"), ["look_at"])
        deliveries.create_index(op.f("ix_deliveries_user_state"), ["user", "state"])
        deliveries.create_index(op.f("ix_deliveries_state_key"), ["state", "key"])


def _mark_last() -> None:
    op.execute(
        "UPDATE deadline_levels SET last = true WHERE state NOT IN ('fired', 'cancelled') AND NOT EXISTS ("
        "SELECT 1 FROM deadline_levels later WHERE later.activation_key = deadline_levels.activation_key "
        "AND (later.fire_at > deadline_levels.fire_at OR (later.fire_at = deadline_levels.fire_at "
        "AND later.key > deadline_levels.key)))"
    )
