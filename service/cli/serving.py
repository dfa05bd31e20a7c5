"""The process that serves pages and API."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path
from typing import Any

import click
from flask import Flask
from gunicorn.app import base
from prometheus_client import multiprocess

from service import app, config
from service.cli import wiring
from service.web import watchman

GRACE_SECONDS = 10
KEEP_ALIVE_SECONDS = 75
STUCK_SECONDS = 60
SHARED_FIGURES = "PROMETHEUS_MULTIPROC_DIR"


class Server(base.BaseApplication):
    """gunicorn with our settings instead of a configuration file."""

    def __init__(self, settings: config.Settings, processes: int) -> None:
        self.settings = settings
        self.processes = processes
        super().__init__()

    def load_config(self) -> None:
        options: dict[str, Any] = {
            "bind": self.settings.bind,
            "workers": self.processes,
            "worker_class": "gthread",
            "threads": self.settings.web_threads,
            "keepalive": KEEP_ALIVE_SECONDS,
            "timeout": STUCK_SECONDS,
            "graceful_timeout": GRACE_SECONDS,
            "worker_tmp_dir": _memory(),
            "control_socket_disable": True,
            "proc_name": "tidegate-web",
            "loglevel": "warning",
            "child_exit": _forget,
        }
        for name, value in options.items():
            if name in self.cfg.settings and value is not None:
                self.cfg.set(name, value)

    def load(self) -> Flask:
        made = app.create_app(self.settings)
        watchman.start(made)
        return made


def _share_figures(settings: config.Settings) -> None:
    """Begin again with a folder where the processes put their figures together; the library asks only at its import."""
    folder = settings.data_dir / f"metrics-{settings.bind.rpartition(':')[2]}"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    os.environ[SHARED_FIGURES] = str(folder)
    os.execv(sys.executable, [sys.executable, *sys.argv])  # noqa: S606


def _forget(server: Any, child: Any) -> None:
    if SHARED_FIGURES in os.environ:
        multiprocess.mark_process_dead(child.pid)


def _memory() -> str | None:
    """Where a heartbeat file costs no disk access."""
    return "/dev/shm" if Path("/dev/shm").is_dir() else None  # noqa: S108


@click.command()
@click.option("--processes", type=click.IntRange(1, 64), default=1, show_default=True, help="Web server processes.")
def web(processes: int) -> None:
    """Serve pages and API on TIDEGATE_BIND, with TIDEGATE_WEB_THREADS threads a process."""
    settings = wiring.settings()
    wiring.log_to_stderr()
    if processes > 1 and SHARED_FIGURES not in os.environ:
        _share_figures(settings)
    click.echo(f"web: listening on http://{settings.bind}", err=True)
    Server(settings, processes).run()
