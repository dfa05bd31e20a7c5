"""How every element behaves: a token arrives, the element runs when it is its turn, the token leaves along the flows.

These classes take the place of SpiffWorkflow's own spec classes (see `adopting.py`). Nothing is predicted: tokens are
made when their predecessor leaves. The stages of a stay are methods, and `Board.guard` calls them by name, also to try
again: `arrive` (into the element), `run` (its turn), `leave` (with its results), `look` (somebody else moved),
`happen` (what it waited for is there).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

from SpiffWorkflow.bpmn.specs.bpmn_task_spec import BpmnTaskSpec
from SpiffWorkflow.util.task import TaskState

from service.engine import beside, conditions, dataflow, elements, graphs, observing, steps
from service.engine.expressions import Stuck
from service.engine.tokens import Flow, Token


class Node(BpmnTaskSpec):
    """An element that does nothing by itself: the token passes at once."""

    is_loop = False  # carries the children of a loop
    is_host = False  # carries an activity and its boundary events
    is_boundary = False
    is_watch = False  # waits for the start event of an event sub-process
    is_part = False  # waits for one of several definitions of an event
    joins = False  # waits for other tokens
    gathers = False  # waits for as many tokens as the activity behind it takes
    keeps = False  # its children come back to it when they leave: `child_left`
    revives = False  # stands for a completed sub-process while that is undone
    remembered = ""  # how it is compensated when it is completed, see `compensables.py`
    is_race = False  # carries the events behind an event-based gateway
    inner = False  # machinery that no token enters
    ways_in: Counter[str]  # how many flows lead here, by the spec that they come from

    def _predict(self, my_task: Token, *args: Any, **kwargs: Any) -> None:
        """Nothing is predicted."""

    def _update(self, my_task: Token) -> None:
        my_task.board.guard(my_task, "arrive")

    def _on_complete(self, my_task: Token) -> None:
        """Out of the tree, and on."""
        carrier = my_task.parent
        my_task.drop()
        if carrier.task_spec.keeps:
            carrier.task_spec.child_left(carrier, my_task)
            return
        if carrier.task_spec.is_host:
            carrier.task_spec.release(carrier)
        self.go_on(my_task.flow)

    def leads_to(self, element: str) -> bool:
        """Whether an instance that begins at an element begins here."""
        return bool(self.extensions.get("element") == element)

    def is_spent(self, token: Token) -> bool:
        """Whether a token that is here can bring nothing about any more."""
        return False

    # The stages of a stay

    def arrive(self, token: Token) -> None:
        self.enter(token)
        token.board.ready(token)

    def run(self, token: Token) -> None:
        token.board.finish(token)

    def leave(self, token: Token) -> None:
        self.write(token)
        token.board.depart(token)

    def look(self, token: Token) -> None:
        """Somebody else moved."""

    # Their parts

    def enter(self, token: Token) -> None:
        data, element = token.internal_data, token.element
        if element is not None and "entered" not in data:
            data["entered"] = 1
            token.board.say(observing.entered(token, element))

    def write(self, token: Token) -> None:
        """Results of the element go to the scopes: through its output mappings, or all of them as they are."""
        board, element = token.board, token.element
        values = token.internal_data.pop("values", None) or {}
        if element is not None and element.outputs:
            scope = board.own_scope(token)
            board.scopes.put(scope, values)
            made = board.mapped(scope, element.outputs, infer=True)
            # A child of a loop writes to itself: its output element is what leaves the loop.
            board.scopes.propagate(scope if token.loop else token.flow.scope, made)
        elif values or (element is not None and element.moves):
            moved = self._moved(token, values)
            board.scopes.propagate(token.flow.scope, moved)
            board.scopes.propagate(board.scope_of(token), dataflow.left(element, values))
        if token.loop is not None:
            token.loop.task_spec.collect(token.loop, token)

    def _moved(self, token: Token, values: Mapping[str, Any]) -> dict[str, Any]:
        """What data associations carry; where one fails the results are kept for another try."""
        if token.element is None or not token.element.moves:
            return {}
        token.internal_data["values"] = dict(values)
        moved = dataflow.moved(token, token.element, values)
        del token.internal_data["values"]
        return moved

    def go_on(self, flow: Flow) -> None:
        """As many tokens as are drawn for each flow that is taken; the end of the scope where none is left."""
        drawn = flow.graph.elements.get(self.extensions.get("element", ""))
        tokens = drawn.completion_quantity if drawn else 1
        send(flow, self.name, [spec for _ in range(tokens) for spec in self.taken()])
        flow.board.settle_flow(flow)

    def taken(self) -> Iterable[Any]:
        return self.outputs


def send(flow: Flow, source: str, targets: Iterable[Any], happened: str | None = None) -> None:
    """Make tokens at elements: all of them are there before the first one arrives.

    happened: the id of the event that started the instance; who waits for it need not wait any more.
    """
    made: list[Token] = []
    sent: Counter[str] = Counter()
    for spec in targets:
        if not spec.inner and spec is not flow.spec.end:
            token = flow.task_tree._add_child(spec)
            if spec.joins or spec.gathers:
                token.internal_data["via"] = graphs.via(source, sent[spec.name] % max(1, spec.ways_in[source]))
                sent[spec.name] += 1
            if happened:
                token.internal_data["happened"] = happened
            made.append(token)
    for token in made:
        if token.alive:
            token.task_spec._update(token)


class Inner(Node):
    """The start, the end and the event joins of SpiffWorkflow: no token ever enters them."""

    inner = True


class Begin(Inner):
    """The root of a flow. `watched` names what waits for the event sub-processes of its scope."""

    watched: Sequence[str] = ()

    def watch(self, flow: Flow) -> None:
        """The scope is alive: its event sub-processes can start from now on."""
        for name in self.watched:
            flow.board.guard(flow.task_tree._add_child(flow.spec.task_specs[name]), "arm")
        conditions.look_at_new(flow.board)

    def begin(self, flow: Flow, only: str | None = None) -> None:
        """Send the first tokens: to every start event, or to one, or to the gateway in front of it."""
        self.watch(flow)
        if self.is_taken_over(flow):
            return
        if only is None:
            send(flow, self.name, self.outputs)
        else:
            send(flow, self.name, [spec for spec in self.outputs if spec.leads_to(only)], happened=only)
        flow.board.settle_flow(flow)

    def is_taken_over(self, flow: Flow) -> bool:
        """An event sub-process that interrupts has begun as soon as it was watched for."""
        return bool(self.watched) and not flow.watchers


class StartEvent(Node):
    """The event has happened already, or there is none; its payload is in the scope."""


class ThrowEvent(Node):
    """Milestones, messages, signals, escalations, links; send tasks that are no jobs."""

    def arrive(self, token: Token) -> None:
        self.enter(token)
        map_inputs(token)
        token.board.ready(token)

    def run(self, token: Token) -> None:
        if speak(token):
            token.board.finish(token)


class EndEvent(ThrowEvent):
    """None, terminate, error, escalation, signal and message ends, by what is drawn."""

    def run(self, token: Token) -> None:
        event = drawn(token).event
        if not speak(token):
            return
        if event and event.has("terminate"):
            token.board.depart(token)
            return
        errors = [part for part in event.each if part.kind == "error"] if event else []
        if errors:
            self._throw_error(token, errors[0])
            return
        token.board.finish(token)

    def go_on(self, flow: Flow) -> None:
        element = flow.graph.elements.get(self.extensions.get("element", ""))
        if element is not None and element.event is not None and element.event.has("terminate"):
            flow.board.clear(flow)
        flow.board.settle_flow(flow)

    def _throw_error(self, token: Token, event: elements.Event) -> None:
        board = token.board
        code = board.text(board.scope_of(token), event.code, "An error code") if event.code else None
        catcher = catching(token, "error", code)
        if catcher is None:
            raise uncaught(code or event.name or "")
        variables = dict(board.scopes.local(token.ref)) if token.ref in board.scopes else {}
        hand_over(token, catcher, variables)


def drawn(token: Token) -> elements.Element:
    assert token.element is not None
    return token.element


def map_inputs(token: Token) -> None:
    """Input mappings make the local variables of an activation, in a scope of its own; once."""
    element, board = token.element, token.board
    if element is None or not element.inputs or "mapped" in token.internal_data:
        return
    made = board.mapped(board.scope_of(token), element.inputs, infer=False)
    board.scopes.put(board.own_scope(token), made)
    token.internal_data["mapped"] = 1


def speak(token: Token) -> bool:
    """What a throw or end event tells the world, each of its definitions once; gives whether its token survives."""
    event, data = drawn(token).event, token.internal_data
    for part in event.each[data.get("told", 0) :] if event else ():
        if not tell(token, part):
            return False
        data["told"] = data.get("told", 0) + 1
    return True


def tell(token: Token, event: elements.Event | None) -> bool:
    """Throw one event in the name of a token; gives whether the token survives that."""
    board, element = token.board, token.element
    assert element is not None
    kind = event.kind if event else "none"
    scope = board.scope_of(token)
    local = dict(board.scopes.local(token.ref)) if token.ref in board.scopes else {}
    if event is not None and kind == "message":
        key = board.text(scope, event.correlation, "A correlation key") if event.correlation else None
        name = board.text(scope, event.name, "A message name") if event.name else ""
        board.say(steps.MessageThrown(token.ref, element.id, name, key, local))
    elif event is not None and kind == "signal":
        name = board.text(scope, event.name, "A signal name") if event.name else ""
        board.say(steps.SignalThrown(token.ref, element.id, name, local))
        broadcast(board, name, local)
    elif event is not None and kind == "escalation":
        code = board.text(scope, event.code, "An escalation code") if event.code else None
        catcher = catching(token, "escalation", code)
        if catcher is not None:
            hand_over(token, catcher, local)
    return token.alive


def hand_over(token: Token, catcher: Token, variables: Mapping[str, Any]) -> None:
    """The event that catches goes on; where it interrupts, the thrower has completed before that.

    A loop that throws as its instances complete goes on; it is cancelled where that interrupts what is around it.
    """
    assert catcher.element is not None
    assert catcher.element.event is not None
    if catcher.element.event.interrupting and not token.task_spec.is_loop:
        token.board.let_go(token, "completed")
        token.drop()
    catcher.task_spec.fire(catcher, variables)


def broadcast(board: Any, name: str, variables: Mapping[str, Any]) -> int:
    """A signal reaches everyone who waits for it now; gives how many."""
    heard = [token for token in board.signals.values() if token.internal_data.get("signal") == name]
    heard.sort(key=lambda token: token.serial)
    for token in heard:
        if token.alive:
            token.task_spec.fire(token, variables)
    return len(heard)


def catching(token: Token, kind: str, code: str | None) -> Token | None:
    """The nearest event around a token that catches an error or escalation: at its border, in its scope, and outwards.

    At one place a matching code goes before any code.
    """
    at: Token | None = token
    while at is not None:
        host = at.loop.parent if at.loop else at.parent
        attached = [token for token in host.children if token.task_spec.is_boundary] if host.task_spec.is_host else []
        attached += [part for token in attached for part in token.children]
        found = _best(attached, kind, code) or _best(_watching(at), kind, code)
        if found is not None:
            return found
        at = at.flow.host
    return None


def _watching(token: Token) -> Iterable[Token]:
    """What waits for the event sub-processes beside a token; one never catches what was thrown inside of it."""
    return (watch for watch in token.flow.watchers.values() if watch.task_spec.starts(watch) != token.task_spec.name)


def uncaught(code: str) -> Stuck:
    return Stuck("uncaught-error", f"No boundary event or event sub-process catches the error “{code}”.")


def _best(tokens: Iterable[Token], kind: str, code: str | None) -> Token | None:
    fitting = []
    for token in tokens:
        event = token.event
        if event is not None and event.kind == kind and event.code in (code, None):
            fitting.append((event.code is None, token))
    return min(fitting, key=lambda pair: pair[0])[1] if fitting else None


class Gateway(Node):
    """What parallel and inclusive joins share: tokens wait until enough of them are there, then one goes on for all."""

    def here(self, flow: Flow) -> list[Token]:
        """The tokens that wait here, the oldest first."""
        return [t for t in flow.task_tree.children if t.task_spec is self and t.has_state(TaskState.WAITING)]

    def waiting(self, token: Token) -> dict[str, Token]:
        """By the flow they came along: the first of the tokens that wait here, this one included."""
        found: dict[str, Token] = {}
        for other in self.here(token.flow):
            found.setdefault(other.internal_data["via"], other)
        return found

    def stand_in(self, flow: Flow, sources: Iterable[str]) -> None:
        """Tokens that wait here for what is done along these flows, see `entering.py`."""
        for source in sources:
            token = flow.task_tree._add_child(self)
            token.internal_data.update(via=source, stands_in=1)
            token._set_state(TaskState.WAITING)
            token.board.await_(token, "joins")

    def is_spent(self, token: Token) -> bool:
        return beside.is_stand_in(token)

    def is_outlived(self, token: Token) -> bool:
        """A stand-in for whose sake nothing waits here any more, nor comes."""
        if not beside.is_stand_in(token) or not all(beside.is_stand_in(other) for other in self.here(token.flow)):
            return False
        return not self.may_come(token.flow)

    def may_come(self, flow: Flow) -> bool:
        """Whether a token elsewhere in the flow can come here, without one that goes on from here."""
        moving = (other for other in flow.alive if other.task_spec is not self and not other.task_spec.is_spent(other))
        return any(beside.can_come(other, self, source, self) for other in moving for source in graphs.sources(self))

    def others(self, token: Token) -> list[Token]:
        """Those that go on together with this token."""
        return list(self.waiting(token).values())

    def merge(self, token: Token, waiting: dict[str, Token]) -> None:
        """One of each flow becomes a single token that enters: the one that had an incident here, if there is one."""
        used = list(waiting.values())
        goes_on = token if token in used else used[-1]
        goes_on = next((other for other in used if "entered" in other.internal_data), goes_on)
        for mark in ("stuck", "stands_in"):
            goes_on.internal_data.pop(mark, None)
        for other in used:
            other.board.disarm(other)
            if other is not goes_on:
                other.drop()
        self.enter(goes_on)
        goes_on.board.ready(goes_on)

    def may_still_come(self, token: Token, filled: Collection[str]) -> bool:
        """Whether a token elsewhere in the flow can reach a way in that is not filled, and none that is filled."""
        ways = token.flow.graph.ways_to(self)
        for other in token.flow.alive:
            if other.task_spec is self or other.task_spec.is_spent(other):
                continue
            reached = {source for source, names in ways.items() if other.task_spec.name in names}
            if reached and not reached.intersection(filled):
                return True
        return False
