"""From `elements.Process` to the SpiffWorkflow specs that run it: one for the process, one for each sub-process.

Built directly and not through SpiffWorkflow's parser: that one drops flows without ids, signal end events and
conditions, refuses legal branchings, and recurses once per node. See `specs.py` for names and opaque expressions.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping
from typing import Any

from SpiffWorkflow.bpmn.specs import defaults
from SpiffWorkflow.bpmn.specs.bpmn_process_spec import BpmnProcessSpec
from SpiffWorkflow.bpmn.specs.control import BoundaryEventJoin, BoundaryEventSplit
from SpiffWorkflow.bpmn.specs.event_definitions import item_aware_event, message, simple, timer

from service.engine import compensables, elements, reading, specs, starting

TIMERS = {
    "date": timer.TimeDateEventDefinition,
    "duration": timer.DurationTimerEventDefinition,
    "cycle": timer.CycleTimerEventDefinition,
}


def spec_name(process: str, container: str | None) -> str:
    """The name of a spec: the process id, or `<process>/<sub-process>`, unique among all called processes."""
    return process if container is None else f"{process}/{container}"


def build(process: elements.Process) -> tuple[BpmnProcessSpec, dict[str, BpmnProcessSpec]]:
    """Give the spec of the process and those of its sub-processes by name."""
    drawing = _Drawing(process)
    containers = [e.id for e in process.elements.values() if e.type in reading.CONTAINERS]
    subs = {spec_name(process.id, c): _Scope(drawing, c).build() for c in containers}
    return _Scope(drawing, None).build(), subs


class _Drawing:
    """What all scopes of a process ask of it: worked out once, since there may be thousands of them."""

    def __init__(self, process: elements.Process) -> None:
        self.process = process
        self.inside: dict[str | None, list[elements.Element]] = defaultdict(list)
        for element in process.elements.values():
            self.inside[element.parent].append(element)
        self.remembered: Mapping[str, str] = compensables.remembered(process)
        self.boundaries = compensables.boundaries(process)
        self.handlers = {i: b.event.handler for i, b in self.boundaries.items() if b.event and b.event.handler}
        self.undoing = compensables.event_sub_processes(process)


class _Scope:
    """One process or sub-process while its spec is made."""

    def __init__(self, drawing: _Drawing, container: str | None) -> None:
        self.drawing, self.container = drawing, container
        self.process = process = drawing.process
        self.remembered = drawing.remembered
        content = drawing.inside[container]
        self.spec = BpmnProcessSpec(name=spec_name(process.id, container))
        self.nodes = {e.id: e for e in content if e.type != "sequenceFlow" and not e.gate}
        self.boundaries = drawing.boundaries
        self.handlers = drawing.handlers
        self.gates = [e for e in content if e.gate]
        self.outgoing: dict[str | None, list[elements.Element]] = defaultdict(list)
        self.sources: dict[str | None, list[elements.Element]] = defaultdict(list)
        self.hosted: dict[str | None, list[elements.Element]] = defaultdict(list)
        for element in content:
            if element.type == "sequenceFlow":
                self.outgoing[element.source].append(element)
                self.sources[element.target].append(self.nodes[element.source or ""])
            elif element.type == "boundaryEvent" and element.event and not compensables.is_compensation(element):
                self.hosted[element.event.attached_to].append(element)
        self.ad_hoc = container is not None and process.elements[container].ad_hoc is not None
        self.entry: dict[str, Any] = {}
        self.exit: dict[str, Any] = {}

    def build(self) -> BpmnProcessSpec:
        for node in self.nodes.values():
            self._add(node)
        for node in self.nodes.values():
            self._add_boundaries(node)
            self._add_gathering(node)
        for node in self.nodes.values():
            self._connect(node)
        if self.ad_hoc:
            self._keep()
        self._add_compensation()
        for gate in self.gates:
            self._add_gate(gate)
        undoing = self.drawing.undoing.get(self.container or "")
        awaited = [n for n in self.nodes.values() if n.triggered_by_event and n is not undoing]
        self.spec.start.watched = [self._watch(n) for n in awaited]
        return self.spec

    def _name(self, element: elements.Element) -> str:
        """SpiffWorkflow gives meaning to a few names; those elements get another one inside."""
        taken = element.id in self.spec.task_specs or element.id in ("Root", "Start", "End")
        return f"{element.id} [drawn]" if taken else element.id

    def _add(self, node: elements.Element) -> None:
        name = self._name(node)
        if node.loop is None:
            self.entry[node.id] = self.exit[node.id] = made = self._make(node, name)
            made.remembered = self.remembered.get(node.id, "")
            return
        child = self._make(node, f"{name} [child]")
        container = self._loop(node, node.loop, name, child)
        child.inputs = [container]
        self._remember_loop(node, container, child)
        child.completed_event.connect(container.merge_child)
        self.entry[node.id] = self.exit[node.id] = container

    def _remember_loop(self, node: elements.Element, container: Any, child: Any) -> None:
        """Each child that is completed is compensated; a handler that is a loop itself does it for all of them."""
        how = self.remembered.get(node.id, "")
        if how == compensables.HANDLER and self.nodes[self.handlers[node.id]].loop is not None:
            container.remembered = how
        elif how:
            child.remembered, container.remembered = how, compensables.INSIDE

    def _make(self, node: elements.Element, name: str) -> Any:
        spec = MAKERS[node.type](self, node, name)
        spec.bpmn_id, spec.bpmn_name, spec.lane = node.id, node.name, node.lane
        spec.extensions = {"element": node.id}
        if node.type in ("boundaryEvent", "intermediateCatchEvent"):
            self._add_parts(node, spec)
        return spec

    def _add_parts(self, node: elements.Element, spec: Any) -> None:
        """Where an event has several definitions, what waits for each of them."""
        if node.event is not None and node.event.parts:
            parts = specs.Part(self.spec, f"{spec.name} [parts]")
            parts.extensions, spec.parts = {"element": node.id}, parts.name

    def _loop(self, node: elements.Element, loop: elements.Loop, name: str, child: Any) -> Any:
        if loop.standard:
            condition = f"loop:{node.id}" if loop.condition else None
            made = defaults.StandardLoopTask(self.spec, name, child.name, loop.maximum, condition, loop.test_before)
        else:
            kind = defaults.SequentialMultiInstanceTask if loop.sequential else defaults.ParallelMultiInstanceTask
            completion = f"completion:{node.id}" if loop.completion_condition else None
            made = kind(self.spec, name, child.name, cardinality=f"cardinality:{node.id}", condition=completion)
        made.bpmn_id, made.bpmn_name, made.lane = node.id, node.name, node.lane
        made.extensions = {"element": node.id}
        return made

    def _add_boundaries(self, node: elements.Element) -> None:
        attached = self.hosted[node.id]
        if not attached:
            return
        main = self.entry[node.id]
        split = BoundaryEventSplit(self.spec, f"{main.name} [events]")
        join = BoundaryEventJoin(self.spec, f"{main.name} [joined]", split_task=split.name, cancel=True)
        split.extensions = join.extensions = {}
        split.connect(main)
        main.connect(join)
        for event in attached:
            split.connect(self.entry[event.id])
            self.entry[event.id].connect(join)
        self.entry[node.id] = split

    def _add_gathering(self, node: elements.Element) -> None:
        """In front of an activity that takes several tokens to begin."""
        if node.start_quantity == 1:
            return
        entry = self.entry[node.id]
        gathering = specs.Gathering(self.spec, f"{entry.name} [tokens]")
        gathering.quantity = node.start_quantity
        gathering.extensions = {"element": node.id}
        gathering.connect(entry)
        self.entry[node.id] = gathering

    def _connect(self, node: elements.Element) -> None:
        source = self.exit[node.id]
        flows = self.outgoing[node.id]
        if node.for_compensation or (node.type == "boundaryEvent" and compensables.is_compensation(node)):
            return
        if starting.begins(node) or starting.is_gate(node) or self.process.global_task:
            self.spec.start.connect(self.entry[node.id])
        if node.type in ("exclusiveGateway", "inclusiveGateway"):
            self._connect_gateway(node, source, flows)
        elif node.type == "complexGateway":
            self._connect_complex(node, source, flows)
        elif any(f.condition is not None for f in flows) and node.type not in reading.GATEWAYS:
            self._connect_conditional(node, source, flows)
        else:
            for flow in flows:
                source.connect(self.entry[flow.target or ""])
        links = self._links(node)
        for target in links:
            source.connect(self.entry[target.id])
        if not flows and not links:
            source.connect(self._last())

    def _connect_gateway(self, node: elements.Element, source: Any, flows: list[elements.Element]) -> None:
        for flow in flows:
            always = flow.id == node.default_flow or flow.condition is None
            source.connect_outgoing_if(None if always else f"condition:{flow.id}", self.entry[flow.target or ""])

    def _connect_complex(self, node: elements.Element, source: Any, flows: list[elements.Element]) -> None:
        if not flows:
            source.default = self.spec.end.name
        for flow in flows:
            target = self.entry[flow.target or ""]
            if flow.id == node.default_flow:
                source.connect(target)
                source.default = target.name
            elif flow.condition is None:
                source.connect(target)
                source.always.append(target.name)
            else:
                source.connect_outgoing_if(f"condition:{flow.id}", target)

    def _connect_conditional(self, node: elements.Element, source: Any, flows: list[elements.Element]) -> None:
        split = specs.ConditionalSplit(self.spec, f"{source.name} [flows]")
        split.extensions, split.bpmn_name = {}, node.name or node.id
        source.connect(split)
        for flow in flows:
            target = self.entry[flow.target or ""]
            if flow.id == node.default_flow:
                split.connect(target)
                split.default = target.name
            elif flow.condition is None:
                source.connect(target)
                split.may_end = True
            else:
                split.connect_outgoing_if(f"condition:{flow.id}", target)

    def _keep(self) -> None:
        """Inside an ad-hoc sub-process a keeper starts what no flow leads to."""
        keeper = specs.AdHocKeeper(self.spec, "[ad-hoc]")
        keeper.extensions = {}
        free = [n.id for n in self.nodes.values() if reading.starts_freely(n) and not self.sources[n.id]]
        keeper.starts = {identity: self.entry[identity].name for identity in free}
        self.spec.start.connect(keeper)

    def _add_compensation(self) -> None:
        """What carries the handlers of this scope, where something in it may have to be undone."""
        by = self.drawing.undoing.get(self.container or "")
        inside = {i: how for i, how in self.remembered.items() if i in self.nodes}
        if not inside and (by is None or self.container not in self.remembered):
            return
        undoing = specs.Undoing(self.spec, "[compensation]")
        undoing.extensions, undoing.by = {}, self.entry[by.id].name if by else None
        undoing.undoes = {i: self._undoer(self.nodes[i], how) for i, how in inside.items()}
        undoing.connect(self._last())

    def _undoer(self, activity: elements.Element, how: str) -> str:
        """The name of what compensates an activity."""
        if how == compensables.HANDLER:
            boundary = self.entry[self.boundaries[activity.id].id]
            boundary.handler = self.exit[self.handlers[activity.id]].name
            return str(boundary.name)
        name = f"{self.exit[activity.id].name} [undone]"
        revival = specs.Revival(self.spec, name, subworkflow_spec=spec_name(self.process.id, activity.id))
        revival.extensions = {"element": activity.id}
        return name

    def _last(self) -> Any:
        """Where paths end."""
        if not self.ad_hoc:
            return self.spec.end
        over = self.spec.task_specs.get("[path]") or specs.AdHocPathEnd(self.spec, "[path]")
        over.extensions = {}
        return over

    def _links(self, node: elements.Element) -> list[elements.Element]:
        """Where a link throw event goes on: at the catch events of the same name in its scope."""
        if node.type != "intermediateThrowEvent" or node.event is None or node.event.kind != "link":
            return []
        return [
            e
            for e in self.nodes.values()
            if e.type == "intermediateCatchEvent"
            and e.event
            and (e.event.kind, e.event.name) == ("link", node.event.name)
        ]

    def _watch(self, handler: elements.Element) -> str:
        """What waits for the start event of an event sub-process; gives its name."""
        start = next(e for e in self.drawing.inside[handler.id] if e.type == "startEvent")
        watch = specs.Watch(self.spec, f"{start.id} [awaited]", self.entry[handler.id].name)
        watch.bpmn_id, watch.bpmn_name, watch.lane = start.id, start.name, start.lane
        watch.extensions = {"element": start.id}
        self._add_parts(start, watch)
        return watch.name

    def _add_gate(self, gate: elements.Element) -> None:
        """Between the last token's arrival and the end of the scope."""
        made = self._make(gate, self._name(gate))
        end = self.spec.task_specs["End"]
        made.inputs, made.outputs = [self.spec.end], [end]
        self.spec.end.outputs, end.inputs = [made], [made]


