"""The state of an instance as bytes: what is alive, and the variables; no specs, nothing that is done. Versioned JSON.

    [version, status, serial, scopes, [flow, ...]]
    flow:  [host ref or null, process, spec, scope, gated, ended at, completed, [token, ...], what can be undone]
    token: [ref, spec, state, parent ref or "", serial, data]

What can be undone (see `undoable.py`) is left out where there is nothing.
Large states are compressed; the first byte tells.
"""

from __future__ import annotations

import zlib
from collections.abc import Mapping
from typing import Any
from uuid import UUID

import orjson

from service.engine import adopting
from service.engine.board import Board
from service.engine.definitions import Program
from service.engine.tokens import Flow, SubFlow, Token
from service.errors import Conflict

VERSION = 1
LARGE = 4096


def dump(board: Board) -> bytes:
    flows = [board.flow, *board.flow.subprocesses.values()]
    state = [VERSION, board.status, board.serial, board.scopes.saved(), [_flow(flow) for flow in flows]]
    raw = orjson.dumps(state, option=orjson.OPT_NON_STR_KEYS)
    return zlib.compress(raw, 1) if len(raw) > LARGE else raw


def load(state: bytes, program: Program, library: Mapping[str, Program]) -> Board:
    """The board as it was, called processes from the library. Raises Conflict where state and programs do not fit."""
    return build(opened(state), program, library)


def opened(state: bytes) -> list[Any]:
    """The state as plain data, in the shape above. Raises Conflict where its format is another one."""
    saved: list[Any] = orjson.loads(state if state[:1] == b"[" else zlib.decompress(state))
    if saved[0] != VERSION:
        raise Conflict(f"This instance was saved in format {saved[0]}, this program reads format {VERSION}.")
    return saved


def build(saved: list[Any], program: Program, library: Mapping[str, Program]) -> Board:
    """The board of a state that was opened."""
    _, status, serial, scopes, flows = saved
    board = Board(adopting.graph(program), adopting.graph)
    board.scopes.restore(scopes)
    for saved in flows:
        _restore_flow(board, saved, program, library)
    board.status, board.serial = status, serial
    return board


def _flow(flow: Flow) -> list[Any]:
    tokens: list[Any] = []
    _tokens(flow.task_tree, "", tokens)
    host = flow.host.ref if flow.host else None
    process = flow.graph.process.id
    saved = [host, process, flow.spec.name, flow.scope, flow.gated, flow.ended_at, flow.completed, tokens]
    return [*saved, flow.done] if flow.done else saved


def _tokens(parent: Token, name: str, into: list[Any]) -> None:
    tasks = parent.workflow.tasks
    for child in parent._children:
        token = tasks[child]
        into.append([token.ref, token.task_spec.name, token._state, name, token.serial, token.internal_data])
        if token._children:
            _tokens(token, token.ref, into)


def _restore_flow(board: Board, saved: list[Any], program: Program, library: Mapping[str, Program]) -> None:
    host, process, spec_name, scope, gated, ended_at, completed, tokens, *more = saved
    if host is None:
        flow: Flow = board.flow
    else:
        flow = _inner_flow(board.tokens[host], process, spec_name, scope, library)
    flow.gated, flow.ended_at, flow.completed = gated, ended_at, completed
    if more:
        flow.done = more[0]
    for ref, name, state, parent, serial, data in tokens:
        spec = flow.spec.task_specs.get(name)
        if spec is None:
            raise Conflict(f"The process “{process}” has no element “{name}” any more.", element=name)
        above = board.tokens[parent] if parent else flow.task_tree
        token = Token(flow, spec, above, state, UUID(ref))
        token.internal_data, token.serial = data, serial
        _await(board, token)


def _inner_flow(host: Token, process: str, spec_name: str, scope: str, library: Mapping[str, Program]) -> Flow:
    graph = host.flow.graph
    if "called" in host.internal_data:
        called = library.get(process)
        if called is None:
            raise Conflict(f"The called process “{process}” is missing.", process=process)
        graph = adopting.graph(called)
        return SubFlow(graph.spec, graph, host, scope)
    return SubFlow(graph.subs[spec_name], graph, host, scope)


def _await(board: Board, token: Token) -> None:
    """Back on the lists of those that wait."""
    data = token.internal_data
    if "waits" in data:
        board.await_(token, data["waits"])
    if "halted" in data:
        board.hold(token)
