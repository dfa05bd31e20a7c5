"""Loops: one activity several times, at once or one after the other, over a collection or while a condition holds.

The container is entered once; its children are activations of their own in scopes of their own, with the item and
`loopCounter` (from 1). What they give is collected in the order of the collection.
"""

from __future__ import annotations

import re
from typing import Any

from SpiffWorkflow.util.task import TaskState

from service.engine import elements, limits, nodes, scopes
from service.engine.expressions import Stuck, is_feel, shown
from service.engine.tokens import Token

CHILD_BYTES = 100  # what the scope of a child holds beside its item
_VARIABLE = re.compile(r"=\s*([A-Za-z_]\w*)\s*(\.\s*[A-Za-z_]\w*\s*)*")


class Loop(nodes.Node):
    """What all loops share. `total`, `done` and what is still to come stand in the token's data."""

    is_loop = True
    keeps = True
    task_spec: str

    def arrive(self, token: Token) -> None:
        self.enter(token)
        if "ready" not in token.internal_data:
            token.internal_data["ready"] = 1
            if token.parent.task_spec.is_host:
                token.parent.task_spec.arm_all(token.parent)
        if token.alive:
            self.open(token)

    def open(self, token: Token) -> None:
        raise NotImplementedError

    def add_child(self, token: Token, index: int, variables: dict[str, Any]) -> Token:
        """One more child, in a scope of its own; it does not move yet."""
        child = token._add_child(self._wf_spec.task_specs[self.task_spec])
        child.internal_data["index"] = index
        token.board.scopes.open(child.ref, token.ref, {**variables, "loopCounter": index})
        return child

    def collect(self, token: Token, child: Token) -> None:
        """A child is about to leave with results."""

    def child_left(self, token: Token, child: Token) -> None:
        token.internal_data["done"] += 1
        token.board.guard(token, "proceed")

    def proceed(self, token: Token) -> None:
        raise NotImplementedError

    def leave(self, token: Token) -> None:
        token.board.depart(token)


class MultiInstance(Loop):
    """Over a collection, which is evaluated once, on entry; or as often as a number says."""

    def open(self, token: Token) -> None:
        board, loop = token.board, loop_of(token)
        items = self._items(token, loop)
        self.require_room(token, len(items), loop.collection or loop.cardinality)
        if not loop.sequential:
            board.require_tokens(len(items))
            board.scopes.reserve(sum(CHILD_BYTES + scopes.size(board.stored(item)) for item in items))
        outputs = {loop.output_collection: [None] * len(items)} if loop.output_collection else {}
        board.scopes.put(board.own_scope(token), outputs)
        token.internal_data.update(total=len(items), done=0)
        token._set_state(TaskState.STARTED)
        self.begin(token, items)

    def begin(self, token: Token, items: list[Any]) -> None:
        raise NotImplementedError

    def _items(self, token: Token, loop: elements.Loop) -> list[Any]:
        board = token.board
        scope = board.scope_of(token)
        if loop.collection is None:
            text = loop.cardinality or ""
            number = board.needed(scope, text, "How often") if is_feel(text) else text
            times = _whole(number, text)
            self.require_room(token, times, text)
            return [None] * times
        value = board.needed(scope, loop.collection, "The collection")
        if not isinstance(value, (list, tuple)):
            raise Stuck("wrong-type", f"A list is needed, this is {shown(value)}.", loop.collection)
        return list(board.stored(value))

    def require_room(self, token: Token, count: int, text: str | None) -> None:
        most = token.board.world.limits.items
        if count > most:
            advice = f"at most {most} are allowed ({limits.setting('items')})"
            raise Stuck("limit", f"There would be {count} instances of this activity; {advice}.", text)

    def add(self, token: Token, item: Any) -> int:
        """One more item while the loop runs; gives its number."""
        board, name, data = token.board, loop_of(token).output_collection, token.internal_data
        data["total"] += 1
        if name:
            board.scopes.put(token.ref, {name: [*board.scopes.local(token.ref)[name], None]})
        self.added(token, item)
        number: int = data["total"]
        return number

    def added(self, token: Token, item: Any) -> None:
        raise NotImplementedError

    def child_for(self, token: Token, index: int, item: Any) -> Token:
        """A child with its item. What its output element names is its own, so that children do not share it."""
        loop = loop_of(token)
        variables: dict[str, Any] = {}
        own = _VARIABLE.fullmatch(loop.output_element or "")
        if own:
            variables[own[1]] = None
        if loop.element_variable:
            variables[loop.element_variable] = item
        return self.add_child(token, index, variables)

    def collect(self, token: Token, child: Token) -> None:
        board, loop, data = token.board, loop_of(token), token.internal_data
        if loop.output_collection and loop.output_element:
            collected = list(board.scopes.local(token.ref)[loop.output_collection])
            collected[child.internal_data["index"] - 1] = board.value(child.ref, loop.output_element)
            board.scopes.put(token.ref, {loop.output_collection: collected})
        counts = {
            "numberOfInstances": data["total"],
            "numberOfActiveInstances": len(token.children) - 1,
            "numberOfCompletedInstances": data["done"] + 1,
            "numberOfTerminatedInstances": 0,
        }
        conditions = [loop.completion_condition, *(thrown.condition for thrown in loop.throws)]
        held = [text is not None and board.condition(child.ref, text, counts) for text in conditions]
        if any(held):
            data["enough"] = 1
        for number, thrown in enumerate(loop.throws):
            if held[number + 1] if thrown.condition else not (thrown.first and data["done"]):
                data.setdefault("to throw", []).append(number)

    def _throw(self, token: Token) -> None:
        """Throw what the completion of a child gives reason for. Its own border hears it and does not end it."""
        data, throws = token.internal_data, loop_of(token).throws
        data["throwing"] = 1
        try:
            while token.alive and data["to throw"]:
                nodes.tell(token, throws[data["to throw"][0]].event)
                data["to throw"].pop(0)
        finally:
            del data["throwing"]
        del data["to throw"]

    def proceed(self, token: Token) -> None:
        if token.internal_data.get("to throw"):
            self._throw(token)
        if not token.alive:
            return
        if token.internal_data.get("enough"):
            for child in token.children:
                token.board.cancel(child)
        elif self.more(token):
            return
        token.board.ready(token)

    def more(self, token: Token) -> bool:
        """Whether the loop goes on."""
        raise NotImplementedError

    def leave(self, token: Token) -> None:
        """The collected outputs go to the scope around the loop."""
        board, name = token.board, loop_of(token).output_collection
        if name and token.ref in board.scopes:
            board.scopes.put(token.flow.scope, {name: board.scopes.local(token.ref)[name]})
        board.depart(token)


