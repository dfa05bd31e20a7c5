"""Moves of instances to other versions, one by one and in runs."""

import sqlalchemy as sa
from alembic import op

from service.storage.models.base import Json, Moment

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    op.create_table(
        "migrations",
        sa.Column("key", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("instance_key", sa.BigInteger(), nullable=False),
        sa.Column("run_key", sa.BigInteger(), nullable=True),
        sa.Column("from_key", sa.BigInteger(), nullable=False),
        sa.Column("to_key", sa.BigInteger(), nullable=False),
        sa.Column("mapping", Json, nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("before", sa.LargeBinary(), nullable=True),
        sa.Column("manifest", Json, nullable=False),
        sa.Column("fact_names", Json, nullable=False),
        sa.Column("at", Moment(), nullable=False),
        sa.Column("by", sa.String(length=80), nullable=True),
        sa.Column("undone_at", Moment(), nullable=True),
        sa.Column("undone_by", sa.String(length=80), nullable=True),
        sa.ForeignKeyConstraint(["instance_key"], ["instances.key"], name=op.f("fk_migrations_instance_key_instances")),
        sa.ForeignKeyConstraint(["from_key"], ["definitions.key"], name=op.f("fk_migrations_from_key_definitions")),
        sa.ForeignKeyConstraint(["to_key"], ["definitions.key"], name=op.f("fk_migrations_to_key_definitions")),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_migrations")),
    )
    op.create_index(op.f("ix_migrations_instance_key"), "migrations", ["instance_key"])
    op.create_table(
        "migration_runs",
        sa.Column("key", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("process_id", sa.String(length=255), nullable=False),
        sa.Column("to_key", sa.BigInteger(), nullable=False),
        sa.Column("undoes", sa.BigInteger(), nullable=True),
        sa.Column("mapping", Json, nullable=False),
        sa.Column("at", Moment(), nullable=False),
        sa.Column("by", sa.String(length=80), nullable=True),
        sa.ForeignKeyConstraint(["to_key"], ["definitions.key"], name=op.f("fk_migration_runs_to_key_definitions")),
        sa.ForeignKeyConstraint(
            ["undoes"], ["migration_runs.key"], name=op.f("fk_migration_runs_undoes_migration_runs")
        ),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_migration_runs")),
    )
    op.create_index(op.f("ix_migration_runs_process_id"), "migration_runs", ["process_id"])
    op.create_table(
        "migration_items",
        sa.Column("key", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("run_key", sa.BigInteger(), nullable=False),
        sa.Column("instance_key", sa.BigInteger(), nullable=False),
        sa.Column("release_number", sa.Integer(), nullable=True),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("message", sa.Text(), nullable=True),
        sa.Column("due_at", Moment(), nullable=False),
        sa.Column("asked_at", Moment(), nullable=True),
        sa.Column("ended_at", Moment(), nullable=True),
        sa.ForeignKeyConstraint(
            ["run_key"], ["migration_runs.key"], name=op.f("fk_migration_items_run_key_migration_runs")
        ),
        sa.ForeignKeyConstraint(
            ["instance_key"], ["instances.key"], name=op.f("fk_migration_items_instance_key_instances")
        ),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_migration_items")),
    )
    op.create_index(op.f("ix_migration_items_state_due_at"), "migration_items", ["state", "due_at"])
    op.create_index(op.f("ix_migration_items_run_key_state"), "migration_items", ["run_key", "state"])
