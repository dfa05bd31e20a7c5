"""The command line, run as people and scripts run it."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from service.cli import COMMANDS
from tests.support.product import Product
from tests.web import diagrams

BROKEN = diagrams.BUILD.replace(b'targetRef="end"', b'targetRef="nowhere"')


@pytest.fixture
def product(start_product: Callable[..., Product], sqlite_database: str) -> Product:
    return start_product(sqlite_database)


@pytest.fixture
def product_on_both(start_product: Callable[..., Product], database: str) -> Product:
    return start_product(database)


@pytest.fixture
def offline(start_product: Callable[..., Product], tmp_path: Path) -> Product:
    """Commands that need no database: the address leads nowhere."""
    return start_product(f"sqlite:///{tmp_path}/no/such/folder/x.db")


def _file(product: Product, name: str, content: bytes | str) -> str:
    path = product.directory / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return name


def test_every_command_explains_itself(offline: Product) -> None:
    listed = offline.run("--help")
    assert listed.returncode == 0
    for name in COMMANDS:
        assert f"\n  {name} " in listed.stdout
    told = offline.run("token", "create", "--help")
    assert "--user" in told.stdout


def test_lint_says_where_and_what_without_a_database(offline: Product) -> None:
    good = _file(offline, "good.bpmn", diagrams.FOUR)
    bad = _file(offline, "bad.bpmn", BROKEN)
    fine = offline.run("lint", good)
    assert fine.returncode == 0
    refused = offline.run("lint", good, bad)
    assert refused.returncode == 1
    line = next(line for line in refused.stdout.splitlines() if line.startswith("bad.bpmn:") and "warning" not in line)
    file, number, element, code, message = line.split(":", 4)
    assert (file, number.isdigit()) == ("bad.bpmn", True)
    assert element.strip()
    assert code.strip()
    assert message.strip()


def test_lint_of_a_missing_file_is_a_usage_error(offline: Product) -> None:
    answer = offline.run("lint", "nothing.bpmn")
    assert answer.returncode == 2
    assert "nothing.bpmn" in answer.stderr


def test_a_script_gets_its_people_token_and_models_in_place(product_on_both: Product) -> None:
    product = product_on_both
    assert product.run("group", "create", "build-team", "--title", "Builders").returncode == 0
    made = product.run("user", "create", "bea", "--role", "stakeholder", "--group", "build-team", "--title", "Bea B.")
    assert (made.returncode, made.stdout) == (0, "created bea\n")
    assert product.run("user", "create", "petra", "--role", "process-owner").returncode == 0
    token = product.run("token", "create", "--user", "bea")
    assert token.returncode == 0
    assert len(token.stdout.split()) == 1
    diagram, form = _file(product, "building.bpmn", diagrams.BUILD), _file(product, "build.form", diagrams.FORM)
    deployed = product.run("deploy", diagram, form)
    assert deployed.returncode == 0, deployed.stderr
    lines = deployed.stdout.splitlines()
    assert [line.split(":")[0] for line in lines] == ["definition building", "form build"]
    assert all("key " in line and "version 1" in line for line in lines)
    assert "version 1 (unchanged)" in product.run("deploy", diagram, form).stdout
    web = product.start("web")
    who = _get(f"{web.url}/api/v1/me", token.stdout.strip())
    assert (who["name"], who["groups"], who["title"]) == ("bea", ["build-team"], "Bea B.")
    assert web.stop() == 0


def test_deploy_of_a_broken_file_stores_nothing(product: Product) -> None:
    good, bad = _file(product, "good.bpmn", diagrams.FOUR), _file(product, "bad.bpmn", BROKEN)
    refused = product.run("deploy", good, bad)
    assert refused.returncode == 1
    assert "bad.bpmn:" in refused.stderr
    assert "nothing was deployed" in refused.stderr
    assert "version 1" in product.run("deploy", good).stdout


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["user", "create", "Not A Name"], "name:"),
        (["user", "create", "x", "--role", "king"], "king"),
        (["token", "create", "--user", "nobody"], "There is no person nobody."),
        (["token", "create"], "--user"),
    ],
)
def test_refusals_are_sentences_on_standard_error(product: Product, words: list[str], sentence: str) -> None:
    answer = product.run(*words)
    assert answer.returncode in (1, 2)
    assert sentence in answer.stderr
    assert "Traceback" not in answer.stderr
    assert answer.stdout == ""


def test_a_password_comes_from_standard_input(product: Product) -> None:
    assert product.run("user", "create", "bea", "--password-stdin", stdin="short\n").returncode == 1
    assert product.run("user", "create", "bea", "--password-stdin", stdin="").returncode == 2
    assert product.run("user", "create", "bea", "--password-stdin", stdin="a long password\n").returncode == 0


def test_an_unprepared_database_is_named_and_prepared(
    start_product: Callable[..., Product], databases: Any, tmp_path: Path
) -> None:
    product = start_product(databases.empty("sqlite"))
    refused = product.run("user", "create", "bea")
    assert refused.returncode == 1
    assert "tidegate db upgrade" in refused.stderr
    assert product.run("db", "upgrade").returncode == 0
    assert product.run("db", "upgrade").returncode == 0
    assert product.run("user", "create", "bea").returncode == 0


def test_unusable_settings_are_named(offline: Product) -> None:
    for name, value in (("TIDEGATE_DATABASE_URL", "mysql://x"), ("TIDEGATE_DATABASE", "x"), ("TIDEGATE_ZONE", "Mars")):
        answer = offline.run("db", "upgrade", **{name: value})
        assert answer.returncode == 1
        assert name in answer.stderr


def test_worker_and_dispatcher_need_redis(product: Product) -> None:
    for name in ("worker", "dispatcher"):
        answer = product.run(name)
        assert answer.returncode == 1
        assert "TIDEGATE_REDIS_URL" in answer.stderr


def test_form_check_answers_line_by_line(offline: Product) -> None:
    form = _file(offline, "build.form", diagrams.FORM)
    lines = '{"reference": "x", "size": 3}\n{"size": 3}\nnot json\n'
    answer = offline.run("form", "check", form, "--vars", '{"size": 7}', stdin=lines)
    assert answer.returncode == 0, answer.stderr
    good, missing, broken = map(json.loads, answer.stdout.splitlines())
    assert good == {"data": {"reference": "x", "size": 3}, "errors": {}}
    assert list(missing["errors"]) == ["reference"]
    assert broken["errors"]
    assert offline.run("form", "check", form, "--vars", "[]", stdin="").returncode == 2


def test_play_runs_to_the_end_or_says_where_it_waits(offline: Product) -> None:
    diagram = _file(offline, "four.bpmn", diagrams.FOUR)
    done = offline.run("play", diagram, "--auto")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout.splitlines()[-1])["event"] == "process.completed"
    assert offline.run("play", diagram).returncode == 3
    refused = offline.run("play", _file(offline, "bad.bpmn", BROKEN))
    assert refused.returncode == 1
    assert json.loads(refused.stdout.splitlines()[0])["event"] == "refused"


def test_web_with_several_processes_counts_requests_together(product: Product) -> None:
    web = product.start("web", "--processes", "2")
    for _ in range(20):
        _get(f"{web.url}/healthz")
    with urllib.request.urlopen(f"{web.url}/metrics", timeout=60) as answer:
        text = answer.read().decode()
    counted = [line for line in text.splitlines() if "request_seconds_count" in line and "operation.healthz" in line]
    assert sum(float(line.rsplit(" ", 1)[1]) for line in counted) == 20
    assert web.stop() == 0


def _get(url: str, token: str | None = None) -> Any:
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    with urllib.request.urlopen(urllib.request.Request(url, headers=headers), timeout=60) as answer:
        return json.load(answer)


def test_web_refuses_strangers_over_a_real_connection(product: Product) -> None:
    web = product.start("web")
    with pytest.raises(urllib.error.HTTPError) as refused:
        _get(f"{web.url}/api/v1/tasks")
    assert refused.value.code == 401
    refused.value.close()
