"""The bench works and prints every figure of the contract; how good they are is for `make bench`."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from tests.support.product import Product


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_a_small_bench_prints_every_figure(start_product: Callable[..., Product], kind: str) -> None:
    answer = start_product("").run("bench", "--json", "--quick", "--database", kind, timeout_s=300)
    assert answer.returncode == 0, answer.stderr
    found = json.loads(answer.stdout)[kind]
    growing = ("complete_at_99_ms", "complete_at_495_ms", "busy_ms", "busy_at_495_ms")
    for name in ("floor_ms", "start_ms", "complete_ms", *growing):
        assert 0 < found[name]["median"] <= found[name]["p95"]
    assert found["clients4_per_s"] > 0
    assert found["at_once"]["failed"] == 0
    assert found["timer_lag_s"]["early"] == 0
    assert found["timer_lag_s"]["never"] == 0
    assert found["ratios"]["complete_to_floor"] > 0
