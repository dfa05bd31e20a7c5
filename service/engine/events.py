"""Events that wait: boundary and intermediate events, events behind an event-based gateway.

`arm` makes a token wait, `fire` is what happened. Where an event interrupts, everything inside its activity ends first.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import uuid4

from SpiffWorkflow.util.task import TaskState

from service.engine import conditions, elements, nodes, observing, steps, timers
from service.engine.scopes import plain
from service.engine.tokens import Token


def arm(token: Token) -> None:
    """Wait for what is drawn. Nothing waits where an expression fails."""
    board, event, data = token.board, event_of(token), token.internal_data
    scope, host = token.task_spec.around(token)
    token._set_state(TaskState.WAITING)
    if event.kind == "multiple":
        arm_parts(token)
    elif event.kind == "timer":
        timers.arm(token, scope)
        say_armed(token, host)
    elif event.kind == "message":
        data["message"] = board.text(scope, event.name or "", "A message name")
        data["key"] = board.text(scope, event.correlation, "A correlation key") if event.correlation else None
        say_subscribed(token, host)
    elif event.kind == "signal":
        data["signal"] = board.text(scope, event.name or "", "A signal name")
        say_subscribed(token, host)
    elif event.kind == "conditional":
        conditions.await_(token)


def arm_again(fired: Token, parent: Token) -> None:
    """An event that does not interrupt goes on waiting, under a new ref; a timer does while its cycle has turns."""
    event, data = event_of(fired), fired.internal_data
    if event.kind == "timer" and event.timer != "cycle":
        return
    again = parent._add_child(fired.task_spec)
    if "part" in data:
        again.internal_data["part"] = data["part"]
    host = again.task_spec.around(again)[1]
    again._set_state(TaskState.WAITING)
    if event.kind == "timer":
        if not timers.arm_next(again, fired):
            again.drop()
            return
        say_armed(again, host)
    elif event.kind == "message":
        again.internal_data.update(message=data["message"], key=data["key"])
        say_subscribed(again, host)
    elif event.kind == "signal":
        again.internal_data["signal"] = data["signal"]
        say_subscribed(again, host)
    elif event.kind == "conditional":
        conditions.await_(again, held=True)
    elif event.kind == "multiple":
        arm_parts_again(fired, again)


def arm_parts(token: Token, again: bool = False) -> None:
    """Each definition of an event waits by itself; one of them, or all, make the event happen."""
    spec = token.flow.spec.task_specs[token.task_spec.parts]
    parts = [token._add_child(spec) for _ in event_of(token).parts]
    for number, part in enumerate(parts):
        part.internal_data["part"] = number
        if again and event_of(part).kind == "conditional":
            conditions.await_(part, held=True)
        else:
            part.board.guard(part, "arm")


def arm_parts_again(fired: Token, again: Token) -> None:
    """Of one that needs any of its definitions, those go on waiting that can; one that needs a timer happens once."""
    event = event_of(fired)
    if event.needs_all and not event.has("timer"):
        arm_parts(again, again=True)
    elif not event.needs_all:
        for part in fired.children:
            part.move_below(again)
    if not again.children:
        again.drop()


def event_of(token: Token) -> elements.Event:
    assert token.event is not None
    return token.event


def say_armed(token: Token, host: Token | None) -> None:
    place = token.element.id if token.element else ""
    attached = host.ref if host else None
    token.board.say(steps.TimerArmed(token.ref, place, due_at=timers.due_at(token), attached_to=attached))


def say_subscribed(token: Token, host: Token | None) -> None:
    """It waits for the message or signal that its data name."""
    assert token.element is not None
    data = token.internal_data
    kind = "message" if "message" in data else "signal"
    token.board.await_(token, f"{kind}s")
    token.board.say(observing.subscribed(token, token.element, kind, data[kind], data.get("key"), host))


class Awaited(nodes.Node):
    """An event that waits; `fire` is what it does when it happens. `parts` names what waits for one definition."""

    parts: str

    def around(self, token: Token) -> tuple[str, Token | None]:
        """The scope that its expressions see, and the activity for whose sake it waits."""
        raise NotImplementedError

    def arm(self, token: Token) -> None:
        arm(token)

    def look(self, token: Token) -> None:
        conditions.look(token)

    def happen(self, token: Token) -> None:
        conditions.happen(token)

    def fire(self, token: Token, variables: Mapping[str, Any]) -> None:
        raise NotImplementedError

    def heard(self, token: Token, part: Token, variables: Mapping[str, Any]) -> None:
        """One of several definitions has happened."""
        event, data = event_of(token), token.internal_data
        if event.needs_all:
            data["heard"] = {**data.get("heard", {}), **plain(variables)}
        elif not event.interrupting:
            arm_again(part, token)
        part.board.let_go(part, "completed")
        part.drop()
        if not event.needs_all:
            self.fire(token, variables)
        elif not token.children:
            self.fire(token, data["heard"])

    def stop(self, token: Token) -> None:
        """It has happened, and waits no more, nor do its other definitions."""
        token.board.disarm(token, fired=True)
        for part in token.children:
            token.board.cancel(part)


class Part(Awaited):
    """Waits for one of several definitions of an event, below the token of that event."""

    is_part = True

    def around(self, token: Token) -> tuple[str, Token | None]:
        around: tuple[str, Token | None] = token.parent.task_spec.around(token.parent)
        return around

    def starts(self, token: Token) -> str:
        started: str = token.parent.task_spec.starts(token.parent)
        return started

    def fire(self, token: Token, variables: Mapping[str, Any]) -> None:
        token.board.disarm(token, fired=True)
        token.parent.task_spec.heard(token.parent, token, variables)


class CatchEvent(Awaited):
    """An intermediate event that waits, alone or behind an event-based gateway."""

    def arrive(self, token: Token) -> None:
        self.enter(token)
        self.arm(token)

    def arm(self, token: Token) -> None:
        element = token.element
        assert element is not None
        nodes.map_inputs(token)
        happened = token.internal_data.pop("happened", None) == element.id
        if happened or element.event is None or element.event.kind in ("none", "link"):
            self.fire(token, {})
            return
        arm(token)

    def around(self, token: Token) -> tuple[str, Token | None]:
        return token.board.scope_of(token), None

    def fire(self, token: Token, variables: Mapping[str, Any]) -> None:
        self.stop(token)
        gateway = token.parent
        if gateway.task_spec.is_race:
            gateway.task_spec.won(gateway, token)
        self.enter(token)
        token.board.finish(token, variables)


class BoundaryEvent(Awaited):
    """An event at the border of an activity, awaited for as long as that runs.

    What an activity throws by itself as its instances complete does not end it, whatever is drawn at its border.
    """

    is_boundary = True

    def around(self, token: Token) -> tuple[str, Token | None]:
        main = main_of(token.parent)
        return token.board.scope_of(main), main

    def fire(self, token: Token, variables: Mapping[str, Any]) -> None:
        board, host = token.board, token.parent
        assert token.element is not None
        assert token.element.event is not None
        board.disarm(token, fired=True)
        token.move_below(token.flow.task_tree)
        if token.element.event.interrupting and "throwing" not in main_of(host).internal_data:
            host.task_spec.interrupt(host)
        else:
            arm_again(token, host)
        self.stop(token)
        self.enter(token)
        board.finish(token, variables)


class Watch(Awaited):
    """Waits for the start event of an event sub-process while the scope around that is alive."""

    is_watch = True
    handler: str

    def around(self, token: Token) -> tuple[str, Token | None]:
        return token.flow.scope, token.flow.host

    def starts(self, token: Token) -> str:
        """The name of the event sub-process."""
        return self.handler

    def fire(self, token: Token, variables: Mapping[str, Any]) -> None:
        """The event sub-process begins in the flow of the scope; where it interrupts, all else there ends first."""
        board, flow = token.board, token.flow
        assert token.element is not None
        assert token.element.event is not None
        # An incident has told this ref already as a stay outside of the event sub-process.
        ref = str(uuid4()) if "entered" in token.internal_data else token.ref
        board.disarm(token, fired=True)
        if not token.element.event.interrupting:
            arm_again(token, flow.task_tree)
        self.stop(token)
        board.let_go(token, "completed")
        token.drop()
        if token.element.event.interrupting:
            flow.gated = False
            board.clear(flow)
        handler = flow.task_tree._add_child(flow.spec.task_specs[self.handler])
        handler.internal_data["cause"] = [ref, plain(variables)]
        handler.task_spec._update(handler)


class Host(nodes.Node):
    """Carries an activity and the events at its border for as long as the activity runs."""

    is_host = True

    def arrive(self, token: Token) -> None:
        token._set_state(TaskState.STARTED)
        main = next(spec for spec in self.outputs if not spec.is_boundary)
        child = token._add_child(main)
        if "aim" in token.internal_data:
            child.internal_data["aim"] = token.internal_data.pop("aim")
        child.task_spec._update(child)

    def arm_all(self, token: Token) -> None:
        """The activity is entered: its events wait from now on."""
        for spec in self.outputs:
            if spec.is_boundary and token.alive:
                token.board.guard(token._add_child(spec), "arm")
        conditions.look_at_new(token.board)

    def interrupt(self, token: Token) -> None:
        """An event ended the activity: out with it, its other events, and the host."""
        token.board.cancel(main_of(token))
        self.release(token)

    def release(self, token: Token) -> None:
        """The activity has left: nothing is awaited at its border any more."""
        self.disarm(token)
        token._set_state(TaskState.COMPLETED)
        token.drop()

    def disarm(self, token: Token) -> None:
        for event in token.children:
            if event.task_spec.is_boundary:
                token.board.cancel(event)


def main_of(host: Token) -> Token:
    """The activity that a host carries."""
    tokens = host.flow.tasks
    return next(child for key in host._children if not (child := tokens[key]).task_spec.is_boundary)
