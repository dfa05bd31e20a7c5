"""What HTTP, Flask, gunicorn and one small transaction cost by themselves on this machine: the floor of the bench.

The transaction is the one that every comparison used: one row locked and counted up, two rows inserted.
"""

from __future__ import annotations

import os
import random
import time
from typing import Any

from flask import Flask, jsonify, request
from gunicorn.app import base
from sqlalchemy import Engine, String, select
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column

from service.storage import db

ROWS = 200
THREADS = 8
ADDRESS, DATABASE = "BENCH_FLOOR_BIND", "BENCH_FLOOR_DATABASE"


class Base(DeclarativeBase):
    """The tables of the floor, beside the product's."""


class Counter(Base):
    """What is locked and counted up."""

    __tablename__ = "bench_counters"
    id: Mapped[int] = mapped_column(primary_key=True)
    status: Mapped[str] = mapped_column(String(40))
    version: Mapped[int]
    state: Mapped[str]


class Work(Base):
    """The first row that is inserted."""

    __tablename__ = "bench_work"
    id: Mapped[int] = mapped_column(primary_key=True)
    counter: Mapped[int]
    name: Mapped[str]
    at: Mapped[float]


class Line(Base):
    """The second row that is inserted."""

    __tablename__ = "bench_lines"
    id: Mapped[int] = mapped_column(primary_key=True)
    counter: Mapped[int]
    event: Mapped[str]
    at: Mapped[float]


def prepare(url: str) -> None:
    """Make the tables and the rows to be counted up."""
    engine = db.make_engine(url)
    Base.metadata.create_all(engine)
    with Session(engine) as session:
        for number in range(1, ROWS + 1):
            session.add(Counter(id=number, status="active", version=1, state="x" * 2_000))
        session.commit()
    engine.dispose()


def application(engine: Engine) -> Flask:
    """The smallest application that does one transaction a request."""
    app = Flask("floor")

    @app.post("/transaction")
    def transaction() -> Any:
        request.get_json()
        number = random.randint(1, ROWS)  # noqa: S311
        with Session(engine) as session:
            found = session.execute(select(Counter).where(Counter.id == number).with_for_update()).scalar_one()
            found.version += 1
            session.add(Work(counter=number, name="t", at=time.time()))
            session.add(Line(counter=number, event="done", at=time.time()))
            session.commit()
        return jsonify(ok=True)

    return app


class Server(base.BaseApplication):
    """gunicorn as `tidegate web` runs it, with one process."""

    def load_config(self) -> None:
        options = {"bind": os.environ[ADDRESS], "worker_class": "gthread", "threads": THREADS, "keepalive": 75}
        for name, value in {**options, "loglevel": "warning", "control_socket_disable": True}.items():
            if name in self.cfg.settings:
                self.cfg.set(name, value)

    def load(self) -> Flask:
        return application(db.make_engine(os.environ[DATABASE]))


if __name__ == "__main__":
    Server().run()
