"""What each kind of element needs to have before it can run."""

from __future__ import annotations

from service.bpmnio import feel
from service.engine import elements, facts
from service.engine.findings import Findings

VARIABLE_EVENTS = ("create", "update")
CYCLES = ("boundaryEvent", "startEvent")


def check(process: elements.Process, found: Findings) -> None:
    for element in process.elements.values():
        if element.condition == "":
            found.error("condition-missing", "The condition of this flow is empty; write it, or remove it.", element)
        _task(element, found)
        _mappings(element, found)
        for event in element.event.each if element.event is not None else ():
            _event(element, event, process, found)
        if element.loop is not None:
            _loop(element, element.loop, found)


def _task(element: elements.Element, found: Findings) -> None:
    coded = found.refused("camunda-7", element.id)  # that says already what to do
    if element.type == "serviceTask" and not element.job_type and not coded:
        found.error("job-type-missing", "Say which job this service task wants: zeebe:taskDefinition type.", element)
    if element.type == "scriptTask" and not (element.job_type or element.script):
        found.error("script-missing", "This script task has no script; write a FEEL expression.", element)
    if element.type == "businessRuleTask" and not (element.job_type or element.called_decision):
        found.error("called-decision-missing", "Say which decision is called: its id, or = and an expression.", element)
    if element.called_decision and not (element.result_variable or element.job_type):
        found.warning(
            "result-unused", "Name the result variable; nothing is done with the result of this decision.", element
        )
    if element.type == "callActivity" and not element.called_process:
        found.error("called-process-missing", "Say which process is called: its id, or = and an expression.", element)
    if element.form and element.form.startswith("="):
        found.error("form-expression", "A form is named by its id, not by an expression.", element)
    if element.called_process and element.called_process == element.process:
        found.warning("calls-itself", "This process calls itself; make sure that it ends.", element)


def _mappings(element: elements.Element, found: Findings) -> None:
    for mapping in (*element.inputs, *element.outputs):
        if not mapping.source or not mapping.target:
            found.error("mapping-incomplete", "An input or output mapping needs a source and a target.", element)


def _event(element: elements.Element, event: elements.Event, process: elements.Process, found: Findings) -> None:
    if event.kind == "message" or (element.type == "receiveTask" and event.kind == "none"):
        speaks = element.type in ("sendTask", "endEvent", "intermediateThrowEvent")
        if not event.name and not (speaks and element.job_type):
            found.error("message-missing", "Choose the message, and give it a name.", element)
    if element.type == "sendTask" and event.kind == "none" and not element.job_type:
        found.error("message-missing", "Choose the message that is sent, or the job type that sends it.", element)
    if event.kind == "signal" and not event.name:
        found.error("signal-missing", "Choose the signal, and give it a name.", element)
    if event.kind in ("error", "escalation"):
        _coded(element, event, found)
    if event.kind == "timer":
        _timer(element, event, found)
    if event.kind == "conditional":
        _conditional(element, event, found)
    if event.kind == "cancel" and element.type == "endEvent":
        outer = process.elements.get(element.parent or "")
        if outer is None or outer.type != "transaction":
            found.error("cancel-outside", "A cancel end event stands directly in a transaction.", element)
        elif not any(_catches_cancel(other, outer) for other in process.elements.values()):
            text = f"Nothing catches this: draw a cancel boundary event on the transaction {outer.id}."
            found.error("cancel-uncaught", text, element)


def _catches_cancel(element: elements.Element, host: elements.Element) -> bool:
    event = element.event
    return event is not None and event.attached_to == host.id and event.has("cancel")


def _conditional(element: elements.Element, event: elements.Event, found: Findings) -> None:
    if not event.expression:
        found.error("condition-missing", "Write the condition that this event waits for.", element)
        return
    over = sorted(feel.check(event.expression).variables.intersection(facts.FACTS))
    if over:
        found.error(
            "condition-over-facts",
            f"This event waits for variables alone, and {over[0]} is a fact of the record, which wakes nothing; "
            "let a task write what it waits for into a variable.",
            element,
        )
    for name in event.variable_events:
        if name not in VARIABLE_EVENTS:
            found.error(
                "unknown-value", f"variableEvents are {' and '.join(VARIABLE_EVENTS)}, not {name[:40]}.", element
            )


def _coded(element: elements.Element, event: elements.Event, found: Findings) -> None:
    catches = element.type in ("boundaryEvent", "startEvent")
    if event.code is None and (not catches or event.name):
        found.error(f"{event.kind}-code-missing", f"Choose the {event.kind}, and give it a code.", element)
    if event.code and event.code.startswith("=") and catches:
        found.error(f"{event.kind}-code-expression", "What is caught has a fixed code, no expression.", element)


def _timer(element: elements.Element, event: elements.Event, found: Findings) -> None:
    if event.timer and not event.expression:
        found.error("timer-missing", "Say when this timer fires.", element)
    if event.timer == "cycle" and element.type not in CYCLES:
        found.warning(
            "cycle-once",
            "This event passes at the first turn of its cycle; only boundary and start events repeat.",
            element,
        )


def _thrown(element: elements.Element, thrown: elements.Throw, found: Findings) -> None:
    if thrown.event is not None and thrown.event.kind not in ("signal", "escalation"):
        found.error(
            "multi-instance-behavior",
            "As instances complete they throw signals and escalations, nothing else.",
            element,
        )
    elif thrown.event is not None and not (thrown.event.name if thrown.event.kind == "signal" else thrown.event.code):
        found.error(
            "multi-instance-behavior", f"Choose the {thrown.event.kind} that the instances throw, and name it.", element
        )


def _loop(element: elements.Element, loop: elements.Loop, found: Findings) -> None:
    if loop.standard:
        if loop.condition is None and loop.maximum is None:
            found.error("loop-endless", "Give this loop a condition or a maximum.", element)
        return
    if not loop.collection and not loop.cardinality:
        found.error(
            "loop-collection-missing", "Say what this multi-instance activity runs over: its collection.", element
        )
    if loop.collection and loop.cardinality:
        found.error(
            "loop-collection-twice", "There are both a collection and a cardinality; keep the collection.", element
        )
    for thrown in loop.throws:
        _thrown(element, thrown, found)
    if bool(loop.output_collection) != bool(loop.output_element):
        found.error(
            "loop-output-incomplete", "An output collection needs an output element, and the other way round.", element
        )
