"""One instance of a process: start it, restore it, give it commands; each answers with a Step.

No command does I/O, and none looks at a clock: what it may see is its World. A command that is not possible raises and
leaves nothing changed; what fails inside the diagram becomes an incident in the Step. After any other exception throw
the Instance away.
"""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from service.bpmnio import bounds, feel
from service.domain import keypoints
from service.engine import (
    adopting,
    beside,
    conditions,
    deadlines,
    facts,
    nodes,
    snapshots,
    starting,
    steps,
    timers,
    worlds,
)
from service.engine.board import Board, by_age
from service.engine.definitions import Program
from service.engine.expressions import Stuck
from service.engine.repair import repairing, stalling
from service.engine.scopes import ROOT, plain, require_size, size
from service.engine.tokens import Token, alerts
from service.errors import Conflict, IncidentClosed, InvalidInput, NotFound, ScriptFailed, TaskNotOpen

World = worlds.World
Limits = worlds.Limits


@dataclass(frozen=True)
class Waiting:
    """A token that waits: kind task, job, timer, message, signal, join, inside (of an activity) or incident."""

    ref: str
    element: str
    kind: str


def start(
    program: Program, *, variables: Mapping[str, Any], world: World, at: str | None = None
) -> tuple[Instance, steps.Step]:
    """A new instance, moved on until it waits. `at` names the start where none is plain."""
    variables = _accepted(variables, world)
    board = Board(adopting.graph(program), adopting.graph)
    board.begin(world)
    _require_room(board, variables)
    board.scopes.put(ROOT, variables)
    board.flow.begin(_start_at(program, at, variables, world))
    instance = Instance(board)
    return instance, instance._step()


def holding(program: Program, variables: Mapping[str, Any], world: World) -> list[str]:
    """The ids of the conditional start events that an instance with these variables begins at."""
    found = []
    for element in starting.conditional(program.process):
        try:
            if element.event is not None and conditions.holds(element.event, variables, world.now):
                found.append(element.id)
        except Stuck as stuck:
            raise InvalidInput(
                {"variables": [f"“{element.id}” cannot tell whether to start: {stuck.message}"]}
            ) from None
    return found


def _start_at(program: Program, at: str | None, variables: Mapping[str, Any], world: World) -> str:
    """The start to begin at; one that waits for a condition must hold for the variables of the instance."""
    waiting = [element.id for element in starting.conditional(program.process)]
    if not waiting or (at is not None and at not in waiting) or (at is None and starting.plain(program.process)):
        return starting.chosen(program.process, at)
    able = [one for one in holding(program, variables, world) if at in (one, None)]
    if not able:
        raise Conflict(f"No condition of a start event of “{program.process.id}” holds for these variables.")
    return able[0]


def restore(state: bytes, program: Program, *, library: Mapping[str, Program] | None = None) -> Instance:
    """The instance as `snapshot()` saved it; `library` must hold the called processes that are running."""
    return Instance(snapshots.load(state, program, library or {}))


