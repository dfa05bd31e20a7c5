"""Which BPMN elements run, which are changed to run, which are refused: one table for check, page and tests."""

from __future__ import annotations

from dataclasses import dataclass

from service.engine import elements, extensions

SUPPORTED, NORMALISED, REFUSED, IGNORED = "supported", "normalised", "refused", "ignored"


@dataclass(frozen=True)
class Entry:
    """One kind of element. `code` and `advice` are what the check says where it is refused."""

    name: str
    status: str
    remark: str
    code: str = ""
    advice: str = ""


def _refused(name: str, remark: str, code: str, advice: str) -> Entry:
    return Entry(name, REFUSED, remark, code, advice)


# Key: the BPMN name; for events `<name>:<kind>`; `loop:...` and `flow:...` for what hangs on activities and flows.
TABLE: dict[str, Entry] = {
    "userTask": Entry("User task", SUPPORTED, "A person's task, with form, candidates and due date."),
    "serviceTask": Entry("Service task", SUPPORTED, "A job: `tidegate.*` types run here, others wait for a worker."),
    "scriptTask": Entry("Script task", SUPPORTED, "A FEEL expression with a result variable, or a job."),
    "businessRuleTask": Entry("Business rule task", SUPPORTED, "With a job type, a job."),
    "businessRuleTask:decision": Entry(
        "Business rule task with a called decision",
        SUPPORTED,
        "Makes a decision of a DMN file; its id may be an expression.",
    ),
    "sendTask": Entry("Send task", SUPPORTED, "Sends its message; with a job type, a job."),
    "receiveTask": Entry("Receive task", SUPPORTED, "Waits for its message."),
    "receiveTask:instantiate": Entry("Receive task that instantiates", SUPPORTED, "Its message starts the instance."),
    "manualTask": Entry(
        "Manual task", SUPPORTED, "Passed at once, as in Camunda 8; use a user task where people confirm."
    ),
    "task": Entry("Undefined task", SUPPORTED, "Passed at once, as in Camunda 8."),
    "callActivity": Entry("Call activity", SUPPORTED, "The called process is chosen when it is reached."),
    "globalTask": Entry("Global task", NORMALISED, "Called like a process in which there is nothing else."),
    "subProcess": Entry("Sub-process", SUPPORTED, "A scope of its own; with `tidegate.phase`, a phase."),
    "subProcess:event": Entry(
        "Event sub-process", SUPPORTED, "Runs inside the scope around it each time its start event happens."
    ),
    "transaction": Entry(
        "Transaction", SUPPORTED, "A sub-process that a cancel end event undoes and leaves by its cancel boundary."
    ),
    "adHocSubProcess": Entry(
        "Ad-hoc sub-process",
        SUPPORTED,
        "Starts what its list of active elements names, else all that no flow leads to; with a completion condition.",
    ),
    "exclusiveGateway": Entry(
        "Exclusive gateway", SUPPORTED, "The first flow whose condition holds, else the default."
    ),
    "parallelGateway": Entry("Parallel gateway", SUPPORTED, "Forks and joins."),
    "inclusiveGateway": Entry(
        "Inclusive gateway", SUPPORTED, "Every flow whose condition holds; joins what was forked."
    ),
    "eventBasedGateway": Entry("Event-based gateway", SUPPORTED, "The first of its events wins."),
    "eventBasedGateway:instantiate": Entry(
        "Event-based gateway that instantiates",
        SUPPORTED,
        "The first of its messages starts the instance; a parallel one waits for all the others then.",
    ),
    "complexGateway": Entry(
        "Complex gateway",
        SUPPORTED,
        "Goes on when its activation condition holds; what still comes resets it.",
    ),
    "startEvent:none": Entry("Start event", SUPPORTED, "Where an instance begins."),
    "startEvent:message": Entry("Message start event", SUPPORTED, "Starts an instance, or an event sub-process."),
    "startEvent:timer": Entry("Timer start event", SUPPORTED, "Starts an instance, or an event sub-process."),
    "startEvent:signal": Entry("Signal start event", SUPPORTED, "Starts an instance, or an event sub-process."),
    "startEvent:error": Entry(
        "Error start event", SUPPORTED, "Of an event sub-process: catches the errors of its scope."
    ),
    "startEvent:escalation": Entry(
        "Escalation start event", SUPPORTED, "Of an event sub-process, interrupting or not."
    ),
    "endEvent:none": Entry("End event", SUPPORTED, "A token ends; the scope ends with the last one."),
    "endEvent:message": Entry("Message end event", SUPPORTED, "Sends its message; with a job type, a job."),
    "endEvent:signal": Entry("Signal end event", SUPPORTED, "Sends its signal."),
    "endEvent:error": Entry(
        "Error end event", SUPPORTED, "Ends its scope with an error for the nearest event that catches it."
    ),
    "endEvent:escalation": Entry(
        "Escalation end event", SUPPORTED, "Raises an escalation for the nearest event that catches it."
    ),
    "endEvent:terminate": Entry("Terminate end event", SUPPORTED, "Ends its scope and all that is open in it."),
    "endEvent:cancel": Entry(
        "Cancel end event",
        SUPPORTED,
        "Undoes what was completed in the transaction, and leaves it by its cancel boundary.",
    ),
    "intermediateThrowEvent:none": Entry(
        "Throw event", SUPPORTED, "Passed at once; with `tidegate.milestone`, a milestone."
    ),
    "intermediateThrowEvent:message": Entry(
        "Message throw event", SUPPORTED, "Sends its message; with a job type, a job."
    ),
    "intermediateThrowEvent:signal": Entry("Signal throw event", SUPPORTED, "Sends its signal."),
    "intermediateThrowEvent:escalation": Entry(
        "Escalation throw event", SUPPORTED, "Raises an escalation, and goes on."
    ),
    "intermediateThrowEvent:link": Entry(
        "Link throw event", NORMALISED, "Goes on at the link catch event of the same name, or that its target names."
    ),
    "intermediateCatchEvent:link": Entry("Link catch event", NORMALISED, "Where its link throw events go on."),
    "intermediateCatchEvent:message": Entry(
        "Message catch event", SUPPORTED, "Waits; without correlation key, an action."
    ),
    "intermediateCatchEvent:timer": Entry(
        "Timer catch event", SUPPORTED, "Waits for a moment or a duration; of a cycle for its first turn."
    ),
    "intermediateCatchEvent:signal": Entry("Signal catch event", SUPPORTED, "Waits for its signal."),
    "boundaryEvent:message": Entry(
        "Message boundary event", SUPPORTED, "Interrupting or not; without correlation key, an action."
    ),
    "boundaryEvent:timer": Entry("Timer boundary event", SUPPORTED, "Interrupting or not; date, duration or cycle."),
    "boundaryEvent:signal": Entry("Signal boundary event", SUPPORTED, "Interrupting or not."),
    "boundaryEvent:error": Entry("Error boundary event", SUPPORTED, "Catches the errors of its activity."),
    "boundaryEvent:escalation": Entry("Escalation boundary event", SUPPORTED, "Interrupting or not."),
    "boundaryEvent:cancel": Entry("Cancel boundary event", SUPPORTED, "On a transaction."),
    "startEvent:conditional": Entry(
        "Conditional start event",
        SUPPORTED,
        "Of an event sub-process, when it becomes true; of a process, where it holds for given variables.",
    ),
    "intermediateCatchEvent:conditional": Entry(
        "Conditional catch event", SUPPORTED, "Waits until its condition over variables is true."
    ),
    "boundaryEvent:conditional": Entry(
        "Conditional boundary event", SUPPORTED, "Interrupting or not; happens when its condition becomes true."
    ),
    "startEvent:compensation": Entry(
        "Compensation start event",
        SUPPORTED,
        "Of an event sub-process: starts it when the completed sub-process around it is compensated.",
    ),
    "endEvent:compensation": Entry(
        "Compensation end event", SUPPORTED, "Undoes what was completed in its scope, the latest first, and ends."
    ),
    "intermediateThrowEvent:compensation": Entry(
        "Compensation throw event", SUPPORTED, "Undoes what was completed in its scope, or one activity, and goes on."
    ),
    "boundaryEvent:compensation": Entry(
        "Compensation boundary event", SUPPORTED, "An association leads to the activity that undoes its activity."
    ),
    "startEvent:multiple": Entry(
        "Start event with several definitions", SUPPORTED, "Each of them starts an instance, or the event sub-process."
    ),
    "intermediateCatchEvent:multiple": Entry(
        "Catch event with several definitions", SUPPORTED, "Waits for one of them; parallel: for all of them."
    ),
    "boundaryEvent:multiple": Entry(
        "Boundary event with several definitions", SUPPORTED, "Happens with one of them; parallel: with all of them."
    ),
    "intermediateThrowEvent:multiple": Entry(
        "Throw event with several definitions", SUPPORTED, "Throws all of them, in the order as drawn."
    ),
    "endEvent:multiple": Entry(
        "End event with several definitions", SUPPORTED, "Throws all of them; an error or terminate comes last."
    ),
    "loop:parallel": Entry("Parallel multi-instance", NORMALISED, "The collection is evaluated once, on entry."),
    "loop:sequential": Entry(
        "Sequential multi-instance", NORMALISED, "One after the other, in the order of the collection."
    ),
    "loop:behavior": Entry(
        "Multi-instance that throws",
        SUPPORTED,
        "Signals or escalations as instances complete: each (None), the first (One), by conditions (Complex). Events "
        "at its border catch them and do not end it.",
    ),
    "loop:standard": Entry("Loop", SUPPORTED, "Repeats while its condition holds."),
    "flow:conditional": Entry("Conditional flow of an activity", NORMALISED, "Taken where its condition holds."),
    "flow:fork": Entry(
        "Several flows that leave an activity", NORMALISED, "All are taken, as from a parallel gateway."
    ),
    "flow:merge": Entry("Several flows that enter an activity", SUPPORTED, "The activity runs once for each token."),
    "flow:quantity": Entry(
        "Start and completion quantity",
        SUPPORTED,
        "So many tokens, of whatever flow, become one to begin; so many leave along each flow.",
    ),
    "flow:id": Entry("Sequence flow without id", NORMALISED, "It is given one."),
    "start:implicit": Entry(
        "Process or sub-process without start and end events",
        NORMALISED,
        "All activities and gateways begin that no flow leads to.",
    ),
    "event:nameless": Entry(
        "Message, signal, error or escalation without name or code",
        NORMALISED,
        "Goes by its id; a warning says so.",
    ),
    "end:implicit": Entry("Node without outgoing flow", NORMALISED, "The token ends there."),
    "data:object": Entry(
        "Data object, property",
        SUPPORTED,
        "A variable by its name, of the process or sub-process that it is drawn in; of a task, until that is left.",
    ),
    "data:association": Entry(
        "Data association",
        SUPPORTED,
        "Carries what a data input or output of its activity or event names, with FEEL transformation and assignments; "
        "any other is a drawing.",
    ),
    "data:loop": Entry(
        "Multi-instance over data", SUPPORTED, "References to its collections, data items for each instance."
    ),
    "data:store": Entry("Data store", NORMALISED, "A variable of the instance; a warning says that nothing is kept."),
    "textAnnotation": Entry("Annotations, groups, associations", IGNORED, "Drawings."),
    "lane": Entry(
        "Pools, lanes, message flows",
        IGNORED,
        "Drawings; the lane of a task is shown beside it. A message flow names the message where its ends name none.",
    ),
}

