"""Facts from tokens: what the outside is told when something happens."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from service.engine import elements, items, steps
from service.engine.tokens import Token


def entered(token: Token, element: elements.Element) -> steps.Entered:
    loop, host = token.loop, token.flow.host
    parent = loop or host
    return steps.Entered(
        ref=token.ref,
        element=element.id,
        type=element.type,
        name=element.name,
        path=token.path,
        parent=parent.ref if parent else None,
        loop_index=token.internal_data.get("index"),
        process=token.flow.graph.process.id,
    )


def task_opened(
    token: Token, element: elements.Element, resolved: Mapping[str, Any], inputs: Mapping[str, Any]
) -> steps.TaskOpened:
    return steps.TaskOpened(
        ref=token.ref,
        element=element.id,
        name=element.name,
        criteria=element.criteria,
        gate=element.gate,
        button=element.button,
        phase=token.flow.phase,
        inputs=dict(inputs),
        item=items.around(token),
        **resolved,
    )


def deadline_set(
    token: Token, element: elements.Element, due_at: datetime, started_at: datetime, as_drawn: str
) -> steps.DeadlineSet:
    return steps.DeadlineSet(
        ref=token.ref,
        element=element.id,
        name=element.name,
        due_at=due_at,
        started_at=started_at,
        as_drawn=as_drawn,
        clock=element.clock,
        ladder=element.ladder,
        phase=element.phase or token.flow.phase,
    )


def subscribed(
    token: Token, element: elements.Element, kind: str, name: str, key: str | None, host: Token | None
) -> steps.Subscribed:
    action = element.action if kind == "message" and element.action and element.action.awaits(token.event) else None
    return steps.Subscribed(
        ref=token.ref,
        element=element.id,
        message=name,
        kind=kind,
        process=token.flow.graph.process.id,
        correlation=key,
        attached_to=host.ref if host else None,
        interrupting=element.event.interrupting if element.event else True,
        action=action is not None,
        label=action.label if action else "",
        roles=action.roles if action else (),
        reason_required=action.reason_required if action else False,
        form=action.form if action else None,
        phase=token.flow.phase,
    )


def closed(token: Token, element: str, opened: str, outcome: str) -> steps.Fact:
    """What was open for this token is over: a person's task or a job."""
    if opened == "task":
        return steps.TaskClosed(token.ref, element, outcome=outcome)
    return steps.JobGone(token.ref, element, outcome=outcome)
