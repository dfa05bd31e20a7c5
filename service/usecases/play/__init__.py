"""Running one diagram in memory, for whoever draws it."""
