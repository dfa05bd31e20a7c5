"""The demo: an organisation at work."""
