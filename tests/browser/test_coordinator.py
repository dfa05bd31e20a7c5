"""A coordinator takes a release from registration to closure, through the pages alone."""

from __future__ import annotations

import re
from collections.abc import Callable

from playwright.sync_api import expect

from tests.browser.visitor import Visitor

DATABASE = "postgresql"
CHECKSUM = "85c934e3d7220d3a9736a0f968be3850c3f51d02e2d55ee3aeca0e354dca510b"
TITLE = "Direct debits sent twice"


def test_a_coordinator_takes_a_release_from_registration_to_closure(visit: Callable[..., Visitor]) -> None:
    cora = visit("cora")
    page = cora.go("/releases")
    page.get_by_role("link", name="New release").first.click()
    page.get_by_label("Title", exact=True).fill(TITLE)
    page.get_by_label("Emergency").check()
    page.get_by_label("Service", exact=True).fill("Payments")
    page.get_by_label("Release manager").select_option("max")
    page.get_by_role("button", name="Create and start").click()
    expect(page.get_by_role("heading", name=TITLE)).to_be_visible()
    release = page.locator("h1 .number").inner_text()
    expect(page.locator(".strip .now")).to_contain_text("Register")

    # somebody else looks at the release all the time: the page follows by itself
    max_ = visit("max")
    watched = max_.listen(f"/releases/{release}")
    watched.locator("#canvas[data-ready]").wait_for()
    now = watched.locator(".strip .now")

    form = cora.open_task("Register emergency", release)
    page.get_by_role("button", name="Register", exact=True).click()
    expect(form.get_by_text("Field is required.").first).to_be_visible()  # nothing was sent, nothing is lost
    cora.finish(
        "Register emergency",
        release,
        "Register",
        {
            "Problem or incident": "P-88",
            "Reason": "Resolution of a problem",
            "What is broken and what will correct it": "Direct debits are sent twice when the gateway answers late.",
            "Changes": True,
            "Number": "C-330",
            "Title": "Make the payment call repeatable",
            "Approved by change management": True,
            "The planned window lies in its approved window": True,
        },
    )
    expect(now).to_contain_text("Build and test")

    bea = visit("bea")
    bea.finish(
        "Build and store the fix",
        release,
        "Send to test",
        {
            "Package": "PKG-2026-40",
            "Place in the definitive media library": "DSL/payments/7.4.2",
            "Checksum (SHA-256)": CHECKSUM,
            "Back-out plan": "Install 7.4.1 again and pause the debit run.",
            "Every item is licensed and the package can be installed": True,
        },
    )
    tom = visit("tom")
    tom.finish(
        "Test the fix",
        release,
        "Save the result",
        {"The problem no longer shows": True, "Result": "Passed", "Evidence": "TR-88"},
    )
    expect(now).to_contain_text("Deploy")

    cora.open_task("Check readiness", release)
    expect(page.locator("#criteria")).to_contain_text("all met")
    cora.finish("Check readiness", release, "Go", {})
    otto = visit("otto")
    otto.finish(
        "Distribute and install",
        release,
        "Installation is done",
        {"Targets where it failed": 0, "Real outage in minutes": 4},
    )
    otto.finish(
        "Confirm it is installed",
        release,
        "Installed everywhere",
        {
            "The package is on every target, or the target is excused below": True,
            "Installed": "11/22/2026",
            "Time": "10:30",
        },
    )
    expect(now).to_contain_text("Verify")
    cora.finish(
        "Verify in production",
        release,
        "Save the result",
        {"Checked by": ["Monitoring", "Users"], "Result": "Passed", "Evidence": "No double debit since 10:40"},
    )
    expect(now).to_contain_text("Document")
    cora.finish(
        "Complete the documentation",
        release,
        "Documentation is complete",
        {
            "Cause of the emergency": "The gateway's timeout is shorter than ours.",
            "What was done, by whom and when": "Fix built by Bea, tested by Tom, installed by Otto.",
            "Tests that were left out, and what became of them": "The load test follows on Monday.",
            "Configuration items, licences and contracts are up to date": True,
        },
    )
    expect(now).to_contain_text("Approve afterwards")
    for reviewer in ("rita", "rosa"):
        approver = visit(reviewer)
        approver.go("/tasks")
        if approver.page.get_by_role("row").filter(has_text=release).count() == 0:
            continue  # the board's quorum was reached before
        approver.decide("Approve afterwards", release, "Approve", "Seen and agreed.")
        if "Review" in approver.go(f"/releases/{release}").locator(".strip .now").inner_text():
            break
    expect(now).to_contain_text("Review")

    cora.finish(
        "Evaluate the change · C-330 Make the payment call repeatable",
        release,
        "Save the evaluation",
        {"Result": "Successful"},
    )
    cora.finish(
        "Transfer knowledge",
        release,
        "Knowledge is handed over",
        {
            "Handed over to": "Service desk",
            "No knowledge article is needed": True,
            "Final cost": 1200,
            "All work and expenses are booked; the cost is final": True,
        },
    )
    lessons = visit("max")
    lessons.finish(
        "Record lessons learned",
        release,
        "Close the review",
        {"What went well": "Everybody was there at once.", "Lessons learned": "Agree on timeouts with the bank."},
    )
    head = watched.locator("#release-head")
    expect(head).to_contain_text(re.compile("Closed"))
    expect(watched.locator(".strip .now")).to_have_count(0)
    expect(watched.locator("#release-timeline")).to_contain_text("Ended: Closed")
