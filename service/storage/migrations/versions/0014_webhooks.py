"""Webhooks, the events that they are told of, and each attempt to tell."""

import sqlalchemy as sa
from alembic import op

from service.storage.models.base import Json, Moment

revision = "0014"
down_revision = "0013"


def upgrade() -> None:
    op.create_table(
        "webhooks",
        sa.Column("key", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("name", sa.String(120), nullable=False),
        sa.Column("url", sa.String(2000), nullable=False),
        sa.Column("kinds", Json, nullable=False),
        sa.Column("secret", sa.String(100), nullable=False),
        sa.Column("earlier_secret", sa.String(100), nullable=True),
        sa.Column("earlier_until", Moment(), nullable=True),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("off_because", sa.Text(), nullable=True),
        sa.Column("owner", sa.String(80), nullable=False),
        sa.Column("created_at", Moment(), nullable=False),
        sa.Column("removed_at", Moment(), nullable=True),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("rests_until", Moment(), nullable=True),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_webhooks")),
    )
    op.create_table(
        "webhook_events",
        sa.Column("key", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("webhook_key", sa.BigInteger(), nullable=False),
        sa.Column("cause", sa.String(160), nullable=False),
        sa.Column("kind", sa.String(40), nullable=False),
        sa.Column("subject", sa.String(255), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("state", sa.String(10), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("created_at", Moment(), nullable=False),
        sa.Column("due_at", Moment(), nullable=False),
        sa.Column("asked_at", Moment(), nullable=True),
        sa.Column("lease", sa.String(40), nullable=True),
        sa.Column("leased_until", Moment(), nullable=True),
        sa.Column("sent_at", Moment(), nullable=True),
        sa.Column("answer", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["webhook_key"], ["webhooks.key"], name=op.f("fk_webhook_events_webhook_key_webhooks")),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_webhook_events")),
        sa.UniqueConstraint("webhook_key", "cause", name=op.f("uq_webhook_events_webhook_key_cause")),
    )
    op.create_index(op.f("ix_webhook_events_state_due_at"), "webhook_events", ["state", "due_at"])
    op.create_index(op.f("ix_webhook_events_webhook_key_state"), "webhook_events", ["webhook_key", "state"])
    op.create_table(
        "webhook_attempts",
        sa.Column("key", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("event_key", sa.BigInteger(), nullable=False),
        sa.Column("at", Moment(), nullable=False),
        sa.Column("took_ms", sa.Integer(), nullable=False),
        sa.Column("status", sa.Integer(), nullable=True),
        sa.Column("answer", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["event_key"], ["webhook_events.key"], name=op.f("fk_webhook_attempts_event_key_webhook_events")
        ),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_webhook_attempts")),
    )
    op.create_index(op.f("ix_webhook_attempts_event_key"), "webhook_attempts", ["event_key"])
