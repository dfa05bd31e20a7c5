"""`tidegate` for tests: it lives by a clock that they turn and dies at the step that they name.

As a program it is the mother of a `Nursery`: reads what to bear, a line of JSON each, and answers the number of the
process. The product itself has no switch for any of this: its functions are wrapped from outside, before its command
line begins.
"""

from __future__ import annotations

import contextlib
import ctypes
import functools
import gc
import importlib
import json
import os
import signal
import sys
import traceback
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

HANDS, FALLEN = "hands", "fallen"
BEFORE, AFTER = "before", "after"
READ = ("service.cli.serving", "service.cli.working", "apprise")  # all that a process of the product may need
LIBC = ctypes.CDLL(None)
PR_SET_PDEATHSIG = 1  # Linux, from linux/prctl.h


def _any(args: Sequence[Any]) -> bool:
    return True


def _to_a_follower(args: Sequence[Any]) -> bool:
    """Of letters only those of announcements can be ended with one click."""
    return bool(args[0].unsubscribe)


def _to_a_person(args: Sequence[Any]) -> bool:
    return not args[0].unsubscribe


@dataclass(frozen=True)
class Step:
    """Just before or after a function of the product, in a call that has something to do or has done something."""

    who: str
    when: str
    function: str  # module:name
    only: Callable[[Sequence[Any]], bool] = _any  # which calls of it, by their arguments


STEPS = {
    "due rows found, not marked": Step("dispatcher", BEFORE, "service.storage.outbox:claim"),
    "due rows marked, not committed": Step("dispatcher", AFTER, "service.storage.outbox:claim"),
    "asked for, not handed over": Step("dispatcher", BEFORE, "service.storage.queue:Queue.enqueue_many"),
    "handed over": Step("dispatcher", AFTER, "service.storage.queue:Queue.enqueue_many"),
    "levels taken from the queue": Step("worker", BEFORE, "service.jobs.perform:fire_level"),
    "levels claimed, nobody told": Step("worker", AFTER, "service.storage.ladders:claim"),
    "people told, not committed": Step("worker", AFTER, "service.usecases.telling.notices:tell_all"),
    "levels fired and committed": Step("worker", AFTER, "service.usecases.deadlines.firing:fire_all"),
    "receipts to gather taken from the queue": Step("worker", BEFORE, "service.jobs.perform:gather"),
    "bundles made, not committed": Step("worker", AFTER, "service.storage.bundles:make"),
    "bundles made and committed": Step("worker", AFTER, "service.usecases.sending.deliveries:gather"),
    "bundle taken from the queue": Step("worker", BEFORE, "service.jobs.perform:deliver"),
    "bundle leased, not sent": Step("worker", BEFORE, "service.integrations.mail:send", _to_a_person),
    "bundle accepted, not marked": Step("worker", AFTER, "service.integrations.mail:send", _to_a_person),
    "chat told, not marked": Step("worker", AFTER, "service.integrations.chat:send"),
    "bundle marked, not committed": Step("worker", AFTER, "service.storage.bundles:settle"),
    "bundle marked and committed": Step("worker", AFTER, "service.usecases.sending.deliveries:deliver"),
    "event leased, not called": Step("worker", BEFORE, "service.integrations.webhooks:post"),
    "event accepted, not marked": Step("worker", AFTER, "service.integrations.webhooks:post"),
    "event marked, not committed": Step("worker", AFTER, "service.storage.hooks:settle"),
    "announcement taken from the queue": Step("worker", BEFORE, "service.jobs.perform:announce"),
    "announcement leased, not sent": Step("worker", BEFORE, "service.integrations.mail:send", _to_a_follower),
    "announcement accepted, not marked": Step("worker", AFTER, "service.integrations.mail:send", _to_a_follower),
    "announcement marked, not committed": Step("worker", AFTER, "service.storage.mailings:settle"),
    "appointment taken from the queue": Step("worker", BEFORE, "service.jobs.perform:keep_appointment"),
    "appointment claimed, nobody told": Step("worker", AFTER, "service.storage.appointments:claim"),
    "report told, not committed": Step("worker", AFTER, "service.usecases.telling.notices:tell"),
    "appointment kept and committed": Step("worker", AFTER, "service.usecases.regular.appointments:keep"),
    "deadline ended, not committed": Step("web", AFTER, "service.storage.ladders:end"),
    "people told by a request, not committed": Step("web", AFTER, "service.usecases.telling.notices:tell_all"),
    "request carried out, answer not kept": Step("web", BEFORE, "service.storage.idempotency:keep"),
    "answer kept, not given": Step("web", AFTER, "service.storage.idempotency:keep"),
}


