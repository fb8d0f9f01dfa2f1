"""What only one kind of offer or wish has; checked before it is stored as JSON."""

from datetime import date
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, model_validator

from server.offers.tables import OfferKind, WishKind

Short = Annotated[str, Field(min_length=1, max_length=40)]
Fen = Annotated[int, Field(ge=0, le=100_000_00)]
"""A month's pay in fen."""


class _Details(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Vacancy(_Details):
    """Work that is to be done: `pay_from` and `pay_to` in fen a month, None where not told."""

    trade: Short
    pay_from: Fen | None = None
    pay_to: Fen | None = None
    starts_on: date | None = None
    shared_until: date | None = None
    """The last day, where a firm only lends its staff out (共享用工); None: a job to stay in."""

    @model_validator(mode="after")
    def _in_order(self) -> "Vacancy":
        if self.pay_from is not None and self.pay_to is not None and self.pay_from > self.pay_to:
            raise ValueError("pay_from is more than pay_to")
        return self


class Session(_Details):
    """One run of a course."""

    trade: Short
    hours: Annotated[int, Field(ge=1, le=2000)]
    certificate: bool = False
    """Whether a certificate is given at the end."""


class Trip(_Details):
    """A journey together."""

    origin: Short
    destination: Short


class Activity(_Details):
    """Something to do together; `for_whom` in plain words."""

    for_whom: Annotated[str, Field(max_length=40)] = ""


class Work(_Details):
    """The work that somebody looks for; None: whatever there is."""

    trade: Short | None = None
    pay_from: Fen | None = None
    from_on: date | None = None


class Journey(_Details):
    """Where somebody has to go, and when."""

    origin: Short
    destination: Short
    day: date


OFFERED: dict[OfferKind, type[_Details]] = {
    OfferKind.VACANCY: Vacancy,
    OfferKind.SESSION: Session,
    OfferKind.TRIP: Trip,
    OfferKind.ACTIVITY: Activity,
}
WISHED: dict[WishKind, type[_Details]] = {WishKind.WORK: Work, WishKind.TRIP: Journey}


def offered(kind: OfferKind, given: Any) -> str:
    """The details of an offer as they are stored; raises Pydantic's ValidationError."""
    return OFFERED[kind].model_validate(given).model_dump_json(exclude_none=True)


def wished(kind: WishKind, given: Any) -> str:
    """The details of a wish as they are stored; raises Pydantic's ValidationError."""
    return WISHED[kind].model_validate(given).model_dump_json(exclude_none=True)
