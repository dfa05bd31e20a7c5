"""Kinds of task specs that SpiffWorkflow lacks; how they behave is in `adopting.py` and the modules that it names.

Every spec that `building.py` makes has `extensions = {"element": id}` where it stands for a drawn element (or a gate),
and `{}` where it is inner machinery. A multi-instance activity is a container and a child `"<id> [child]"`, both with
its id.

Nothing that people wrote reaches SpiffWorkflow. Where it wants an expression it gets an opaque name, to be looked up in
`Program.process.elements`: `condition:<flow id>`, `script:<id>`, `timer:<id>`, `cardinality:<id>` (how many children a
multi-instance activity gets), `completion:<id>`, `loop:<id>`.
"""

from __future__ import annotations

from typing import Any

from SpiffWorkflow.bpmn.specs.bpmn_task_spec import BpmnTaskSpec
from SpiffWorkflow.bpmn.specs.defaults import (
    EndEvent,
    IntermediateCatchEvent,
    IntermediateThrowEvent,
    ReceiveTask,
    SubWorkflowTask,
)
from SpiffWorkflow.bpmn.specs.mixins.bpmn_spec_mixin import BpmnSpecMixin
from SpiffWorkflow.specs.MultiChoice import MultiChoice


class PassThrough(BpmnSpecMixin):
    """An undefined or manual task: the token goes on at once."""


class AdHocSubProcess(SubWorkflowTask):
    """A sub-process without start event."""


class AdHocKeeper(BpmnSpecMixin):
    """Where the flow inside an ad-hoc sub-process begins: `starts` says which elements can be started, and where."""

    starts: dict[str, str]


class AdHocPathEnd(BpmnSpecMixin):
    """Where every path inside an ad-hoc sub-process ends."""


class CompensationThrow(IntermediateThrowEvent):
    """A throw event that asks for compensation."""


class CompensationEnd(EndEvent):
    """An end event that asks for compensation."""


class CancelEnd(EndEvent):
    """The end event that cancels a transaction."""


class CompensationBoundary(BpmnSpecMixin):
    """A compensation boundary event; `handler` is the name of what undoes its activity."""

    handler: str


class Undoing(BpmnSpecMixin):
    """Carries the handlers of a scope that run: `undoes` names the spec for each activity that is remembered there.

    `by` is the name of the compensation event sub-process in the scope.
    """

    undoes: dict[str, str]
    by: str | None = None


class Revival(SubWorkflowTask):
    """A completed sub-process while what was done inside is compensated."""


class DecisionTask(BpmnSpecMixin):
    """A business rule task that calls a decision."""


class ConditionalSplit(MultiChoice, BpmnTaskSpec):
    """The conditional flows that leave an activity: each that holds is taken, the default one only if none does."""

    def __init__(self, wf_spec: Any, name: str, **kwargs: Any) -> None:
        super().__init__(wf_spec, name, **kwargs)
        self.default: str | None = None
        self.may_end = False  # there are flows without condition beside it, so that no match is no fault


class ComplexGateway(MultiChoice, BpmnTaskSpec):
    """A complex gateway. `always`: where flows without condition lead; `default`: where it goes if none is taken."""

    def __init__(self, wf_spec: Any, name: str, **kwargs: Any) -> None:
        super().__init__(wf_spec, name, **kwargs)
        self.always: list[str] = []
        self.default: str | None = None


class Gathering(BpmnSpecMixin):
    """In front of an activity: as many tokens as it takes to begin become one."""

    quantity = 1


class EventGateway(BpmnSpecMixin):
    """An event-based gateway: all its events wait; the first one to happen cancels the others."""


class EventSubProcess(SubWorkflowTask):
    """A sub-process that no flow leads to: its start event makes it run."""


class Part(BpmnSpecMixin):
    """One of several definitions of an event, below the token of that event."""


class Watch(BpmnSpecMixin):
    """Waits for the start event of an event sub-process, `handler`, as long as the scope around that is alive."""

    def __init__(self, wf_spec: Any, name: str, handler: str, **kwargs: Any) -> None:
        super().__init__(wf_spec, name, **kwargs)
        self.handler = handler


class RacingCatchEvent(IntermediateCatchEvent):
    """A catch event behind an event-based gateway."""


class RacingReceiveTask(ReceiveTask):
    """A receive task behind an event-based gateway."""
