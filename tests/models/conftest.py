"""The stored paths run in the house of the use cases: a fresh database of each kind with the people of the cast."""

from tests.usecases.conftest import house, owner, time

__all__ = ["house", "owner", "time"]
