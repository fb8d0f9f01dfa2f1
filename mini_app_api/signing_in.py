"""POST /session: a login code for a bearer token."""

import re
from ipaddress import IPv6Address, ip_address

from apiflask import APIBlueprint
from flask import request

from mini_app_api.models import SignedIn, SignIn
from server.problems import SignInRefused
from server.resources import resources
from server.sessions import sign_in
from server.settings import Environment

blueprint = APIBlueprint("signing_in", __name__, url_prefix="/api/v1", tag="session")

_DEVELOPER = re.compile(r"dev:\S{1,64}")


@blueprint.post("/session")
@blueprint.input(SignIn, arg_name="asked")
@blueprint.output(SignedIn)
@blueprint.doc(summary="Sign in with a login code", operation_id="sign_in")
def post_session(asked: SignIn) -> SignedIn:
    """Sign somebody in; in development `dev:NAME` signs NAME in from this machine."""
    known = resources()
    if not (
        _DEVELOPER.fullmatch(asked.code)
        and known.settings.env is Environment.DEVELOPMENT
        and _is_this_machine()
    ):
        raise SignInRefused
    with known.database.begin() as session:
        token, expires_at = sign_in(session, asked.code, now=known.clock())
    return SignedIn(token=token, expires_at=expires_at)


def _is_this_machine() -> bool:
    # Behind a proxy everybody seems to call from this machine.
    if "X-Forwarded-For" in request.headers or "Forwarded" in request.headers:
        return False
    try:
        address = ip_address(request.remote_addr or "")
    except ValueError:
        return False
    if isinstance(address, IPv6Address) and address.ipv4_mapped:
        address = address.ipv4_mapped
    return address.is_loopback
