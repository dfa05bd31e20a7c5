"""Mail: over SMTP where it is configured, else as files in a folder that people can open."""

from __future__ import annotations

import contextlib
import functools
import os
import smtplib
import socket
import ssl
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from email.errors import MessageError
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP as SMTP_POLICY
from email.utils import format_datetime
from pathlib import Path
from urllib.parse import SplitResult, parse_qs, unquote, urlsplit

from service import errors

TIMEOUT_S = 10
STARTTLS = ("always", "offered", "never")


@dataclass(frozen=True)
class Letter:
    """One mail to one person."""

    to: str
    subject: str
    text: str
    html: str
    message_id: str
    at: datetime
    unsubscribe: str = ""  # where one click ends these mails (RFC 8058)
    attachments: Sequence[tuple[str, str, bytes]] = ()  # name, type and content of each
    choosing: str = ""  # the page where people choose what reaches them
    thread: tuple[str, ...] = ()  # Message-IDs that it belongs to, the widest first; the same for all of a subject


def send(letter: Letter, smtp_url: str, sender: str, folder: Path) -> str:
    """Hand a letter over; answers what the other side said. Raises ExternalFailure, transient or not.

    smtp_url: `smtp://user:password@host:port?starttls=always|offered|never` or `smtps://...`; empty: a file in
    `folder`.
    """
    message = compose(letter, sender)
    if not smtp_url:
        return _keep(message, letter.message_id, folder)
    try:
        return _talk(message, mailbox(letter.to), sender, urlsplit(smtp_url))
    except smtplib.SMTPRecipientsRefused as problem:
        code, words = next(iter(problem.recipients.values()))
        raise _refused(code, words) from problem
    except smtplib.SMTPAuthenticationError as problem:
        # our own configuration, not the letter: it may be corrected
        raise errors.ExternalFailure(_words(problem.smtp_code, problem.smtp_error), transient=True) from problem
    except smtplib.SMTPResponseException as problem:
        raise _refused(problem.smtp_code, problem.smtp_error) from problem
    except (smtplib.SMTPException, OSError, ssl.SSLError) as problem:
        away = f"The mail server cannot be reached: {problem}"
        raise errors.ExternalFailure(away, transient=True, outage=True) from problem


