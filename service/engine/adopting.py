"""From a Program to a Graph: SpiffWorkflow's specs get the classes of this package, once in each process."""

from __future__ import annotations

import threading
from collections import Counter, OrderedDict
from typing import Any

from SpiffWorkflow.bpmn.specs import control, defaults

from service.engine import activities, adhoc, compensation, events, gateways, loops, nodes, specs
from service.engine.definitions import Program
from service.engine.graphs import Graph

KEPT = 500

CLASSES: dict[type, type] = {
    control.BpmnStartTask: nodes.Begin,
    control._EndJoin: nodes.Inner,
    control.SimpleBpmnTask: nodes.Inner,
    control.BoundaryEventSplit: events.Host,
    control.BoundaryEventJoin: nodes.Inner,
    defaults.StartEvent: nodes.StartEvent,
    defaults.EndEvent: nodes.EndEvent,
    defaults.IntermediateThrowEvent: nodes.ThrowEvent,
    defaults.SendTask: activities.Send,
    defaults.IntermediateCatchEvent: events.CatchEvent,
    specs.RacingCatchEvent: events.CatchEvent,
    defaults.ReceiveTask: activities.Receive,
    specs.RacingReceiveTask: activities.Receive,
    defaults.BoundaryEvent: events.BoundaryEvent,
    specs.EventGateway: gateways.EventGateway,
    defaults.ExclusiveGateway: gateways.ExclusiveGateway,
    defaults.InclusiveGateway: gateways.InclusiveGateway,
    defaults.ParallelGateway: gateways.ParallelGateway,
    specs.ComplexGateway: gateways.ComplexGateway,
    specs.ConditionalSplit: gateways.ConditionalSplit,
    specs.Gathering: gateways.Gathering,
    specs.PassThrough: activities.Activity,
    specs.DecisionTask: activities.Decision,
    defaults.UserTask: activities.UserTask,
    defaults.ServiceTask: activities.Job,
    defaults.ScriptTask: activities.Script,
    defaults.SubWorkflowTask: activities.SubProcess,
    defaults.TransactionSubprocess: activities.SubProcess,
    specs.AdHocSubProcess: adhoc.AdHoc,
    specs.AdHocKeeper: adhoc.Keeper,
    specs.AdHocPathEnd: adhoc.PathEnd,
    specs.EventSubProcess: activities.EventSubProcess,
    specs.Watch: events.Watch,
    specs.CompensationThrow: compensation.Throw,
    specs.CompensationEnd: compensation.End,
    specs.CancelEnd: compensation.CancelEnd,
    specs.CompensationBoundary: compensation.Boundary,
    specs.Undoing: compensation.Undoing,
    specs.Revival: compensation.Revival,
    specs.Part: events.Part,
    defaults.CallActivity: activities.CallActivity,
    defaults.ParallelMultiInstanceTask: loops.Parallel,
    defaults.SequentialMultiInstanceTask: loops.Sequential,
    defaults.StandardLoopTask: loops.Standard,
}

_lock = threading.Lock()
_graphs: OrderedDict[int, tuple[Program, Graph]] = OrderedDict()


def graph(program: Program) -> Graph:
    """The graph of a program, made once and then shared: running never changes it."""
    with _lock:
        known = _graphs.get(id(program))
        if known is not None and known[0] is program:
            _graphs.move_to_end(id(program))
            return known[1]
    made = _make(program)
    with _lock:
        _graphs[id(program)] = (program, made)
        while len(_graphs) > KEPT:
            _graphs.popitem(last=False)
    return made


def _make(program: Program) -> Graph:
    spec, subs = program.private()
    for part in (spec, *subs.values()):
        for task_spec in part.task_specs.values():
            _adopt(task_spec)
    return Graph(program.process, spec, subs, program.process.elements)


def _adopt(task_spec: Any) -> None:
    task_spec.__class__ = CLASSES[type(task_spec)]
    task_spec.ways_in = Counter(task_spec._inputs)
    task_spec.extensions = getattr(task_spec, "extensions", None) or {}
    if isinstance(task_spec, gateways.ConditionalSplit):
        (activity,) = task_spec.inputs
        task_spec.extensions = {"element": activity.bpmn_id}
