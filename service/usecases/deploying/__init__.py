"""Deploying models, and moving what runs to another version."""
