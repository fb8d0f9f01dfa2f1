"""What those who take part are told, through the outbox."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from sqlmodel import Session

from server.casework.advancing import Post, Recipient
from server.clock import CHINA
from server.notices.templates import NoticeKind
from server.offers.offering import Step
from server.offers.tables import Offer, Participation

MOVED_UP = "轮到你了，名额已经给你留好"
CANCELLED = "已经取消，请不要再来"
MOVED = "时间或者地点改了，以这里为准"
INVITED = "和你想找的对得上，点开看看"
_DECIDED = {
    Step.PUBLISH: "你发的招聘登出来了",
    Step.REFUSE: "没有通过，原因看“我发的招聘”",
    Step.CANCEL: "取消了，原因看“我发的招聘”",
}


def tell_invited(
    session: Session, post: Post, offer: Offer, workers: Iterable[int], *, now: datetime
) -> int:
    """Ask people to come, nobody twice; how many were not asked before.

    Of two who do so at once the second waits.
    """
    session.refresh(offer, with_for_update=True)
    return _tell(session, post, offer, [(each, "") for each in workers], INVITED, now)


def tell_proposer(session: Session, post: Post, offer: Offer, step: Step, *, now: datetime) -> None:
    """Tell the employer who proposed an offer what became of it."""
    if offer.proposed_by is not None:
        _tell(session, post, offer, [(offer.proposed_by, "")], _DECIDED[step], now)


def tell_all(
    session: Session,
    post: Post,
    offer: Offer,
    places: list[Participation],
    hint: str,
    *,
    now: datetime,
) -> None:
    """Tell everybody in a list, each of what became of their place as it stands now."""
    to = [(place.worker_id, f" {offer.version} {place.version}") for place in places]
    _tell(session, post, offer, to, hint, now)


def _tell(
    session: Session,
    post: Post,
    offer: Offer,
    to: Sequence[tuple[int, str]],
    hint: str,
    now: datetime,
) -> int:
    """Put notices on an offer into the outbox; the same hint to somebody twice is one notice.

    Beside each worker stands what tells apart what happens anew from what is only asked for twice.
    """
    when = offer.begins_at
    values = {
        "offer": offer.id,
        "title": offer.title,
        "at": f"{offer.last_on:%Y-%m-%d}"
        if when is None
        else f"{when.astimezone(CHINA):%Y-%m-%d %H:%M}",
        "place": offer.place or offer.organiser,
        "hint": hint,
    }
    recipients = [
        Recipient(worker, values, f"offer {offer.id} {worker} {hint}{again}")
        for worker, again in to
    ]
    return post.send_many(session, NoticeKind.OFFER, recipients, now=now)