class Parallel(MultiInstance):
    """All children at once."""

    def begin(self, token: Token, items: list[Any]) -> None:
        children = [self.child_for(token, index, item) for index, item in enumerate(items, 1)]
        for child in children:
            if child.alive:
                child.task_spec._update(child)
        if not items:
            token.board.ready(token)

    def more(self, token: Token) -> bool:
        return bool(token.children)

    def added(self, token: Token, item: Any) -> None:
        child = self.child_for(token, token.internal_data["total"], item)
        child.task_spec._update(child)


class Sequential(MultiInstance):
    """One child after the other."""

    def begin(self, token: Token, items: list[Any]) -> None:
        token.internal_data["items"] = items
        self.proceed(token)

    def more(self, token: Token) -> bool:
        data = token.internal_data
        if data["done"] >= data["total"]:
            return False
        child = self.child_for(token, data["done"] + 1, data["items"][data["done"]])
        child.task_spec._update(child)
        return True

    def added(self, token: Token, item: Any) -> None:
        """It waits for its turn."""
        token.internal_data["items"] = [*token.internal_data["items"], item]


class Standard(Loop):
    """Again while a condition holds, at most as often as a number says."""

    def open(self, token: Token) -> None:
        token.board.own_scope(token)
        token.internal_data["done"] = 0
        token._set_state(TaskState.STARTED)
        token.board.guard(token, "proceed")

    def proceed(self, token: Token) -> None:
        loop, done = loop_of(token), token.internal_data["done"]
        again = loop.maximum is None or done < loop.maximum
        if again and loop.condition and (loop.test_before or done):
            again = token.board.condition(token.ref, loop.condition, {"loopCounter": done})
        if not again:
            token.board.ready(token)
            return
        child = self.add_child(token, done + 1, {})
        child.task_spec._update(child)


def loop_of(token: Token) -> elements.Loop:
    loop = nodes.drawn(token).loop
    assert loop is not None
    return loop


def _whole(number: Any, text: str) -> int:
    """How often, from 0; nothing is cut off or turned round in silence."""
    try:
        times = int(number)
    except (TypeError, ValueError, OverflowError):
        times = -1
    if times < 0 or isinstance(number, bool) or (isinstance(number, float) and number != times):
        raise Stuck("wrong-type", f"A whole number from 0 is needed, this is {shown(number)}.", text)
    return times
