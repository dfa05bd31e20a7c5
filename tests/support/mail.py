"""A real SMTP server that keeps what it accepts, and can be told to refuse."""

from __future__ import annotations

import asyncio
import email
import email.policy
import time
from dataclasses import dataclass, field
from email.message import EmailMessage
from typing import cast

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from service.cli import children


@dataclass
class Received:
    """One accepted mail: who sent it to whom on the wire, and the message itself."""

    sender: str
    recipients: list[str]
    message: EmailMessage

    @property
    def subject(self) -> str:
        return str(self.message["Subject"])

    @property
    def message_id(self) -> str:
        return str(self.message["Message-ID"])

    @property
    def text(self) -> str:
        body = self.message.get_body(preferencelist=("plain", "html"))
        return "" if body is None else str(body.get_content())


@dataclass
class MailServer:
    """Listens on the loopback address; `refusal` is what it answers to a recipient or message, None accepts.

    hangs: it takes a message and says nothing more. drops: it closes the connection when it has the message, in place
    of an answer. Neither has accepted it; with `keeps` it has, and did not say so.
    """

    received: list[Received] = field(default_factory=list)
    refusal: str | None = None
    refused_recipients: set[str] = field(default_factory=set)
    refuses_senders: str | None = None
    farewell: str = "221 Bye"
    hangs: bool = False
    drops: bool = False
    keeps: bool = False
    attempts: int = 0
    unanswered: int = 0
    kept: int = 0  # of those

    def start(self) -> None:
        self._controller = Controller(self, hostname="127.0.0.1", port=children.free_port())
        self._controller.start()

    def stop(self) -> None:
        self._controller.stop()

    def go_away(self) -> None:
        """Nobody listens any more; `come_back` listens on the same port."""
        self._controller.stop()

    def come_back(self) -> None:
        self._controller = Controller(self, hostname="127.0.0.1", port=self._controller.port)
        self._controller.start()

    @property
    def url(self) -> str:
        return f"smtp://127.0.0.1:{self._controller.port}"

    def clear(self) -> None:
        self.received.clear()
        self.refused_recipients.clear()
        self.refusal = self.refuses_senders = None
        self.farewell = "221 Bye"
        self.hangs = self.drops = self.keeps = False
        self.attempts = self.unanswered = self.kept = 0

    def to(self, address: str) -> list[Received]:
        return [mail for mail in self.received if address in mail.recipients]

    def wait_for(self, count: int, *, patience_s: float = 120) -> list[Received]:
        """The mails, once at least so many have come; fails when they do not."""
        end = time.monotonic() + patience_s
        while len(self.received) < count:
            assert time.monotonic() < end, f"{len(self.received)} mails after {patience_s} s, {count} expected"
            time.sleep(0.02)
        return list(self.received)

    # aiosmtpd calls these by name

    async def handle_MAIL(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if self.refuses_senders is not None:
            return self.refuses_senders
        envelope.mail_from = address
        return "250 OK"

    async def handle_QUIT(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        return self.farewell

    async def handle_RCPT(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        self.attempts += 1
        if address in self.refused_recipients:
            return "550 5.1.1 No such mailbox here"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        if self.refusal is not None:
            return self.refusal
        if not self.hangs and not self.drops:
            self._accept(envelope)
            return "250 Message accepted"
        self.unanswered += 1
        if self.keeps:
            self.kept += 1
            self._accept(envelope)
        while self.hangs:
            await asyncio.sleep(0.05)
        cast(asyncio.Transport, server.transport).abort()
        raise asyncio.CancelledError

    def _accept(self, envelope: Envelope) -> None:
        content = cast(bytes, envelope.original_content)
        message = email.message_from_bytes(content, policy=email.policy.default)
        self.received.append(Received(envelope.mail_from or "", [str(to) for to in envelope.rcpt_tos], message))
