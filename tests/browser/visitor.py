"""One person at one browser window, who notes whatever a browser complains about."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from playwright.sync_api import BrowserContext, ConsoleMessage, Locator, Page, Request, expect

from tests.browser.furnishing import PASSWORD

PATIENCE_MS = 60_000
expect.set_options(timeout=PATIENCE_MS)

Value = str | int | bool | list[str]


class Visitor:
    """A signed-in person; `complaints` must be empty at the end."""

    def __init__(self, name: str, context: BrowserContext, url: str) -> None:
        self.name = name
        self.url = url
        self.context = context
        self.complaints: list[str] = []
        context.set_default_timeout(PATIENCE_MS)
        self.page: Page = context.new_page()
        self.page.on("console", self._console)
        self.page.on("pageerror", lambda error: self.complaints.append(f"{self.page.url}: {error}"))
        self.page.on("request", self._request)

    def _console(self, message: ConsoleMessage) -> None:
        # A refusal is an answer like any other; browsers log its status as an error of the network.
        if message.type in ("error", "warning") and "the server responded with a status of 4" not in message.text:
            self.complaints.append(f"{self.page.url}: {message.text}")

    def _request(self, request: Request) -> None:
        if not request.url.startswith((self.url, "data:", "blob:")):
            self.complaints.append(f"{self.page.url} asked another host: {request.url}")

    def sign_in(self) -> Visitor:
        self.go("/sign-in")
        self.page.get_by_label("Name").fill(self.name)
        self.page.get_by_label("Password").fill(PASSWORD)
        self.page.get_by_role("button", name="Sign in").click()
        expect(self.page.get_by_role("heading", name="My tasks")).to_be_visible()
        return self

    def go(self, path: str) -> Page:
        self.page.goto(f"{self.url}{path}")
        return self.page

    def listen(self, path: str) -> Page:
        """Open a page and wait until it hears of changes."""
        page = self.go(path)
        page.locator("html[data-listening]").wait_for()
        return page

    def open_task(self, name: str, release: str) -> Locator:
        """Find a task of a release among the own ones, open it, and answer its form."""
        page = self.go("/tasks")
        row = page.get_by_role("row").filter(has_text=release).filter(has_text=name)
        row.get_by_role("link", name=name, exact=True).first.click()
        expect(page.get_by_role("heading", name=name, level=1)).to_be_visible()
        form = page.locator("#form[data-ready]")
        if page.locator("#form").count():
            form.wait_for()
        return form

    def finish(self, name: str, release: str, button: str, values: Mapping[str, Value]) -> None:
        """Do one task: fill in its form by its labels and press its button."""
        form = self.open_task(name, release)
        for label, value in values.items():
            fill(form, label, value)
        self.page.get_by_role("button", name=button, exact=True).click()
        expect(self.page).to_have_url(re.compile(r"/releases/R-\d+$"))

    def decide(self, name: str, release: str, button: str, comment: str = "") -> None:
        """Approve or deny."""
        self.open_task(name, release)
        self.page.get_by_label("Comment", exact=True).fill(comment)
        self.page.get_by_role("button", name=button, exact=True).click()
        expect(self.page).to_have_url(re.compile(r"/(releases/R-\d+|tasks)$"))


def fill(form: Locator, label: str, value: Value) -> None:
    """Put a value into the field with this label, as a person would; `True` for a list adds a row to it."""
    rows = form.locator(".fjs-form-field-dynamiclist").filter(has_text=label)
    if value is True and form.get_by_role("group", name=label, exact=True).and_(rows).count():
        rows.get_by_role("button", name="Add new").click()
        return
    if isinstance(value, list):
        for choice in value:
            form.get_by_label(choice, exact=True).check()
        return
    field = form.get_by_label(re.compile(rf"^{re.escape(label)}\s*\*?$")).first
    if isinstance(value, bool):
        field.set_checked(value)
    elif (kind := _kind(form, label)) == "radio":
        form.locator(".fjs-form-field-radio").filter(has_text=label).get_by_label(str(value), exact=True).check()
    elif kind == "select":
        form.locator(".fjs-form-field-select").filter(has_text=label).locator(".fjs-input-group").click()
        form.page.locator(".fjs-dropdownlist-item").filter(has_text=str(value)).first.click()
    else:
        field.fill(str(value))
        field.press("Tab")


def _kind(form: Locator, label: str) -> str:
    for kind in ("radio", "select"):
        if form.locator(f".fjs-form-field-{kind}").filter(has_text=label).count():
            return kind
    return "text"


def violations(page: Page, source: str) -> list[dict[str, Any]]:
    """What axe finds on this page. The browser's context must bypass the content security policy."""
    page.evaluate(source)
    found: list[dict[str, Any]] = page.evaluate("axe.run().then((result) => result.violations)")
    return [{"rule": one["id"], "where": [node["target"] for node in one["nodes"]]} for one in found]
