"""How Alembic reaches the database: the connection comes from `storage.upgrades`."""

from alembic import context

from service.storage.models.base import Base

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Base.metadata,
    render_as_batch=True,
    compare_type=True,
)
with context.begin_transaction():
    context.run_migrations()
