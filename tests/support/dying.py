"""`tidegate` for tests: it lives by a clock that they turn and dies at the step that they name.

Run as a program: `dying.py FOLDER COMMAND...`. The folder is a `Fate`'s. The product itself has no switch for any of
this: its functions are wrapped from outside, before its command line begins.
"""

from __future__ import annotations

import functools
import importlib
import os
import signal
import sys
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

HANDS, FALLEN = "hands", "fallen"
BEFORE, AFTER = "before", "after"


@dataclass(frozen=True)
class Step:
    """Just before or after a function of the product, in a call that has something to do or has done something."""

    who: str
    when: str
    function: str  # module:name


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
    "bundle leased, not sent": Step("worker", BEFORE, "service.integrations.mail:send"),
    "bundle accepted, not marked": Step("worker", AFTER, "service.integrations.mail:send"),
    "bundle marked, not committed": Step("worker", AFTER, "service.storage.bundles:settle"),
    "bundle marked and committed": Step("worker", AFTER, "service.usecases.sending.deliveries:deliver"),
    "event leased, not called": Step("worker", BEFORE, "service.integrations.webhooks:post"),
    "event accepted, not marked": Step("worker", AFTER, "service.integrations.webhooks:post"),
    "event marked, not committed": Step("worker", AFTER, "service.storage.hooks:settle"),
    "task completed, not committed": Step("web", AFTER, "service.usecases.deadlines.setting:end"),
    "task completed and committed": Step("web", AFTER, "service.usecases.releases.tasks:complete"),
}


def instant(folder: Path) -> datetime:
    """This moment by the hands of the tests' clock: how far it is turned from the machine's is in a file."""
    return datetime.now(UTC) + timedelta(seconds=float((folder / HANDS).read_text()))


def armed(folder: Path, step: str) -> Path:
    """The file that lies there while some process is to die at this step; whoever removes it is the one."""
    return folder / step.replace(" ", "-").replace(",", "")


def make_mortal(folder: Path) -> None:
    """Wrap the functions of all steps."""
    for name, step in STEPS.items():
        module, _, path = step.function.partition(":")
        *classes, last = path.split(".")
        owner: Any = functools.reduce(getattr, classes, importlib.import_module(module))
        setattr(owner, last, _mortal(getattr(owner, last), folder, name, step.when))


def _mortal(function: Callable[..., Any], folder: Path, name: str, when: str) -> Callable[..., Any]:
    flag = armed(folder, name)

    @functools.wraps(function)
    def lives_until_told(*args: Any, **more: Any) -> Any:
        something_to_do = args[-1] != []
        if when == BEFORE and something_to_do:
            _fall(flag, folder, name)
        result = function(*args, **more)
        if when == AFTER and something_to_do and (result is None or result):
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


def main() -> None:
    root = Path(__file__).parents[2]
    # as a program this file's own folder leads the path; the product's does, as for `tidegate`
    sys.path[0] = str(root)
    folder = Path(sys.argv[1])
    sys.argv[:] = ["tidegate", *sys.argv[2:]]
    clock = importlib.import_module("service.domain.clock")
    make_mortal(folder)
    with clock.replaced(functools.partial(instant, folder)):
        importlib.import_module("service.cli").main()


if __name__ == "__main__":
    main()