class Instance:
    """A running instance. For one thread at a time."""

    def __init__(self, board: Board) -> None:
        self._board = board

    @property
    def status(self) -> str:
        """'active', 'completed' or 'cancelled'."""
        return self._board.status

    def complete(self, ref: str, values: Mapping[str, Any], world: World) -> steps.Step:
        """A person has done a task. Raises TaskNotOpen."""
        return self._answer(ref, "task", values, world)

    def finish_job(self, ref: str, variables: Mapping[str, Any], world: World) -> steps.Step:
        """A worker has done a job. Raises TaskNotOpen."""
        return self._answer(ref, "job", variables, world)

    def error_job(self, ref: str, code: str, variables: Mapping[str, Any], world: World) -> steps.Step:
        """A worker reports an error of the diagram: its nearest boundary event catches it, else it is an incident."""
        variables = self._admitted(variables, world)
        token, board = self._open(ref, "job"), self._board
        board.begin(world)
        catcher = nodes.catching(token, "error", code)
        if catcher is not None:
            catcher.task_spec.fire(catcher, variables)
        else:
            board.close(token, "failed")
            board.stick(token, "open", nodes.uncaught(code))
        return self._step()

    def deliver(self, ref: str, variables: Mapping[str, Any], world: World) -> steps.Step:
        """One subscription receives its message, and no other. Raises NotFound where nobody waits under this ref."""
        variables = self._admitted(variables, world)
        token = self._board.messages.get(ref)
        if token is None:
            raise NotFound("Nobody waits for this message any more.", ref=ref)
        self._board.begin(world)
        token.task_spec.fire(token, variables)
        return self._step()

    def signal(self, name: str, variables: Mapping[str, Any], world: World) -> steps.Step:
        """Everyone in the instance who waits for the signal hears it."""
        variables = self._admitted(variables, world)
        self._board.begin(world)
        nodes.broadcast(self._board, name, variables)
        return self._step()

    def tick(self, world: World) -> steps.Step:
        """Fire every timer that is due, in the order of their moments; the rest of very many next time."""
        board = self._board
        board.begin(world)
        while board.fresh and (token := self._due(world.now)):
            board.passed += 1
            token.task_spec.fire(token, {})
            board.settle()
        return self._step()

    def retry(self, ref: str, world: World) -> steps.Step:
        """Try again where an incident was. Raises IncidentClosed where there is none."""
        board, token = self._board, self._board.tokens.get(ref)
        if token is None or not token.internal_data.keys() & {"stuck", "undated"}:
            raise IncidentClosed(ref=ref)
        board.begin(world)
        if "stuck" in token.internal_data:
            board.guard(token, token.internal_data.pop("stuck"))
        else:
            token.task_spec.date(token)
        return self._step()

    def skip(self, ref: str, world: World) -> steps.Step:
        """Go on behind an element without its results. Raises NotFound, or Conflict where that has no meaning."""
        token = self._going_on(ref)
        self._board.begin(world)
        repairing.skip(self._board, token)
        return self._step()

    def why_not_skip(self, ref: str, world: World) -> str | None:
        """Why nobody may skip this, in a sentence: it is a gate, an approval, a step of the back-out, or says so."""
        token = self._going_on(ref)
        self._board.begin(world)
        return repairing.why_not_skip(self._board, token)

    def send_back(self, element: str, within: str | None, world: World) -> steps.Step:
        """Enter an earlier activity again; what is open behind it ends, what is beside it goes on.

        within: the ref of the activity that has it inside, where that runs several times. Raises NotFound, Conflict.
        """
        self._board.begin(world)
        repairing.send_back(self._board, element, within)
        return self._step()

    def ends_when_sent_back(self, element: str, within: str | None) -> list[str]:
        """The refs of activations that `send_back` would end. Raises NotFound, Conflict where it is not possible."""
        ends = repairing.way_back(self._board, element, within).ends
        return [ref for token in ends for ref in repairing.entered_in(self._board, token)]

    def move(self, ref: str, element: str, world: World) -> steps.Step:
        """End a stay, and enter another element of its scope or of a sub-process in it. Raises NotFound, Conflict."""
        token = self._going_on(ref)
        self._board.begin(world)
        repairing.move(self._board, token, element)
        return self._step()

    def add_item(self, ref: str, item: Any, world: World) -> steps.Step:
        """One more item for a running multi-instance activity. Raises NotFound, Conflict, LimitExceeded."""
        token, admitted = self._going_on(ref), self._admitted({"item": item}, world)
        self._board.begin(world)
        repairing.add_item(self._board, token, admitted["item"])
        return self._step()

    def cancel(self, world: World) -> steps.Step:
        """End the instance and everything in it."""
        board = self._board
        if board.status != "active":
            raise Conflict("The instance is over already.")
        board.begin(world)
        board.clear(board.flow)
        board.end("cancelled")
        return self._step()

    def variables(self, ref: str | None = None) -> dict[str, Any]:
        """What is seen from an activation; without one, the variables of the instance."""
        return self._board.scopes.visible(self._scope(ref))

    def set_variables(self, ref: str | None, values: Mapping[str, Any], world: World) -> steps.Step:
        """Write variables as the activation would, or into the instance."""
        values = self._admitted(values, world)
        scope = self._scope(ref)
        self._board.begin(world)
        self._board.scopes.propagate(scope, values)
        return self._step()

    def evaluate(self, ref: str | None, expressions: Mapping[str, str], world: World) -> dict[str, feel.Result]:
        """FEEL over facts and what is seen from an activation; one that fails is null with its reason as a warning."""
        context = {**world.facts, **self._board.scopes.visible(self._scope(ref))}
        with bounds.Effort(world.limits.expressions_ms):
            return {label: _evaluated(text, context, world.now) for label, text in expressions.items()}

    def due(self, started_at: Mapping[str, datetime], world: World) -> list[steps.DeadlineSet]:
        """What is due by the drawing, of the open activations that began at these moments. Nothing changes.

        Where that cannot be worked out, nothing is due.
        """
        self._board.begin(world)
        found = []
        for token in by_age(self._board.tokens):
            if token.ref in started_at and token.element is not None and token.element.deadline is not None:
                with contextlib.suppress(Stuck):
                    found.append(deadlines.worked_out(token, started_at[token.ref]))
        return found

    def name_of(self, ref: str) -> str | None:
        """How the drawing calls the element of an open activation."""
        token = self._board.tokens.get(ref)
        return token.element.name if token is not None and token.element is not None else None

    def alerts_of(self, ref: str) -> keypoints.Alerts:
        """Who hears of what happens at an open activation, as the phase around it says."""
        token = self._board.tokens.get(ref)
        return alerts(token) if token is not None else {}

    def open_refs(self) -> tuple[Waiting, ...]:
        """Everything that waits, the oldest first."""
        found = []
        for token in by_age(self._board.tokens):
            kind = _kind(token)
            if kind and token.element:
                found.append(Waiting(token.ref, token.element.id, kind))
        return tuple(found)

    def snapshot(self) -> bytes:
        """The state to store."""
        return snapshots.dump(self._board)

    def _going_on(self, ref: str) -> Token:
        token = self._board.tokens.get(ref)
        if token is None:
            raise NotFound("Nothing is going on under this ref.", ref=ref)
        return token

    def _answer(self, ref: str, opened: str, values: Mapping[str, Any], world: World) -> steps.Step:
        values = self._admitted(values, world)
        token = self._open(ref, opened)
        self._board.begin(world)
        self._board.finish(token, values)
        return self._step()

    def _admitted(self, values: Mapping[str, Any], world: World) -> dict[str, Any]:
        """Values from outside as they are stored; raises InvalidInput where there is no room for them."""
        stored = _accepted(values, world)
        self._board.scopes.limits = world.limits
        _require_room(self._board, stored)
        return stored

    def _open(self, ref: str, opened: str) -> Token:
        token = self._board.tokens.get(ref)
        if token is None or token.internal_data.get("open") != opened:
            raise TaskNotOpen(ref=ref)
        return token

    def _scope(self, ref: str | None) -> str:
        if ref is None:
            return ROOT
        return self._board.scope_of(self._going_on(ref))

    def _due(self, now: datetime) -> Token | None:
        """The timer to fire next; of several at one moment the oldest."""
        ready = [(timers.due_at(token), token.serial, token) for token in self._board.timers.values()]
        due = [entry for entry in ready if entry[0] <= now]
        return min(due)[2] if due else None

    def _step(self) -> steps.Step:
        board = self._board
        board.settle()
        stalling.refuse_silence(board)
        moments = [timers.due_at(token) for token in board.timers.values()]
        return steps.Step(self.snapshot(), tuple(board.facts), board.status, min(moments, default=None))


