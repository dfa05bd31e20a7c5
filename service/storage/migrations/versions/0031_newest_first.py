"""An inbox is read by moment; an appointment may name any number of recipients."""

import sqlalchemy as sa
from alembic import op

revision = "0031"
down_revision = "0030"


def upgrade() -> None:
    with op.batch_alter_table("appointments") as appointments:
        appointments.alter_column("recipients", existing_type=sa.String(255), type_=sa.Text(), existing_nullable=False)
    op.create_index(op.f("ix_notices_user_asked_at"), "notices", ["user", "asked_at"])
