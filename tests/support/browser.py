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
    """The browser to use: the one named in BROWSER_OF_TESTS, the machine's, or the one `make browser` unpacked."""
    named = os.environ.get("BROWSER_OF_TESTS")
    if named:
        return named
    for name in NAMES:
        path = shutil.which(name)
        if path:
            return path
    if UNPACKED.exists():
        return str(UNPACKED)
    raise RuntimeError("no Chromium found: run `make browser`, or name one in BROWSER_OF_TESTS")


def arguments() -> list[str]:
    """The switches for headless work."""
    return (
        [*ARGUMENTS, "--headless=new"] if find() != str(UNPACKED) else [*ARGUMENTS, "--single-process", "--no-zygote"]
    )


def environment() -> dict[str, str]:
    """Where the unpacked browser finds its libraries and fonts; the machine's own needs nothing."""
    if find() != str(UNPACKED):
        return {}
    folder = UNPACKED.parent
    return {
        "LD_LIBRARY_PATH": str(folder / "lib"),
        "FONTCONFIG_FILE": str(folder / "fonts.conf"),
        "VK_ICD_FILENAMES": str(folder / "vk_swiftshader_icd.json"),
    }
