"""What the build of the front end leaves: exact versions, no host, licences, a manifest, local style sheets."""

import hashlib
import json
import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
FRONTEND = ROOT / "frontend"
STATIC = ROOT / "service" / "web" / "static"


def test_every_package_is_pinned_exactly_and_the_lock_names_no_host() -> None:
    package = json.loads((FRONTEND / "package.json").read_text())
    versions = [*package["dependencies"].values(), *package["devDependencies"].values()]
    assert all(re.fullmatch(r"\d+\.\d+\.\d+", version) for version in versions)
    lock = (FRONTEND / "package-lock.json").read_text()
    assert "://" not in lock
    assert all("integrity" in entry for name, entry in json.loads(lock)["packages"].items() if name)


def test_the_manifest_has_the_hash_of_every_file() -> None:
    manifest = json.loads((STATIC / "manifest.json").read_text())
    for name, digest in manifest.items():
        assert hashlib.sha256((STATIC / name).read_bytes()).hexdigest()[:12] == digest, name
    built = {path.relative_to(STATIC).as_posix() for path in STATIC.rglob("*") if path.is_file()}
    assert {name for name in built if not name.endswith((".map", ".new"))} == {*manifest, "manifest.json"}


def test_each_bundled_package_has_its_licence() -> None:
    index = json.loads((STATIC / "licenses" / "index.json").read_text())
    assert {"@bpmn-io/feelin", "@bpmn-io/form-js-viewer", "luxon"} <= {entry["name"] for entry in index}
    for entry in index:
        assert len((STATIC / "licenses" / entry["file"]).read_text()) > 20, entry["name"]


def test_style_sheets_load_nothing_from_elsewhere() -> None:
    for sheet in (STATIC / "css").glob("*.css"):
        targets = re.findall(r"url\(\s*[\"']?([^\"')]{0,30})", sheet.read_text())
        assert all(target.startswith(("data:", "#")) for target in targets), (sheet.name, targets)
        assert "@import" not in sheet.read_text(), sheet.name
