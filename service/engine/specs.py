"""Task specs that SpiffWorkflow lacks: branching without a gateway, and the event-based gateway with live events.

Every spec that `building.py` makes has `extensions = {"element": id}` where it stands for a drawn element (or a gate), and
`{}` where it is inner machinery. A multi-instance activity is a container and a child `"<id> [child]"`, both with its id.

Nothing that people wrote reaches SpiffWorkflow. Where it wants an expression it gets an opaque name, to be looked up
in `Program.process.elements` by the script engine: `condition:<flow id>`, `script:<id>`, `timer:<id>`, `cardinality:<id>`
(how many children a multi-instance activity gets), `completion:<id>`, `loop:<id>`, `conditional:<id>`.
"""

from __future__ import annotations

from typing import Any

from SpiffWorkflow.bpmn.specs.bpmn_task_spec import BpmnTaskSpec
from SpiffWorkflow.bpmn.specs.defaults import IntermediateCatchEvent, ReceiveTask
from SpiffWorkflow.bpmn.specs.mixins.bpmn_spec_mixin import BpmnSpecMixin
from SpiffWorkflow.specs.MultiChoice import MultiChoice
from SpiffWorkflow.util.task import TaskState


class PassThrough(BpmnSpecMixin):
    """An undefined or manual task: the token goes on at once."""


class ConditionalSplit(MultiChoice, BpmnTaskSpec):
    """The conditional flows that leave an activity: each that holds is taken, the default one only if none does."""

    def __init__(self, wf_spec: Any, name: str, **kwargs: Any) -> None:
        super().__init__(wf_spec, name, **kwargs)
        self.default: str | None = None
        self.may_end = False  # there are flows without condition beside it, so that no match is no fault

    def _run_hook(self, my_task: Any) -> bool:
        matches, _ = self._get_matching_outputs(my_task)
        if not matches and self.default is not None:
            matches = [my_task.workflow.spec.task_specs[self.default]]
        if not matches and not self.may_end:
            raise NoFlowMatches(my_task)
        my_task._sync_children(matches, TaskState.FUTURE)
        for child in my_task.children:
            child.task_spec._predict(child, mask=TaskState.FUTURE | TaskState.PREDICTED_MASK)
        return True


class NoFlowMatches(Exception):
    """No condition holds and there is no default flow."""

    def __init__(self, task: Any) -> None:
        super().__init__(type(self).__doc__)
        self.task = task


class EventGateway(BpmnSpecMixin):
    """An event-based gateway: all its events wait; the first one to happen cancels the others."""


class _FirstWins:
    """What the events behind an event-based gateway have in common."""

    def _on_ready_hook(self, my_task: Any) -> None:
        super()._on_ready_hook(my_task)  # type: ignore[misc]
        if isinstance(my_task.parent.task_spec, EventGateway):
            for sibling in my_task.parent.children:
                if sibling is not my_task and not sibling.has_state(TaskState.FINISHED_MASK):
                    sibling.cancel()


class RacingCatchEvent(_FirstWins, IntermediateCatchEvent):
    """A catch event behind an event-based gateway."""


class RacingReceiveTask(_FirstWins, ReceiveTask):
    """A receive task behind an event-based gateway."""
