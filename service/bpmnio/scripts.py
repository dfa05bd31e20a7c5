"""One JavaScript context a thread for each bundle, with limits on time, memory and stack.

Two threads in one context at once would crash the process, so a context never leaves its thread; after a limit was hit
the next call gets a new one. A forked child goes on with a copy of the context of the thread that forked, set up again.
The engine has no files, no network and no clock but what it is given.
"""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import quickjs

from service import errors
from service.bpmnio import bounds, zones

BUNDLES = Path(__file__).parent / "bundles"
STACK_BYTES = 1024 * 1024
ZONES_AT_ONCE = 20


class ScriptLimit(errors.LimitExceeded):
    """A calculation took too much time, memory or depth and was stopped."""


class ScriptBroken(errors.ServiceError):
    """A calculation in the embedded JavaScript engine failed."""


class BundleMissing(errors.InvalidSettings):
    """The front end is not built: run `make build`."""


class Bundle:
    """A built script and the functions it offers, by name.

    `ready(call)` sets up each new context, and again each copy in a forked child, where random numbers must differ.
    Arguments and results are text, numbers and truth values only.
    """

    def __init__(self, name: str, *, ready: Callable[[Callable[..., Any]], None] | None = None) -> None:
        self._name = name
        self._file = BUNDLES / f"{name}.js"
        self._ready = ready
        self._local = threading.local()
        os.register_at_fork(after_in_child=self._forked)

    def call(self, function: str, *args: str | float | bool | None, seconds: float) -> str:
        """Run one function of the bundle and give its text. Raises ScriptLimit."""
        fresh = not getattr(self._local, "functions", None)
        try:
            return self._run(function, args, seconds)
        except ScriptLimit as limit:
            self.forget()
            # A context fills up over many calls; only what overflows an empty one is too much by itself.
            if fresh or limit.facts["limit"] != "memory":
                raise
        try:
            return self._run(function, args, seconds)
        except ScriptLimit:
            self.forget()
            raise

    def ask(self, function: str, *args: str | float | bool | None, seconds: float, most: int | None = None) -> Any:
        """Run a function that answers in JSON; where it first wants to know a time zone, tell it and ask again.

        An answer of more than `most` characters raises ScriptLimit.
        """
        for _ in range(ZONES_AT_ONCE):
            text = self.call(function, *args, seconds=seconds)
            if most is not None and len(text) > most:
                raise ScriptLimit("Its result is too large.", limit="result")
            answer = json.loads(text)
            if not isinstance(answer, dict) or "zones" not in answer:
                return answer
            for zone in answer["zones"]:
                self.call(f"{self._name}.addZone", zone, json.dumps(zones.table(zone)), seconds=seconds)
        raise ScriptBroken("It names too many time zones.")

    def forget(self) -> None:
        """Drop this thread's context; the next call builds another."""
        self._local.__dict__.clear()

    def _forked(self) -> None:
        self._local.ready = False

    def _run(self, function: str, args: tuple[Any, ...], seconds: float) -> str:
        try:
            context = self._context()
            target = self._local.functions.get(function)
            if target is None:
                target = self._local.functions[function] = context.eval(function)
            context.set_time_limit(seconds * _threads_at_work.enter())
            try:
                return target(*args)
            finally:
                _threads_at_work.leave()
        except quickjs.StackOverflow:
            raise ScriptLimit("It is nested too deeply.", limit="depth") from None
        except quickjs.JSException as error:
            raise _translated(str(error)) from None

    def _context(self) -> quickjs.Context:
        known: quickjs.Context | None = getattr(self._local, "context", None)
        memory = bounds.current().expression_bytes
        if known is not None and self._local.memory == memory:
            if not self._local.ready:
                self._set_up(known)
            return known
        if not self._file.exists():
            raise BundleMissing(bundle=self._file.name)
        context = quickjs.Context()
        context.set_memory_limit(memory)
        context.set_max_stack_size(STACK_BYTES)
        context.eval(self._file.read_text(encoding="utf-8"))
        self._local.context, self._local.functions, self._local.memory = context, {}, memory
        self._set_up(context)
        return context

    def _set_up(self, context: quickjs.Context) -> None:
        if self._ready:
            self._ready(lambda name, *args: context.eval(name)(*args))
        self._local.ready = True


class _ThreadsAtWork:
    """The engine measures processor time of the whole process: a limit grows with the threads that share it."""

    def __init__(self) -> None:
        self._forget()
        os.register_at_fork(after_in_child=self._forget)

    def _forget(self) -> None:
        """A child has none of its parent's threads, and a lock that one of them held would never open."""
        self._lock = threading.Lock()
        self._count = 0

    def enter(self) -> int:
        with self._lock:
            self._count += 1
            return self._count

    def leave(self) -> None:
        with self._lock:
            self._count -= 1


def _translated(text: str) -> errors.ServiceError:
    first = text.splitlines()[0] if text else "unknown"
    if first == "InternalError: interrupted":
        return ScriptLimit("It took too long.", limit="time")
    if first in ("InternalError: out of memory", "null") or "string too long" in first or "array length" in first:
        return ScriptLimit("It needed too much memory.", limit="memory")
    return ScriptBroken(first, trace=text)


_threads_at_work = _ThreadsAtWork()
