"""The files for production say what the product needs, keep no secret, and name only settings that exist."""

from __future__ import annotations

import re
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest
import yaml

from service import config

ROOT = Path(__file__).parents[2]
SETTINGS = {config.PREFIX + field.name.upper(): field for field in fields(config.Settings)}


@pytest.fixture(scope="module")
def compose() -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text(encoding="utf-8"))
    return loaded


def test_compose_has_every_part_with_a_health_check(compose: dict[str, Any]) -> None:
    services = compose["services"]
    assert set(services) == {"schema", "web", "worker", "dispatcher", "postgres", "valkey", "mail"}
    for name in set(services) - {"schema", "web"}:  # the schema's job ends; the web server's check is in the image
        assert services[name]["healthcheck"]["test"], name
    assert "HEALTHCHECK" in (ROOT / "Dockerfile").read_text(encoding="utf-8")


def test_compose_refuses_to_start_without_secrets(compose: dict[str, Any]) -> None:
    environment = compose["services"]["web"]["environment"]
    assert re.search(r"\$\{POSTGRES_PASSWORD:\?.+\}", environment["TIDEGATE_DATABASE_URL"])
    assert re.fullmatch(r"\$\{TIDEGATE_SECRET_KEY:\?.+\}", environment["TIDEGATE_SECRET_KEY"])
    given = compose["services"]["postgres"]["environment"]["POSTGRES_PASSWORD"]
    assert re.fullmatch(r"\$\{POSTGRES_PASSWORD:\?.+\}", given)


def test_example_environment_holds_no_secret() -> None:
    lines = (ROOT / ".env.example").read_text(encoding="utf-8").splitlines()
    given = dict(line.split("=", 1) for line in lines if "=" in line and not line.startswith("#"))
    assert set(given) == {"POSTGRES_PASSWORD", "TIDEGATE_SECRET_KEY", "TIDEGATE_PUBLIC_URL"}
    assert set(given.values()) == {""}


@pytest.mark.parametrize("file", ["docker-compose.yml", "Dockerfile", ".env.example"])
def test_only_settings_that_exist_are_named(file: str) -> None:
    named = set(re.findall(r"\bTIDEGATE_[A-Z_]+\b", (ROOT / file).read_text(encoding="utf-8")))
    assert named - {"TIDEGATE_PORT"} <= set(SETTINGS)
    assert named


def test_image_runs_as_nobody_special() -> None:
    last_stage = (ROOT / "Dockerfile").read_text(encoding="utf-8").rsplit("\nFROM ", 1)[1]
    assert re.search(r"^USER tidegate$", last_stage, re.MULTILINE)
    assert "COPY . ." not in last_stage


def test_readme_lists_every_setting_with_its_default() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    rows = dict(re.findall(r"^\| `(TIDEGATE_[A-Z_]+)` \| (.*?) \|", readme, re.MULTILINE))
    assert set(rows) == set(SETTINGS)
    for name, default in rows.items():
        value = SETTINGS[name].default
        if value != "":
            words = (
                str(value).lower() if isinstance(value, bool) else f"{value:g}" if isinstance(value, float) else value
            )
            assert default == f"`{words}`", name
