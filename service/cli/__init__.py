"""The command line: one module a command, loaded only when it is asked for."""

from __future__ import annotations

import importlib

import click

# command -> where it is: module:name; `tidegate web` need not load what `tidegate lint` needs
COMMANDS = {
    "up": "service.cli.up:up",
    "doctor": "service.cli.doctor:doctor",
}


class Commands(click.Group):
    """Finds commands by their name in the table."""

    def list_commands(self, context: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, context: click.Context, name: str) -> click.Command | None:
        if name not in COMMANDS:
            return None
        module, attribute = COMMANDS[name].split(":")
        found = getattr(importlib.import_module(module), attribute)
        assert isinstance(found, click.Command)
        return found


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="tidegate")
def main() -> None:
    """Tidegate runs release and deployment management from BPMN diagrams."""
