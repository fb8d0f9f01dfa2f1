"""Sessions: a login code for a bearer token, its renewal and its end, a verified telephone."""

import re
from functools import partial

from apiflask import APIBlueprint

from mini_app_api.access import signed_in, token
from mini_app_api.models import PhoneAsked, SignedInView, SignIn, VerifiedPhoneView
from mini_app_api.writing import SIGNED_IN
from server import uniting
from server.confidential.masking import mask_phone
from server.personal import people
from server.platform.faults import PlatformRefused
from server.settings import Environment
from server.web import sessions
from server.web.admitting import Who, admits
from server.web.callers import address, is_this_machine, refuse_too_many
from server.web.problems.requests import PhoneRefused, SessionOver, SignInRefused, WeChatAway
from server.web.rate_limits import Limit
from server.web.resources import post, resources
from server.web.sessions import SignedIn

blueprint = APIBlueprint("signing_in", __name__, url_prefix="/api/v1", tag="session")

_DEVELOPER = re.compile(r"dev:\S{1,64}")


@blueprint.post("/session")
@blueprint.input(SignIn, arg_name="asked")
@blueprint.output(SignedInView)
@blueprint.doc(summary="Sign in with a login code", operation_id="sign_in")
@admits(Who.EVERYBODY)
def post_session(asked: SignIn) -> SignedInView:
    """Sign somebody in; in development `dev:NAME` signs NAME in from this machine."""
    refuse_too_many(Limit.SIGN_IN_ADDRESS, address())
    issuer, subject, unionid = _known_by(asked.code, asked.web)
    refuse_too_many(Limit.SIGN_IN, f"{issuer} {subject}")
    known = resources()
    now = known.clock()
    with known.database.begin() as session:
        worker = people.recognise(
            session,
            known.safe,
            issuer=issuer,
            subject=subject,
            unionid=unionid,
            uniting=partial(uniting.unite, making_post=post, now=now),
            now=now,
        )
        return _view(sessions.sign_in(session, worker, now=now))


@blueprint.post("/session/renewal")
@blueprint.output(SignedInView)
@blueprint.doc(
    summary="A new token for one that still holds; the old one ends within minutes",
    operation_id="renew_session",
    security=SIGNED_IN,
)
@admits(Who.WORKER)
def post_renewal() -> SignedInView:
    """Renew a session."""
    refuse_too_many(Limit.SIGN_IN, signed_in())
    known = resources()
    with known.database.begin() as session:
        renewed = sessions.renew(session, token(), now=known.clock())
    if renewed is None:
        raise SessionOver
    return _view(renewed)


@blueprint.delete("/session")
@blueprint.output({}, status_code=204)
@blueprint.doc(summary="Sign out", operation_id="sign_out", security=SIGNED_IN)
@admits(Who.WORKER)
def delete_session() -> str:
    """End the session of this token."""
    signed_in()
    with resources().database.begin() as session:
        sessions.sign_out(session, token())
    return ""


@blueprint.delete("/sessions")
@blueprint.output({}, status_code=204)
@blueprint.doc(
    summary="Sign out everywhere", operation_id="sign_out_everywhere", security=SIGNED_IN
)
@admits(Who.WORKER)
def delete_sessions() -> str:
    """End every session of the worker."""
    worker = signed_in()
    with resources().database.begin() as session:
        sessions.sign_out_everywhere(session, worker)
    return ""


@blueprint.post("/session/phone")
@blueprint.input(PhoneAsked, arg_name="asked")
@blueprint.output(VerifiedPhoneView)
@blueprint.doc(
    summary="Take over the telephone number that WeChat has verified",
    operation_id="verify_phone",
    security=SIGNED_IN,
)
@admits(Who.WORKER)
def post_phone(asked: PhoneAsked) -> VerifiedPhoneView:
    """Exchange the code of a `getPhoneNumber` button."""
    worker = signed_in()
    refuse_too_many(Limit.SIGN_IN, worker)
    known = resources()
    if known.platform is None:
        raise WeChatAway
    try:
        phone = known.platform.mini_app.phone_number(asked.code)
    except PlatformRefused:
        raise PhoneRefused from None
    now = known.clock()
    with known.database.begin() as session:
        people.verify_phone(session, known.safe, worker_id=worker, phone=phone, now=now)
        uniting.claim(session, known.safe, worker_id=worker, making_post=post, now=now)
    return VerifiedPhoneView(phone=mask_phone(phone))


def _known_by(code: str, web: bool) -> tuple[str, str, str | None]:
    """Who vouches for whoever has this code, under which name, and the unionid where there is one.

    Raises `SignInRefused`.
    """
    known = resources()
    if _DEVELOPER.fullmatch(code):
        if known.settings.env is not Environment.DEVELOPMENT or not is_this_machine():
            raise SignInRefused
        return people.DEVELOPER, code, None
    if known.platform is None or not code.isascii() or not code.isprintable():
        raise SignInRefused
    app = known.platform.account if web else known.platform.mini_app
    try:
        found = app.web_code_to_session(code) if web else app.code_to_session(code)
    except PlatformRefused:
        raise SignInRefused from None
    return app.app_id, found.openid, found.unionid


def _view(signed: SignedIn) -> SignedInView:
    return SignedInView(token=signed.token, expires_at=signed.expires_at)