def _accepted(values: Mapping[str, Any], world: World) -> dict[str, Any]:
    """The values as they are stored. Nobody may hide a fact of the record behind a variable: gates look at facts."""
    taken = sorted(values.keys() & {*facts.FACTS, *world.facts})
    if taken:
        raise InvalidInput({name: ["This name belongs to a fact of the record."] for name in taken})
    try:
        stored: dict[str, Any] = plain(values, world.limits.nesting)
    except Stuck as refused:
        raise InvalidInput({"variables": [refused.message]}) from None
    too_large = {}
    for name, value in stored.items():
        try:
            require_size(name, value, world.limits)
        except Stuck as refused:
            too_large[name] = [refused.message]
    if too_large:
        raise InvalidInput(too_large)
    return stored


def _require_room(board: Board, values: Mapping[str, Any]) -> None:
    try:
        board.scopes.reserve(size(values))
    except Stuck as refused:
        raise InvalidInput({"variables": [refused.message]}) from None


def _evaluated(text: str, context: Mapping[str, Any], now: datetime) -> feel.Result:
    try:
        return feel.evaluate(text, context, now=now)
    except ScriptFailed as failure:
        return feel.Result(None, (feel.Warning("FAILED", "", 0, failure.facts.get("message") or failure.detail),))


def _kind(token: Token) -> str:
    data = token.internal_data
    if "stuck" in data:
        return "incident"
    if beside.is_stand_in(token):
        return ""
    return data.get("open") or {
        "timers": "timer",
        "messages": "message",
        "signals": "signal",
        "joins": "join",
        "conditions": "condition",
    }.get(data.get("waits", ""), "inside" if "entered" in data else "")
