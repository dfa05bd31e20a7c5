"""Fills a fresh database for the browser tests: the cast with passwords, and the shipped models."""

from __future__ import annotations

from service import app, config
from service.domain import policy
from service.usecases import demo, models, people
from tests import cast

PASSWORD = "open-the-tide-gate"


def furnish() -> None:
    """The people of the cast and the models that come with the product."""
    for name, title in cast.GROUPS.items():
        people.create_group(name, title, actor=policy.SYSTEM)
    for name, (title, roles, groups) in cast.PEOPLE.items():
        address = f"{name}@example.org"
        people.create_user(
            name, title=title, email=address, password=PASSWORD, roles=roles, groups=groups, actor=policy.SYSTEM
        )
    models.deploy(demo.shipped_files(), actor=policy.SYSTEM)


if __name__ == "__main__":
    with app.create_app(config.Settings.from_env()).app_context():
        furnish()
