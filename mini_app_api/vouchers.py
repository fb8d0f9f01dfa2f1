"""/card: the worker's card with the codes of the next minutes, and the vouchers on it."""

from datetime import date, datetime

import segno
from apiflask import APIBlueprint
from flask import Response
from sqlmodel import Session

from mini_app_api.access import signed_in
from mini_app_api.voucher_models import CardView, CodeView, UseView, VoucherView
from mini_app_api.writing import SIGNED_IN, once
from server.clock import china_day
from server.vouchers import cards, issuing, redeeming, wording
from server.vouchers.tables import Card, Issue, MerchantKind, Voucher
from server.web.admitting import Who, admits
from server.web.browsers import own_address
from server.web.resources import resources

blueprint = APIBlueprint("vouchers", __name__, url_prefix="/api/v1", tag="vouchers")


@blueprint.get("/card")
@blueprint.output(CardView)
@blueprint.doc(summary="My card and vouchers", operation_id="get_card", security=SIGNED_IN)
@admits(Who.WORKER)
def get_card() -> CardView:
    """The card with its next codes; the phone holds these and no key."""
    mine, now = signed_in(), resources().clock()
    with resources().database.read() as session:
        return _view(session, mine, now)


@blueprint.post("/card/renewal")
@blueprint.output(CardView)
@blueprint.doc(
    summary="Make all codes before worthless", operation_id="renew_card", security=SIGNED_IN
)
@admits(Who.WORKER)
def post_renewal() -> Response:
    """New codes, as after a lost phone or a photo of the card; what is left stays."""
    safe, now = resources().safe, resources().clock()

    def renew(session: Session, worker: int) -> CardView:
        cards.renew(session, safe, worker, now=now)
        return _view(session, worker, now)

    return once(renew)


def _view(session: Session, worker: int, now: datetime) -> CardView:
    today = china_day(now)
    card = cards.find(session, worker)
    return CardView(
        as_of=today,
        codes=[] if card is None else _codes(card, now),
        step_seconds=cards.STEP,
        good_for_seconds=cards.GOOD_FOR,
        vouchers=[
            _voucher(voucher, issue, today) for voucher, issue in issuing.of_worker(session, worker)
        ],
        uses=[
            UseView(
                title=title,
                merchant=merchant,
                amount_fen=used.amount_fen,
                at=used.at,
                refunded=used.refunded_at is not None,
                told=wording.used(used, merchant, title),
            )
            for used, merchant, title in redeeming.of_worker(session, worker)
        ],
    )


def _codes(card: Card, now: datetime) -> list[CodeView]:
    till = f"{own_address()}/counter/?code="
    return [
        CodeView(
            text=each.token,
            in_seconds=round(each.in_seconds, 3),
            image=segno.make(till + each.token, error="m", micro=False).svg_data_uri(
                scale=4, border=3, nl=False, svgclass=None, lineclass=None, omitsize=True
            ),
        )
        for each in cards.shown(resources().safe, card, now=now)
    ]


def _voucher(voucher: Voucher, issue: Issue, today: date) -> VoucherView:
    return VoucherView(
        id=voucher.id,
        title=issue.title,
        words=issue.words,
        takes=MerchantKind(issue.takes),
        amount_fen=voucher.amount_fen,
        left_fen=voucher.left_fen,
        left_uses=voucher.left_uses,
        first_on=issue.first_on,
        last_on=issue.last_on,
        usable=issuing.is_usable(voucher, issue, today),
        told=wording.told(voucher, issue, today),
    )
