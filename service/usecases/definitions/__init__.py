"""Deployed definitions, read once a process: programs, decisions, and what pages tell of them."""
