"""People change the record of a release and its people, owners add categories, administrators send mails again."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import Page, expect

from tests.browser.visitor import Visitor
from tests.support.mail import MailServer

LADDER = Path(__file__).with_name("ladder.bpmn")

Visit = Callable[..., Visitor]


def _create(visitor: Visitor, title: str) -> str:
    """Answers the path of the new release."""
    page = visitor.go("/releases/new")
    page.get_by_label("Title", exact=True).fill(title)
    page.get_by_label("Minor").check()
    page.get_by_label("Service", exact=True).fill("Broker extranet")
    page.get_by_role("button", name="Create and start").click()
    expect(page.get_by_role("heading", name=title)).to_be_visible()
    return page.url.removeprefix(visitor.url)


def _facts(page: Page) -> str:
    return page.locator("#release-side").inner_text()


def _save(page: Page) -> None:
    page.get_by_role("button", name="Save").first.click()


def test_the_coordinator_changes_the_record_from_its_facts(visit: Visit) -> None:
    cora = visit("cora")
    path = _create(cora, "Tariff tables")
    page = cora.page
    page.locator("#release-side").get_by_role("link", name="Edit").click()
    page.get_by_label("Service", exact=True).fill("Tariffs")
    page.get_by_label("Reason").fill("The law changes in May.\nAll tariffs follow.")
    page.get_by_label("Class", exact=False).fill("standard")
    page.get_by_label("Window from").fill("2027-05-01T20:00")
    page.get_by_label("Window until").fill("2027-05-01T19:00")
    page.get_by_label("Release manager").select_option("max")
    _save(page)
    expect(page.locator("#wrong-window_end")).to_have_text("must be after the start")
    expect(page.get_by_label("Service", exact=True)).to_have_value("Tariffs")
    page.get_by_label("Window until").fill("2027-05-01T23:30")
    _save(page)
    expect(page).to_have_url(f"{cora.url}{path}")
    side = page.locator("#release-side")
    for text in ("Tariffs", "standard", "1 May, 20:00", "1 May, 23:30", "Max Manager", "All tariffs follow."):
        expect(side).to_contain_text(text)

    page = cora.go(f"{path}/edit")
    _save(page)
    expect(page.locator(".toast")).to_contain_text("Nothing was changed.")
    page = cora.go(f"{path}/edit")
    page.get_by_label("Reason").fill("")
    page.get_by_label("Window from").fill("")
    page.get_by_label("Window until").fill("")
    _save(page)
    expect(page).to_have_url(f"{cora.url}{path}")
    assert "not set yet" in _facts(page)
    assert "All tariffs follow." not in _facts(page)


def test_whoever_saves_second_is_told_and_loses_nothing_typed(visit: Visit) -> None:
    cora, max_ = visit("cora"), visit("max")
    path = _create(cora, "Payment batch")
    first, second = cora.go(f"{path}/edit"), max_.go(f"{path}/edit")
    first.get_by_label("Service", exact=True).fill("Payments")
    first.get_by_label("Title", exact=True).fill("Payment batch, by Cora")
    _save(first)
    expect(first.locator("#release-side")).to_contain_text("Payments")

    second.get_by_label("Title", exact=True).fill("Payment batch, by Max")
    _save(second)
    expect(second.get_by_role("alert")).to_contain_text("Somebody else changed this release")
    expect(second.get_by_label("Title", exact=True)).to_have_value("Payment batch, by Max")
    expect(second.locator("#release-side")).to_contain_text("Payments")
    expect(second.locator("h1")).to_contain_text("by Cora")
    _save(second)
    expect(second).to_have_url(f"{max_.url}{path}")
    expect(second.locator("h1")).to_contain_text("by Max")
    expect(second.locator("#release-side")).to_contain_text("Payments")  # what Max left alone is still Cora's


def test_only_those_who_may_are_offered_to_change_a_release(visit: Visit) -> None:
    cora = visit("cora")
    path = _create(cora, "Claims letters")
    page = visit("carl").go(path)
    expect(page.locator("#release-side")).to_contain_text("Broker extranet")
    expect(page.get_by_role("link", name="Edit")).to_have_count(0)
    for address in (f"{path}/edit", f"{path}/people"):
        page.goto(f"{cora.url}{address}")
        expect(page.get_by_text("Only its manager and coordinator change a release.")).to_be_visible()


def test_stakeholders_and_the_board_are_chosen_among_the_people(visit: Visit) -> None:
    cora, fred = visit("cora"), visit("fred")
    path = _create(cora, "Savings plan")
    expect(fred.go(path).get_by_role("heading", level=1)).to_have_text("This is not for you")
    page = cora.go(path)
    page.get_by_role("link", name="Choose: Stakeholders").click()
    stakeholders = page.locator("form#stakeholder")
    stakeholders.get_by_label("Fred Finance").check()
    stakeholders.get_by_label("Bea Builder").check()
    stakeholders.get_by_role("button", name="Save").click()
    side = page.locator("#release-side")
    expect(side).to_contain_text("Bea Builder, Fred Finance")
    board = page.locator("form#board")
    board.get_by_label("Rita Reviewer").check()
    board.get_by_role("button", name="Save").click()
    expect(side).to_contain_text("Rita Reviewer")
    expect(fred.go(path).get_by_role("heading", level=1)).to_contain_text("Savings plan")
    page.reload()
    stakeholders.get_by_label("Fred Finance").uncheck()
    stakeholders.get_by_role("button", name="Save").click()
    expect(side).not_to_contain_text("Fred Finance")
    expect(side).to_contain_text("Bea Builder")


def test_a_process_owner_adds_a_category_that_leads_new_releases(visit: Visit) -> None:
    page = visit("petra").go("/models")
    page.get_by_role("link", name="Categories").click()
    form = page.get_by_role("complementary", name="New category")
    form.get_by_label("Name", exact=True).fill("Not a name")
    form.get_by_role("button", name="Create").click()
    expect(page.locator("#wrong-name")).to_have_text("Small letters, digits and . _ -")
    form.get_by_label("Name", exact=True).fill("tariffs")
    form.get_by_label("Title").fill("Tariff change")
    form.get_by_role("button", name="Create").click()
    expect(form).to_contain_text("Choose the model for all types")
    form.get_by_label("Model for all types").select_option("minor_release")
    form.get_by_label("Model for Emergency").select_option("emergency_release")
    form.get_by_role("button", name="Create").click()
    rows = page.locator("#live")
    expect(rows).to_contain_text("Tariff change")
    expect(rows).to_contain_text("All other types")
    form.get_by_label("Name", exact=True).fill("tariffs")
    form.get_by_label("Model for all types").select_option("minor_release")
    form.get_by_role("button", name="Create").click()
    expect(page.locator("#wrong-name")).to_have_text("There is already a category of this name.")

    cora = visit("cora")
    page = cora.go("/releases/new")
    page.get_by_label("Title", exact=True).fill("Tariffs of May")
    page.get_by_label("Emergency").check()
    page.get_by_label("Category").select_option("Tariff change")
    page.get_by_label("Service", exact=True).fill("Tariffs")
    page.get_by_role("button", name="Create and start").click()
    expect(page.locator("#release-side")).to_contain_text("emergency_release")
    page.goto(f"{cora.url}/categories")
    expect(page.get_by_role("heading", level=1)).to_have_text("This is not for you")


def test_a_mail_that_was_refused_is_sent_again_by_an_administrator(visit: Visit, mail: MailServer) -> None:
    mail.refused_recipients.add("tom@example.org")
    ada = visit("ada")
    page = ada.go("/models")
    page.get_by_role("button", name="Deploy files").click()
    page.get_by_label("Diagrams, forms and decisions").set_input_files(LADDER)
    page.get_by_role("button", name="Check and deploy").click()
    expect(page.get_by_role("heading", name="Ladder")).to_be_visible()
    cora = visit("cora").go("/releases/new")
    cora.get_by_label("Title", exact=True).fill("Harbour chart")
    cora.get_by_label("Minor").check()
    cora.get_by_label("Service", exact=True).fill("Pilotage")
    cora.get_by_text("Choose another model").click()
    cora.get_by_label("Model", exact=True).select_option("ladder")
    cora.get_by_role("button", name="Create and start").click()
    expect(cora.get_by_role("heading", name="Harbour chart")).to_be_visible()
    mail.wait_for(1)  # cora's; the deadline has been missed

    row = page.get_by_role("row").filter(has_text="tom@example.org")
    for _attempt in range(120):
        page = ada.go("/administration/undelivered")
        if row.count():
            break
        page.wait_for_timeout(500)
    expect(row).to_contain_text("550")
    expect(row).to_contain_text("No such mailbox here")
    mail.refused_recipients.clear()
    row.get_by_role("button", name="Send again").click()
    expect(page.locator(".toast")).to_contain_text("It is on its way again.")
    expect(row).to_have_count(0)
    assert mail.wait_for(2)[1].recipients == ["tom@example.org"]
    page = visit("petra").go("/administration/undelivered")
    expect(page.get_by_role("heading", level=1)).to_have_text("This is not for you")


def test_the_mail_of_a_text_is_shown_as_it_will_look(visit: Visit) -> None:
    ada = visit("ada")
    page = ada.go("/administration/texts/deadline.near/en")
    mail = page.frame_locator("iframe.mail")
    expect(mail.get_by_text("Due soon", exact=True)).to_be_visible()
    expect(mail.get_by_role("row", name="Release R-1 Payroll 4.2")).to_be_visible()
    expect(mail.get_by_role("link", name="Open the task")).to_have_css("border-radius", "6px")
    page.get_by_label("Subject").fill("Hurry: {name}")
    page.get_by_role("button", name="Show the mail").click()
    expect(mail.get_by_role("heading", name="Hurry: Functional test")).to_be_visible()
    page.get_by_label("Subject").fill("Hurry: {nmae}")
    page.get_by_role("button", name="Show the mail").click()
    expect(mail.get_by_text("{nmae}")).to_be_visible()


def test_a_page_shows_what_was_done_on_it(visit: Visit) -> None:
    ada = visit("ada")
    page = ada.go("/administration/webhooks")
    page.get_by_label("Name").fill("Service desk")
    page.get_by_label("Address").fill("https://example.org/tidegate")
    page.get_by_role("button", name="Create").click()
    page.get_by_role("link", name="I have copied it").click()
    page.get_by_role("button", name="Turn off").click()
    expect(page.get_by_role("button", name="Send a test")).to_have_count(0)
    page.get_by_role("button", name="Undo").click()
    expect(page.get_by_role("button", name="Send a test")).to_be_visible()
    page.get_by_label("Name").fill("Service desk of the port")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Service desk of the port")
    page.get_by_label("Name").fill("Service desk")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Service desk")

    page = ada.go("/administration/texts/release.closed/en")
    page.get_by_label("Subject").fill("Done: {release}")
    page.get_by_role("button", name="Save").first.click()
    page.get_by_role("button", name="Restore the shipped text").click()
    expect(page.get_by_label("Subject")).to_have_value("Release ended: {release} – {outcome}")
    expect(page.get_by_role("complementary")).to_contain_text("Done: {release}")


def test_a_report_is_scheduled_changed_and_ended(visit: Visit) -> None:
    page = visit("max").go("/reports")
    page.get_by_role("link", name="Schedule a report").click()
    page.get_by_label("Name", exact=True).fill("For the board")
    expect(page.get_by_label("Day of the month")).to_be_hidden()
    page.get_by_label("Day of the week").select_option("Friday")
    page.get_by_role("button", name="Save").click()
    expect(page.locator("#wrong-recipients")).to_contain_text("Name active people")
    page.get_by_label("Rita Reviewer").check()
    page.get_by_role("button", name="Save").click()
    plans = page.get_by_role("complementary")
    expect(plans).to_contain_text("Weekly, Friday, 08:00 (UTC), PDF")
    plans.get_by_role("link", name="Change For the board").click()
    page.get_by_label("Monthly").check()
    page.get_by_label("Day of the month").fill("15")
    page.get_by_role("button", name="Save").click()
    expect(plans).to_contain_text("Monthly, 15., 08:00 (UTC), PDF")
    plans.get_by_role("button", name="End For the board").click()
    expect(plans).not_to_contain_text("For the board")
