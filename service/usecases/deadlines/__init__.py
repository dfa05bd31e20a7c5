"""Deadlines with their ladders: set, moved, held, worked out anew, and fired."""
