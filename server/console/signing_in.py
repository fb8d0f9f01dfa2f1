"""Signing in and out, choosing a password, setting up the second factor."""

import io
from typing import Annotated, Any

import segno
from flask import Blueprint, Response, request, url_for
from markupsafe import Markup
from pydantic import StringConstraints

from server.console import entering, forms
from server.console.entering import DeskClosed, device
from server.console.rendering import go_to, page
from server.staff import accounts, passwords, second_factors, sessions
from server.staff.accounts import CodeRefused
from server.staff.passwords import PasswordTooWeak
from server.staff.sessions import SignedIn, SignInFailed
from server.staff.tables import StaffAccount
from server.web import callers
from server.web.admitting import Who, admits
from server.web.problems.requests import TooMany
from server.web.rate_limits import Limit
from server.web.resources import resources

blueprint = Blueprint("signing_in", __name__)

_REFUSED = "用户名、密码或动态码不对。"
_RULE = "12到128位，不带用户名，不用连号、重复的字，去掉地名、“暖岗”还要有8位"
_WEAK = f"密码要{_RULE}。"
_HINT = f"{_RULE}。可以用一句自己记得住的话。"
_DIFFER = "两次输入的不一样。"


class _SignInAsked(forms.Asked):
    username: Annotated[str, StringConstraints(max_length=64)]
    # As it was typed: a blank at its end is part of a password.
    password: Annotated[str, StringConstraints(max_length=1024, strip_whitespace=False)]
    code: Annotated[str, StringConstraints(max_length=16)] = ""
    next: str = ""


class _PasswordAsked(forms.Asked):
    password: Annotated[str, StringConstraints(max_length=1024, strip_whitespace=False)] = ""
    again: Annotated[str, StringConstraints(max_length=1024, strip_whitespace=False)] = ""


class _ChangeAsked(_PasswordAsked):
    old: Annotated[str, StringConstraints(max_length=1024, strip_whitespace=False)] = ""


class _StartAsked(_PasswordAsked):
    secret: Annotated[str, StringConstraints(max_length=64)] = ""
    proof: Annotated[str, StringConstraints(max_length=64)] = ""
    code: Annotated[str, StringConstraints(max_length=16)] = ""


@blueprint.get("/sign-in")
@admits(Who.EVERYBODY)
def get_sign_in() -> Response:
    """The form to sign in with."""
    if entering.signed_in() is not None:
        return go_to(_next(request.args.get("next", "")))
    return _sign_in_page(forms.empty(next=_next(request.args.get("next", ""))))


@blueprint.post("/sign-in")
@admits(Who.EVERYBODY)
def post_sign_in() -> Response:
    """Sign in; what was wrong is not told apart."""
    form = forms.read(_SignInAsked)
    if form.asked is None:
        return _sign_in_page(form, 422)
    try:
        token = _begin(form.asked)
    except TooMany as error:
        form.refuse("", f"试得太多了，请{_wait(error.retry_after)}后再试。")
        return _sign_in_page(form, 429)
    except SignInFailed:
        form.refuse("", _REFUSED)
        return _sign_in_page(form, 401)
    response = go_to(_next(form.asked.next))
    entering.keep_session(response, token)
    entering.keep_device(response)
    return response


@blueprint.post("/sign-out")
@admits(Who.STARTING_OFFICER)
def post_sign_out() -> Response:
    """End the session."""
    with resources().database.begin() as session:
        sessions.end(session, entering.session_token())
    response = go_to(url_for("desk.signing_in.get_sign_in"))
    entering.keep_session(response, "")
    return response


@blueprint.get("/start")
@admits(Who.STARTING_OFFICER)
def get_start() -> Response:
    """Choose a password, set up the second factor."""
    return _start_page(forms.empty())


@blueprint.post("/start")
@admits(Who.STARTING_OFFICER)
def post_start() -> Response:
    """Keep both, and go on with a whole session."""
    known, found = resources(), _found()
    if not found.starting:
        return go_to(url_for("desk.home.get_home"))
    needs_password, needs_factor = _needed(found)
    form = forms.read(_StartAsked)
    asked = form.asked
    if asked is None:
        return _start_page(form, 422)
    kept = None
    if needs_password:
        _check_chosen(form, asked)
    if needs_factor and asked.proof != _proof(asked.secret):
        form.refuse("code", "二维码已经换了，请重新扫一次。")
    if form.asked is None:
        return _start_page(form, 422)
    if needs_password:
        kept = passwords.hashed(asked.password)
    now, officer_id = known.clock(), found.officer.id
    try:
        with known.database.begin() as session:
            needed = _needed_of(accounts.held(session, officer_id))
            if needed != (needs_password, needs_factor) or True not in needed:
                # Somebody else with the password to start with was faster: who this is has to be
                # proven anew, with what the officer chose.
                raise DeskClosed
            if needs_factor:
                accounts.set_second_factor(
                    session, known.safe, officer_id, secret=asked.secret, code=asked.code, now=now
                )
            if kept is not None:
                accounts.choose_password(
                    session, known.safe, officer_id, password_hash=kept, now=now
                )
            sessions.end_others(session, entering.session_token())
            token = sessions.renew(session, entering.session_token(), device(), now=now)
    except CodeRefused:
        form.refuse("code", "动态码不对，请看手机上现在显示的六位数字。")
        return _start_page(form, 422)
    response = go_to(url_for("desk.home.get_home"), "设置好了。")
    entering.keep_session(response, token)
    entering.keep_device(response)
    return response


@blueprint.get("/password")
@admits(Who.OFFICER)
def get_password() -> Response:
    """Change the own password."""
    return _password_page(forms.empty())


