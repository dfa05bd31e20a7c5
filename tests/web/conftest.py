"""The application in this process, on a fresh database with the cast."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import jinja2
import pytest
from flask import Flask
from jinja2.bccache import Bucket

from service import app, config
from service.storage import db
from service.usecases import live, programs, settings
from service.web import auth
from tests.web import diagrams
from tests.web.caller import Caller, settle_in


class Templates(jinja2.BytecodeCache):
    """What one application compiled serves the next: each test makes one of its own."""

    def __init__(self) -> None:
        self._compiled: dict[str, bytes] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        if bucket.key in self._compiled:
            bucket.bytecode_from_string(self._compiled[bucket.key])

    def dump_bytecode(self, bucket: Bucket) -> None:
        self._compiled[bucket.key] = bucket.bytecode_to_string()


templates = Templates()


def _made(url: str, data: Path) -> Iterator[Flask]:
    own = config.Settings.from_env({"TIDEGATE_DATABASE_URL": url, "TIDEGATE_DATA_DIR": str(data)})
    before = settings.current()
    live.forget()
    programs.forget()
    auth.forget()
    made = app.create_app(own)
    made.testing = True
    made.jinja_env.bytecode_cache = templates
    with made.app_context():
        settle_in()
    yield made
    with made.app_context():
        db.db.session.remove()
        db.db.engine.dispose()
    settings.use(before)


@pytest.fixture
def web(sqlite_database: str, tmp_path: Path) -> Iterator[Flask]:
    """The application where the kind of database does not matter."""
    yield from _made(sqlite_database, tmp_path)


@pytest.fixture
def web_on_both(database: str, tmp_path: Path) -> Iterator[Flask]:
    """The application on either kind of database."""
    yield from _made(database, tmp_path)


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
