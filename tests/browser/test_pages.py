"""Every page: without barriers, in both themes, on a phone, in both languages, with the keyboard alone."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.browser.furnishing import PASSWORD
from tests.browser.visitor import Visitor, violations

AXE = Path(__file__).parents[2] / "frontend" / "node_modules" / "axe-core" / "axe.min.js"
READY = "#canvas[data-ready], #form[data-ready], #bench[data-ready]"

PAGES = {
    "cora": [
        "/tasks",
        "/tasks?view=all",
        "/releases",
        "/releases/new",
        "/releases/R-1",
        "/releases/R-1/record",
        "/releases/R-1/deadlines",
        "/releases/R-1/notices",
        "/releases/R-1/comments",
        "/releases/R-1/edit",
        "/releases/R-1/people",
        "/releases/R-1/announcements",
        "/releases/R-1/history",
        "/reports",
        "/reports/schedules/new",
        "/release-policy",
        "/inbox",
        "/search?q=portal",
        "/account",
        "/account/calendar",
        "/account/chats",
        "/account/reaching",
        "/nowhere",
    ],
    "petra": [
        "/models",
        "/categories",
        "/models/minor_release",
        "/models/minor_release/1/edit",
        "/models/minor_release/1/move",
        "/forms/plan_rollout",
        "/forms/plan_rollout/1/edit",
        "/decisions/release_risk",
        "/decisions/release_risk/1/edit",
        "/release-policy/edit",
        "/release-policy/versions/2",
        "/release-policy/changes?before=1&after=2",
    ],
    "ada": [
        "/administration",
        "/administration/people/cora",
        "/administration/people/new",
        "/administration/groups",
        "/administration/groups/build-team",
        "/administration/ladders",
        "/administration/ledger",
        "/administration/undelivered",
        "/administration/breakdowns",
        "/administration/webhooks",
        "/administration/calendars",
        "/administration/calendars/standard",
        "/administration/calendars/standard/open",
        "/administration/texts",
        "/administration/texts/deadline.moved/de",
    ],
}


@pytest.fixture(scope="module", autouse=True)
def _a_release(house, browser) -> None:  # type: ignore[no-untyped-def]
    """One release, so that the pages have something to show."""
    context = browser.new_context()
    cora = Visitor("cora", context, house.url).sign_in()
    page = cora.go("/releases/new")
    page.get_by_label("Title", exact=True).fill("Broker portal")
    page.get_by_label("Minor").check()
    page.get_by_label("Service", exact=True).fill("Broker extranet")
    page.get_by_role("button", name="Create and start").click()
    expect(page.get_by_role("heading", name="Broker portal")).to_be_visible()
    context.close()
    context = browser.new_context()
    petra = Visitor("petra", context, house.url).sign_in()
    for text in ("# Rules\n\nEvery change is approved.", "# Rules\n\n| a | b |\n|---|---|\n| 1 | 2 |"):
        page = petra.go("/release-policy/edit")
        page.get_by_label("Text", exact=True).fill(text)
        page.get_by_role("button", name="Save the version").click()
        expect(page.get_by_role("heading", name="Rules")).to_be_visible()
    context.close()


def _settle(visitor: Visitor) -> None:
    if visitor.page.locator("#canvas, #bench.form").count():
        visitor.page.locator(READY).first.wait_for()


@pytest.mark.parametrize("name", PAGES)
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_no_page_has_a_barrier_that_axe_knows(visit: Callable[..., Visitor], name: str, theme: str) -> None:
    visitor = visit(name, bypass_csp=True, color_scheme=theme)
    found = {}
    for path in PAGES[name]:
        visitor.go(path)
        _settle(visitor)
        assert visitor.page.evaluate("getComputedStyle(document.documentElement).colorScheme") == theme
        wrong = violations(visitor.page, AXE.read_text())
        if wrong:
            found[path] = wrong
    assert found == {}


@pytest.mark.parametrize("name", PAGES)
def test_every_page_fits_a_phone(visit: Callable[..., Visitor], name: str) -> None:
    visitor = visit(name, viewport={"width": 390, "height": 844})
    for path in PAGES[name]:
        visitor.go(path)
        _settle(visitor)
        wider = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
        assert visitor.page.evaluate(wider) <= 0, path


def test_the_keyboard_alone_is_enough_to_take_and_open_a_task(visit: Callable[..., Visitor]) -> None:
    page = visit("cora").listen("/tasks")
    page.keyboard.press("?")
    expect(page.get_by_role("dialog", name="Keys")).to_be_visible()
    page.keyboard.press("Escape")
    page.keyboard.press("j")
    expect(page.get_by_role("link", name="Register release").first).to_be_focused()
    page.keyboard.press("c")
    expect(page.locator(".toast")).to_contain_text("The task is yours.")
    expect(page.get_by_role("button", name="Give back Register release")).to_be_visible()
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Register release", level=1)).to_be_visible()
    page.locator("html[data-listening]").wait_for()
    page.keyboard.press("g")
    page.keyboard.press("r")
    expect(page.get_by_role("heading", name="Releases", level=1)).to_be_visible()
    page.locator("html[data-listening]").wait_for()
    page.keyboard.press("/")
    page.keyboard.type("R-1")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Broker portal")).to_be_visible()


def test_a_wrong_password_is_refused_in_words_and_leads_on(visit: Callable[..., Visitor]) -> None:
    visitor = visit("carl", signed_in=False)
    page = visitor.go("/releases")
    page.get_by_label("Name").fill("carl")
    page.get_by_label("Password").fill("not the password")
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("alert")).to_contain_text("do not match")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("heading", name="Releases", level=1)).to_be_visible()


def test_a_form_that_was_open_too_long_says_so_and_works_again(visit: Callable[..., Visitor]) -> None:
    visitor = visit("carl", signed_in=False)
    page = visitor.go("/sign-in")
    visitor.context.clear_cookies()
    page.get_by_label("Name").fill("carl")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("status")).to_contain_text("open for so long")
    page.get_by_label("Name").fill("carl")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("heading", name="My tasks", level=1)).to_be_visible()


def test_a_draft_survives_closing_the_page(visit: Callable[..., Visitor]) -> None:
    visitor = visit("cora")
    form = visitor.open_task("Register release", "R-1")
    form.get_by_label("What the release brings").first.fill("Half a thought")
    expect(visitor.page.locator("[data-saved]")).to_have_text("Draft kept")
    visitor.page.reload()
    expect(form.get_by_label("What the release brings").first).to_have_value("Half a thought")


def test_pages_speak_german_to_those_who_ask(visit: Callable[..., Visitor]) -> None:
    page = visit("carl").go("/tasks")
    page.get_by_text("Your menu").locator("..").click()
    page.get_by_role("button", name="Deutsch").click()
    expect(page.get_by_role("heading", name="Meine Aufgaben")).to_be_visible()
    assert page.evaluate("document.documentElement.lang") == "de"


def test_rights_decide_what_the_rail_shows(visit: Callable[..., Visitor]) -> None:
    for name, entries in {
        "tom": ["My tasks", "Releases", "Inbox"],
        "cora": ["My tasks", "Releases", "Models", "Reports", "Inbox"],
        "ada": ["My tasks", "Releases", "Models", "Reports", "Inbox", "Administration"],
    }.items():
        page = visit(name).go("/tasks")
        assert page.locator(".rail .word").all_inner_texts() == entries
        page.context.close()


@pytest.mark.req("S1-37")
def test_a_row_opens_by_double_click_and_by_enter(visit: Callable[..., Visitor]) -> None:
    page = visit("max").go("/releases")
    row = page.get_by_role("row").filter(has_text="Broker portal")
    row.get_by_role("cell").last.dblclick()
    expect(page.get_by_role("heading", name="Broker portal", level=1)).to_be_visible()
    page.go_back()
    row.locator("a.open").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Broker portal", level=1)).to_be_visible()


@pytest.mark.req("S1-41")
def test_the_release_page_marks_the_present_step_in_its_diagram(visit: Callable[..., Visitor]) -> None:
    page = visit("cora").go("/releases/R-1")
    page.locator("#canvas[data-ready]").wait_for()
    expect(page.locator("#canvas .djs-element.is-now")).to_have_count(1)
    expect(page.locator("#canvas .djs-element.is-now")).to_have_attribute("data-element-id", "phase_register")
    expect(page.get_by_role("listitem").and_(page.locator("[aria-current=step]"))).to_contain_text("Register")
