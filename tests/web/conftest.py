"""The application in this process, on a fresh database with the cast: one application, a database for each test."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from flask import Flask
from pwdlib import PasswordHash
from pwdlib.hashers.argon2 import Argon2Hasher

from service import app, config
from service.storage import db
from service.usecases import settings
from service.usecases.accounts import people
from service.usecases.context import live
from service.usecases.definitions import programs
from service.web import auth, throttle
from tests.support.patience import unhurried
from tests.web import diagrams
from tests.web.caller import Caller, settle_in


def made(data: Path) -> Flask:
    """An application without a database yet; making one takes longer than most tests do."""
    before = settings.current()
    application = app.create_app(_settings(f"sqlite:///{data}/nothing.db", data))
    settings.use(before)
    return application


@pytest.fixture(scope="session", autouse=True)
def _quickly_hashed() -> Iterator[None]:
    """Passwords are hashed as always, with the least effort: what guessing costs is not what these tests are about."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(people, "_hasher", PasswordHash((Argon2Hasher(time_cost=1, memory_cost=8, parallelism=1),)))
        yield


@pytest.fixture(scope="session")
def _standing(tmp_path_factory: pytest.TempPathFactory) -> Flask:
    """The application of most tests: none of them leaves anything in it."""
    return made(tmp_path_factory.mktemp("standing"))


def housed(application: Flask, url: str, data: Path) -> Iterator[Flask]:
    """The application on this database, with the cast, and nothing left in it of what another test did."""
    own, before, config_before = _settings(url, data), settings.current(), dict(application.config)
    settings.use(own)
    live.forget()
    programs.forget()
    auth.forget()
    throttle.init_app(application, "")
    application.config.update(SETTINGS=own, TESTING=True)
    with application.app_context():
        db.db.engine.dispose()
        db.db.engines[None] = db.make_engine(url)
        settle_in()
    with unhurried():
        yield application
    with application.app_context():
        db.db.session.remove()
        db.db.engine.dispose()
    application.config.clear()
    application.config.update(config_before)
    settings.use(before)


def _settings(url: str, data: Path) -> config.Settings:
    return config.Settings.from_env({"TIDEGATE_DATABASE_URL": url, "TIDEGATE_DATA_DIR": str(data)})


@pytest.fixture
def web(_standing: Flask, sqlite_database: str, tmp_path: Path) -> Iterator[Flask]:
    """The application where the kind of database does not matter."""
    yield from housed(_standing, sqlite_database, tmp_path)


@pytest.fixture
def web_on_both(_standing: Flask, database: str, tmp_path: Path) -> Iterator[Flask]:
    """The application on either kind of database."""
    yield from housed(_standing, database, tmp_path)


@pytest.fixture
def person(web: Flask) -> Callable[[str | None], Caller]:
    """Makes the caller of a name."""
    return lambda name: Caller(web, name)


@pytest.fixture
def person_on_both(web_on_both: Flask) -> Callable[[str | None], Caller]:
    """Makes the caller of a name, on either kind of database."""
    return lambda name: Caller(web_on_both, name)


@pytest.fixture
def building(person: Callable[[str | None], Caller]) -> dict:
    """A run that waits at the task Build."""
    petra = person("petra")
    assert petra.deploy(("building.bpmn", diagrams.BUILD), ("build.form", diagrams.FORM)).status_code == 201
    return petra.post("/instances", {"definition": "building"}).json
