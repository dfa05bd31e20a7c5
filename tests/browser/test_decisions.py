"""A process owner changes a decision table in the browser, or writes a new one, and deploys it."""

from __future__ import annotations

from collections.abc import Callable

from playwright.sync_api import expect

from tests.browser.visitor import Visitor


def test_a_table_is_changed_checked_and_deployed(visit: Callable[..., Visitor]) -> None:
    petra = visit("petra")
    page = petra.go("/models")
    page.get_by_role("link", name="Risk class of a release").click()
    expect(page.get_by_text("Exactly one rule matches.")).to_be_visible()
    expect(page.locator("#rule_6")).to_contain_text('"low"')
    expect(page.get_by_role("complementary")).to_contain_text("Minor release")
    page.get_by_role("link", name="Edit").click()
    page.locator("#canvas[data-ready]").wait_for()
    summary, problems = page.locator("#problems [data-summary]"), page.locator("#problems [data-list]")
    expect(summary).to_contain_text("can be deployed")

    note = page.locator("td.annotation").nth(5)
    note.click()
    page.keyboard.type("Nothing to fear")
    cell = page.locator("td.input-cell").nth(11)
    cell.click()
    page.keyboard.press("End")
    page.keyboard.type(",")
    page.locator("td.input-cell").first.click()
    expect(summary).to_have_text("1 problem")
    expect(problems).to_contain_text("rule 6, Impact")
    cell.click()
    page.keyboard.press("End")
    page.keyboard.press("Backspace")
    page.locator("td.input-cell").first.click()
    expect(summary).to_contain_text("can be deployed")

    page.get_by_role("button", name="Deploy ...").click()
    expect(page.locator("[data-changes]")).to_contain_text("Risk class of a release (rules 6)")
    page.locator("[data-confirm]").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Version 2")
    expect(page.locator("#rule_6")).to_contain_text("Nothing to fear")


def test_a_new_table_is_written_from_nothing(visit: Callable[..., Visitor]) -> None:
    page = visit("petra").go("/models")
    page.get_by_role("link", name="New decision").click()
    page.locator("#canvas[data-ready]").wait_for()
    summary = page.locator("#problems [data-summary]")
    expect(summary).to_have_text("2 problems")
    page.locator("td.output-cell").first.click()
    page.keyboard.type('"yes"')
    page.locator("th.input-cell").first.dblclick()
    page.locator(".dms-input-editor-container, .context-menu").locator(".cm-content").first.click()
    page.keyboard.type("score")
    page.get_by_role("heading", level=1).click()
    expect(summary).to_contain_text("can be deployed")
    page.get_by_role("button", name="What needs what").click()
    expect(page.locator(".djs-container")).to_contain_text("New decision")
    page.get_by_role("button", name="Deploy ...").click()
    page.locator("[data-confirm]").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("New decision")
    expect(page.locator("table")).to_contain_text("score")
