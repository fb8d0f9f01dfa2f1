"""What people are told of their pairings, through the outbox."""

from datetime import datetime

from sqlmodel import Session

from server.casework.advancing import Post
from server.clock import china_day
from server.notices.templates import NoticeKind
from server.pairing.tables import Pairing

PROPOSED = "有人愿意帮你，请点开看看"
ACCEPTED = "结对好了，帮扶人会来看你"
ENDED = "这次结对结束了"


def tell(
    session: Session, post: Post, pairing: Pairing, unit: str, hint: str, *, now: datetime
) -> None:
    """Put a notice on a pairing into the outbox; the same hint twice is one notice."""
    post.send(
        session,
        NoticeKind.PAIRING,
        worker_id=pairing.worker_id,
        values={
            "pairing": pairing.id,
            "unit": unit,
            "at": china_day(now).isoformat(),
            "hint": hint,
        },
        key=f"pairing {pairing.id} {hint}",
        now=now,
    )
