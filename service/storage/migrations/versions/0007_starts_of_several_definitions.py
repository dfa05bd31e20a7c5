"""A start event may have several definitions, each of which starts an instance."""

from alembic import op

revision = "0007"
down_revision = "0006"
WIDE = ["process_id", "element", "kind", "name"]


def upgrade() -> None:
    with op.batch_alter_table("starts") as batch:
        batch.drop_constraint(op.f("uq_starts_process_id_element"), type_="unique")
        batch.create_unique_constraint(op.f("uq_starts_process_id_element_kind_name"), WIDE)
