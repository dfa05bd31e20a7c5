"""The only home of SQLAlchemy, RQ and Redis."""
