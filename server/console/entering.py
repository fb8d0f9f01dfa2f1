"""Who is at the desk: cookies, the session, and that a form is one of ours."""

import hmac
from collections.abc import Callable
from typing import Any, TypeVar

from flask import Response, current_app, g, request

from knowledge.regions import Regions
from server.casework.officers import NotAllowed, Officer
from server.records.audit import Actor
from server.staff import sessions
from server.staff.sessions import SignedIn
from server.web import browsers
from server.web.admitting import FormForged, admitted_roles
from server.web.resources import resources

View = TypeVar("View", bound=Callable[..., Any])

_SESSION = "nuangang_staff"
_DEVICE = "nuangang_device"
TAKES = "takes_bytes"
FORGERY_FIELD = "csrf"


class DeskClosed(Exception):
    """Nobody is signed in here, or not any more."""


class NotStarted(Exception):
    """The officer has yet to choose a password, or to set up the second factor."""


def takes(*, megabytes: int) -> Callable[[View], View]:
    """Declare that a route takes a longer body than others."""

    def declare(view: View) -> View:
        setattr(view, TAKES, megabytes * 2**20)
        return view

    return declare


def let_in() -> None:
    """Let in officers with one of the roles that the route names.

    Raises `DeskClosed`, `NotStarted`, `NotAllowed`.
    """
    found = signed_in()
    if found is None:
        raise DeskClosed
    if found.starting:
        raise NotStarted
    roles = admitted_roles(current_app.view_functions[request.endpoint or ""])
    if roles and not roles & found.officer.roles:
        raise NotAllowed


def let_in_starting() -> None:
    """Let in whoever has proven the password; raises `DeskClosed`."""
    if signed_in() is None:
        raise DeskClosed


def signed_in() -> SignedIn | None:
    """Who is at the desk, None: nobody."""
    if "signed_in" not in g:
        given = session_token()
        known = resources()
        g.signed_in = (given and sessions.find(known.database, given, now=known.clock())) or None
    found: SignedIn | None = g.signed_in
    return found


def officer() -> Officer:
    """The officer at the desk; raises `DeskClosed`."""
    found = signed_in()
    if found is None:
        raise DeskClosed
    return found.officer


def actor() -> Actor:
    """The officer at the desk, for the audit."""
    return Actor.officer(officer().id)


def first_region() -> str:
    """The region to begin with: the first of the officer's, empty for an officer of none."""
    return min(officer().regions, default="")


def regions() -> Regions:
    """The tree of regions in force."""
    return resources().serving.current().library.regions


def session_token() -> str:
    """What the browser keeps of the session, empty for none."""
    return browsers.kept(_SESSION)


def device() -> str:
    """What tells this browser from others; made on the first page."""
    if "device" not in g:
        g.device = browsers.kept(_DEVICE) or sessions.token()
    found: str = g.device
    return found


def keep_session(response: Response, token: str) -> None:
    """Let the browser keep a session until it is closed; empty: forget it."""
    if token:
        browsers.keep(response, _SESSION, token)
    else:
        browsers.forget(response, _SESSION)


def keep_device(response: Response) -> None:
    """Let the browser keep what tells it from others."""
    age = int(sessions.DEVICE_KNOWN_FOR.total_seconds())
    browsers.keep(response, _DEVICE, device(), seconds=age)


def form_token() -> str:
    """What proves that a form is one of ours: of the session, before that of the browser."""
    found = signed_in()
    return resources().safe.hash("desk form", session_token() if found else device())


def take_whole() -> None:
    """Let the body be as long as its route declares."""
    view = current_app.view_functions[request.endpoint or ""]
    if (longest := getattr(view, TAKES, None)) is not None:
        request.max_content_length = request.max_form_memory_size = longest


def take_whole_again() -> None:
    """The same where the session is over: of a browser in which somebody has signed in before."""
    known = resources()
    with known.database.read() as session:
        if sessions.is_known(session, device(), now=known.clock()):
            take_whole()


def refuse_forged() -> None:
    """Check every call that may change something; raises `FormForged`."""
    take_whole()
    browsers.refuse_forged()
    if request.method in ("GET", "HEAD", "OPTIONS"):
        return
    given = request.form.get(FORGERY_FIELD, "")
    if not hmac.compare_digest(given.encode("utf-8", "surrogatepass"), form_token().encode()):
        raise FormForged
