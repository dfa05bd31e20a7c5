"""Mail on the wire and in files: what a real server gets, says, and refuses."""

from __future__ import annotations

import email
import email.policy
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from service import errors
from service.cli import children
from service.integrations import mail as sending
from service.integrations import texts, wording
from tests.support.mail import MailServer

LETTER = sending.Letter(
    to="bea@example.org",
    subject="Überfällig: Build – seit gestern",
    text="“Build” is overdue.\n\nPlease <finish> it.",
    html="<p>“Build” is overdue.</p>",
    message_id="<5.abc@example.org>",
    at=datetime(2026, 3, 2, 9, tzinfo=UTC),
)


def send(letter: sending.Letter, url: str, folder: Path) -> str:
    return sending.send(letter, url, "tidegate@example.org", folder)


def test_a_letter_arrives_with_text_html_and_its_message_id(mail: MailServer, tmp_path: Path) -> None:
    answer = send(LETTER, mail.url, tmp_path)
    (received,) = mail.to("bea@example.org")
    assert answer.startswith("250")
    assert (received.sender, received.subject, received.message_id) == (
        "tidegate@example.org",
        LETTER.subject,
        LETTER.message_id,
    )
    assert "Please <finish> it." in received.text
    page = received.message.get_body(preferencelist=("html",))
    assert page is not None
    assert LETTER.html in page.get_content()
    assert received.message["Auto-Submitted"] == "auto-generated"


def test_without_a_server_the_letter_is_a_file_and_a_repeat_replaces_it(tmp_path: Path) -> None:
    send(LETTER, "", tmp_path / "mail")
    send(LETTER, "", tmp_path / "mail")
    (path,) = (tmp_path / "mail").iterdir()
    message = email.message_from_bytes(path.read_bytes(), policy=email.policy.default)
    assert path.name == "5.abc.eml"
    assert (message["To"], message["Subject"]) == ("bea@example.org", LETTER.subject)


def test_a_mailbox_that_does_not_exist_is_refused_for_good(mail: MailServer, tmp_path: Path) -> None:
    mail.refused_recipients.add("bea@example.org")
    with pytest.raises(errors.ExternalFailure, match=r"550 5\.1\.1 No such mailbox here") as refused:
        send(LETTER, mail.url, tmp_path)
    assert not refused.value.transient


def test_a_busy_server_is_asked_again(mail: MailServer, tmp_path: Path) -> None:
    mail.refusal = "451 4.3.0 Try later"
    with pytest.raises(errors.ExternalFailure, match=r"451 4\.3\.0 Try later") as refused:
        send(LETTER, mail.url, tmp_path)
    assert refused.value.transient


@pytest.mark.parametrize(("words", "again"), [("452 4.3.1 Disk full", True), ("550 5.7.1 Not from you", False)])
def test_a_server_that_wants_nothing_from_us_says_so_before_it_hears_for_whom(
    mail: MailServer, tmp_path: Path, words: str, again: bool
) -> None:
    mail.refuses_senders = words
    with pytest.raises(errors.ExternalFailure) as refused:
        send(LETTER, mail.url, tmp_path)
    assert (str(refused.value), refused.value.transient) == (words, again)


@pytest.mark.parametrize("farewell", ["421 Shutting down", "500 What?", "nothing that a program understands"])
def test_what_a_server_says_after_it_has_accepted_a_letter_changes_nothing(
    mail: MailServer, tmp_path: Path, farewell: str
) -> None:
    mail.farewell = farewell
    assert send(LETTER, mail.url, tmp_path) == "250 Message accepted"
    assert len(mail.received) == 1


@pytest.mark.parametrize("address", ["kim@bäckerei.example", "kim@xn--bckerei-5wa.example"])
def test_a_domain_of_other_letters_is_written_as_servers_know_it(
    mail: MailServer, tmp_path: Path, address: str
) -> None:
    send(replace(LETTER, to=address), mail.url, tmp_path)
    (received,) = mail.to("kim@xn--bckerei-5wa.example")
    assert received.message["To"] == "kim@xn--bckerei-5wa.example"


@pytest.mark.parametrize(
    "address", ["jürgen@example.org", "kim@", "kim@a..b", "kim@straße.example", f"kim@{'ä' * 90}.example"]
)
def test_an_address_that_no_server_knows_is_given_up(mail: MailServer, tmp_path: Path, address: str) -> None:
    with pytest.raises(errors.ExternalFailure, match="is not a mail address") as refused:
        send(replace(LETTER, to=address), mail.url, tmp_path)
    assert not refused.value.transient


def test_a_server_that_is_away_is_asked_again(tmp_path: Path) -> None:
    with pytest.raises(errors.ExternalFailure, match="cannot be reached") as failed:
        send(LETTER, f"smtp://127.0.0.1:{children.free_port()}", tmp_path)
    assert failed.value.transient


def test_a_password_is_not_sent_without_encryption(mail: MailServer, tmp_path: Path) -> None:
    with pytest.raises(errors.ExternalFailure, match="STARTTLS") as failed:
        send(LETTER, mail.url.replace("//", "//ann:secret@"), tmp_path)
    assert failed.value.transient
    assert mail.received == []


@pytest.mark.parametrize("address", ["nobody", "", "a@b@c", "ann@example.org\nBcc: all@example.org"])
def test_what_is_no_address_is_refused_for_good(address: str, mail: MailServer, tmp_path: Path) -> None:
    letter = sending.Letter(address, "s", "t", "", "<1@example.org>", LETTER.at)
    with pytest.raises(errors.ExternalFailure, match="not a mail address") as refused:
        send(letter, mail.url, tmp_path)
    assert not refused.value.transient


def test_every_language_says_the_same_with_the_same_values() -> None:
    reference = wording.WORDING[wording.FALLBACK]
    for language, kinds in wording.WORDING.items():
        assert set(kinds) == set(reference), language
        for kind, lines in kinds.items():
            used = {name for line in lines for name in texts.placeholders(line)}
            wanted = {name for line in reference[kind] for name in texts.placeholders(line)}
            assert used == wanted, (language, kind)


def test_a_text_is_in_the_language_and_zone_of_the_reader() -> None:
    values = {"name": "Build", "release": "R-1 Payroll", "due": LETTER.at, "assignee": None}
    english, _ = texts.render("deadline.due", "en", "America/New_York", values)
    german, body = texts.render("deadline.due", "de-AT", "Europe/Vienna", values)
    assert english == "Deadline missed: Build, R-1 Payroll – due 2 Mar 2026, 04:00 (America/New_York)"
    assert german == "Frist versäumt: Build, R-1 Payroll – fällig 2. März 2026, 10:00 (Europe/Vienna)"
    assert "noch niemand" in body


def test_a_language_without_texts_gets_english() -> None:
    assert texts.render("phase.entered", "fr", "UTC", {"release": "R-1", "phase": "Build"})[0] == "R-1 is now in: Build"


def test_a_line_without_its_value_is_left_out() -> None:
    _, body = texts.render("task.assigned", "en", "UTC", {"name": "Build", "release": "R-1", "by": "Max", "due": None})
    assert body == "Max gave you “Build” of R-1."
