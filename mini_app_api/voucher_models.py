"""What goes out of cards and vouchers."""

from datetime import date, datetime

from mini_app_api.models import View
from server.vouchers.tables import MerchantKind


class CodeView(View):
    """A code to show from `in_seconds` after this reply on, for `step_seconds`.

    `text` is sixteen digits, to be typed where no camera reads `image`, an SVG as a data address.
    """

    text: str
    in_seconds: float
    image: str


class VoucherView(View):
    """A voucher; `amount_fen` 0: it grants something else than money.

    `left_uses` null: as often as the sum and the days allow. `usable`: today, of what is left.
    """

    id: str
    title: str
    words: str
    takes: MerchantKind
    amount_fen: int
    left_fen: int
    left_uses: int | None
    first_on: date
    last_on: date
    usable: bool
    told: str
    """What is left until when, or why it can't be used, in one sentence."""


class UseView(View):
    """One use of a voucher."""

    title: str
    merchant: str
    amount_fen: int
    at: datetime
    refunded: bool
    told: str
    """The same in one sentence."""


class CardView(View):
    """The worker's card: nothing to show where there is no card yet.

    Codes are good for `good_for_seconds` from their beginning on, each for one use.
    """

    as_of: date
    codes: list[CodeView]
    step_seconds: int
    good_for_seconds: int
    vouchers: list[VoucherView]
    uses: list[UseView]
