"""The HTTP door to the use cases."""
