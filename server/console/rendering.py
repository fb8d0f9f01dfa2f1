"""Pages of the desk: what surrounds them, what is said once, what goes wrong."""

import base64
import binascii
import hashlib
import hmac
import secrets
from collections.abc import Mapping
from contextlib import suppress
from datetime import date, datetime
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

from flask import (
    Response,
    current_app,
    g,
    make_response,
    redirect,
    render_template,
    request,
    url_for,
)
from markupsafe import Markup, escape
from werkzeug.exceptions import HTTPException

from server.clock import CHINA
from server.console import entering, naming
from server.console.entering import DeskClosed, NotStarted
from server.console.navigation import entries
from server.money import grouped
from server.web import browsers
from server.web.admitting import FormForged
from server.web.problems import body_of, log_failure, problem_of
from server.web.problems.document import Problem
from server.web.resources import resources

_STATIC = Path(__file__).with_name("static")
_TOLD = "nuangang_told"
_LONGEST_TOLD = 300
_WORTH_KEEPING = 8
"""Characters from which on somebody would be sorry to write it once more."""
_KINDS = {
    "csv": "text/csv",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}

_OWN: Mapping[type[Exception], Problem] = {
    DeskClosed: Problem(
        401, "desk_closed", "请重新登录", "登录已经过期，刚才填的没有保存。请重新登录再办。"
    ),
}
_UNSENT = Problem(
    403,
    "form_unsent",
    "还没有保存",
    "打开那一页以后重新登录过，刚才填的还没有保存。要用现在这个账号接着办吗？",
)
"""Instead of what is said of a form that anybody may have made: the browser sent one of ours."""


def page(template: str, *, title: str, status: int = 200, **values: Any) -> Response:
    """A page of the desk, from `templates/console/`."""
    found = entering.signed_in()
    shown = render_template(
        f"console/{template}",
        title=title,
        signed_in=found,
        navigation=entries(found.officer) if found and not found.starting else [],
        told=_told(),
        nonce=_nonce(),
        **values,
    )
    response = make_response(shown, status)
    _forget_told(response)
    return response


def go_to(address: str, told: str = "") -> Response:
    """Send the browser on after a change; `told` is shown once on the page it comes to."""
    response = make_response(redirect(address, 303))
    if told:
        tell(response, told)
    return response


def attached(content: bytes, name: str) -> Response:
    """A file for the browser to keep; the end of its name says of what kind it is."""
    response = make_response(content)
    response.mimetype = _KINDS[name.rpartition(".")[2]]
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


def tell(response: Response, words: str) -> None:
    """Let the next page say something; nothing personal, it is kept by the browser."""
    value = base64.urlsafe_b64encode(words[:_LONGEST_TOLD].encode()).decode()
    browsers.keep(response, _TOLD, f"{value}.{_told_mac(value)}", seconds=60)


def fail(error: Exception) -> Response:
    """The page for whatever went wrong."""
    if isinstance(error, DeskClosed) and request.method == "GET":
        return go_to(url_for("desk.signing_in.get_sign_in", next=_here()))
    if isinstance(error, NotStarted):
        return go_to(url_for("desk.signing_in.get_start"))
    if isinstance(error, HTTPException) and error.code is not None and error.code < 400:
        return make_response(error.get_response())
    again = _again(error)
    known = _UNSENT if again and isinstance(error, FormForged) else _OWN.get(type(error))
    if known is None:
        log_failure(error)
        problem, body = problem_of(error), body_of(error)
        title, status, detail = problem.title, problem.status, str(body["detail"])
        errors = [each["detail"] for each in body.get("errors", ())]
    else:
        title, status, detail, errors = known.title, known.status, known.detail, []
    return protect(
        page(
            "problem.html",
            title=title,
            status=status,
            detail=detail,
            errors=errors,
            written=_written(),
            again=again,
            action=_here() or "",
            back=_came_from(),
            closed=isinstance(error, DeskClosed),
        )
    )


def protect(response: Response) -> Response:
    """Let the browser load nothing foreign, frame nothing, keep nothing but our own files."""
    if request.endpoint == "desk.static":
        # Its address changes with what is in it; a nonce in what is kept for long is none.
        response.headers["Cache-Control"] = "public, max-age=31536000, immutable"
        return browsers.protect(response)
    ours = f"'nonce-{_nonce()}'"
    return browsers.protect(response, script=ours, style=ours, img="'self' data:", connect="'self'")


def shown_instant(at: datetime | None) -> str:
    """`2026-03-01 17:30`, as it was in China; empty for none."""
    return "" if at is None else f"{at.astimezone(CHINA):%Y-%m-%d %H:%M}"


