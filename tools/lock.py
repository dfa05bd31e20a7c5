"""Writes the hashed lock files from pyproject.toml; they name no package index."""

from __future__ import annotations

import subprocess
import sys
import tempfile
import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[1]
TOOL = "pip-tools==7.6.2"
OPTIONS = [
    "--quiet",
    "--generate-hashes",
    "--allow-unsafe",
    "--strip-extras",
    "--no-header",
    "--no-annotate",
    "--no-emit-index-url",
    "--no-emit-trusted-host",
    "--no-emit-find-links",
    "--no-emit-options",
]


def main() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    # what builds the package itself is locked too, so that installing needs no second look at the index
    running = [*project["build-system"]["requires"], *project["project"]["dependencies"]]
    testing = [*running, *project["project"]["optional-dependencies"]["test"]]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        subprocess.run([sys.executable, "-m", "venv", folder / "venv"], check=True)
        binaries = folder / "venv" / "bin"
        subprocess.run([binaries / "pip", "install", "-q", TOOL], check=True)
        for file, wanted in {"requirements.lock": running, "requirements-test.lock": testing}.items():
            source = folder / "wanted.in"
            source.write_text("\n".join(wanted) + "\n", encoding="utf-8")
            # the lock that is there is read first, so that only what must change changes
            subprocess.run([binaries / "pip-compile", *OPTIONS, "-o", ROOT / file, source], check=True, cwd=ROOT)
            print(f"wrote {file}")


if __name__ == "__main__":
    main()
