"""What waits at borders after a migration: events that are new there, and messages that have another name now."""

from __future__ import annotations

from service.engine import elements, events
from service.engine.board import Board, by_age
from service.engine.migration import aligning
from service.engine.migration.aligning import Alignment
from service.engine.migration.translating import Translation
from service.engine.tokens import Flow, Token


def adjust(before: Board, after: Board, translation: Translation) -> None:
    """Make a migrated board wait for what its version draws. Raises Stuck where an expression fails.

    An event that waited already goes on waiting, one that has fired does not wait again; only what is new is armed.
    """
    for earlier, flow in zip(flows(before), flows(after), strict=True):
        _watch_new(earlier, flow, translation.alignment(earlier))
    for token in by_age(after.tokens):
        if token.task_spec.is_host and "ready" in events.main_of(token).internal_data:
            _arm_new(token, before, translation)
        elif token.task_spec.is_race:
            _race_new(token)
    for token in [*by_age(after.messages), *by_age(after.signals)]:
        _listen(token, before)
    for token in by_age(after.conditions):
        if _event(before.tokens.get(token.ref)) != token.event:
            after.unseen.append(token)


def flows(board: Board) -> list[Flow]:
    """All flows, outer ones first, as they are saved."""
    return [board.flow, *board.flow.subprocesses.values()]


def _watch_new(before: Flow, after: Flow, alignment: Alignment) -> None:
    """Wait for event sub-processes that are new in a scope, unless one has interrupted everything in it."""
    if after.completed or any(_interrupts(token) for token in after.alive):
        return
    drawn = [alignment.old.elements[aligning.owner(before.spec.task_specs[n]) or ""] for n in before.spec.start.watched]
    was = {alignment.target(element.id): element for element in drawn}
    waiting = {token.task_spec.name for token in after.watchers.values()}
    for name in after.spec.start.watched:
        spec = after.spec.task_specs[name]
        new = after.graph.elements[aligning.owner(spec) or ""]
        old = was.get(new.id)
        if name not in waiting and (old is None or not aligning.same_event(old, new)):
            after.board.guard(after.task_tree._add_child(spec), "arm")


def _interrupts(token: Token) -> bool:
    """Whether this is an event sub-process that ended all else in its scope."""
    handler = token.element
    if handler is None or not handler.triggered_by_event:
        return False
    inside = token.flow.graph.elements.values()
    return any(e.parent == handler.id and e.type == "startEvent" and e.event and e.event.interrupting for e in inside)


def _arm_new(host: Token, before: Board, translation: Translation) -> None:
    main = events.main_of(host)
    earlier = before.tokens[main.ref]
    was = _drawn_before(earlier, translation.alignment(earlier.flow))
    waiting = {child.task_spec.name for child in host.children}
    for spec in host.task_spec.outputs:
        new = host.flow.graph.elements.get(aligning.owner(spec) or "")
        if not spec.is_boundary or spec.name in waiting or new is None:
            continue
        old = was.get(new.id)
        if old is None or not aligning.same_event(old, new):
            host.board.guard(host._add_child(spec), "arm")


def _drawn_before(main: Token, alignment: Alignment) -> dict[str | None, elements.Element]:
    """The events that the old version has at an activity, by their ids in the new one."""
    if not main.parent.task_spec.is_host:
        return {}
    drawn = [alignment.old.elements[aligning.owner(s) or ""] for s in main.parent.task_spec.outputs if s.is_boundary]
    return {alignment.target(element.id): element for element in drawn}


def awaited_for(token: Token) -> Token | None:
    """The activity at whose border, or inside of which, something is awaited."""
    host: Token | None = token.task_spec.around(token)[1]
    return host


def _race_new(gateway: Token) -> None:
    waiting = {child.task_spec.name for child in gateway.children}
    for spec in gateway.task_spec.outputs:
        if spec.name not in waiting:
            gateway.board.guard(gateway._add_child(spec), "arm")


def _event(token: Token | None) -> elements.Event | None:
    return None if token is None else token.event


def _listen(token: Token, before: Board) -> None:
    """Wait for the name and the key that the new version gives a message or signal, where it gives others."""
    old, new = _event(before.tokens.get(token.ref)), token.event
    if old is None or new is None or (old.name, old.correlation) == (new.name, new.correlation):
        return
    board, data = token.board, token.internal_data
    scope = token.task_spec.around(token)[0]
    if new.kind == "signal":
        data["signal"] = board.text(scope, new.name or "", "A signal name")
    elif new.kind == "message":
        data["message"] = board.text(scope, new.name or "", "A message name")
        data["key"] = board.text(scope, new.correlation, "A correlation key") if new.correlation else None
