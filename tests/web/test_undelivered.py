"""Messages that were given up stand on a page, each once with how many notices it holds, and are tried again there."""

from __future__ import annotations

from dataclasses import replace

from flask import Flask

from service.storage import db, writing
from service.storage.models.notices import Bundle, Delivery
from service.usecases import settings
from service.usecases.telling import notices
from tests.support import posting
from tests.web.test_reaching_page import send, show, signed_in

PAGE = "/administration/undelivered"


def given_up(*subjects: str) -> int:
    """A message with these notices that no server took; answers its key."""
    settings.use(replace(settings.current(), gather_seconds=0))
    told = [notices.Telling(f"test:{one}", {"bea": "assignee"}, "deadline.due", one, "Look.") for one in subjects]
    with db.transaction() as session:
        notices.tell_all(session, told)
    posting.gather()
    (bundle,) = posting.all_bundles()
    dead = {"state": "dead", "attempts": 10, "answer": "550 5.1.1 No such mailbox here"}
    with db.transaction() as session:
        writing.update_where(session, Bundle, dead, key=bundle.key)
        writing.update_where(session, Delivery, dead, bundle=bundle.key)
    return int(bundle.key)


def test_a_message_is_one_line_with_how_many_notices_it_holds(web: Flask) -> None:
    with web.app_context():
        key = given_up("The build is late", "The test is late", "The report is late")
    ada = signed_in(web, "ada")
    page = show(ada, PAGE)
    assert page.count("data-row") == page.count("Send again</button>") == 1
    assert "The build is late" in page
    assert "and 2 more notices" in page
    assert "No such mailbox here" in page
    assert show(ada, "/administration/ledger?user=bea&channel=email&state=dead").count("No such mailbox here") >= 3
    operation = show(ada, "/administration/operation")
    assert operation.count(f'id="d{key}"') == 1
    assert "The build is late and 2 more" in operation
    assert send(ada, f"{PAGE}/{key}/resend", page=PAGE).status_code == 303
    with web.app_context():
        assert {row.state for row in (*posting.all_bundles(), *posting.all_deliveries())} == {"waiting"}
    assert "Everything was delivered" in show(ada, PAGE)


def test_only_administrators_see_them_and_try_again(web: Flask) -> None:
    with web.app_context():
        key = given_up("The build is late")
    bea = signed_in(web, "bea")
    assert bea.get(PAGE, headers={"Accept": "text/html"}).status_code == 403
    assert send(bea, f"{PAGE}/{key}/resend").status_code == 403
