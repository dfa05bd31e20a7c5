"""Releases and their tasks, and the forms that write to their records."""
