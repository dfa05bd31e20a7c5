"""Where the tests' Chromium is, and how it starts without asking anything of the network."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

NAMES = ("chromium", "chromium-browser", "google-chrome-stable", "google-chrome", "chrome")
UNPACKED = Path(__file__).parents[2] / "var" / "browser" / "chromium"

ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
    "--password-store=basic",
]


def find() -> str:
    """The browser to use: the one named in TIDEGATE_TEST_BROWSER, the machine's, or the one `make browser` unpacked."""
    named = os.environ.get("TIDEGATE_TEST_BROWSER")
    if named:
        return named
    for name in NAMES:
        path = shutil.which(name)
        if path:
            return path
    if UNPACKED.exists():
        return str(UNPACKED)
    raise RuntimeError("no Chromium found: run `make browser`, or name one in TIDEGATE_TEST_BROWSER")


def arguments() -> list[str]:
    """The switches for headless work; the unpacked browser brings a software renderer of its own."""
    return (
        [*ARGUMENTS, "--headless=new"] if find() != str(UNPACKED) else [*ARGUMENTS, "--single-process", "--no-zygote"]
    )
