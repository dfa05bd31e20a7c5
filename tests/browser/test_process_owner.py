"""A process owner changes a model in the modeler and deploys it; running releases keep their version."""

from __future__ import annotations

from collections.abc import Callable

from playwright.sync_api import Locator, Page, expect

from tests.browser.visitor import Visitor


def _create(visitor: Visitor, title: str) -> Page:
    page = visitor.go("/releases/new")
    page.get_by_label("Title", exact=True).fill(title)
    page.get_by_label("Minor").check()
    page.get_by_label("Service", exact=True).fill("Broker extranet")
    page.get_by_role("button", name="Create and start").click()
    expect(page.get_by_role("heading", name=title)).to_be_visible()
    return page


def _set_deadline(panel: Locator, value: str) -> None:
    """Write into the extension property of the chosen element."""
    group = panel.locator(".bio-properties-panel-group").filter(has_text="Extension properties")
    item = group.locator(".bio-properties-panel-collapsible-entry").filter(has_text="tidegate.deadline")
    if not item.is_visible():
        group.get_by_text("Extension properties", exact=True).click()
    field = item.locator("input:visible").last
    if not field.count():
        item.get_by_text("tidegate.deadline", exact=True).click()
    field.fill(value)
    field.blur()


def test_a_process_owner_changes_a_model_and_deploys_it(visit: Callable[..., Visitor]) -> None:
    cora, petra = visit("cora"), visit("petra")
    before = _create(cora, "Before the change")
    expect(before.locator(".strip")).to_contain_text("Verify")

    onlooker = visit("max").listen("/models")
    version = onlooker.get_by_role("row").filter(has_text="minor_release").locator("td").nth(1)
    expect(version).to_have_text("1")

    page = petra.go("/models/minor_release")
    page.get_by_role("link", name="Edit").click()
    page.locator("#canvas[data-ready]").wait_for()
    summary = page.locator("#problems [data-summary]")
    expect(summary).to_contain_text("can be deployed")

    # what would not run is said while it is drawn, and a click leads to its element
    page.locator('[data-element-id="phase_verify"].djs-shape').click()
    panel = page.locator("#panel")
    _set_deadline(panel, "three days")
    expect(summary).to_contain_text("problem")
    page.locator('[data-element-id="phase_plan"].djs-shape').click()
    page.locator("#problems .problem.error").first.click()
    expect(page.locator(".bio-properties-panel-header-label")).to_have_text("Verify")

    _set_deadline(panel, "P4D")
    panel.get_by_text("General", exact=True).click()
    panel.get_by_label("Name", exact=True).first.fill("Verify twice")
    page.keyboard.press("Tab")
    expect(summary).to_contain_text("can be deployed")

    page.reload()  # what is drawn is kept
    page.locator("#canvas[data-ready]").wait_for()
    expect(page.locator("[data-kept]")).to_contain_text("is back")
    page.get_by_role("button", name="Deploy ...").click()
    dialog = page.get_by_role("dialog")
    expect(dialog.locator("[data-changes]")).to_contain_text("Verify twice (phase_verify)")
    dialog.get_by_role("button", name="Deploy", exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Version 2")

    expect(version).to_contain_text("2")  # on the page of somebody else, without a reload
    after = _create(visit("carl"), "After the change")
    expect(after.locator(".strip")).to_contain_text("Verify twice")
    before.reload()
    expect(before.locator(".strip")).not_to_contain_text("Verify twice")


def test_a_process_owner_changes_a_form_and_deploys_it(visit: Callable[..., Visitor]) -> None:
    petra = visit("petra")
    page = petra.go("/forms/check_funding/1/edit")
    page.locator("#bench[data-ready]").wait_for()
    expect(page.locator("#problems [data-summary]")).to_contain_text("can be deployed")
    page.locator(".fjs-editor-container .fjs-form-field").filter(has_text="Estimated cost").first.click()
    panel = page.locator(".fjs-properties-container")
    panel.get_by_text("General", exact=True).click()
    label = panel.get_by_label("Field label").first
    label.fill("Estimated cost in euro")
    label.blur()
    page.get_by_role("button", name="Deploy ...").click()
    dialog = page.get_by_role("dialog")
    expect(dialog.locator("[data-changes]")).to_contain_text("Estimated cost in euro")
    dialog.get_by_role("button", name="Deploy", exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Version 2")
    expect(page.locator("#form")).to_contain_text("Estimated cost in euro")
