"""Whom a route lets in: each route says so, and one that doesn't is closed to everybody."""

from collections.abc import Callable, Mapping
from enum import StrEnum
from typing import Any, TypeVar

from flask import Flask, current_app, request

View = TypeVar("View", bound=Callable[..., Any])

_DECLARED = "admitted"
_ROLES = "admitted_roles"


class Who(StrEnum):
    """Whom a route lets in."""

    EVERYBODY = "everybody"
    WORKER = "worker"
    """Who signed in; each sees and changes their own only."""
    WECHAT = "wechat"
    """The platform, by its signature."""
    OFFICER = "officer"
    """Who signed in at the desk, in one of the roles that the route names."""
    STARTING_OFFICER = "starting_officer"
    """The same, also one who has yet to choose a password or set up a second factor."""
    MERCHANT = "merchant"
    """A phone at the till of a merchant."""


class NobodyAdmitted(Exception):
    """The route does not say whom it lets in."""


class FormForged(Exception):
    """The form is none of ours, or of a session that is over."""


def admits(who: Who, *roles: str) -> Callable[[View], View]:
    """Declare whom a route lets in; stands below the decorators that wrap the view.

    An officer needs one of the roles; where none is named, any will do.
    """
    if roles and who is not Who.OFFICER:
        raise ValueError("only officers have roles")

    def declare(view: View) -> View:
        setattr(view, _DECLARED, who)
        setattr(view, _ROLES, frozenset(roles))
        return view

    return declare


def admitted(view: Callable[..., Any]) -> Who | None:
    """Whom a view lets in, None where it doesn't say."""
    who: Who | None = getattr(view, _DECLARED, None)
    return who


def admitted_roles(view: Callable[..., Any]) -> frozenset[str]:
    """The roles of which an officer needs one, none where any will do."""
    roles: frozenset[str] = getattr(view, _ROLES, frozenset())
    return roles


def keep_out(app: Flask, checks: Mapping[Who, Callable[[], object]]) -> None:
    """Check each call of an app before its view; a check raises where somebody is not let in."""

    @app.before_request
    def check() -> None:
        if request.endpoint is None:
            return
        who = admitted(current_app.view_functions[request.endpoint])
        if who is None:
            raise NobodyAdmitted(request.endpoint)
        checks[who]()
