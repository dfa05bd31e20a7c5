"""The doctor says what is configured, what can be reached, and what must be done."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from sqlalchemy.orm import Session

from service.cli import doctor
from service.storage import db, writing
from service.storage.models.messages import Message
from tests.support.databases import Databases
from tests.support.mail import MailServer
from tests.support.product import Product


def test_missing_schema_fails_with_advice(start_product: Callable[..., Product], databases: Databases) -> None:
    done = start_product(databases.empty("sqlite")).run("doctor")
    assert done.returncode == 1
    assert "FAILED  database: schema is None" in done.stdout
    assert "run `tidegate db upgrade`" in done.stdout


def test_what_is_reachable_is_told(
    start_product: Callable[..., Product], database: str, redis_url: str, mail: MailServer
) -> None:
    done = start_product(database, redis_url, mail.url).run("doctor")
    assert "ok      database: " in done.stdout
    assert "ok      queue: " in done.stdout
    assert "ok      mail: " in done.stdout
    assert "FAILED  worker: none is running: start `tidegate worker`" in done.stdout
    assert done.returncode == 1


def test_unreachable_servers_are_told(start_product: Callable[..., Product]) -> None:
    nowhere = "127.0.0.1:9"
    product = start_product(f"postgresql://u:secret@{nowhere}/x", f"redis://{nowhere}/0", f"smtp://{nowhere}")
    done = product.run("doctor")
    assert done.returncode == 1
    for subject in ("database", "queue", "mail"):
        assert f"FAILED  {subject}: " in done.stdout
    assert "secret@" not in done.stdout
    assert "Traceback" not in done.stderr


def test_wrong_setting_is_named(start_product: Callable[..., Product], sqlite_database: str) -> None:
    done = start_product(sqlite_database, TIDEGATE_ZOME="Europe/Berlin").run("doctor")
    assert done.returncode == 1
    assert "TIDEGATE_ZOME is not a setting of Tidegate" in done.stderr


def test_password_in_an_address_is_hidden() -> None:
    assert doctor.hide_password("smtp://me:geheim@mail.example.org:587") == "smtp://me:***@mail.example.org:587"
    assert doctor.hide_password("sqlite:////var/lib/x.db") == "sqlite:////var/lib/x.db"


def test_what_has_waited_for_too_long_must_be_seen_to(
    sqlite_database: str, redis_url: str, start_product: Callable[..., Product]
) -> None:
    engine = db.make_engine(sqlite_database)
    due_at = datetime.now(UTC) - timedelta(seconds=90)
    row = {
        "key": 1, "name": "m", "variables": {}, "state": "waiting", "due_at": due_at, "published_at": due_at,
        "expires_at": due_at,
    }  # fmt: skip
    with Session(engine) as session:
        writing.insert_rows(session, Message, [row])
        session.commit()
    engine.dispose()
    done = start_product(sqlite_database, redis_url).run("doctor")
    assert done.returncode == 1
    assert "FAILED  lag: something has been due for " in done.stdout
    assert "FAILED  dispatcher: none is running" in done.stdout
