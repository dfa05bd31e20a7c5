"""Dates that were announced, who follows them, and mails to those who are no users."""

import sqlalchemy as sa
from alembic import op

from service.storage.models.base import Moment

revision = "0018"
down_revision = "0017"


def upgrade() -> None:
    op.create_table(
        "announcements",
        sa.Column("key", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("release_number", sa.Integer(), nullable=False),
        sa.Column("window_start", Moment(), nullable=False),
        sa.Column("window_end", Moment(), nullable=False),
        sa.Column("start_before", Moment(), nullable=True),
        sa.Column("end_before", Moment(), nullable=True),
        sa.Column("message", sa.Text(), nullable=False),
        sa.Column("by", sa.String(80), nullable=False),
        sa.Column("at", Moment(), nullable=False),
        sa.ForeignKeyConstraint(
            ["release_number"], ["releases.number"], name=op.f("fk_announcements_release_number_releases")
        ),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_announcements")),
    )
    op.create_index(op.f("ix_announcements_release_number"), "announcements", ["release_number"])
    op.create_table(
        "followers",
        sa.Column("key", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("release_number", sa.Integer(), nullable=False),
        sa.Column("user", sa.String(80), nullable=True),
        sa.Column("address", sa.String(254), nullable=True),
        sa.Column("language", sa.String(10), nullable=False),
        sa.Column("token", sa.String(64), nullable=False),
        sa.Column("added_by", sa.String(80), nullable=False),
        sa.Column("added_at", Moment(), nullable=False),
        sa.Column("ended_at", Moment(), nullable=True),
        sa.Column("ended_by", sa.String(80), nullable=True),
        sa.ForeignKeyConstraint(
            ["release_number"], ["releases.number"], name=op.f("fk_followers_release_number_releases")
        ),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_followers")),
        sa.UniqueConstraint("token", name=op.f("uq_followers_token")),
        sa.UniqueConstraint("release_number", "user", name=op.f("uq_followers_release_number_user")),
        sa.UniqueConstraint("release_number", "address", name=op.f("uq_followers_release_number_address")),
    )
    op.create_index(op.f("ix_followers_user"), "followers", ["user"])
    _mails()


def _mails() -> None:
    op.create_table(
        "announcement_mails",
        sa.Column("key", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("announcement_key", sa.BigInteger(), nullable=False),
        sa.Column("follower_key", sa.BigInteger(), nullable=False),
        sa.Column("address", sa.String(254), nullable=False),
        sa.Column("state", sa.String(10), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("due_at", Moment(), nullable=False),
        sa.Column("asked_at", Moment(), nullable=True),
        sa.Column("lease", sa.String(40), nullable=True),
        sa.Column("leased_until", Moment(), nullable=True),
        sa.Column("sent_at", Moment(), nullable=True),
        sa.Column("message_id", sa.String(255), nullable=False),
        sa.Column("answer", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(
            ["announcement_key"],
            ["announcements.key"],
            name=op.f("fk_announcement_mails_announcement_key_announcements"),
        ),
        sa.ForeignKeyConstraint(
            ["follower_key"], ["followers.key"], name=op.f("fk_announcement_mails_follower_key_followers")
        ),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_announcement_mails")),
        sa.UniqueConstraint(
            "announcement_key", "follower_key", name=op.f("uq_announcement_mails_announcement_key_follower_key")
        ),
    )
    op.create_index(op.f("ix_announcement_mails_follower_key"), "announcement_mails", ["follower_key"])
    op.create_index(op.f("ix_announcement_mails_state_due_at"), "announcement_mails", ["state", "due_at"])
