"""The command line."""

import click


@click.group()
@click.version_option(package_name="tidegate")
def main() -> None:
    """Tidegate runs release and deployment management from BPMN diagrams."""
