"""Saved is not yet carried through: pages say that the system is still at work, and when it no longer is."""

from __future__ import annotations

import signal
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import expect

from service.bpmnio import layout
from tests.browser.conftest import House
from tests.browser.visitor import Visitor
from tests.web.test_carrying_through import MODEL


@pytest.mark.req("S0-24")
def test_a_release_says_updating_until_the_system_has_done_its_part(
    house: House, visit: Callable[..., Visitor], tmp_path: Path
) -> None:
    drawn = tmp_path / "m.bpmn"
    drawn.write_text(layout.lay_out(MODEL))
    deployed = house.product.run("deploy", str(drawn))
    assert deployed.returncode == 0, deployed.stderr
    cora, bea = visit("cora"), visit("bea")
    page = cora.go("/releases/new")
    page.get_by_label("Title", exact=True).fill("Harbour light")
    page.get_by_label("Minor").check()
    page.get_by_label("Service", exact=True).fill("Pilotage")
    page.get_by_role("button", name="Create and start").click()
    page.locator("html[data-listening]").wait_for()
    overview = visit("max").listen("/releases")

    worker = next(one for one in house.product.processes if one.name == "worker")
    halted = worker.family()
    for one in halted:
        one.send_signal(signal.SIGSTOP)
    try:
        bea.open_task("build", "R-1")
        bea.page.get_by_role("button", name="Complete").click()
        # saved: the task is gone from the open page, and the head says that the rest is on its way
        expect(page.locator("#release-head [data-updating]")).to_have_text("updating")
        expect(overview.locator("#r1 [data-updating]")).to_be_visible()
    finally:
        for one in halted:
            one.send_signal(signal.SIGCONT)
    expect(page.locator("#release-standing").get_by_role("link", name="check")).to_be_visible()
    expect(page.locator("[data-updating]")).to_have_count(0)
    expect(overview.locator("[data-updating]")).to_have_count(0)
