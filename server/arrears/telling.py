"""What the people of a joint report are told through the outbox, each with their own sum."""

from collections.abc import Iterable, Mapping
from datetime import datetime

from sqlmodel import Session

from server.arrears.tables import JointPart, JointReport, Outcome, ReportMove
from server.casework.advancing import Post
from server.money import yuan
from server.notices.templates import NoticeKind

_SAYS: Mapping[ReportMove, tuple[str, str]] = {
    ReportMove.HAND_IN: ("已经交上去", "交上去了，等经办人受理"),
    ReportMove.TAKE: ("已经受理", "有人受理了，点开看进展"),
    ReportMove.ASK_BACK: ("要补材料", ""),
    ReportMove.SEND: ("转给监察", "已经转给劳动监察"),
    ReportMove.TELL: ("有新进展", ""),
    ReportMove.RECOVER: ("追回工钱", "这是追回给你的钱，没收到请联系经办人"),
    ReportMove.MERGE: ("合并办理", "和同一个单位的另一件一起办"),
}
OUTCOMES: Mapping[Outcome, str] = {
    Outcome.FULL: "全部追回",
    Outcome.PART: "部分追回",
    Outcome.REFUSED: "没有支持",
}


def tell(
    session: Session,
    post: Post,
    report: JointReport,
    parts: Iterable[JointPart],
    move: ReportMove,
    words: str = "",
    *,
    now: datetime,
) -> None:
    """Put a notice for each of the parts into the outbox; `words` begin what they are told."""
    progress, hint = _SAYS.get(move, ("有新进展", ""))
    if move is ReportMove.SETTLE and report.outcome is not None:
        progress = OUTCOMES[Outcome(report.outcome)]
    for part in parts:
        post.send(
            session,
            NoticeKind.ARREARS,
            worker_id=part.worker_id,
            values={
                "report": report.id,
                "employer": report.employer,
                "progress": progress,
                "recovered": f"{yuan(part.recovered_fen)}元",
                "hint": words or hint or "点开看结果",
            },
            key=f"joint report {report.id} {report.version} {part.id}",
            now=now,
        )
