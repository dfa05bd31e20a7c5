"""Texts of notices: the shipped ones, and those that administrators wrote instead, with their versions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from string import Formatter
from uuid import uuid4

from service import errors
from service.domain import clock, keypoints, policy
from service.integrations import letters, texts
from service.storage import db, history, keys, writing
from service.storage.history import Entry
from service.storage.models.templates import Hearers, NoticeTemplate
from service.storage.queries import templates as stored
from service.usecases import breakdowns, settings
from service.usecases.telling import notices, values

LONGEST_SUBJECT = 500
LONGEST_BODY = 10_000
LANGUAGES = tuple(texts.languages())
POINTS = {point.kind: point for point in keypoints.POINTS}


@dataclass(frozen=True)
class Standing:
    """The text of a kind in a language as it is now. revision 0: nobody ever wrote another one."""

    kind: str
    language: str
    subject: str
    body: str
    shipped: bool
    revision: int
    placeholders: Sequence[str]


@dataclass(frozen=True)
class Hearing:
    """A kind of key points, its word in the alerts of a phase, and who hears of it: usually, and now."""

    kind: str
    event: str
    usual: Sequence[str]
    recipients: Sequence[str]


@dataclass(frozen=True)
class Preview:
    """A text with values, and the mail that it makes. made_up: some of the values are samples."""

    subject: str
    body: str
    page: str
    made_up: bool = True


def kinds() -> list[str]:
    """The kinds of notices that have a text."""
    return texts.kinds()


def standing(kind: str, language: str) -> Standing:
    """The text that holds now. Raises NotFound."""
    _known(kind, language)
    versions = stored.versions(kind, language)
    newest = versions[0] if versions else None
    own = newest is not None and newest.subject is not None
    given = texts.Given(newest.subject, newest.body) if newest is not None and own else texts.shipped(kind, language)
    revision = newest.revision if newest else 0
    return Standing(kind, language, given.subject, given.body, not own, revision, texts.offered(kind))


def everything() -> list[Standing]:
    """The texts of all kinds in all languages."""
    return [standing(kind, language) for kind in texts.kinds() for language in LANGUAGES]


def hearing() -> list[Hearing]:
    """The kinds of key points, and who hears of each."""
    said = stored.hearers()
    return [
        Hearing(
            point.kind,
            point.event,
            list(point.recipients),
            list(said[point.kind].recipients if point.kind in said else point.recipients),
        )
        for point in keypoints.POINTS
    ]


def write(
    kind: str, language: str, subject: str, body: str, *, revision: int | None = None, actor: policy.Actor
) -> int:
    """Give a kind another text; answers its revision. Raises Forbidden, NotFound, InvalidInput, StaleWrite."""
    policy.require(policy.may_administer(actor))
    _known(kind, language)
    given = texts.Given(" ".join(subject.split()), body.replace("\r\n", "\n").strip())
    check(kind, given)
    return _store(kind, language, given, revision, actor)


def restore(kind: str, language: str, *, actor: policy.Actor) -> int:
    """Let the shipped text hold again; the versions before stay. Raises Forbidden, NotFound."""
    policy.require(policy.may_administer(actor))
    _known(kind, language)
    return _store(kind, language, None, None, actor)


def check(kind: str, given: texts.Given) -> None:
    """Raises InvalidInput where a text is missing or too long, or names what its kind does not know."""
    wrong = {}
    for name, text, most in (("subject", given.subject, LONGEST_SUBJECT), ("body", given.body, LONGEST_BODY)):
        problem = _problem(text, texts.offered(kind))
        if not text:
            wrong[name] = ["is needed"]
        elif len(text) > most:
            wrong[name] = [f"use at most {most} characters"]
        elif problem:
            wrong[name] = [problem]
    if wrong:
        raise errors.InvalidInput(wrong)


def preview(
    kind: str, language: str, subject: str, body: str, *, release: int | None = None, actor: policy.Actor
) -> Preview:
    """What a text makes of sample values, or of those of a release. Raises NotFound, InvalidInput as `write`."""
    _known(kind, language)
    given = texts.Given(subject, body.replace("\r\n", "\n"))
    check(kind, given)
    example = values.example(kind, release, actor=actor)
    said, text = texts.render(kind, language, actor.zone, example.values, given)
    reader = letters.Reader(language, actor.zone, settings.current().public_url)
    page = letters.content([letters.sample(kind, said, text, example.values)], reader).html
    return Preview(said, text, page, example.made_up)


def try_out(
    kind: str, language: str, subject: str, body: str, *, release: int | None = None, actor: policy.Actor
) -> None:
    """Tell the actor alone what a text makes of sample values, or of those of a release.

    Raises as `preview`, Forbidden.
    """
    policy.require(policy.may_administer(actor))
    shown = preview(kind, language, subject, body, release=release, actor=actor)
    with db.transaction() as session:
        notices.tell(
            session,
            cause=f"template:{uuid4().hex}",
            recipients={actor.name: "test"},
            kind=kind,
            subject=shown.subject,
            body=shown.body,
            urgent=True,
        )


def hear(kind: str, text: str, *, actor: policy.Actor) -> None:
    """Say who hears of a kind of key points, in the words of ladders; nothing: the usual recipients.

    What a phase says in its model goes before. Raises Forbidden, NotFound, InvalidInput.
    """
    policy.require(policy.may_administer(actor))
    if kind not in POINTS:
        raise errors.NotFound(f"There is no key point {kind}.")
    try:
        recipients = keypoints.parse_recipients(text) if text.strip() else None
    except ValueError as problem:
        raise errors.InvalidInput({"recipients": [str(problem)]}) from None
    with db.transaction() as session:
        now = clock.now()
        writing.delete_where(session, Hearers, kind=kind)
        if recipients is not None:
            row = {"kind": kind, "recipients": list(recipients), "by": actor.name, "at": now}
            writing.insert_rows(session, Hearers, [row])
        entry = Entry("hearers.changed", data={"kind": kind, "recipients": text.strip()})
        history.append_to_administration(session, [entry], at=now, actor=actor.name)


def _problem(text: str, names: Sequence[str]) -> str | None:
    """Braces that do not fit, or a name that is not offered."""
    try:
        parts = list(Formatter().parse(text))
    except ValueError:
        return "has a brace that stands alone: put a name between two, like {release}"
    for _, name, form, conversion in parts:
        if name is not None and (name not in names or form or conversion):
            asked = "{" + name + (f"!{conversion}" if conversion else "") + (f":{form}" if form else "") + "}"
            known = ", ".join(f"{{{one}}}" for one in names)
            return f"does not know “{asked}”. Known are {known}."
    return None


def _known(kind: str, language: str) -> None:
    if kind not in texts.kinds() or language not in LANGUAGES:
        raise errors.NotFound(f"There is no text for {kind} in {language}.")


def _store(kind: str, language: str, given: texts.Given | None, revision: int | None, actor: policy.Actor) -> int:
    with db.transaction() as session:
        now = clock.now()
        # the chain of administration is locked: whoever writes at once comes after
        entry = Entry("template.changed" if given else "template.restored", data={"kind": kind, "language": language})
        history.append_to_administration(session, [entry], at=now, actor=actor.name)
        versions = stored.versions(kind, language)
        last = versions[0].revision if versions else 0
        if revision is not None and revision != last:
            raise errors.StaleWrite("Somebody changed this text since you looked. Load it again.")
        writing.update_where(session, NoticeTemplate, {"current": False}, kind=kind, language=language)
        row = {
            "key": keys.next_key(session), "kind": kind, "language": language, "revision": last + 1,
            "subject": given.subject if given else None, "body": given.body if given else None, "current": True,
            "by": actor.name, "at": now,
        }  # fmt: skip
        writing.insert_rows(session, NoticeTemplate, [row])
    breakdowns.over(breakdowns.TEMPLATES, [row.key for row in versions])
    return int(last) + 1
