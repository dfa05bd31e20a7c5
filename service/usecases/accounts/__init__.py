"""People and groups, and the calendar links they make."""
