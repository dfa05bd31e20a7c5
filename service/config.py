"""The settings of a process, read once from the environment and strict about it."""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from service import errors

PREFIX = "TIDEGATE_"
DATABASES = ("sqlite", "postgresql")
# Beyond MOST the embedded engine, the XML parser or Python itself would give up.
LEAST = {"message_ttl_seconds": 0, "message_days": 1, "gather_seconds": 0}
MOST = {"max_nesting": 200, "max_calls": 200, "max_expression_bytes": 1024**3}


@dataclass(frozen=True)
class Settings:
    """Everything that can be set; README has the table, a test compares both.

    Durations are seconds, sizes bytes. Environment: `TIDEGATE_` and the field's name in capitals.
    """

    data_dir: Path = Path("var")
    database_url: str = ""
    redis_url: str = ""
    bind: str = "127.0.0.1:8080"
    public_url: str = ""
    secret_key: str = ""
    smtp_url: str = ""
    mail_from: str = "tidegate@localhost"
    zone: str = "UTC"
    poll_seconds: float = 0.2
    lease_seconds: float = 3.0
    lag_alert_seconds: float = 60.0
    gather_seconds: float = 3.0
    gather_most_seconds: float = 20.0
    web_threads: int = 8
    worker_count: int = 2
    feel_ms: int = 250
    message_ttl_seconds: int = 3600
    message_days: int = 30
    max_upload_bytes: int = 5_000_000
    max_files: int = 200
    max_file_bytes: int = 4 * 1024 * 1024
    max_elements: int = 5000
    max_processes: int = 200
    max_form_bytes: int = 512 * 1024
    max_form_ms: int = 1000
    max_steps: int = 5000
    max_items: int = 1000
    max_tokens: int = 5000
    max_undoable: int = 5000
    max_calls: int = 30
    max_nesting: int = 100
    max_value_bytes: int = 1024 * 1024
    max_variables_bytes: int = 8 * 1024 * 1024
    max_expression_length: int = 8192
    max_expression_bytes: int = 64 * 1024 * 1024
    max_step_ms: int = 1500
    max_expressions_ms: int = 1000
    max_checking_ms: int = 2000
    webhook_private: bool = False
    chat_schemes: str = "slack,discord,tgram,gchat,workflows"
    secure_cookies: bool = False
    trusted_proxies: int = 0

    @classmethod
    def from_env(cls, environ: Mapping[str, str] = os.environ, *, complete: bool = True) -> Settings:
        """Read `TIDEGATE_*`; raises InvalidSettings naming each variable that is unknown or unusable.

        complete: what follows from others is filled in, which may make a secret in the data directory.
        """
        known = {PREFIX + field.name.upper(): field for field in fields(cls)}
        wrong = {
            name: ["is not a setting of Tidegate"] for name in environ if name.startswith(PREFIX) and name not in known
        }
        values: dict[str, object] = {}
        for name, field in known.items():
            if environ.get(name, "") == "":
                continue
            try:
                values[field.name] = _CONVERTERS[str(field.type)](environ[name])
            except ValueError as problem:
                wrong[name] = [str(problem)]
        settings = cls(**values)  # type: ignore[arg-type]
        wrong |= settings._problems()
        if wrong:
            raise errors.InvalidSettings(
                "; ".join(f"{name} {' '.join(texts)}" for name, texts in sorted(wrong.items())), errors=wrong
            )
        return settings._completed() if complete else settings

    def _problems(self) -> dict[str, list[str]]:
        found = {}
        if self.database_url and urlsplit(self.database_url).scheme.split("+")[0] not in DATABASES:
            found[PREFIX + "DATABASE_URL"] = ["must begin with sqlite:// or postgresql://"]
        if self.redis_url and urlsplit(self.redis_url).scheme not in ("redis", "rediss", "unix"):
            found[PREFIX + "REDIS_URL"] = ["must begin with redis://, rediss:// or unix://"]
        if self.smtp_url and urlsplit(self.smtp_url).scheme not in ("smtp", "smtps"):
            found[PREFIX + "SMTP_URL"] = ["must begin with smtp:// or smtps://"]
        if not self.bind.rpartition(":")[2].isdigit():
            found[PREFIX + "BIND"] = ["must be host:port"]
        try:
            ZoneInfo(self.zone)
        except (ZoneInfoNotFoundError, ValueError):
            found[PREFIX + "ZONE"] = ["is not a time zone like Europe/Berlin"]
        return found | self._out_of_bounds()

    def _out_of_bounds(self) -> dict[str, list[str]]:
        found = {}
        for name, least in LEAST.items():
            if getattr(self, name) < least:
                found[PREFIX + name.upper()] = [f"must be {least} at least"]
        if self.gather_most_seconds < self.gather_seconds:
            found[PREFIX + "GATHER_MOST_SECONDS"] = ["must not be below TIDEGATE_GATHER_SECONDS"]
        limits = [field.name for field in fields(self) if field.name.startswith("max_")]
        for name in (
            "poll_seconds",
            "lease_seconds",
            "lag_alert_seconds",
            "web_threads",
            "worker_count",
            "feel_ms",
            *limits,
        ):
            if getattr(self, name) <= 0:
                found[PREFIX + name.upper()] = ["must be above zero"]
        for name, most in MOST.items():
            if getattr(self, name) > most:
                found[PREFIX + name.upper()] = [f"must be {most} at most"]
        return found

    def _completed(self) -> Settings:
        """The same settings with what follows from others filled in."""
        data = self.data_dir.resolve()
        values = {field.name: getattr(self, field.name) for field in fields(self)}
        values["data_dir"] = data
        values["database_url"] = _with_driver(self.database_url or f"sqlite:///{data / 'tidegate.sqlite3'}")
        values["public_url"] = (self.public_url or f"http://{self.bind}").rstrip("/")
        values["secret_key"] = self.secret_key or _kept_secret(data)
        return Settings(**values)


def _with_driver(url: str) -> str:
    scheme, rest = url.split("://", 1)
    return f"postgresql+psycopg://{rest}" if scheme in ("postgresql", "postgres") else url


def _kept_secret(data: Path) -> str:
    """A secret made once for this data directory, so that sessions outlive a restart of a single machine."""
    path = data / "secret_key"
    data.mkdir(parents=True, exist_ok=True)
    try:
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(secrets.token_urlsafe(48))
    except FileExistsError:
        pass
    return path.read_text()


def _flag(text: str) -> bool:
    if text.lower() in ("1", "true", "yes", "on"):
        return True
    if text.lower() in ("0", "false", "no", "off"):
        return False
    raise ValueError("must be true or false")


_CONVERTERS: dict[str, Callable[[str], object]] = {"Path": Path, "str": str, "int": int, "float": float, "bool": _flag}