def instant(folder: Path) -> datetime:
    """This moment by the hands of the tests' clock: how far it is turned from the machine's is in a file."""
    return datetime.now(UTC) + timedelta(seconds=float((folder / HANDS).read_text()))


def armed(folder: Path, step: str) -> Path:
    """The file that lies there while some process is to die at this step; whoever removes it is the one."""
    return folder / step.replace(" ", "-").replace(",", "")


def make_mortal(folder: Path, kind: str) -> None:
    """Wrap the functions of all steps at which processes of this kind die."""
    for name, step in STEPS.items():
        if step.who != kind:
            continue
        module, _, path = step.function.partition(":")
        *classes, last = path.split(".")
        owner: Any = functools.reduce(getattr, classes, importlib.import_module(module))
        setattr(owner, last, _mortal(getattr(owner, last), armed(folder, name), folder, name))


def _mortal(function: Callable[..., Any], flag: Path, folder: Path, name: str) -> Callable[..., Any]:
    step = STEPS[name]

    @functools.wraps(function)
    def lives_until_told(*args: Any, **more: Any) -> Any:
        meant = args[-1] != [] and step.only(args)
        if step.when == BEFORE and meant:
            _fall(flag, folder, name)
        result = function(*args, **more)
        if step.when == AFTER and meant and (result is None or result):
            _fall(flag, folder, name)
        return result

    return lives_until_told


def _fall(flag: Path, folder: Path, name: str) -> None:
    """Die here if this process is the one that takes the flag away."""
    try:
        flag.unlink()
    except FileNotFoundError:
        return
    with (folder / FALLEN).open("a") as file:
        file.write(f"{os.getpid()} {name}\n")
    os.kill(os.getpid(), signal.SIGKILL)


def bear(wish: Mapping[str, Any]) -> int:
    """Begin a process; answers its number."""
    number = os.fork()
    if number:
        return number
    status = 1
    try:
        _grow_up(wish)
        _live(Path(wish["fate"]), wish["words"], wish["constants"])
    except SystemExit as end:
        status = end.code if isinstance(end.code, int) else 1
    except BaseException:
        traceback.print_exc()
    os._exit(status)


def _grow_up(wish: Mapping[str, Any]) -> None:
    """Nothing is left of the mother but what she has read, and the end that comes with hers."""
    with contextlib.suppress(AttributeError):  # another system than Linux
        LIBC.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    os.setpgid(0, 0)
    os.chdir(wish["directory"])
    os.environ.clear()
    os.environ.update(wish["environment"])
    log = os.open(wish["log"], os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    for target, source in enumerate((os.open(os.devnull, os.O_RDONLY), log, log)):
        os.dup2(source, target)


def _live(folder: Path, words: Sequence[str], constants: Mapping[str, Any]) -> None:
    sys.argv[:] = ["tidegate", *words]
    make_mortal(folder, words[0])
    for name, value in constants.items():
        module, _, constant = name.partition(":")
        setattr(importlib.import_module(module), constant, value)
    with importlib.import_module("service.domain.clock").replaced(functools.partial(instant, folder)):
        importlib.import_module("service.cli").main()


def _bury(*_: Any) -> None:
    with contextlib.suppress(ChildProcessError):
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass


def main() -> None:
    # as a program this file's own folder leads the path; the product's does, as for `tidegate`
    sys.path[0] = str(Path(__file__).parents[2])
    for module in READ:
        importlib.import_module(module)
    gc.freeze()
    signal.signal(signal.SIGCHLD, _bury)
    for line in sys.stdin:
        print(bear(json.loads(line)), flush=True)


if __name__ == "__main__":
    main()
