"""What is so today, told in the chat with the day: offers, and the vouchers of who asks."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, datetime

from bot.answers import REPLY_BYTES, Context, Kind
from bot.live_subjects import LiveSubject
from server.casework import cases
from server.casework.moves import State
from server.casework.standing import STANDING
from server.chat.serving import Answered, Served
from server.clock import CHINA, china_day
from server.database.db import Database
from server.money import spoken
from server.offers import offering, searching
from server.offers.tables import Offer, OfferKind
from server.vouchers import issuing, wording
from server.vouchers.wording import day as _day

_KINDS: Mapping[LiveSubject, OfferKind] = {
    LiveSubject.WORK: OfferKind.VACANCY,
    LiveSubject.TRIP: OfferKind.TRIP,
    LiveSubject.COURSE: OfferKind.SESSION,
    LiveSubject.ACTIVITY: OfferKind.ACTIVITY,
}
_HEADS: Mapping[OfferKind, str] = {
    OfferKind.VACANCY: "在招人的",
    OfferKind.TRIP: "能报名的专车",
    OfferKind.SESSION: "能报名的培训课",
    OfferKind.ACTIVITY: "能报名的活动",
}
_MOST = 5
_HONEST_WORK = "找工作不用先交钱。要你交押金、培训费、服装费的，都不要信。"
_WHERE = "你在哪里？连地名一起说，比如“{example}”，我看看那里现在有没有{kind}。"
_EXAMPLES: Mapping[OfferKind, str] = {
    OfferKind.VACANCY: "石狮附近有什么招聘",
    OfferKind.TRIP: "石狮哪天有车",
    OfferKind.SESSION: "石狮有什么培训课",
    OfferKind.ACTIVITY: "石狮有什么活动",
}
_JOIN = "在“办”里可以看全部，也可以报名。"
_SHOW = "在“我的”里点“我的卡券”，把码给商户扫。"
_FOLLOW = "在“我的”里点“我的办件”，能看每一步。"
_NO_CASES = "你还没有办件。想办什么，告诉我你在哪里、遇到了什么事。"
_SIGN_IN_TO_FOLLOW = "要看你的申请走到哪一步，请先登录，再到“我的”里点“我的办件”。"
_CHECK_WAITS = "（自查停在刚才那一题，接着回答就行；不查了，就回复“停”。）"
_TOGETHER = (
    "几个人一起被欠的，可以一起反映：在“我的”里点“一起反映欠薪”，各填各的，一次交给劳动监察。"
)
_SIGN_IN = "要看你自己的券，请先登录，再到“我的”里点“我的卡券”。"

AT_ANY_TIME = frozenset(
    {LiveSubject.VOUCHER, LiveSubject.PROGRESS, LiveSubject.NO_LETTERS, LiveSubject.LETTERS}
)
"""What is no answer to a question of a self-check: it is heard, and the check waits."""

OF_LETTERS: Mapping[LiveSubject, str] = {
    LiveSubject.NO_LETTERS: (
        "记下了，以后的群发通知不再发给你。办件的进度还会告诉你。想恢复，就回复“恢复订阅”。"
    ),
    LiveSubject.LETTERS: "记下了，以后的群发通知会再发给你。不想收，就回复“退订”。",
}
"""What is said to who wants no messages of campaigns, or wants them again."""
_LETTERS_BY_ACCOUNT = "要退订群发的通知，请先登录，再说一次“退订”；也可以在“我的”里关掉。"


def instead(
    answered: Answered,
    served: Served,
    database: Database,
    *,
    worker: int | None = None,
    now: datetime,
) -> Answered:
    """The answer from what is on in the place that the bot understood, or has `worker`.

    Where the message asks for something else, no place is known, or nothing is on, it stays what
    the bot said from the documents.
    """
    answer, subject = answered.answer, answered.live
    if subject is None or answer.kind is Kind.HANDOFF:
        return answered
    if subject is LiveSubject.VOUCHER:
        return _vouchers(answered, database, worker, now)
    if subject is LiveSubject.PROGRESS:
        return _replaced(answered, *_progress(served, database, worker))
    if subject in OF_LETTERS:
        # What they want is noted by whoever records the turn.
        said = OF_LETTERS[subject] if worker is not None else _LETTERS_BY_ACCOUNT
        heeded = _replaced(answered, said, subject, Kind.CHAT)
        heeded.live = subject
        return heeded
    if subject is LiveSubject.ARREARS:
        return _together(answered)
    if answer.region is None:
        if answer.kind is not Kind.DECLINE:
            return answered
        wanted = _KINDS[subject]
        where = _WHERE.format(example=_EXAMPLES[wanted], kind=_HEADS[wanted])
        return _replaced(answered, where, subject, Kind.CLARIFY)
    kind, regions = _KINDS[subject], served.library.regions
    around = {*regions.within(answer.region), *regions.descendants(answer.region)}
    today = china_day(now)
    label, found = regions.get(answer.region).label, []
    if searching.is_any_open(database, around, kind, today):
        with database.read() as session:
            found = searching.listed(
                session, regions=around, today=today, kind=kind, at_most=_MOST + 1
            )
    if not found:
        # What the documents tell of it is told all the same; that they don't, is not.
        if answer.kind is not Kind.DECLINE:
            return answered
        nothing = f"{label}现在没有{_HEADS[kind]}（{_day(today)}的情况）。"
        return _replaced(answered, nothing, str(kind))
    told = _told(label, kind, found, today)
    return _replaced(answered, told, str(kind))


def _replaced(answered: Answered, told: str, subject: str, kind: Kind = Kind.ANSWER) -> Answered:
    return Answered(
        replace(
            answered.answer,
            kind=kind,
            reply=told,
            reason=f"live: {subject}",
            measures=(),
            sources=(),
            choices=(),
            rejected=(),
        )
    )


def _together(answered: Answered) -> Answered:
    """The answer, and below it that they can report it together; where it asks back, it stays."""
    answer = answered.answer
    both = f"{answer.reply}\n{_TOGETHER}"
    if answer.kind is Kind.CLARIFY or len(both.encode()) > REPLY_BYTES:
        return answered
    return replace(answered, answer=replace(answer, reply=both), shown=None, kept=None)


def _progress(
    served: Served, database: Database, worker: int | None
) -> tuple[str, LiveSubject, Kind]:
    if worker is None:
        return _SIGN_IN_TO_FOLLOW, LiveSubject.PROGRESS, Kind.CHAT
    with database.read() as session:
        mine = cases.all_of_worker(session, worker)[:_MOST]
    if not mine:
        return _NO_CASES, LiveSubject.PROGRESS, Kind.CHAT
    lines = []
    for number, case in enumerate(mine, start=1):
        measure = served.library.measures.get(case.measure)
        title = measure.title if measure else case.measure
        at = _day(china_day(case.changed_at))
        lines.append(f"{number}. {title}：{STANDING[State(case.state)]}（{at}）")
    return "\n".join(["你的办件：", *lines, _FOLLOW]), LiveSubject.PROGRESS, Kind.ANSWER


def while_checking(answered: Answered, context: Context) -> Answered:
    """An answer given beside a self-check, which goes on where it was."""
    answer = answered.answer
    beside = Answered(
        replace(answer, reply=f"{answer.reply}\n{_CHECK_WAITS}", context=context, choices=())
    )
    beside.live = answered.live
    return beside


def _vouchers(
    answered: Answered, database: Database, worker: int | None, now: datetime
) -> Answered:
    if worker is None:
        return _beside(answered, _SIGN_IN, Kind.CHAT)
    today = china_day(now)
    with database.read() as session:
        found = issuing.of_worker(session, worker)
    if not found:
        return _beside(answered, f"{_day(today)}的情况：你现在没有券。", Kind.ANSWER)
    # What can be used first, of the rest what ended last.
    usable = [pair for pair in found if issuing.is_usable(*pair, today)]
    rest = [pair for pair in reversed(found) if pair not in usable]
    lines = [
        f"{number}. {issue.title}：{wording.told(voucher, issue, today)}"
        for number, (voucher, issue) in enumerate([*usable, *rest][:_MOST], start=1)
    ]
    head = f"你的券有{len(found)}张，{len(usable)}张现在能用（{_day(today)}的情况）："
    return _replaced(answered, "\n".join([head, *lines, _SHOW]), LiveSubject.VOUCHER)


def _beside(answered: Answered, line: str, kind: Kind) -> Answered:
    """The line above what the documents answer; alone where they don't, or it gets too long."""
    answer = answered.answer
    both = f"{line}\n{answer.reply}"
    if answer.kind is not Kind.ANSWER or len(both.encode()) > REPLY_BYTES:
        return _replaced(answered, line, LiveSubject.VOUCHER, kind)
    return Answered(replace(answer, reply=both))


