"""What storage must know when a board takes the place of another one with the same activations: the difference."""

from __future__ import annotations

from service.engine import observing, steps, timers
from service.engine.board import Board, by_age
from service.engine.migration import rearming
from service.engine.tokens import Token


def between(before: Board, after: Board) -> tuple[steps.Fact, ...]:
    """Timers and subscriptions that come, go or change; activations whose element has another id, name or form."""
    facts: list[steps.Fact] = []
    told, tells = _waiting(before), _waiting(after)
    for ref, fact in told.items():
        if ref not in tells or _kept(fact) != _kept(tells[ref]):
            if isinstance(fact, steps.Subscribed):
                facts.append(steps.Unsubscribed(ref, fact.element, kind=fact.kind))
            elif ref not in tells:
                facts.append(steps.TimerDisarmed(ref, fact.element))
    for token in by_age(after.tokens):
        earlier = before.tokens.get(token.ref)
        moved = _moved(earlier, token) if earlier is not None else None
        if moved is not None:
            facts.append(moved)
        fact_now = tells.get(token.ref)
        if fact_now is not None and (token.ref not in told or _kept(told[token.ref]) != _kept(fact_now)):
            facts.append(fact_now)
    return tuple(facts)


def _waiting(board: Board) -> dict[str, steps.TimerArmed | steps.Subscribed]:
    """What is told of each timer and subscription that is open."""
    found: dict[str, steps.TimerArmed | steps.Subscribed] = {}
    for token in by_age(board.timers):
        found[token.ref] = _armed(token)
    for token in [*by_age(board.messages), *by_age(board.signals)]:
        found[token.ref] = _subscribed(token)
    return found


def _armed(token: Token) -> steps.TimerArmed:
    assert token.element is not None
    host = rearming.awaited_for(token)
    return steps.TimerArmed(token.ref, token.element.id, timers.due_at(token), host.ref if host else None)


def _subscribed(token: Token) -> steps.Subscribed:
    assert token.element is not None
    data = token.internal_data
    kind = "message" if "message" in data else "signal"
    return observing.subscribed(token, token.element, kind, data[kind], data.get("key"), rearming.awaited_for(token))


def _kept(fact: steps.Fact) -> dict[str, object]:
    """What must be the same for a row to stay; its element is renamed."""
    return {name: value for name, value in vars(fact).items() if name != "element"}


def _moved(before: Token, after: Token) -> steps.Moved | None:
    old, new = before.element, after.element
    if old is None or new is None:
        return None
    shown = ("id", "name", "form", "button", "criteria")
    if all(getattr(old, name) == getattr(new, name) for name in shown):
        return None
    return steps.Moved(
        after.ref,
        new.id,
        before=old.id,
        name=new.name,
        form=new.form,
        button=new.button,
        criteria=new.criteria,
    )