def shown_day(on: date | None) -> str:
    """`2026-03-01`; empty for none."""
    return "" if on is None else on.isoformat()


def shown_yuan(fen: int | None) -> str:
    """`1,500.00元`; empty for none."""
    return "" if fen is None else f"{grouped(fen)}元"


def shown_place(id: str) -> str:
    """`石狮市`; of a place that is no longer one, as it was noted."""
    return naming.place_of(resources().serving.current().library, id)


def form_field() -> Markup:
    """The hidden field that proves a form to be one of ours."""
    return Markup('<input type="hidden" name="{}" value="{}">').format(
        entering.FORGERY_FIELD, entering.form_token()
    )


def address_with(**changes: Any) -> str:
    """The address of this page with other parameters; None takes one away."""
    kept = [(name, value) for name, value in request.args.items(multi=True) if name not in changes]
    kept += [(name, str(value)) for name, value in changes.items() if value is not None]
    return quote(request.path) + (f"?{urlencode(kept)}" if kept else "")


def asset(name: str) -> str:
    """The address of a file in `static/`, another one when the file changes."""
    return url_for("desk.static", filename=name, v=_fingerprint(name))


def paragraphs(text: str) -> Markup:
    """A text of several lines, each shown as one."""
    return Markup("<br>").join(escape(line) for line in text.splitlines())


GLOBALS: Mapping[str, Any] = {
    "address_with": address_with,
    "asset": asset,
    "form_field": form_field,
    "paragraphs": paragraphs,
    "shown_day": shown_day,
    "shown_instant": shown_instant,
    "shown_place": shown_place,
    "shown_yuan": shown_yuan,
}


@cache
def _fingerprint(name: str) -> str:
    return hashlib.sha256((_STATIC / name).read_bytes()).hexdigest()[:12]


def _nonce() -> str:
    if "nonce" not in g:
        g.nonce = secrets.token_urlsafe(16)
    found: str = g.nonce
    return found


def _here() -> str | None:
    return None if request.path.rstrip("/") == "/staff" else request.full_path.rstrip("?")


def _came_from() -> str:
    """The page of the desk that led here, where one can go back to it; else the first one."""
    came, home = urlsplit(request.referrer or ""), url_for("desk.home.get_home")
    adapter = current_app.create_url_adapter(request)
    is_page = (
        came.netloc == request.host
        and came.path.startswith(home)
        and came.path != request.path
        and adapter is not None
        and adapter.test(came.path, method="GET")
    )
    return came.path + (f"?{came.query}" if came.query else "") if is_page else home


def _again(error: Exception) -> list[tuple[str, str]]:
    """The fields of a form of ours whose session is over, to be sent once more; a file is none.

    They are only shown to whoever sent them: what is sent again stands for itself, with the token
    of the session that there is by then. What was asked about first is asked about again: somebody
    else may have signed in meanwhile.
    """
    if not isinstance(error, (DeskClosed, FormForged)) or not _is_worth_keeping():
        return []
    if isinstance(error, DeskClosed):
        entering.take_whole_again()
    with suppress(HTTPException):
        if any(each.filename for each in request.files.values()):
            return []
        fields = request.form.items(multi=True)
        own = (entering.FORGERY_FIELD, "confirmed")
        return [(name, value) for name, value in fields if name not in own]
    return []


def _is_worth_keeping() -> bool:
    """Whether a form is one of ours, and none with a password."""
    endpoint = request.endpoint or ""
    return browsers.is_own_form() and not endpoint.startswith("desk.signing_in.")


def _written() -> list[str]:
    """What somebody wrote in words into a form of ours that was refused; a password is none."""
    if not _is_worth_keeping():
        return []
    # A form that is too long to be read is refused again.
    with suppress(HTTPException):
        return [
            words
            for _, each in request.form.items(multi=True)
            if len(words := each.strip()) >= _WORTH_KEEPING and not words.isascii()
        ]
    return []


def _told() -> str:
    value, _, mac = browsers.kept(_TOLD).partition(".")
    if not value or not hmac.compare_digest(
        mac.encode("utf-8", "replace"), _told_mac(value).encode()
    ):
        return ""
    try:
        return base64.urlsafe_b64decode(value).decode()
    except (ValueError, binascii.Error):
        return ""


def _forget_told(response: Response) -> None:
    if browsers.kept(_TOLD):
        browsers.forget(response, _TOLD)


def _told_mac(value: str) -> str:
    # Bound to the browser: nobody can put words into another's page.
    return resources().safe.hash("desk told", value, entering.device())[:32]