@blueprint.post("/password")
@admits(Who.OFFICER)
def post_password() -> Response:
    """Keep another password; the officer is signed out everywhere else."""
    known, found = resources(), _found()
    form = forms.read(_ChangeAsked)
    asked = form.asked
    if asked is None:
        return _password_page(form, 422)
    try:
        callers.refuse_too_many(Limit.STAFF_DEVICE, f"{found.username.casefold()} {device()}")
    except TooMany as error:
        form.refuse("", f"试得太多了，请{_wait(error.retry_after)}后再试。")
        return _password_page(form, 429)
    with known.database.read() as session:
        held = accounts.of_officer(session, found.officer.id).password_hash
    if not passwords.matches(held, asked.old):
        form.refuse("old", "现在的密码不对。")
    _check_chosen(form, asked)
    if form.asked is None:
        return _password_page(form, 422)
    kept, now = passwords.hashed(asked.password), known.clock()
    with known.database.begin() as session:
        accounts.choose_password(session, known.safe, found.officer.id, password_hash=kept, now=now)
        sessions.end_others(session, entering.session_token())
        token = sessions.renew(session, entering.session_token(), device(), now=now)
    response = go_to(url_for("desk.home.get_home"), "密码换好了，别的地方都已退出登录。")
    entering.keep_session(response, token)
    return response


def _check_chosen(form: forms.Form[Any], asked: _PasswordAsked) -> None:
    """Refuse a password that is weak, or that was typed in two ways."""
    found = _found()
    places = [entering.regions().get(where).label for where in found.officer.regions]
    try:
        passwords.check_chosen(asked.password, found.username, places)
    except PasswordTooWeak:
        form.refuse("password", _WEAK)
    if asked.password != asked.again:
        form.refuse("again", _DIFFER)


def _begin(asked: _SignInAsked) -> str:
    known = resources()
    now = known.clock()
    with known.database.read() as session:
        account = accounts.by_username(session, asked.username)
        is_known = account is not None and sessions.is_known(
            session, device(), account.officer_id, now=now
        )
    callers.refuse_too_many(Limit.STAFF_ADDRESS, None if is_known else callers.address())
    name = asked.username.casefold()
    if is_known:
        # Whoever guesses elsewhere does not keep the officer out of a browser they have used.
        callers.refuse_too_many(Limit.STAFF_DEVICE, f"{name} {device()}")
    else:
        callers.refuse_too_many(Limit.STAFF, name)
    matches = passwords.matches(account.password_hash if account else None, asked.password)
    if account is None or not matches:
        raise SignInFailed
    anew = passwords.is_outdated(account.password_hash)
    kept = passwords.hashed(asked.password) if anew else None
    with known.database.begin() as session:
        held = accounts.held(session, account.officer_id)
        if held.password_hash != account.password_hash:
            # It was changed or reset while this one was looked at.
            raise SignInFailed
        if kept is not None:
            accounts.rehash(session, account.officer_id, kept)
        return sessions.begin(
            session,
            known.safe,
            held,
            code=asked.code,
            device=device(),
            needs_second_factor=resources().settings.is_production,
            now=now,
        )


def _sign_in_page(form: forms.Form[_SignInAsked], status: int = 200) -> Response:
    response = page(
        "sign_in.html",
        title="登录",
        status=status,
        form=form,
    )
    entering.keep_device(response)
    return response


def _password_page(form: forms.Form[_ChangeAsked], status: int = 200) -> Response:
    return page("password.html", title="换密码", status=status, form=form, rule=_HINT)


def _start_page(form: forms.Form[_StartAsked], status: int = 200) -> Response:
    found = _found()
    needs_password, needs_factor = _needed(found)
    given = str(form.values.get("secret", ""))
    secret = given if given and form.values.get("proof") == _proof(given) else second_factors.made()
    return page(
        "start.html",
        title="第一次登录",
        status=status,
        form=form,
        rule=_HINT,
        needs_password=needs_password,
        needs_factor=needs_factor,
        secret=secret,
        proof=_proof(secret),
        picture=_picture(second_factors.address(secret, found.username)),
    )


def _found() -> SignedIn:
    found = entering.signed_in()
    if found is None:
        raise DeskClosed
    return found


def _needed(found: SignedIn) -> tuple[bool, bool]:
    """Whether a password is to be chosen, and a second factor to be set up."""
    with resources().database.read() as session:
        return _needed_of(accounts.of_officer(session, found.officer.id))


def _needed_of(account: StaffAccount) -> tuple[bool, bool]:
    return account.starting, account.sealed_secret is None and resources().settings.is_production


def _proof(secret: str) -> str:
    """That a secret which comes back is one that this session was shown."""
    return resources().safe.hash("desk second factor", entering.session_token(), secret)


def _picture(text: str) -> Markup:
    """A QR code as an inline SVG without styles."""
    drawn = io.BytesIO()
    segno.make(text, error="m").save(
        drawn, kind="svg", scale=5, xmldecl=False, svgns=True, omitsize=False, dark="#000"
    )
    return Markup(drawn.getvalue().decode())


def _next(asked: str) -> str:
    """Where to go after signing in: within the desk only."""
    is_ours = asked.startswith("/staff/") and "//" not in asked and "\\" not in asked
    return asked if is_ours and asked.isprintable() else url_for("desk.home.get_home")


def _wait(seconds: int) -> str:
    if seconds < 60:
        return f"{seconds}秒"
    return f"{-(-seconds // 60)}分钟" if seconds < 3600 else f"{-(-seconds // 3600)}小时"
