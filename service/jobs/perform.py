"""The worker's doors."""
