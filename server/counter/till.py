"""The till of a merchant under /counter: a code in, what it can be used for, used or refunded.

Pages of a few kilobytes without scripts, for any phone: a camera that reads the card's code opens
the address in it, and who has none types sixteen digits. Sending the same page again, after a reply
that was lost, does nothing twice: the code itself is the key.
"""

from datetime import UTC, datetime
from hmac import compare_digest
from typing import Any

from apiflask import APIBlueprint
from flask import Response, g, make_response, redirect, render_template, request, url_for
from sqlmodel import Session
from werkzeug.exceptions import HTTPException

from server import money
from server.clock import CHINA, china_day
from server.money import NoSum
from server.vouchers import cards, merchants, redeeming, wording
from server.vouchers.cards import CodeUnreadable, CodeWrong
from server.vouchers.redeeming import Redeemed, RedemptionUnknown, VoucherShort
from server.vouchers.tables import Issue, Merchant, Redemption, Voucher
from server.web import browsers
from server.web.admitting import Who, admits
from server.web.callers import address, refuse_too_many, refuse_who_tried_too_often
from server.web.problems import log_failure, problem_of, words_of_field
from server.web.rate_limits import Limit
from server.web.resources import post, resources

blueprint = APIBlueprint(
    "counter",
    __name__,
    url_prefix="/counter",
    template_folder="templates",
    enable_openapi=False,
)
blueprint.before_request(browsers.refuse_forged)

_COOKIE = "nuangang_merchant"


class TillClosed(Exception):
    """No merchant is signed in on this phone, or not any more."""


def let_in() -> None:
    """Let in a merchant's phone; raises `TillClosed`."""
    if _merchant() is None:
        raise TillClosed


@blueprint.get("/")
@admits(Who.EVERYBODY)
def get_till() -> Response:
    """The place for a code, with what was used last; signed out: the place to sign in.

    `code` is what the camera read: it is filled in, and goes no further until somebody sends it.
    """
    merchant = _merchant()
    code = request.args.get("code", "")[:32]
    if merchant is None:
        return _page("sign_in.html", title="商户登录")
    return _till(merchant, code)


@blueprint.post("/sign-in")
@admits(Who.EVERYBODY)
def post_sign_in() -> Response:
    """Sign this phone in with the code that an officer gave out; raises `StartRefused`."""
    refuse_too_many(Limit.TILL_ADDRESS, address())
    known = resources()
    with known.database.begin() as session:
        token = merchants.sign_in(
            session, known.safe, request.form.get("start", "")[:64], now=known.clock()
        )
    response = make_response(redirect(url_for("counter.get_till"), 303))
    browsers.keep(response, _COOKIE, token, seconds=int(merchants.SIGNED_IN_FOR.total_seconds()))
    return response


@blueprint.post("/sign-out")
@admits(Who.MERCHANT)
def post_sign_out() -> Response:
    """Sign this phone out."""
    with resources().database.begin() as session:
        merchants.sign_out(session, _token())
    response = make_response(redirect(url_for("counter.get_till"), 303))
    browsers.forget(response, _COOKIE)
    return response


@blueprint.post("/code")
@admits(Who.MERCHANT)
def post_code() -> Response:
    """What a card's code can be used for here; nothing is used yet.

    Raises `CodeUnreadable`, `CodeWrong`.
    """
    known, merchant = resources(), _at_the_till()
    now = known.clock()
    # Of a hundred million codes two or three fit: who tries them out is slowed down, and then has
    # nothing of hitting one.
    guessing = str(merchant.id)
    refuse_who_tried_too_often(Limit.TILL_CODE, guessing)
    try:
        token = cards.plain(request.form.get("code", ""))
        with known.database.read() as session:
            code = cards.read(session, known.safe, token, at=now)
            found = redeeming.usable(
                session, _regions(), merchant, code.worker_id, today=china_day(now)
            )
    except CodeUnreadable as error:
        return _till(merchant, "", error)
    except CodeWrong as error:
        refuse_too_many(Limit.TILL_CODE, guessing)
        return _till(merchant, "", error)
    return _usable(merchant, token, now, found)


@blueprint.post("/redemptions")
@admits(Who.MERCHANT)
def post_redemption() -> Response:
    """Use a voucher; the same again shows what was done. Raises what `redeem` raises."""
    known, merchant = resources(), _at_the_till()
    now = known.clock()
    form = request.form
    token = cards.plain(form.get("code", ""))
    seen_at = _seen_at(merchant, token)
    voucher_id = form.get("voucher", "")[:16]
    try:
        amount = money.fen(form.get(f"amount-{voucher_id}", "0"))
    except NoSum:
        return _again(merchant, token, seen_at, words_of_field("yuan_form"), 422)
    told = post()

    def act(session: Session) -> Redeemed:
        return redeeming.redeem(
            session, told, merchant, token, voucher_id=voucher_id, amount_fen=amount,
            seen_at=seen_at, now=now,
        )  # fmt: skip

    try:
        done = known.database.together(act)
    except VoucherShort as error:
        problem = problem_of(error)
        return _again(merchant, token, seen_at, problem.detail, problem.status)
    return make_response(redirect(url_for("counter.get_redemption", id=done.id), 303))


