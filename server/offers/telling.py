"""What those who take part are told, through the outbox."""

from datetime import datetime

from sqlmodel import Session

from server.casework.advancing import Post
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


def tell(
    session: Session,
    post: Post,
    offer: Offer,
    worker_id: int,
    hint: str,
    *,
    again: str = "",
    now: datetime,
) -> None:
    """Put a notice on an offer into the outbox; the same hint twice is one notice.

    `again` tells apart what happens anew from what is only asked for twice.
    """
    when = offer.begins_at
    post.send(
        session,
        NoticeKind.OFFER,
        worker_id=worker_id,
        values={
            "offer": offer.id,
            "title": offer.title,
            "at": f"{offer.last_on:%Y-%m-%d}"
            if when is None
            else f"{when.astimezone(CHINA):%Y-%m-%d %H:%M}",
            "place": offer.place or offer.organiser,
            "hint": hint,
        },
        key=f"offer {offer.id} {worker_id} {hint}{again}",
        now=now,
    )


def tell_proposer(session: Session, post: Post, offer: Offer, step: Step, *, now: datetime) -> None:
    """Tell the employer who proposed an offer what became of it."""
    if offer.proposed_by is not None:
        tell(session, post, offer, offer.proposed_by, _DECIDED[step], now=now)


def tell_all(
    session: Session,
    post: Post,
    offer: Offer,
    people: list[Participation],
    hint: str,
    *,
    now: datetime,
) -> None:
    """Tell everybody in a list, each of what became of their place as it stands now."""
    for place in people:
        again = f" {offer.version} {place.version}"
        tell(session, post, offer, place.worker_id, hint, again=again, now=now)