def _definition(node: elements.Element) -> Any:
    """The event definition that SpiffWorkflow matches; names are opaque except where instances share them."""
    event = node.event or elements.Event("none")
    if event.kind == "timer" and event.timer:
        return TIMERS[event.timer](node.id, f"timer:{node.id}")
    if event.kind == "message":
        return message.MessageEventDefinition(node.id)
    if event.kind == "signal":
        return item_aware_event.SignalEventDefinition(event.name)
    if event.kind == "error":
        return item_aware_event.ErrorEventDefinition(event.name, event.code)
    if event.kind == "escalation":
        return item_aware_event.EscalationEventDefinition(event.name, event.code)
    if event.kind == "terminate":
        return simple.TerminateEventDefinition()
    if event.kind == "cancel":
        return simple.CancelEventDefinition()
    return simple.NoneEventDefinition()


def _plain(kind: Any) -> Callable[[_Scope, elements.Element, str], Any]:
    return lambda scope, node, name: kind(scope.spec, name)


def _script(scope: _Scope, node: elements.Element, name: str) -> Any:
    return _job(scope, name) if node.job_type else defaults.ScriptTask(scope.spec, name, script=f"script:{node.id}")


def _rule(scope: _Scope, node: elements.Element, name: str) -> Any:
    return _job(scope, name) if node.job_type else specs.DecisionTask(scope.spec, name)


