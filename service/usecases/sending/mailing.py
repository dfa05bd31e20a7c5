"""How mail carries a bundle: what its notices say with the facts of this moment, and which thread they belong to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from service.domain import naming
from service.integrations import letters, mail, threads
from service.storage import bundles
from service.storage.queries import people
from service.storage.types import Row, Session
from service.usecases import settings
from service.usecases.regular import reporting
from service.usecases.telling import audience

LEVEL = "level:"  # how the cause of a level of a ladder begins


def entries(session: Session, bundle_key: int) -> list[letters.Entry]:
    """The notices of a bundle, each with the facts of its task and its level."""
    rows = bundles.notices(session, bundle_key)
    keys = {row.key: int(row.cause.removeprefix(LEVEL)) for row in rows if row.cause.startswith(LEVEL)}
    levels = bundles.levels(session, list(keys.values()))
    away = {
        row.as_: row.as_.removeprefix(audience.SUBSTITUTE) for row in rows if row.as_.startswith(audience.SUBSTITUTE)
    }
    titles = people.titles(away.values())
    called = {as_: f"{audience.SUBSTITUTE}{titles.get(name, name)}" for as_, name in away.items()}
    return [_entry(row, levels.get(keys.get(row.key, 0)), called) for row in rows]


def send(bundle: Row, told: Sequence[letters.Entry], to: audience.Reader) -> str:
    """Hand a bundle to the mail server; answers its words. Raises ExternalFailure."""
    current = settings.current()
    reader = letters.Reader(to.language, to.zone, current.public_url)
    content = letters.content(told, reader)
    letter = mail.Letter(
        to=bundle.address,
        subject=content.subject,
        text=content.text,
        html=content.html,
        message_id=message_id(bundle),
        at=bundle.made_at,
        attachments=reporting.attached(told),
        choosing=reader.url(letters.CHOOSING),
        thread=threads.of(told, bundle.reader, mail.domain(current.mail_from)),
    )
    return mail.send(letter, current.smtp_url, current.mail_from, current.data_dir / "mail")


def message_id(bundle: Row) -> str:
    """The same for every attempt: what was drawn when the bundle was made, in the domain of the sender."""
    kept = str(bundle.message_id)
    return kept if kept.startswith("<") else f"<{kept}@{mail.domain(settings.current().mail_from)}>"


def _entry(row: Row, level: Row | None, called: Mapping[str, str]) -> letters.Entry:
    name = naming.called(row.task_name, row.task_item) if row.task_name else level.name if level is not None else ""
    return letters.Entry(
        kind=row.kind,
        subject=row.subject,
        body=row.body,
        link=row.link,
        as_=called.get(row.as_, row.as_),
        release_number=row.release_number,
        release_title=row.release_title,
        task_key=row.task_key,
        name=name,
        due_at=level.due_at if level is not None else row.task_due_at,
        holders=row.assignee_title or ", ".join([*(row.task_groups or ()), *(row.task_users or ())]),
        moment=level.moment if level is not None else "",
        repeat=level.repeat if level is not None else 0,
    )
