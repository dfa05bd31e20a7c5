"""The browser of the tests starts and shows a page."""

from playwright.sync_api import Page, expect


def test_browser_shows_a_page(page: Page) -> None:
    page.set_content("<button onclick=\"this.textContent = 'pressed'\">press</button>")
    page.get_by_role("button").click()
    expect(page.get_by_role("button")).to_have_text("pressed")
