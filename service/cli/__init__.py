"""The command line: one module a command, loaded only when it is asked for."""

from __future__ import annotations

import gc
import importlib
from types import ModuleType
from typing import Any

import click

from service import errors

# command -> where it is: module:name; `tidegate web` need not load what `tidegate lint` needs
COMMANDS = {
    "up": "service.cli.up:up",
    "web": "service.cli.serving:web",
    "worker": "service.cli.working:worker",
    "dispatcher": "service.cli.working:dispatcher",
    "db": "service.cli.database:db",
    "doctor": "service.cli.doctor:doctor",
    "user": "service.cli.people:user",
    "group": "service.cli.people:group",
    "token": "service.cli.people:token",
    "lint": "service.cli.models:lint",
    "deploy": "service.cli.models:deploy",
    "play": "service.cli.play:play",
    "form": "service.cli.forms:form",
    "bench": "service.cli.bench:bench",
}


class Commands(click.Group):
    """Finds commands by their name in the table."""

    def list_commands(self, context: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, context: click.Context, name: str) -> click.Command | None:
        if name not in COMMANDS:
            return None
        module, attribute = COMMANDS[name].split(":")
        found = getattr(_loaded(module), attribute)
        assert isinstance(found, click.Command)
        return found

    def invoke(self, context: click.Context) -> Any:
        try:
            return super().invoke(context)
        except errors.ServiceError as refusal:
            click.echo(f"tidegate: {refusal.detail}", err=True)
            context.exit(1)


def _loaded(module: str) -> ModuleType:
    """The module with all that it needs. That stays until the end: to look through it for garbage would be in vain."""
    gc.disable()
    try:
        return importlib.import_module(module)
    finally:
        gc.enable()
        gc.freeze()


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="tidegate")
def main() -> None:
    """Tidegate runs release and deployment management from BPMN diagrams."""
