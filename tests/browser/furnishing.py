"""Fills a fresh database for the browser tests: the cast with passwords, and the shipped models."""

from __future__ import annotations

from collections.abc import Mapping

from service import config
from service.cli import wiring
from service.domain import policy
from service.storage import db
from service.usecases import settings
from service.usecases.accounts import people
from service.usecases.context import live
from service.usecases.definitions import programs
from service.usecases.demo import demo
from service.usecases.deploying import models
from tests import cast

PASSWORD = "open-the-tide-gate"


def furnish(environment: Mapping[str, str]) -> None:
    """The people of the cast and the models that come with the product, where these settings say."""
    before = settings.current()
    live.forget()
    programs.forget()
    with wiring.without_web(config.Settings.from_env(dict(environment))).app_context():
        _furnish()
        db.db.session.remove()
        db.db.engine.dispose()
    live.forget()
    programs.forget()
    settings.use(before)


def _furnish() -> None:
    for name, title in cast.GROUPS.items():
        people.create_group(name, title, actor=policy.SYSTEM)
    shared = people.hashed(PASSWORD)
    for name, (title, roles, groups) in cast.PEOPLE.items():
        address = f"{name}@example.org"
        people.create_user(
            name, title=title, email=address, password_hash=shared, roles=roles, groups=groups, actor=policy.SYSTEM
        )
    models.deploy(demo.shipped_files(), actor=policy.SYSTEM)
