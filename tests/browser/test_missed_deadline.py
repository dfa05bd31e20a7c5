"""A missed deadline reaches the right people: in their inbox without a reload, and by mail."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import expect

from tests.browser.visitor import Visitor
from tests.support.mail import MailServer

LADDER = Path(__file__).with_name("ladder.bpmn")
SUBJECT = "Deadline missed: Sound the depth"


def test_a_missed_deadline_shows_up_in_the_right_inboxes_by_itself(
    visit: Callable[..., Visitor], mail: MailServer
) -> None:
    petra = visit("petra")
    page = petra.go("/models")
    page.get_by_role("button", name="Deploy files").click()
    page.get_by_label("Diagrams, forms and decisions").set_input_files(LADDER)
    page.get_by_role("button", name="Check and deploy").click()
    expect(page.get_by_role("heading", name="Ladder")).to_be_visible()

    tom, sam = visit("tom"), visit("sam")
    inbox, tasks = tom.listen("/inbox"), sam.listen("/tasks")
    expect(inbox.get_by_text("Your inbox is empty")).to_be_visible()

    cora = visit("cora")
    page = cora.go("/releases/new")
    page.get_by_label("Title", exact=True).fill("Harbour chart")
    page.get_by_label("Minor").check()
    page.get_by_label("Service", exact=True).fill("Pilotage")
    page.get_by_text("Choose another model").click()
    page.get_by_label("Model", exact=True).select_option("ladder")
    page.get_by_role("button", name="Create and start").click()
    expect(page.get_by_role("heading", name="Harbour chart")).to_be_visible()
    page.locator("html[data-listening]").wait_for()

    # the group sees it in the inbox it has open, the coordinator as a message on the release's page
    expect(inbox.get_by_role("link", name=SUBJECT)).to_be_visible()
    expect(inbox.locator('[data-count="inbox"]')).to_have_text("1")
    expect(inbox).to_have_title(re.compile(r"^\(1\) Inbox"))
    expect(inbox.locator('[data-count="tasks"].late')).to_have_text("1")
    told = page.locator(".toast").filter(has_text=SUBJECT)
    expect(told).to_be_visible()
    expect(page.locator("#release-standing .due.late")).to_contain_text("late")
    told.get_by_role("link", name="Look at it").click()
    expect(page.get_by_role("heading", name="Sound the depth")).to_be_visible()
    expect(page.locator('[data-count="inbox"]')).to_have_text("")
    expect(page).to_have_title(re.compile(r"^Sound the depth"))
    # what is read in one window is read in the other one
    other = tom.context.new_page()
    other.goto(f"{tom.url}/inbox")
    other.get_by_role("button", name="Mark all as read").click()
    expect(inbox.locator('[data-count="inbox"]')).to_have_text("")
    expect(inbox).to_have_title(re.compile(r"^Inbox"))
    # who has nothing to do with it was told nothing
    assert tasks.locator('[data-count="inbox"]').inner_text() == ""

    received = mail.wait_for(2)
    assert sorted(one.recipients[0] for one in received) == ["cora@example.org", "tom@example.org"]
    assert all(one.subject.startswith(SUBJECT) for one in received)

    receipts = cora.go("/releases/R-1/notices")
    expect(receipts.get_by_role("row").filter(has_text="tom@example.org")).to_contain_text("Delivered")
