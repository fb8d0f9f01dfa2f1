"""Text messages: there is no gateway. A file goes out for the union's own tool, and its result in.

Every file that is written is a look at telephones and stands in the audit, person by person.
"""

import csv
import io
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

from sqlalchemy import ColumnElement, and_, case, false, func, select, update
from sqlmodel import Session, col

from knowledge.regions import Regions
from server.casework.bank_files import read_rows
from server.casework.officers import Officer, Role, require
from server.casework.opting_out import OutOfOutreach, refuse_outreach
from server.casework.workbooks import workbook
from server.clock import china_day
from server.confidential.privacy import mask
from server.confidential.sealing import Safe
from server.confidential.subject_keys import SubjectKeys
from server.database.tables import Profile
from server.notices.templates import NoticeKind, is_quiet
from server.outreach import campaigns, links, sending
from server.outreach.tables import Campaign, CampaignState, Channel, Letter, LetterState
from server.personal import people, profiles
from server.records import audit
from server.records.audit import Action
from server.register import keeping
from server.register.tables import RegisterEntry

MOST = 10_000
"""Lines of one file."""
COLUMNS = ("编号", "手机号", "内容")
_ANSWERS = ("编号", "结果")
_LONGEST_ERROR = 32
_OUTCOMES = {"成功": LetterState.DELIVERED, "失败": LetterState.FAILED}
_OPTED_OUT = "退订"


class QuietNow(Exception):
    """No messages go out at this hour."""


class NothingToSend(Exception):
    """Nobody is left who would get a text message today."""


class ResultsUnreadable(Exception):
    """A file that is no result of the tool; the message says why."""


@dataclass(frozen=True, slots=True)
class Line:
    """One text message."""

    letter_id: str
    phone: str
    text: str


@dataclass(frozen=True, slots=True)
class Result:
    """What the tool says became of one message; `error`: in its own words."""

    line: int
    letter_id: str
    said: str
    error: str


@dataclass(frozen=True, slots=True)
class Noted:
    """What a file of results said: how many of each, and the lines that can't be read."""

    counts: Counter[str]
    bad: list[int]


def export(
    session: Session,
    safe: Safe,
    keys: SubjectKeys,
    campaign: Campaign,
    *,
    page: str,
    by: Officer,
    regions: Regions,
    again: bool = False,
    now: datetime,
) -> list[Line]:
    """The text messages of today, which from now on count as sent; `page`: where links begin.

    `again`: those that were written into a file today, which never arrived. Raises `NotAllowed`,
    `QuietNow`, `NothingToSend`, and the database's IntegrityError where another campaign was faster
    with somebody.
    """
    require(by, Role.CASE_OFFICER, campaign.region, regions)
    if is_quiet(NoticeKind.OUTREACH, now):
        raise QuietNow
    if again:
        these = select(Letter).where(*_of_today(campaign, china_day(now)))
        going = list(session.scalars(these.order_by(col(Letter.id))))
    else:
        going, _ = sending.claim_day(session, safe, campaign.id, Channel.SMS, MOST, now)
    phones = _phones(session, safe, keys, [each.worker_id for each in going])
    out = OutOfOutreach(session, safe)
    lines, gone = [], []
    for each in going:
        phone = phones.get(each.worker_id)
        if phone is None or out.has(each.worker_id, [safe.hash("phone", phone)]):
            gone.append(each.id)
            continue
        link = f"{page}#letter/{links.token_of(safe, campaign.id, each.id)}"
        lines.append(Line(each.id, phone, text_of(campaign, link)))
    if gone and not again:
        # Erased, or opted out under this telephone since it was counted.
        session.execute(
            update(Letter).where(col(Letter.id).in_(gone)).values(campaigns.gone("opted_out", now))
        )
    if not lines:
        raise NothingToSend
    named = {each.id: each.worker_id for each in going}
    audit.record_all(
        session,
        safe,
        by=audit.Actor.officer(by.id),
        action=Action.EXPORTED,
        about="letter",
        rows=[(line.letter_id, named[line.letter_id]) for line in lines],
        fields=("phone",),
        now=now,
    )
    return lines


@dataclass(frozen=True, slots=True)
class Standing:
    """How the text messages of a campaign stand: who waits, who was written into a file."""

    waiting: int
    handed: int
    today: int
    """Of these, those of today of whom no result is known."""
    most: int = MOST

    @property
    def any(self) -> bool:
        """Whether there are text messages at all."""
        return bool(self.waiting or self.handed)


def standing(session: Session, campaign: Campaign, today: date) -> Standing:
    """How many text messages wait, and how many were handed over."""
    waiting, all_handed, of_today = session.execute(
        select(
            func.sum(case((col(Letter.state) == LetterState.WAITING, 1), else_=0)),
            func.sum(case((col(Letter.handed_at).is_not(None), 1), else_=0)),
            func.sum(case((and_(*_of_today(campaign, today)), 1), else_=0)),
        ).where(col(Letter.campaign_id) == campaign.id, col(Letter.channel) == Channel.SMS)
    ).one()
    return Standing(int(waiting or 0), int(all_handed or 0), int(of_today or 0))