def compose(letter: Letter, sender: str) -> EmailMessage:
    """The message with a text and an HTML part."""
    message = EmailMessage(policy=SMTP_POLICY)
    try:
        message["To"] = Address(addr_spec=mailbox(letter.to))
        message["From"] = Address("Tidegate", addr_spec=sender)
    except (ValueError, IndexError, MessageError) as problem:
        raise errors.ExternalFailure(f"“{letter.to}” is not a mail address.", transient=False) from problem
    message["Subject"] = letter.subject
    message["Date"] = format_datetime(letter.at)
    message["Message-ID"] = letter.message_id
    message["Auto-Submitted"] = "auto-generated"
    if letter.thread:
        message["In-Reply-To"] = letter.thread[-1]
        message["References"] = " ".join(letter.thread)
    if letter.choosing:
        message["List-Id"] = f"<notices.{domain(sender)}>"
        message["List-Unsubscribe"] = f"<{letter.choosing}>"
    if letter.unsubscribe:
        message["List-Unsubscribe"] = f"<{letter.unsubscribe}>"
        message["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    message.set_content(letter.text + "\n")
    message.add_alternative(letter.html, subtype="html")
    for name, type_, content in letter.attachments:
        main, _, sub = type_.partition(";")[0].partition("/")
        letters = {"charset": "utf-8"} if main == "text" else {}
        message.add_attachment(content, maintype=main, subtype=sub, filename=name, params=letters)
    return message


def is_address(text: str) -> bool:
    """Whether mail could be sent there."""
    try:
        Address(addr_spec=mailbox(text))
    except (ValueError, IndexError, MessageError):
        return False
    return not any(c.isspace() for c in text)


def mailbox(address: str) -> str:
    """An address as mail servers know it, its domain in ASCII. Raises ValueError where they would know none."""
    name, at, host = address.rpartition("@")
    known = host if host.isascii() else host.encode("idna").decode("ascii")
    # ß would lead to a domain that may be somebody else's: whoever means it writes xn--.
    if not (at and name.isascii()) or host.lower() not in (known.lower(), known.encode().decode("idna")):
        raise ValueError(address)
    return f"{name}@{known}"


def domain(address: str) -> str:
    """The part of an address behind the @."""
    return address.rpartition("@")[2] or "localhost"


def _talk(message: EmailMessage, to: str, sender: str, url: SplitResult) -> str:
    secure = url.scheme == "smtps"
    host, port = url.hostname or "localhost", url.port or (465 if secure else 587 if url.username else 25)
    local = socket.gethostname().split(".")[0] or "localhost"
    if secure:
        server: smtplib.SMTP = smtplib.SMTP_SSL(host, port, local, timeout=TIMEOUT_S, context=_checking())
    else:
        server = smtplib.SMTP(host, port, local, timeout=TIMEOUT_S)
    try:
        server.ehlo()
        if not secure:
            _start_tls(server, url)
        if url.username:
            server.login(unquote(url.username), unquote(url.password or ""))
        return _hand_over(server, message, sender, to)
    finally:
        # What has been accepted is, whatever the server answers to the farewell.
        with contextlib.suppress(smtplib.SMTPException, OSError):
            server.quit()
        server.close()


def _hand_over(server: smtplib.SMTP, message: EmailMessage, sender: str, to: str) -> str:
    code, words = server.mail(sender)
    if code != 250:
        raise smtplib.SMTPSenderRefused(code, words, sender)
    code, words = server.rcpt(to)
    if code not in (250, 251):
        raise smtplib.SMTPRecipientsRefused({to: (code, words)})
    code, words = server.data(message.as_bytes())
    if code != 250:
        raise smtplib.SMTPDataError(code, words)
    return _words(code, words)


def _start_tls(server: smtplib.SMTP, url: SplitResult) -> None:
    """Encrypt as asked. Merely offered encryption is taken without checking the certificate: it is better than none.

    A password is never sent without a checked certificate, unless `starttls=never` says so.
    """
    wanted = parse_qs(url.query).get("starttls", ["always" if url.username else "offered"])[0]
    if wanted not in STARTTLS:
        raise errors.ExternalFailure(f"TIDEGATE_SMTP_URL: starttls is one of {', '.join(STARTTLS)}.", transient=True)
    if wanted == "never" or (wanted == "offered" and not server.has_extn("starttls")):
        return
    server.starttls(context=_checking() if wanted == "always" else _trusting())
    server.ehlo()


@functools.cache
def _checking() -> ssl.SSLContext:
    """Made once a process: reading the authorities of the system takes longer than a mail."""
    return ssl.create_default_context()


@functools.cache
def _trusting() -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


def _refused(code: int, words: bytes | str) -> errors.ExternalFailure:
    return errors.ExternalFailure(_words(code, words), transient=not 500 <= code < 600)


def _words(code: int, words: bytes | str) -> str:
    text = words.decode("utf-8", "replace") if isinstance(words, bytes) else words
    return f"{code} {' '.join(text.split())}"


def _keep(message: EmailMessage, message_id: str, folder: Path) -> str:
    """A file named after the Message-ID, so that a repeat replaces it."""
    name = message_id.strip("<>").partition("@")[0]
    path = folder / f"{name}.eml"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        scratch = path.with_suffix(f".{os.getpid()}.part")
        scratch.write_bytes(message.as_bytes())
        scratch.replace(path)
    except OSError as problem:
        raise errors.ExternalFailure(f"The mail cannot be written to {path}: {problem}", transient=True) from problem
    return f"written to {path}"
