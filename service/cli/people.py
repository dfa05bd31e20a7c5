"""`tidegate user`, `group`, `token`: who may do what, before anybody can sign in to say so."""

from __future__ import annotations

import sys

import click

from service import errors
from service.cli import wiring
from service.domain import policy
from service.storage.queries import people as found
from service.usecases.accounts import people


@click.group()
def user() -> None:
    """People."""


@user.command("create")
@click.argument("name")
@click.option("--role", "roles", multiple=True, type=click.Choice(policy.ROLES), help="May be given several times.")
@click.option("--group", "groups", multiple=True, help="May be given several times; a group that is missing is made.")
@click.option("--title", default="", help="The name that others read.")
@click.option("--email", default=None, help="Where notices go.")
@click.option("--zone", default=None, help="Time zone, e.g. Europe/Berlin.")
@click.option("--language", default="en", type=click.Choice(people.LANGUAGES), show_default=True)
@click.option("--password-stdin", is_flag=True, help="Read the password from standard input.")
def create_user(
    name: str,
    roles: tuple[str, ...],
    groups: tuple[str, ...],
    title: str,
    email: str | None,
    zone: str | None,
    language: str,
    password_stdin: bool,
) -> None:
    """Add a person. Without a password they work with tokens until an administrator gives them one."""
    password = sys.stdin.readline().rstrip("\r\n") if password_stdin else None
    if password_stdin and not password:
        raise click.UsageError("--password-stdin: there is no password on standard input")
    with wiring.application():
        known = {group.name for group in found.groups()}
        for group in dict.fromkeys(groups):
            if group not in known:
                people.create_group(group, actor=policy.SYSTEM)
        people.create_user(
            name,
            title=title,
            email=email,
            password=password,
            roles=dict.fromkeys(roles),
            groups=dict.fromkeys(groups),
            zone=zone,
            language=language,
            actor=policy.SYSTEM,
        )
    click.echo(f"created {name}")


@user.command("password")
@click.argument("name")
def set_password(name: str) -> None:
    """Give a person a new password, read from standard input; their sessions end."""
    password = sys.stdin.readline().rstrip("\r\n")
    with wiring.application():
        people.set_password(name, password, actor=policy.SYSTEM)
    click.echo(f"{name} has a new password")


@user.command("deactivate")
@click.argument("name")
def deactivate(name: str) -> None:
    """End a person's access; what they did stays."""
    with wiring.application():
        people.deactivate(name, actor=policy.SYSTEM)
    click.echo(f"{name} can no longer sign in")


@user.command("list")
def list_users() -> None:
    """Everybody: name, title, roles, groups."""
    with wiring.application():
        groups = found.memberships()
        for row in found.users():
            state = "" if row.deactivated_at is None else " (deactivated)"
            click.echo(f"{row.name}\t{row.title}{state}\t{','.join(row.roles)}\t{','.join(groups.get(row.name, []))}")


@click.group()
def group() -> None:
    """Groups of people; diagrams name them."""


@group.command("create")
@click.argument("name")
@click.option("--title", default="", help="The name that others read.")
def create_group(name: str, title: str) -> None:
    """Add a group."""
    with wiring.application():
        people.create_group(name, title, actor=policy.SYSTEM)
    click.echo(f"created {name}")


@click.group()
def token() -> None:
    """Bearer tokens for scripts."""


@token.command("create")
@click.option("--user", "name", required=True, help="Whose token.")
@click.option("--label", default="", help="What it is for.")
def create_token(name: str, label: str) -> None:
    """Make a token and print it, and nothing else. It is not shown again."""
    with wiring.application():
        click.echo(people.create_token(name, label, actor=policy.SYSTEM))


@token.command("revoke")
@click.argument("key", type=int)
def revoke_token(key: int) -> None:
    """End a token; `tidegate token list` shows the keys."""
    with wiring.application():
        people.revoke_token(key, actor=policy.SYSTEM)
    click.echo(f"token {key} is revoked")


@token.command("list")
@click.option("--user", "name", required=True, help="Whose tokens.")
def list_tokens(name: str) -> None:
    """A person's tokens: key, state, label."""
    with wiring.application():
        if found.user(name) is None:
            raise errors.NotFound(f"There is no person {name}.")
        for row in found.tokens(name):
            click.echo(f"{row.key}\t{'revoked' if row.revoked_at else 'in force'}\t{row.label}")