_EVENT_NAMES = {
    "startEvent": "start event",
    "endEvent": "end event",
    "intermediateCatchEvent": "catch event",
    "intermediateThrowEvent": "throw event",
    "boundaryEvent": "boundary event",
}


def key(element: elements.Element) -> str:
    """The key of an element in the table."""
    if element.type in _EVENT_NAMES:
        return f"{element.type}:{element.event.kind if element.event else 'none'}"
    if element.type == "subProcess" and element.triggered_by_event:
        return "subProcess:event"
    if element.type == "businessRuleTask" and element.job_type is None:
        return "businessRuleTask:decision"
    return element.type


def entry(element: elements.Element) -> Entry:
    """What the table says of an element; what it does not name is refused."""
    known = TABLE.get(key(element))
    if known is not None:
        return known
    event = element.event
    name = _EVENT_NAMES.get(element.type, element.type)
    if event is None or event.kind == "none":
        advice = "Choose what this event is for."
        return _refused(name.capitalize(), "It has no definition.", "event-without-definition", advice)
    title = f"{event.kind.capitalize()} {name}"
    kinds = [kind for of, _, kind in (row.partition(":") for row in TABLE) if of == element.type and kind != "multiple"]
    remark = f"There is none. {name.capitalize()}s are for {', '.join(kind for kind in kinds if kind != 'none')}."
    return _refused(title, remark, "event-unsupported", "Choose another kind of event.")


def page() -> str:
    """The page of supported elements, in Markdown."""
    lines = [
        "# Elements that run",
        "",
        "This page is written from the table that the check of diagrams uses;",
        "`python -m service.engine.supported > docs/supported-elements.md` writes it again.",
        "A diagram with a refused element is not deployed: the check names file, line, element, code and what to do.",
        "*Normalised* means that the drawing is accepted as it is and changed before it runs.",
        "",
        "| element | | what happens | code, what to do instead |",
        "|---|---|---|---|",
    ]
    for row in TABLE.values():
        advice = f"`{row.code}`: {row.advice}" if row.code else ""
        lines.append(f"| {row.name} | {row.status} | {row.remark} | {advice} |")
    lines += [
        "",
        "Whatever is not named here is refused.",
        "",
        "## Properties",
        "",
        "| property | where | what it does |",
    ]
    lines += ["|---|---|---|"]
    named = {**extensions.PROPERTIES, f"{extensions.CRITERION}LABEL": extensions.CRITERION_PLACE}
    lines += [f"| `{name}` | {where} | {what} |" for name, (where, what) in named.items()]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    print(page(), end="")