def _of_today(campaign: Campaign, today: date) -> tuple[ColumnElement[bool], ...]:
    """Which letters were written into a file today and can be once more, unless it was stopped."""
    if campaign.state == CampaignState.STOPPED:
        return (false(),)
    return (
        col(Letter.campaign_id) == campaign.id,
        col(Letter.channel) == Channel.SMS,
        col(Letter.state) == LetterState.HANDED,
        col(Letter.sent_on) == today,
    )


def text_of(campaign: Campaign, link: str) -> str:
    """What a text message says: whose it is, what, where to read on, how to get no more."""
    return f"【{campaign.sender}】{campaign.title}。详情：{link} 拒收请回复退订"


def xlsx(campaign: Campaign, lines: Sequence[Line], at: datetime) -> bytes:
    """The lines as a workbook in which every cell is text: no digit is lost."""
    with workbook(campaign.id, at) as writing:
        text = writing.book.add_format({"num_format": "@"})
        sheet = writing.book.add_worksheet("短信")
        rows = ((line.letter_id, line.phone, line.text) for line in lines)
        for number, row in enumerate([COLUMNS, *rows]):
            for place, cell in enumerate(row):
                sheet.write_string(number, place, cell, text)
        sheet.set_column(0, 2, 30, text)
        sheet.freeze_panes(1, 0)
    return writing.written.getvalue()


def csv_file(lines: Sequence[Line]) -> bytes:
    """The same as CSV, for the tool; opened in a spreadsheet it could lose digits, as any CSV."""
    written = io.StringIO()
    writer = csv.writer(written, quoting=csv.QUOTE_ALL, lineterminator="\r\n")
    writer.writerow(COLUMNS)
    writer.writerows((line.letter_id, line.phone, line.text) for line in lines)
    return written.getvalue().encode("utf-8-sig")


def note_results(
    session: Session,
    safe: Safe,
    campaign: Campaign,
    results: Sequence[Result],
    *,
    by: Officer,
    regions: Regions,
    now: datetime,
) -> Noted:
    """Take in what the tool says became of each line; who answered 退订 is opted out for good.

    Read again it changes nothing more. Raises `NotAllowed`.
    """
    require(by, Role.CASE_OFFICER, campaign.region, regions)
    mine = {
        each.id: each
        for each in session.scalars(
            select(Letter).where(
                col(Letter.campaign_id) == campaign.id,
                col(Letter.channel) == Channel.SMS,
                col(Letter.handed_at).is_not(None),
            )
        )
    }
    counts: Counter[str] = Counter()
    bad: list[int] = []
    for each in results:
        line, letter_id, result, error = each.line, each.letter_id, each.said, each.error
        letter = mine.get(letter_id)
        if letter is None or (result not in _OUTCOMES and result != _OPTED_OUT):
            bad.append(line)
            continue
        counts[result] += 1
        if result == _OPTED_OUT:
            hashes = _hashes(session, letter.worker_id)
            actor = audit.Actor.officer(by.id)
            refuse_outreach(
                session, safe, worker_id=letter.worker_id, hashes=hashes, by=actor, now=now
            )
        letter.state = _OUTCOMES.get(result, LetterState.DELIVERED)
        # The tool's words, which may name the number that did not answer.
        letter.error = mask(error)[:_LONGEST_ERROR] or None if result == "失败" else None
        letter.settled_at = letter.settled_at or now
        session.add(letter)
    session.flush()
    return Noted(counts, bad)


def read_results(path: Path) -> list[Result]:
    """What the tool says, line by line; raises `ResultsUnreadable`, `BankFileRefused`.

    To be called outside any transaction: a large file takes a while.
    """
    rows = read_rows(path)
    _, header = next(rows, (0, []))
    if any(header.count(column) != 1 for column in _ANSWERS):
        raise ResultsUnreadable("、".join(_ANSWERS))
    at, said = (header.index(column) for column in _ANSWERS)
    why = header.index("原因") if "原因" in header else None
    return [
        Result(
            line,
            cells[at],
            cells[said],
            cells[why] if why is not None and why < len(cells) else "",
        )
        for line, cells in rows
        if len(cells) > max(at, said) and any(cells)
    ]


def _hashes(session: Session, worker_id: int) -> list[str]:
    """Under what the register knows somebody, who may never have signed in."""
    entry = keeping.of_worker(session, worker_id)
    return [each for each in (entry.identity_hash, entry.phone_hash) if each] if entry else []


def _phones(
    session: Session, safe: Safe, keys: SubjectKeys, workers: Sequence[int]
) -> dict[int, str]:
    """Where each can be texted: at the verified telephone, the one they gave, the register's."""
    safes = keys.safes_of(workers)
    found: dict[int, str] = {}
    for start in range(0, len(workers), sending.AT_ONCE):
        some = workers[start : start + sending.AT_ONCE]
        for entry in session.scalars(
            select(RegisterEntry).where(col(RegisterEntry.worker_id).in_(some))
        ):
            who = keeping.opened(safes.get(entry.worker_id), entry)
            if who is not None and who.phone:
                found[entry.worker_id] = who.phone
        for row in session.scalars(select(Profile).where(col(Profile.worker_id).in_(some))):
            own = safes.get(row.worker_id)
            if own is not None:
                found[row.worker_id] = profiles.opened(own, row).person.phone
        found |= people.phones_of(session, safe, some)
    return found