def _told(place: str, kind: OfferKind, found: list[Offer], today: date) -> str:
    shown = found[:_MOST]
    count = f"{len(shown)}条以上" if len(found) > _MOST else f"{len(found)}条"
    head = f"{place}{_HEADS[kind]}有{count}（{_day(today)}的情况）："
    foot = [_HONEST_WORK, _JOIN] if kind is OfferKind.VACANCY else [_JOIN]
    lines = [f"{number}. {_line(offer)}" for number, offer in enumerate(shown, start=1)]
    while len("\n".join([head, *lines, *foot]).encode()) > REPLY_BYTES:
        lines.pop()
    return "\n".join([head, *lines, *foot])


def _line(offer: Offer) -> str:
    more = offering.details_of(offer)
    parts = [offer.title, offer.organiser]
    if pay := _pay(more.get("pay_from"), more.get("pay_to")):
        parts.append(pay)
    if offer.kind == OfferKind.TRIP:
        parts.append(f"从{more['origin']}到{more['destination']}")
    if offer.begins_at is not None:
        at = offer.begins_at.astimezone(CHINA)
        parts.append(f"{_day(at.date())}{at:%H:%M}开始")
    if offer.seats is not None:
        left = offer.seats - offer.taken
        parts.append(f"还有{left}个名额" if left else "名额满了，可以排队")
    parts.append(f"报名到{_day(offer.last_on)}")
    return f"{'，'.join(parts)}。电话{offer.contact}。"


def _pay(low: int | None, high: int | None) -> str:
    if low is not None and high is not None and low != high:
        return f"月工资{spoken(low)}到{spoken(high)}元"
    one = low if low is not None else high
    if one is None:
        return ""
    return f"月工资{spoken(one)}元" + ("起" if high is None else "" if low is not None else "以内")
