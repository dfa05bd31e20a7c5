"""What is completed and can still be compensated: kept with the flow in which it was done, for as long as that lives.

A record is `[id of the activity, its variables, records of what was completed inside]`; the latest stands last. The
variables are those of a sub-process, or of the child of a loop, at its end.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from service.engine import compensables, limits
from service.engine.expressions import Stuck
from service.engine.scopes import size
from service.engine.tokens import Flow, Token

Record = list[Any]


def remember(token: Token) -> None:
    """The activity is completed; a loop's children are remembered by the loop until all of it is.

    Raises Stuck where more would be remembered than may be, and then nothing has changed.
    """
    if token.task_spec.remembered != compensables.INSIDE:
        _require_room(token)
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


def _require_room(token: Token) -> None:
    """Counted anew by each command that needs it; within a command it only grows."""
    board, allowed = token.board, token.board.world.limits
    if board.memory is None:
        board.memory = _memory(board)
    more = (1, size(_variables(token)))
    count, weight = (had + new for had, new in zip(board.memory, more, strict=True))
    if count > allowed.undoable:
        text = f"More than {allowed.undoable} completed activities would be remembered to be undone"
        raise Stuck("limit", f"{text} ({limits.setting('undoable')}). Skip this one to go on without it.")
    if weight > allowed.variables_bytes:
        text = f"What is remembered to be undone would have more than {allowed.variables_bytes} bytes"
        raise Stuck("limit", f"{text} ({limits.setting('variables_bytes')}). Skip this one to go on without it.")
    board.memory = (count, weight)


def _memory(board: Any) -> tuple[int, int]:
    """How many completions are remembered in all of the instance, and the bytes of their variables."""
    flows = {id(token.flow): token.flow for token in board.tokens.values()}
    carried = [token.internal_data for token in board.tokens.values()]
    todo = [record for flow in flows.values() for record in flow.done]
    todo += [record for data in carried for record in (*data.get("undo", ()), *_planned(data.get("plan", ())))]
    count = weight = 0
    while todo:
        _, variables, inside = todo.pop()
        count, weight = count + 1, weight + (size(variables) if variables else 0)
        todo += inside
    return count, weight


def _planned(plan: list[Any]) -> list[Record]:
    """The records in the plan of a token: its own, or by the place where they are undone."""
    return [record for entry in plan for record in (entry[1] if len(entry) == 2 else (entry,))]


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
