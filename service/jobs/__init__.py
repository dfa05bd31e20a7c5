"""The worker's door to the use cases."""
