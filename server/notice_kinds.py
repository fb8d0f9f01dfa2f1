"""What notices tell of: below the settings, which name a template of WeChat's for each kind."""

from enum import StrEnum


class NoticeKind(StrEnum):
    """What a notice tells."""

    REVIEWED = "reviewed"
    MATERIALS_MISSING = "materials_missing"
    PAID = "paid"
    PAYMENT_RETURNED = "payment_returned"
    """The bank could not pay it out."""
    REPLIED = "replied"
    """An officer wrote in a request for help."""
    OFFER = "offer"
    PAIRING = "pairing"
    OUTREACH = "outreach"
    """A campaign's message."""
    ARREARS = "arrears"
    """How a joint report of wage arrears goes on."""
    VOUCHER = "voucher"
    """Somebody was given a voucher."""
    VOUCHER_USED = "voucher_used"
    """A voucher was used, or a use was taken back."""
    VOUCHER_ENDS = "voucher_ends"
    TEXT = "text"
    """A customer-service message in free words."""


TEMPLATED = tuple(kind for kind in NoticeKind if kind is not NoticeKind.TEXT)
"""The kinds that are sent as subscribe messages."""
NOT_URGENT = (NoticeKind.OUTREACH, NoticeKind.VOUCHER_ENDS)
"""Those that go to many at once and have their hours: every other notice goes before them."""
RETIRED = frozenset({"policy_ends"})
"""Settings of before name a template for it; nothing ever sent it."""
