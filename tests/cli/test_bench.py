"""The bench works and prints every figure of the contract; how good they are is for `make bench`."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from tests.support.product import Product

KINDS = ("sqlite", "postgresql")


def bench(product: Product, section: str, kind: str) -> dict[str, Any]:
    words = ("bench", "--json", "--quick", "--section", section, "--database", kind)
    answer = product.run(*words, timeout_s=300)
    assert answer.returncode == 0, answer.stderr
    found: dict[str, Any] = json.loads(answer.stdout)[kind]
    return found


@pytest.mark.parametrize("kind", KINDS)
def test_a_small_bench_prints_every_figure(start_product: Callable[..., Product], kind: str) -> None:
    found = bench(start_product(""), "runs", kind)
    growing = ("complete_at_99_ms", "complete_at_495_ms", "busy_ms", "busy_at_495_ms")
    for name in ("floor_ms", "start_ms", "complete_ms", *growing):
        assert 0 < found[name]["median"] <= found[name]["p95"]
    assert found["clients4_per_s"] > 0
    assert found["at_once"]["failed"] == 0
    assert found["timer_lag_s"]["early"] == 0
    assert found["timer_lag_s"]["never"] == 0
    assert found["ratios"]["complete_to_floor"] > 0


@pytest.mark.req("S2-3")
@pytest.mark.parametrize("kind", KINDS)
def test_a_small_bench_of_deadlines_tells_everybody(start_product: Callable[..., Product], kind: str) -> None:
    found = bench(start_product(""), "deadlines", kind)["deadlines"]
    assert (found["open"], found["due"], found["fired"], found["sent"]) == (500, 50, 50, 50)
    assert (found["early"], found["left"]) == (0, 0)
    assert 1 <= found["mails"] <= 50
    assert 0 < found["p50_s"] <= found["p95_s"] <= found["max_s"]
    assert found["p50_s"] < 5, "a notice comes within five seconds"
    assert found["claimed_within_s"] <= found["handed_over_within_s"]
    assert found["idle_dispatcher_cpu_percent"] < 50