def _job(scope: _Scope, name: str) -> Any:
    return defaults.ServiceTask(scope.spec, name)


def _service(scope: _Scope, node: elements.Element, name: str) -> Any:
    return _job(scope, name)


def _start(scope: _Scope, node: elements.Element, name: str) -> Any:
    """Who starts an instance decides by which event; inside, the start event has happened."""
    return defaults.StartEvent(scope.spec, name, event_definition=simple.NoneEventDefinition())


def _throw(kind: Any, special: Mapping[str, Any] = {}) -> Callable[[_Scope, elements.Element, str], Any]:
    """`special`: the classes for kinds of events that behave in their own way."""

    def make(scope: _Scope, node: elements.Element, name: str) -> Any:
        if node.job_type:
            return _job(scope, name)
        made = special.get(node.event.kind if node.event else "", kind)
        return made(scope.spec, name, event_definition=_definition(node))

    return make


def _catch(plain: Any, racing: Any) -> Callable[[_Scope, elements.Element, str], Any]:
    def make(scope: _Scope, node: elements.Element, name: str) -> Any:
        behind = any(source.type == "eventBasedGateway" for source in scope.sources[node.id])
        return (racing if behind else plain)(scope.spec, name, event_definition=_definition(node))

    return make


def _boundary(scope: _Scope, node: elements.Element, name: str) -> Any:
    assert node.event is not None
    if node.event.kind == "compensation":
        return specs.CompensationBoundary(scope.spec, name)
    cancels = node.event.interrupting
    return defaults.BoundaryEvent(scope.spec, name, event_definition=_definition(node), cancel_activity=cancels)