@blueprint.get("/redemptions/<id>")
@admits(Who.MERCHANT)
def get_redemption(id: str) -> Response:
    """One redemption: that it was done, and how to take it back; raises `RedemptionUnknown`."""
    merchant = _at_the_till()
    with resources().database.read() as session:
        found = _mine(session, merchant, id)
        voucher = session.get_one(Voucher, found.voucher_id)
        issue = session.get_one(Issue, voucher.issue_id)
    title = "已经收下" if found.refunded_at is None else "已经退回"
    return _page("redemption.html", title=title, done=found, issue=issue, merchant=merchant)


@blueprint.post("/redemptions/<id>/refund")
@admits(Who.MERCHANT)
def post_refund(id: str) -> Response:
    """Take a redemption back; twice is once. Raises `RedemptionUnknown`, `RedemptionSettled`."""
    known, merchant = resources(), _at_the_till()
    with known.database.begin() as session:
        redeeming.refund(session, post(), merchant, id, now=known.clock())
    return make_response(redirect(url_for("counter.get_redemption", id=id), 303))


def fail(error: Exception) -> Response:
    """The page for whatever went wrong."""
    if isinstance(error, HTTPException) and error.code is not None and error.code < 400:
        return make_response(error.get_response())
    if isinstance(error, TillClosed):
        return _page("sign_in.html", title="商户登录", status=401, wrong="请先登录。")
    log_failure(error)
    problem = problem_of(error)
    words = problem.detail.format_map(vars(error))
    if problem.code == "start_refused":
        return _page("sign_in.html", title="商户登录", status=problem.status, wrong=words)
    return _page("problem.html", title=problem.title, status=problem.status, wrong=words)


def _till(merchant: Merchant, code: str, error: Exception | None = None) -> Response:
    with resources().database.read() as session:
        last = redeeming.of_merchant(session, merchant.id or 0, 20)
    problem = None if error is None else problem_of(error)
    return _page(
        "till.html",
        title="收券",
        status=200 if problem is None else problem.status,
        wrong="" if problem is None else problem.detail,
        merchant=merchant,
        code=code,
        last=last,
    )


def _usable(
    merchant: Merchant,
    token: str,
    seen_at: datetime,
    found: list[tuple[Voucher, Issue]],
    wrong: str = "",
    status: int = 200,
) -> Response:
    seen = str(int(seen_at.timestamp()))
    return _page(
        "usable.html",
        title="用哪张券",
        status=status,
        wrong=wrong,
        merchant=merchant,
        code=token,
        seen=seen,
        stamp=_stamp(merchant, token, seen),
        found=found,
    )


def _again(merchant: Merchant, token: str, seen_at: datetime, wrong: str, status: int) -> Response:
    known = resources()
    with known.database.read() as session:
        code = cards.read(session, known.safe, token, at=seen_at)
        today = china_day(known.clock())
        found = redeeming.usable(session, _regions(), merchant, code.worker_id, today=today)
    return _usable(merchant, token, seen_at, found, wrong, status)


def _seen_at(merchant: Merchant, token: str) -> datetime:
    """When this merchant was shown what the code is good for; raises `CodeWrong`."""
    seen = request.form.get("seen", "")
    given = request.form.get("stamp", "").encode("utf-8", "surrogatepass")
    if not seen.isascii() or not compare_digest(given, _stamp(merchant, token, seen).encode()):
        raise CodeWrong
    return datetime.fromtimestamp(int(seen), UTC)


def _stamp(merchant: Merchant, token: str, seen: str) -> str:
    return resources().safe.hash("till", str(merchant.id), token, seen)


def _mine(session: Session, merchant: Merchant, id: str) -> Redemption:
    found = session.get(Redemption, id)
    if found is None or found.merchant_id != merchant.id:
        raise RedemptionUnknown(id)
    return found


def _at_the_till() -> Merchant:
    found = _merchant()
    if found is None:
        raise TillClosed
    return found


def _merchant() -> Merchant | None:
    if "merchant" not in g:
        g.merchant = None
        if token := _token():
            with resources().database.read() as session:
                g.merchant = merchants.of_token(session, token, now=resources().clock())
    found: Merchant | None = g.merchant
    return found


def _token() -> str:
    return browsers.kept(_COOKIE)


def _regions() -> Any:
    return resources().serving.current().library.regions


def _page(template: str, *, title: str, status: int = 200, **values: Any) -> Response:
    values.setdefault("wrong", "")
    shown = render_template(
        f"counter/{template}", title=title, yuan=_yuan, instant=_instant, day=wording.day, **values
    )
    return browsers.protect(make_response(shown, status), style="'self'", img="data:")


def _yuan(fen: int) -> str:
    return f"{money.yuan(fen)}元"


def _instant(at: datetime) -> str:
    return f"{at.astimezone(CHINA):%m-%d %H:%M}"
