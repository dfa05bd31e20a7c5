"""Activities: people's tasks, jobs, scripts, sub-processes and called processes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from SpiffWorkflow.util.task import TaskState

from service.engine import assignments, deadlines, elements, entering, events, limits, nodes, starting, steps, undoable
from service.engine.expressions import Stuck, is_feel, shown
from service.engine.scopes import plain
from service.engine.tokens import SubFlow, Token
from service.errors import Conflict


class Activity(nodes.Node):
    """What can have inputs, boundary events, a phase and a deadline; `open` is what it does when it starts."""

    def arrive(self, token: Token) -> None:
        self.enter(token)
        nodes.map_inputs(token)
        if "ready" not in token.internal_data:
            token.internal_data["ready"] = 1
            self._surround(token)
        if token.alive:
            self.open(token)

    def _surround(self, token: Token) -> None:
        board, element = token.board, token.element
        if token.parent.task_spec.is_host:
            token.parent.task_spec.arm_all(token.parent)
        if element is None or not token.alive:
            return
        if element.phase:
            token.internal_data["phase"] = 1
            board.say(steps.PhaseEntered(token.ref, element.id, element.phase, element.name, element.change_status))
        if element.deadline:
            self.date(token)

    def date(self, token: Token) -> None:
        """Set the deadline; where that fails the activity goes on without one, and an incident tells."""
        token.internal_data["undated"] = 1
        token.board.guard(token, "set_deadline")
        token.internal_data.pop("stuck", None)

    def set_deadline(self, token: Token) -> None:
        deadlines.set_for(token)
        del token.internal_data["undated"]

    def open(self, token: Token) -> None:
        token.board.ready(token)


class UserTask(Activity):
    """Opens for people and waits for one of them."""

    def open(self, token: Token) -> None:
        token.board.say(assignments.task_opened(token))
        token.internal_data["open"] = "task"
        token._set_state(TaskState.READY)


class Job(Activity):
    """Waits for a worker."""

    def open(self, token: Token) -> None:
        board, element = token.board, token.element
        assert element is not None
        scope = board.scope_of(token)
        kind = board.text(scope, element.job_type or "", "A job type")
        retries = assignments.whole(token, element.retries, 3, "The number of retries")
        seen = board.scopes.local(token.ref) if element.inputs else board.scopes.visible(scope)
        board.say(
            steps.JobWanted(
                token.ref,
                element.id,
                kind,
                retries=retries,
                headers=element.headers,
                variables=dict(seen),
                name=element.name,
            )
        )
        token.internal_data["open"] = "job"
        token._set_state(TaskState.STARTED)


class Script(Activity):
    """Evaluates FEEL and gives the result to its variable."""

    def run(self, token: Token) -> None:
        board, element = token.board, token.element
        assert element is not None
        if not is_feel(element.script):
            raise Stuck("wrong-type", f"The script of “{element.id}” is no FEEL expression.", element.script)
        result = board.value(board.scope_of(token), element.script or "")
        board.finish(token, {element.result_variable: result} if element.result_variable else None, result)


class Decision(Activity):
    """Makes a decision of a DMN file and gives the result to its variable."""

    def run(self, token: Token) -> None:
        board, element = token.board, token.element
        assert element is not None
        scope = board.scope_of(token)
        decision = board.text(scope, element.called_decision or "", "The called decision")
        known = board.world.newest_decisions if element.binding == "live" else board.world.decisions
        model = known.get(decision)
        if model is None:
            missing = f"The called decision “{decision}” is not deployed."
            raise Stuck("called-decision-missing", missing, element.called_decision)
        outcome = board.decided(scope, model, decision)
        told = [made.told() for made in outcome.made]
        if model.version is not None:
            told[-1]["version"] = model.version
        token.internal_data["made"] = plain(told)
        result = {element.result_variable: outcome.value} if element.result_variable else None
        board.finish(token, result, outcome.value)


class Send(Activity):
    """A send task that is no job: it tells its message and goes on."""

    def run(self, token: Token) -> None:
        if nodes.speak(token):
            token.board.finish(token)


class Receive(Activity, events.CatchEvent):
    """A receive task: an activity that waits for a message."""

    def arrive(self, token: Token) -> None:
        Activity.arrive(self, token)

    def open(self, token: Token) -> None:
        events.CatchEvent.arm(self, token)


class SubProcess(Activity):
    """Runs the flow that is drawn inside of it, in a scope of its own."""

    spec: str

    def open(self, token: Token) -> None:
        scope = token.board.own_scope(token)
        self._declare(token, scope)
        self.begin(token, token.flow.graph.subs[self.spec], token.flow.graph, scope)

    def _declare(self, token: Token, scope: str) -> None:
        """Its data objects and properties are variables of its own, without a value at first."""
        names = token.element.declares if token.element is not None else ()
        there = token.board.scopes.local(scope)
        token.board.scopes.put(scope, {name: None for name in names if name not in there})

    def begin(self, token: Token, spec: Any, graph: Any, scope: str, at: str | None = None) -> None:
        """At its start, or where somebody sent the release back to (`aim`)."""
        token._set_state(TaskState.STARTED)
        aim = token.internal_data.pop("aim", None)
        flow = SubFlow(spec, graph, token, scope)
        if aim:
            entering.begin_anew(flow, aim)
        else:
            flow.begin(at)

    def run(self, token: Token) -> None:
        """The flow inside is over."""
        inner = token.board.inside(token)
        if inner is not None:
            undoable.take_over(token, inner)
            inner.discard()
        token.board.finish(token, self.results(token))

    def results(self, token: Token) -> Mapping[str, Any] | None:
        return None


class EventSubProcess(SubProcess):
    """Runs since its start event has happened: `cause` in its data is the ref of that, and what came with it."""

    def begin(self, token: Token, spec: Any, graph: Any, scope: str, at: str | None = None) -> None:
        token._set_state(TaskState.STARTED)
        inner = SubFlow(spec, graph, token, scope)
        ref, variables = token.internal_data.pop("cause")
        (drawn,) = inner.spec.start.outputs
        happened = Token(inner, drawn, inner.task_tree, id=UUID(ref))
        happened.internal_data["values"] = variables
        inner.spec.start.watch(inner)
        if happened.alive:
            happened.task_spec._update(happened)

    def run(self, token: Token) -> None:
        """How it ended is how the scope around it ended."""
        inner = token.board.inside(token)
        if inner is not None and inner.ended_at:
            token.board.note_end(token.flow, inner.ended_at)
        super().run(token)


class CallActivity(SubProcess):
    """Runs another process, chosen when the token arrives, behind a border between their variables."""

    def open(self, token: Token) -> None:
        board, element = token.board, token.element
        assert element is not None
        name = element.called_process or ""
        process = board.needed(board.scope_of(token), name, "The called process") if is_feel(name) else name
        if not isinstance(process, str):
            raise Stuck("wrong-type", f"The called process must be a text, this is {shown(process)}.", name)
        program = board.world.library.get(process)
        if program is None:
            raise Stuck("called-process-missing", f"The called process “{process}” is not deployed.", name or None)
        self._refuse_depth(token)
        at = self._start_of(program.process)
        graph = board.graph_of(program)
        seen = board.scopes.visible(board.scope_of(token)) if element.propagate_parent else self._local(token)
        board.own_scope(token)
        scope = f"{token.ref}:called"
        board.scopes.open_border(scope, seen)
        token.internal_data["called"] = process
        self.begin(token, graph.spec, graph, scope, at)

    def _start_of(self, process: elements.Process) -> str | None:
        try:
            return None if process.global_task else starting.chosen(process, None)
        except Conflict as conflict:
            raise Stuck("no-plain-start", conflict.detail) from None

    def _local(self, token: Token) -> Mapping[str, Any]:
        return token.board.scopes.local(token.ref) if token.ref in token.board.scopes else {}

    def _refuse_depth(self, token: Token) -> None:
        depth, flow, limit = 0, token.flow, token.board.world.limits.calls
        while flow.host is not None:
            depth, flow = depth + 1, flow.host.flow
        if depth >= limit:
            text = f"Processes call each other more than {limit} deep: this may be an endless loop"
            raise Stuck("limit", f"{text} ({limits.setting('calls')}).")

    def results(self, token: Token) -> Mapping[str, Any] | None:
        element = token.element
        assert element is not None
        scopes, scope = token.board.scopes, f"{token.ref}:called"
        if element.outputs:
            return dict(scopes.local(scope))
        # Only what it wrote: copies of what it was given would undo what happened outside meanwhile.
        return scopes.written(scope) if element.propagate_child else None
