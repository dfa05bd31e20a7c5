"""What is completed and can still be compensated: kept with the flow in which it was done, for as long as that lives.

A record is `[id of the activity, its variables, records of what was completed inside]`; the latest stands last. The
variables are those of a sub-process, or of the child of a loop, at its end.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from service.engine import compensables
from service.engine.tokens import Flow, Token

Record = list[Any]


def remember(token: Token) -> None:
    """The activity is completed; a loop's children are remembered by the loop until all of it is."""
    spec, data, loop = token.task_spec, token.internal_data, token.loop
    inside = data.pop("undo", [])
    if spec.is_loop and spec.remembered == compensables.INSIDE:
        records = inside
    elif inside or spec.remembered != compensables.INSIDE:
        records = [[spec.extensions["element"], _variables(token), inside]]
    else:
        return
    if loop is not None:
        loop.internal_data.setdefault("undo", []).extend(records)
    else:
        token.flow.done += records


def _variables(token: Token) -> dict[str, Any]:
    scopes = token.board.scopes
    keeps = token.loop is not None or token.task_spec.remembered != compensables.HANDLER
    return dict(scopes.local(token.ref)) if keeps and token.ref in scopes else {}


def take_over(token: Token, inner: Flow) -> None:
    """What was completed inside a sub-process can be compensated with it. A called process keeps that to itself."""
    if token.task_spec.remembered in (compensables.INSIDE, compensables.EVENT_SUB_PROCESS) and inner.done:
        token.internal_data["undo"] = inner.done


def renamed(records: list[Record], name_of: Callable[[str], str | None]) -> list[Record]:
    """The same records where their activities have other ids."""
    return [[name_of(activity), variables, renamed(inside, name_of)] for activity, variables, inside in records]


def take(flow: Flow, activity: str | None) -> list[Record]:
    """The records of one activity, or all; they are compensated once."""
    taken = [record for record in flow.done if activity in (None, record[0])]
    flow.done = [record for record in flow.done if activity not in (None, record[0])]
    return taken
