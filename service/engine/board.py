"""The board of one instance: where its tokens stand, what they wait for, what they did in this command."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from SpiffWorkflow.util.task import TaskState

from service.bpmnio import bounds
from service.bpmnio.dmn import evaluation
from service.bpmnio.dmn.model import Model
from service.engine import conditions, elements, expressions, limits, observing, steps, undoable
from service.engine.expressions import Stuck
from service.engine.graphs import Graph
from service.engine.scopes import ROOT, Scopes, nested, plain
from service.engine.tokens import Flow, SubFlow, Token, TopFlow, alerts
from service.engine.worlds import World

FRESH = 0.5


class Board:
    """Tokens by ref and by what they wait for, the scopes, and the facts of the command that runs."""

    def __init__(self, graph: Graph, graph_of: Callable[[Any], Graph]) -> None:
        self.graph_of = graph_of
        self.scopes = Scopes()
        self.tokens: dict[str, Token] = {}
        self.timers: dict[str, Token] = {}
        self.messages: dict[str, Token] = {}
        self.signals: dict[str, Token] = {}
        self.joins: dict[str, Token] = {}  # tokens that wait at an inclusive gateway
        self.conditions: dict[str, Token] = {}
        self.held: dict[str, Token] = {}  # tokens that have their turn when an incident with a limit is over
        self.unseen: list[Token] = []  # conditions that nobody has looked at yet
        self.happening: list[Token] = []  # conditions that have become true
        self.serial = 0
        self.status = "active"
        self.world: World = World(datetime.min.replace(tzinfo=UTC))
        self.facts: list[steps.Fact] = []
        self.queue: deque[Token] = deque()
        self.passed = 0
        self.memory: tuple[int, int] | None = None  # what is remembered to be undone, once it was counted
        self.effort = bounds.Effort(self.world.limits.expressions_ms)
        self.stint = bounds.Stint(self.world.limits.step_ms)
        self.flow = TopFlow(graph, self)

    def born(self, token: Token) -> None:
        self.serial += 1
        token.serial = self.serial
        self.tokens[token.ref] = token

    # What a command does

    def begin(self, world: World) -> None:
        self.world, self.facts, self.passed, self.memory = world, [], 0, None
        self.effort = bounds.Effort(world.limits.expressions_ms)
        self.stint = bounds.Stint(world.limits.step_ms)
        self.scopes.limits = world.limits

    def say(self, fact: steps.Fact) -> None:
        token = self.tokens.get(fact.ref) if isinstance(fact, steps.Heard) else None
        if isinstance(fact, steps.Heard) and token is not None and (who := alerts(token)):
            fact = replace(fact, alerts=who)
        self.facts.append(fact)

    def settle(self) -> None:
        """Let tokens move until all of them wait."""
        self.notice()
        while self.queue or self._recheck() or self._release():
            while self.queue:
                token = self.queue.popleft()
                if token.alive and "stuck" not in token.internal_data:
                    self._step(token)
                    self.notice()

    def notice(self) -> None:
        """Conditional events happen where a variable has changed."""
        if self.unseen or self.happening or self.scopes.changes:
            conditions.look_at_changed(self)

    def _step(self, token: Token) -> None:
        try:
            self.count()
            self._require_time()
        except Stuck as stuck:
            self._hold(token, stuck)
        else:
            self.guard(token, "run")

    def _hold(self, token: Token, stuck: Stuck) -> None:
        """The command has come to a limit: one token says so, and all others wait for that one."""
        if self.held or self._is_limited():
            self.hold(token)
        else:
            self.stick(token, "run", stuck)
            token.internal_data["limited"] = 1

    def hold(self, token: Token) -> None:
        token.internal_data["halted"] = 1
        self.held[token.ref] = token

    def _release(self) -> bool:
        """Those that were held have their turn, once somebody has dealt with the one that said why."""
        if self.held and not self._is_limited():
            for token in by_age(self.held):
                del token.internal_data["halted"]
                self.queue.append(token)
            self.held.clear()
        return bool(self.queue)

    def _is_limited(self) -> bool:
        return any({"limited", "stuck"} <= token.internal_data.keys() for token in self.tokens.values())

    def count(self) -> None:
        """One more element is passed; raises Stuck where that may never end."""
        self.passed += 1
        most = self.world.limits.steps
        if self.passed > most:
            text = f"More than {most} elements were passed without a wait: this may be an endless loop"
            raise Stuck("limit", f"{text} ({limits.setting('steps')}).")
        self.require_tokens(0)

    @property
    def fresh(self) -> bool:
        """Whether less than half of what a command may do is done."""
        used = (self.passed / self.world.limits.steps, self.stint.share, self.effort.share)
        return max(used) < FRESH

    def _require_time(self) -> None:
        """Raises Stuck where this command has worked for as long as one may."""
        if self.stint.share >= 1:
            text = f"This step has taken more than {self.stint.allowed} ms of processor time"
            raise Stuck("limit", f"{text} ({limits.setting('step_ms')}). Try again from here.")

    def require_tokens(self, more: int) -> None:
        """Raises Stuck where the instance would have too many tokens."""
        most = self.world.limits.tokens
        if len(self.tokens) + more > most:
            text = f"More than {most} tokens would be open at once"
            raise Stuck("limit", f"{text} ({limits.setting('tokens')}).")

    def _recheck(self) -> bool:
        """Inclusive gateways look again: others have moved."""
        for token in by_age(self.joins):
            if token.alive and "stuck" not in token.internal_data:
                self.guard(token, "look")
        return bool(self.queue)

    def guard(self, token: Token, stage: str) -> None:
        """Run one stage of a token's stay; where it cannot go on, it stays there with an incident."""
        try:
            self._require_time()
            with self.effort:
                getattr(token.task_spec, stage)(token)
        except Stuck as stuck:
            self.stick(token, stage, stuck)

    def stick(self, token: Token, stage: str, stuck: Stuck) -> None:
        """The token waits for help. An incident belongs to an activation, so the element is entered by now."""
        token.internal_data["stuck"] = stage
        token.internal_data.pop("limited", None)
        token.task_spec.enter(token)
        place = token.element.id if token.element else token.task_spec.name
        self.say(steps.IncidentRaised(token.ref, place, stuck.code, stuck.message, stuck.expression))

    def ready(self, token: Token) -> None:
        token._set_state(TaskState.READY)
        self.queue.append(token)

    # Scopes and expressions

    def scope_of(self, token: Token) -> str:
        """The innermost scope that a token sees."""
        return token.ref if token.ref in self.scopes else token.flow.scope

    def own_scope(self, token: Token) -> str:
        """The scope of this very activation, opened where it has none yet."""
        if token.ref not in self.scopes:
            self.scopes.open(token.ref, token.flow.scope)
        return token.ref

    @property
    def now(self) -> datetime:
        """The moment of this command in the zone where it is worked."""
        return self.world.now.astimezone(ZoneInfo(self.world.zone))

    def value(self, scope: str, text: str, extra: Mapping[str, Any] | None = None) -> Any:
        """The value of a FEEL expression, seen from a scope."""
        return expressions.evaluate(text, self._context(scope, extra), self.now)

    def decided(self, scope: str, model: Model, decision: str) -> evaluation.Outcome:
        """The outcome of a decision over what is seen from a scope."""
        return expressions.decide(model, decision, self._context(scope, None), self.now)

    def needed(self, scope: str, text: str, what: str, extra: Mapping[str, Any] | None = None) -> Any:
        """The same, where null does not do."""
        context = self._context(scope, extra)
        value = expressions.evaluate(text, context, self.now)
        if value is None:
            why = expressions.why_null(text, context, self.now)
            raise Stuck("null-value", f"{what} is needed, but “{text}” gave null{why}.", text)
        return value

    def wanted(self, scope: str, text: str, what: str) -> Any:
        """The same, where null means none; but a variable that is not there at all is a mistake."""
        context = self._context(scope, None)
        value = expressions.evaluate(text, context, self.now)
        if value is None and expressions.missing(text, context):
            why = expressions.why_null(text, context, self.now)
            raise Stuck("null-value", f"{what} cannot be worked out: “{text}” gave null{why}.", text)
        return value

    def condition(self, scope: str, text: str, extra: Mapping[str, Any] | None = None) -> bool:
        if not expressions.is_feel(text):
            raise Stuck("wrong-type", f"“{text}” is no FEEL condition: it must begin with “=”.", text)
        value = self.needed(scope, text, "A condition", extra)
        if not isinstance(value, bool):
            raise Stuck("wrong-type", f"A condition must be true or false, this is {expressions.shown(value)}.", text)
        return value

    def text(self, scope: str, text: str, what: str) -> str:
        """A needed text or number, as text that can be stored as a name."""
        if not expressions.is_feel(text):
            return expressions.named(text, what, text)
        value = self.needed(scope, text, what)
        if isinstance(value, bool) or not isinstance(value, (str, int, float)):
            raise Stuck("wrong-type", f"{what} must be a text or a number, this is {expressions.shown(value)}.", text)
        whole = isinstance(value, float) and value.is_integer()
        return expressions.named(str(int(value)) if whole else str(value), what, text)

    def mapped(self, scope: str, mappings: tuple[elements.Mapping_, ...], infer: bool) -> dict[str, Any]:
        """The variables that input or output mappings make; each sees those before it."""
        made: dict[str, Any] = {}
        for mapping in mappings:
            if expressions.is_feel(mapping.source):
                value = self.value(scope, mapping.source, made)
            else:
                value = expressions.inferred(mapping.source) if infer else mapping.source
            head = mapping.target.split(".", 1)[0]
            existing = made.get(head)
            if existing is None and infer and "." in mapping.target:
                existing = self.scopes.visible(scope).get(head)
            name, whole = nested(mapping.target, value, existing)
            made[name] = whole
        return made

    def stored(self, value: Any) -> Any:
        """The value as the state holds it; raises Stuck where it is nested too deeply."""
        return plain(value, self.world.limits.nesting)

    def _context(self, scope: str, extra: Mapping[str, Any] | None) -> dict[str, Any]:
        return {**self.world.facts, **self.scopes.visible(scope), **(extra or {})}

    # The end of a stay

    def finish(self, token: Token, variables: Mapping[str, Any] | None = None, result: Any = None) -> None:
        """What the element gives goes to its scopes, then the token leaves; stuck where a mapping fails."""
        self.close(token, "completed")
        if variables:
            token.internal_data["values"] = self.stored(variables)
        if result is not None:
            token.internal_data["result"] = self.stored(result)
        self.guard(token, "leave")

    def depart(self, token: Token, outcome: str = "completed") -> None:
        """The token leaves its element and goes on along the flows."""
        if token.task_spec.remembered and outcome == "completed":
            undoable.remember(token)
        if token.parent.task_spec.is_host:
            token.parent.task_spec.disarm(token.parent)
        self.let_go(token, outcome)
        token.complete()

    def cancel(self, token: Token, outcome: str = "cancelled") -> None:
        """End this stay and everything inside of it, innermost first."""
        for child in token.children:
            self.cancel(child)
        inner = self.inside(token)
        if inner is not None:
            self.clear(inner)
            inner.discard()
        self.let_go(token, outcome)
        token._set_state(TaskState.CANCELLED)
        token.drop()

    def skip(self, token: Token) -> None:
        """End this stay and everything inside of it, and go on behind it."""
        for child in token.children:
            self.cancel(child)
        inner = self.inside(token)
        if inner is not None:
            self.clear(inner)
            inner.discard()
        token.internal_data.pop("stuck", None)
        self.depart(token, "skipped")

    def clear(self, flow: Flow) -> None:
        """Cancel every token of a flow, the latest first."""
        for token in reversed(flow.task_tree.children):
            if token.alive:
                self.cancel(token)

    def inside(self, token: Token) -> SubFlow | None:
        """The flow inside of an activity."""
        flow: SubFlow | None = token.flow.top_workflow.subprocesses.get(token.id)
        return flow

    def close(self, token: Token, outcome: str) -> None:
        """The person's task or the job of this token is over."""
        opened = token.internal_data.pop("open", None)
        if opened and token.element:
            self.say(observing.closed(token, token.element.id, opened, outcome))

    def await_(self, token: Token, what: str) -> None:
        """The token waits, on the list of this name: timers, messages, signals, conditions or joins."""
        token.internal_data["waits"] = what
        self.scopes.noting = self.scopes.noting or what == "conditions"
        getattr(self, what)[token.ref] = token

    def disarm(self, token: Token, fired: bool = False) -> None:
        """The token no longer waits."""
        what = token.internal_data.pop("waits", None)
        if what is None:
            return
        del getattr(self, what)[token.ref]
        place = token.element.id if token.element else ""
        if what == "timers":
            self.say(steps.TimerDisarmed(token.ref, place, fired=fired))
        elif what in ("messages", "signals"):
            self.say(steps.Unsubscribed(token.ref, place, received=fired, kind=what.removesuffix("s")))

    def let_go(self, token: Token, outcome: str) -> None:
        self.close(token, outcome)
        self.disarm(token)
        element = token.element
        if element is not None and "entered" in token.internal_data:
            self._tell_end(token, element, outcome)
        self.scopes.close(token.ref)
        self.scopes.close(f"{token.ref}:called")

    def _tell_end(self, token: Token, element: elements.Element, outcome: str) -> None:
        if outcome == "completed" and element.milestone:
            self.say(steps.MilestoneReached(token.ref, element.id, element.milestone, element.name))
        if outcome == "completed" and element.type == "endEvent":
            self.note_end(token.flow, element.id)
        if token.internal_data.get("phase") and element.phase:
            self.say(steps.PhaseLeft(token.ref, element.id, element.phase, element.name, outcome))
        made = tuple(token.internal_data.get("made", ()))
        self.say(steps.Left(token.ref, element.id, outcome, token.internal_data.get("result"), made))

    # The end of a flow

    def note_end(self, flow: Flow, end: str) -> None:
        """An end event was reached. One without a status, of a reminder for example, does not hide one that has it."""
        drawn = flow.graph.elements
        before = drawn.get(flow.ended_at)
        if before is None or not before.status or drawn[end].status:
            flow.ended_at = end

    def settle_flow(self, flow: Flow) -> None:
        """Where no token is left: first the gate of the phase, then the flow is over."""
        if flow.completed or flow.busy:
            return
        gates = [spec for spec in flow.spec.end.outputs if spec.name != "End"]
        if gates and not flow.gated:
            flow.gated = True
            for gate in gates:
                self.guard(flow.task_tree._add_child(gate), "arrive")
            return
        flow.completed = True
        self.clear(flow)
        if flow.host is not None:
            self.ready(flow.host)
            return
        self.end("completed", flow.ended_at)

    def end(self, outcome: str, element: str = "") -> None:
        """The whole instance is over."""
        self.status = outcome
        self.queue.clear()
        self.flow.done = []
        drawn = self.flow.graph.elements.get(element)
        name = drawn.name if drawn else ""
        status = drawn.status if drawn else None
        self.say(steps.Ended("", element, outcome, name, dict(self.scopes.local(ROOT)), status))


def by_age(tokens: Mapping[str, Token]) -> list[Token]:
    """The same order live and restored: the oldest first."""
    return sorted(tokens.values(), key=lambda token: token.serial)
