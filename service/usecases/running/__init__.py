"""Running instances: one command after another, what it leads to, and how it is repaired."""
