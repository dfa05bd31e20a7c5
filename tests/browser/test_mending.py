"""Repairs on the pages: back to an earlier task, one more item, past a failure, another due date, and away with it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import Page, expect

from tests.browser.visitor import Visitor, violations

AXE = Path(__file__).parents[2] / "frontend" / "node_modules" / "axe-core" / "axe.min.js"
MENDING = Path(__file__).with_name("mending.bpmn")


def begin(visit: Callable[..., Visitor]) -> str:
    """A release of the model, as its number."""
    page = visit("petra").go("/models")
    page.get_by_role("button", name="Deploy files").click()
    page.locator("#files").set_input_files(MENDING)
    page.get_by_role("button", name="Check and deploy").click()
    expect(page.get_by_role("heading", name="Mending")).to_be_visible()
    page = visit("cora").go("/releases/new")
    page.get_by_label("Title", exact=True).fill("Deeper harbour")
    page.get_by_label("Minor").check()
    page.get_by_label("Service", exact=True).fill("Pilotage")
    page.get_by_text("Choose another model").click()
    page.get_by_label("Model", exact=True).select_option("mending")
    page.get_by_role("button", name="Create and start").click()
    expect(page.get_by_role("heading", name="Deeper harbour")).to_be_visible()
    return page.locator("h1 .number").inner_text()


def choose(page: Page, release: str, element: str, button: str) -> None:
    """Choose an element in the outline with the keyboard, and open the dialog of one of its repairs."""
    page.goto(page.url.split("/releases")[0] + f"/releases/{release}")
    page.locator("#canvas[data-ready]").wait_for()
    node = page.locator("#outline button.node", has_text=element)
    if not node.is_visible():
        page.locator("#outline details:not([open]) > summary").first.click()
    node.press("Enter")
    page.locator("#element").get_by_role("button", name=button).press("Enter")
    expect(page.get_by_role("dialog")).to_be_visible()


def confirm(page: Page, button: str, said: str) -> None:
    """Without a reason nothing is sent; with one it is done."""
    dialog = page.get_by_role("dialog")
    assert [one for one in violations(page, AXE.read_text()) if one["rule"] != "region"] == []  # older toasts
    dialog.get_by_role("button", name=button, exact=True).click()
    expect(dialog).to_be_visible()
    dialog.get_by_label("Reason").fill("Somebody looked again.")
    dialog.get_by_role("button", name=button, exact=True).click()
    expect(page.locator(".toast").last).to_contain_text(said)


def test_a_release_is_mended_on_its_page(visit: Callable[..., Visitor]) -> None:
    release = begin(visit)
    bea, max_ = visit("bea"), visit("max")
    page = max_.go(f"/releases/{release}")
    bea.finish("Dredge the channel", release, "Done", {})

    choose(page, release, "Sound the piers", "One more item ...")
    page.get_by_role("dialog").get_by_label("Item").fill("west")
    confirm(page, "Add", "One more item is there.")
    expect(page.locator("#release-standing .items").first.get_by_role("link", name="Sound the piers")).to_have_text(
        ["Sound the piers · north", "Sound the piers · south", "Sound the piers · west"]
    )

    choose(page, release, "Dredge the channel", "Send back to here ...")
    expect(page.get_by_role("dialog")).to_contain_text("This ends: Test, Sound the piers.")
    confirm(page, "Send back", "Sent back.")
    expect(page.locator(".strip .now")).to_contain_text("Build")
    expect(page.locator("#release-side")).to_contain_text("Rework loops")
    expect(page.locator("#release-timeline")).to_contain_text("Max Manager sent the release back to Dredge the channel")

    page.goto(page.url + "/deadlines")
    page.get_by_role("button", name="Other due date for").first.click()
    page.get_by_role("dialog").get_by_label("Due at").fill("2031-05-06T07:08")
    confirm(page, "Change", "The due date is changed.")
    expect(page.locator("#release-deadlines")).to_contain_text("2031")
    page.locator(".toast").get_by_role("button", name="Undo").click()
    expect(page.locator("#release-deadlines")).not_to_contain_text("2031")

    choose(page, release, "Dredge the channel", "Move on to ...")
    expect(page.get_by_role("dialog").get_by_label("Where to").locator("option")).to_have_count(2)
    page.get_by_role("dialog").get_by_role("button", name="Cancel").click()
    bea.finish("Dredge the channel", release, "Done", {})
    for pier in ("north", "south"):
        bea.finish(f"Sound the piers · {pier}", release, "Done", {})

    page.goto(f"{bea.url}/releases/{release}")
    expect(page.locator(".alert.bad")).to_contain_text("nobody measured the draught")
    page.get_by_role("button", name="Skip ...").click()
    confirm(page, "Skip", "Skipped.")
    expect(page.locator("#release-standing")).to_contain_text("Print the chart")

    page.get_by_role("button", name="Cancel the release ...").click()
    confirm(page, "Cancel the release", "The release is cancelled.")
    expect(page.locator("#release-timeline")).to_contain_text("Max Manager cancelled the release")


def test_who_may_not_repair_sees_no_buttons(visit: Callable[..., Visitor]) -> None:
    release = begin(visit)
    page = visit("bea").go(f"/releases/{release}")
    page.locator("#canvas[data-ready]").wait_for()
    page.locator("#outline button.node", has_text="Dredge the channel").press("Enter")
    expect(page.locator("#element h3").first).to_be_visible()
    for name in ("Send back to here ...", "Move on to ...", "Cancel the release ..."):
        expect(page.get_by_role("button", name=name)).to_have_count(0)