def _sub_process(kind: Any) -> Callable[[_Scope, elements.Element, str], Any]:
    def make(scope: _Scope, node: elements.Element, name: str) -> Any:
        made = specs.EventSubProcess if node.triggered_by_event else kind
        return made(scope.spec, name, subworkflow_spec=spec_name(scope.process.id, node.id))

    return make


def _call(scope: _Scope, node: elements.Element, name: str) -> Any:
    return defaults.CallActivity(scope.spec, name, subworkflow_spec=f"call:{node.id}")


MAKERS: dict[str, Callable[[_Scope, elements.Element, str], Any]] = {
    "task": _plain(specs.PassThrough),
    "manualTask": _plain(specs.PassThrough),
    "userTask": _plain(defaults.UserTask),
    "serviceTask": _service,
    "scriptTask": _script,
    "businessRuleTask": _rule,
    "sendTask": _throw(defaults.SendTask),
    "receiveTask": _catch(defaults.ReceiveTask, specs.RacingReceiveTask),
    "callActivity": _call,
    "subProcess": _sub_process(defaults.SubWorkflowTask),
    "adHocSubProcess": _sub_process(specs.AdHocSubProcess),
    "transaction": _sub_process(defaults.TransactionSubprocess),
    "exclusiveGateway": _plain(defaults.ExclusiveGateway),
    "parallelGateway": _plain(defaults.ParallelGateway),
    "inclusiveGateway": _plain(defaults.InclusiveGateway),
    "eventBasedGateway": _plain(specs.EventGateway),
    "complexGateway": _plain(specs.ComplexGateway),
    "startEvent": _start,
    "endEvent": _throw(defaults.EndEvent, {"compensation": specs.CompensationEnd, "cancel": specs.CancelEnd}),
    "intermediateThrowEvent": _throw(defaults.IntermediateThrowEvent, {"compensation": specs.CompensationThrow}),
    "intermediateCatchEvent": _catch(defaults.IntermediateCatchEvent, specs.RacingCatchEvent),
    "boundaryEvent": _boundary,
}
