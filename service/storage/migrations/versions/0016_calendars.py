"""Calendars of working time, for services and people; deadlines say whether somebody moved them."""

import sqlalchemy as sa
from alembic import op

from service.storage.models.base import Json, Moment

revision = "0016"
down_revision = "0015"


def upgrade() -> None:
    op.create_table(
        "calendars",
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("title", sa.String(length=120), nullable=False),
        sa.Column("zone", sa.String(length=64), nullable=False),
        sa.Column("hours", Json, nullable=False),
        sa.Column("country", sa.String(length=8), nullable=True),
        sa.Column("region", sa.String(length=40), nullable=True),
        sa.Column("closures", Json, nullable=False),
        sa.Column("openings", Json, nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("changed_at", Moment(), nullable=False),
        sa.Column("changed_by", sa.String(length=80), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_calendars")),
    )
    op.create_table(
        "service_calendars",
        sa.Column("service", sa.String(length=120), nullable=False),
        sa.Column("calendar", sa.String(length=80), nullable=False),
        sa.ForeignKeyConstraint(["calendar"], ["calendars.name"], name=op.f("fk_service_calendars_calendar_calendars")),
        sa.PrimaryKeyConstraint("service", name=op.f("pk_service_calendars")),
    )
    op.create_index(op.f("ix_service_calendars_calendar"), "service_calendars", ["calendar"])
    op.add_column("users", sa.Column("calendar", sa.String(length=80), nullable=True))
    op.add_column("deadlines", sa.Column("moved", sa.Boolean(), nullable=False, server_default=sa.false()))
