"""Deny by default: every endpoint says who may use it, and one guard in front of all of them asks.

`@public` needs nobody to be signed in; `@signed_in` anybody who is; `@requires(policy.may_deploy)` whom the rule
allows.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from flask import Flask, current_app, request

from service.domain import policy
from service.web import auth

View = TypeVar("View", bound=Callable[..., Any])
Rule = Callable[[policy.Actor], str | None]

ATTRIBUTE = "__access__"
UNSAFE = frozenset({"POST", "PUT", "PATCH", "DELETE"})


@dataclass(frozen=True)
class Access:
    """Who may use an endpoint."""

    public: bool = False
    one_click: bool = False
    rule: Rule | None = None


def _declare(view: View, access: Access) -> View:
    setattr(view, ATTRIBUTE, access)
    return view


def public(view: View) -> View:
    """Anybody, signed in or not."""
    return _declare(view, Access(public=True))


def one_click(view: View) -> View:
    """Anybody who has the address, which is a secret: mail programs post there without a form of ours (RFC 8058)."""
    return _declare(view, Access(public=True, one_click=True))


def signed_in(view: View) -> View:
    """Anybody who is signed in; the use case decides about the thing itself."""
    return _declare(view, Access())


def requires(rule: Rule) -> Callable[[View], View]:
    """Whom this rule of the policy allows, asked before anything of the request is read."""
    return lambda view: _declare(view, Access(rule=rule))


def of(app: Flask, endpoint: str) -> Access | None:
    """What the endpoint declares; None if it forgot to."""
    if endpoint == "static" or endpoint.endswith(".static"):
        return Access(public=True)
    return getattr(app.view_functions[endpoint], ATTRIBUTE, None)


def guard() -> None:
    """Runs before every view."""
    endpoint = request.endpoint
    if endpoint is None:
        return  # no such address: the answer is the same for everybody
    declared = of(current_app, endpoint)
    if declared is None:
        raise RuntimeError(f"the endpoint {endpoint} does not say who may use it")
    if request.method in UNSAFE and not declared.one_click:
        auth.protect()
    if declared.public:
        return
    actor = auth.actor()
    if declared.rule is not None:
        policy.require(declared.rule(actor))


def init_app(app: Flask) -> None:
    app.before_request(guard)
