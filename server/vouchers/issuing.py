"""Issues of vouchers from the proposal on, and vouchers from an approved case on.

The fund of an issue holds back every voucher's whole sum from the moment it is given; what was not
used goes back to it after the last day.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import Select, exists, func, or_, select
from sqlmodel import Session, col

from knowledge.regions import Regions
from server.casework import funds
from server.casework.advancing import Post
from server.casework.fund_tables import Fund
from server.casework.moves import Move, State
from server.casework.officers import (
    LOOKERS,
    NotAllowed,
    Officer,
    Role,
    SecondOfficerNeeded,
    require,
    scope,
)
from server.casework.tables import Case
from server.clock import china_day
from server.confidential.sealing import Safe
from server.database import db, numbering
from server.database.tables import Worker
from server.personal import people
from server.records import audit
from server.records.audit import Action
from server.vouchers import cards, telling
from server.vouchers.holders import Holders, hashes_of, holder_hash
from server.vouchers.tables import (
    Issue,
    IssueState,
    MerchantKind,
    Return,
    ReturnWhy,
    Voucher,
)

MOST_FEN = 1_000_000_00
MOST_AT_ONCE = 1000
"""So many vouchers are given in one transaction."""
WAITS_FOR = timedelta(days=365)
"""So long after its decision an approved case waits for an issue, though it is closed by then."""


class IssueUnknown(LookupError):
    """There is no such issue or voucher, or none for whoever asks."""


class IssueChanged(Exception):
    """Somebody else has changed the issue meanwhile, or it does not stand where this starts."""


class IssueUnfit(ValueError):
    """The days, the sum or the fund of a proposal do not fit; `field` says which."""

    def __init__(self, field: str) -> None:
        super().__init__(field)
        self.field = field


class NotOpen(Exception):
    """The issue is not open, or its last day is over."""


@dataclass(frozen=True, slots=True)
class Proposal:
    """What an issue says, as it was entered and checked."""

    title: str
    words: str
    measure: str
    region: str
    takes: MerchantKind
    fund_id: int | None
    amount_fen: int
    uses: int | None
    first_on: date
    last_on: date


def propose(
    session: Session,
    safe: Safe,
    proposal: Proposal,
    *,
    by: Officer,
    regions: Regions,
    now: datetime,
) -> Issue:
    """Enter an issue; it waits for a second officer. Raises `NotAllowed`, `IssueUnfit`."""
    require(by, Role.CASE_OFFICER, proposal.region, regions)
    _check(session, proposal, regions, china_day(now))
    issue = Issue(
        id=numbering.number(now, "Q"),
        state=IssueState.PROPOSED,
        proposed_by=by.id,
        created_at=now,
        changed_at=now,
        **{name: getattr(proposal, name) for name in proposal.__slots__},
    )
    session.add(issue)
    session.flush()
    _audit(session, safe, issue, by, Action.CREATED, now)
    return issue


def open_(
    session: Session,
    safe: Safe,
    issue: Issue,
    *,
    by: Officer,
    regions: Regions,
    version: int,
    now: datetime,
) -> None:
    """Let vouchers be given; raises `NotAllowed`, `SecondOfficerNeeded`, `IssueChanged`."""
    require(by, Role.APPROVER, issue.region, regions)
    if by.id == issue.proposed_by:
        raise SecondOfficerNeeded
    values = {"state": IssueState.OPEN, "opened_by": by.id}
    _step(session, issue, IssueState.PROPOSED, version, now, **values)
    _audit(session, safe, issue, by, Action.DECIDED, now)


def close(
    session: Session,
    safe: Safe,
    issue: Issue,
    *,
    by: Officer,
    regions: Regions,
    version: int,
    now: datetime,
) -> None:
    """Give no more of them; who has one keeps it. Raises `NotAllowed`, `IssueChanged`."""
    require(by, Role.CASE_OFFICER, issue.region, regions)
    state = IssueState(issue.state)
    if state is IssueState.CLOSED:
        raise IssueChanged(issue.id)
    _step(session, issue, state, version, now, state=IssueState.CLOSED)
    _audit(session, safe, issue, by, Action.CHANGED, now)


def of_officer(session: Session, issue_id: str, officer: Officer, regions: Regions) -> Issue:
    """An issue of the officer's regions; raises `IssueUnknown`, `NotAllowed`."""
    if not officer.roles & LOOKERS:
        raise NotAllowed
    issue = session.get(Issue, issue_id)
    if issue is None or not officer.covers(issue.region, regions):
        raise IssueUnknown(issue_id)
    return issue


def listed(session: Session, officer: Officer, regions: Regions) -> list[Issue]:
    """The issues of the officer's regions, the newest first."""
    within = col(Issue.region).in_(scope(officer, regions))
    return list(session.scalars(select(Issue).where(within).order_by(col(Issue.id).desc())))


def waiting(session: Session, safe: Safe, issue: Issue, regions: Regions) -> list[Case]:
    """Approved cases of the issue's measure and place without a voucher of it, the oldest first.

    As many as are given one at once.

    A case that promises money is paid by the bank, not with a voucher; of a person's cases the
    oldest waits, under whichever account. One that was closed waits on for a year, as an issue may
    come late, unless its person got a voucher for the measure with it, or since it was approved.
    """
    known, found, looked_at = Holders(session, safe, issue.id), list[Case](), 0
    while len(found) < MOST_AT_ONCE:
        # Who has one under another account stands among them for good: the next ones are looked at.
        some = _waiting(issue, regions).offset(looked_at).limit(MOST_AT_ONCE)
        cases = session.scalars(some).all()
        if not cases:
            break
        looked_at += len(cases)
        found += known.one_each(session, cases)
    return found[:MOST_AT_ONCE]


def _waiting(issue: Issue, regions: Regions) -> Select[Case]:
    given = select(col(Voucher.worker_id)).where(col(Voucher.issue_id) == issue.id)
    erased = select(col(Worker.id)).where(col(Worker.erased_at).is_not(None))
    within = (issue.region, *regions.descendants(issue.region))
    got_one = exists().where(
        col(Voucher.worker_id) == col(Case.worker_id),
        # With it: what was looked at again was approved once more after that.
        or_(
            col(Voucher.case_id) == col(Case.id),
            col(Voucher.issued_at) >= col(Case.decided_at),
        ),
        col(Voucher.issue_id).in_(select(col(Issue.id)).where(col(Issue.measure) == issue.measure)),
    )
    still = (
        (col(Case.state) == State.CLOSED)
        & (col(Case.recommended) == Move.APPROVE)
        & (col(Case.decided_at) > issue.created_at - WAITS_FOR)
        & ~got_one
    )
    return (
        select(Case)
        .where(
            col(Case.measure) == issue.measure,
            col(Case.region).in_(within),
            or_(col(Case.state) == State.APPROVED, still),
            col(Case.amount_fen).is_(None),
            col(Case.worker_id).not_in(given),
            # Once their case is closed somebody may be.
            col(Case.worker_id).not_in(erased),
        )
        .order_by(col(Case.decided_at), col(Case.id))
    )


def issue_to(
    session: Session,
    post: Post,
    issue: Issue,
    cases: Sequence[Case],
    *,
    by: Officer,
    now: datetime,
) -> list[Voucher]:
    """Give a voucher, and a card, to each whose case it is, and tell them; nobody gets a second.

    Raises `NotAllowed`, `NotOpen`, `FundShort`: then nobody gets any.
    """
    safe, regions = post.safe, post.library.regions
    require(by, Role.CASE_OFFICER, issue.region, regions)
    # Others who give vouchers of the same issue wait here: nobody gets two.
    session.refresh(issue, with_for_update=True)
    if not is_open(issue, china_day(now)):
        raise NotOpen(issue.id)
    # Whose case is moved at this moment waits no longer, nor does who is just leaving.
    wanted = cases[:MOST_AT_ONCE]
    held = people.held(session, [case.worker_id for case in wanted])
    these = col(Case.id).in_([case.id for case in wanted if case.worker_id in held])
    locked = _waiting(issue, regions).where(these)
    locked = locked.with_for_update(of=Case, skip_locked=True, key_share=True)
    fitting = {case.id for case in session.scalars(locked)}
    known = Holders(session, safe, issue.id)
    chosen = known.one_each(session, [case for case in cases if case.id in fitting])
    if not chosen:
        return []
    if issue.fund_id is not None:
        total = issue.amount_fen * len(chosen)
        funds.promise(session, safe, issue.fund_id, total, issue_id=issue.id, by=by, now=now)
    to = [(case.worker_id, case.id) for case in chosen]
    return hand_out(session, post, issue, to, by=by.id, now=now)


def hand_out(
    session: Session,
    post: Post,
    issue: Issue,
    to: Sequence[tuple[int, str | None]],
    *,
    by: int,
    now: datetime,
) -> list[Voucher]:
    """Give a voucher and a card to each of these workers, for a case or for none, and tell them.

    Whoever calls has seen to all that stands against it: the fund holds the sum back, the issue is
    locked, nobody erases them meanwhile, none of them has one. `by`: the officer whose word it is.
    """
    known = hashes_of(session, [worker for worker, _ in to])
    made = [_voucher(issue, worker, case, by, now) for worker, case in to]
    for voucher in made:
        for each in known[voucher.worker_id][:1]:
            voucher.holder_hash = holder_hash(post.safe, issue.id, each)
    for voucher in made:
        cards.make(session, voucher.worker_id, now=now)
    session.add_all(made)
    session.flush()
    actor = audit.Actor.officer(by)
    for voucher in made:
        _audit_voucher(session, post.safe, voucher, actor, Action.CREATED, now)
    unasked = [each for each in made if each.case_id is None]
    asked = [each for each in made if each.case_id is not None]
    telling.tell_issued(session, post, issue, asked, now=now)
    telling.tell_issued(session, post, issue, unasked, unasked=True, now=now)
    return made


def take_back(
    session: Session,
    safe: Safe,
    voucher: Voucher,
    *,
    by: Officer,
    regions: Regions,
    reason: str,
    now: datetime,
) -> int:
    """Take a voucher back; what is left of it, which is returned, goes back to the fund.

    Raises `NotAllowed`.
    """
    issue = session.get_one(Issue, voucher.issue_id)
    require(by, Role.CASE_OFFICER, issue.region, regions)
    session.refresh(voucher, with_for_update=True)
    rest = voucher.left_fen
    if rest or voucher.ended_at is None:
        session.add(
            Return(voucher_id=voucher.id, at=now, why=ReturnWhy.TAKEN_BACK, amount_fen=rest)
        )
    voucher.left_fen, voucher.left_uses = 0, None if voucher.uses is None else 0
    voucher.ended_at = voucher.ended_at or now
    session.add(voucher)
    session.flush()
    if rest and issue.fund_id is not None:
        funds.give_back(session, safe, issue.fund_id, rest, issue_id=issue.id, by=by, now=now)
    actor = audit.Actor.officer(by.id)
    _audit_voucher(session, safe, voucher, actor, Action.CHANGED, now, reason)
    return rest


@dataclass(frozen=True, slots=True)
class Standing:
    """How an issue stands: vouchers given, their sum, what is left of it."""

    vouchers: int
    amount_fen: int
    left_fen: int


def standing(session: Session, issue_id: str) -> Standing:
    """How many vouchers of an issue were given, and what is left of them."""
    row = session.execute(
        select(
            func.count(),
            func.coalesce(func.sum(col(Voucher.amount_fen)), 0),
            func.coalesce(func.sum(col(Voucher.left_fen)), 0),
        ).where(col(Voucher.issue_id) == issue_id)
    ).one()
    return Standing(*(int(each) for each in row))


def of_issue(
    session: Session, issue_id: str, *, number: str = "", at_most: int = 200, skipping: int = 0
) -> list[Voucher]:
    """The vouchers of an issue, the newest first; `number`: that one, or those of that case."""
    found = select(Voucher).where(col(Voucher.issue_id) == issue_id)
    if number:
        found = found.where(or_(col(Voucher.id) == number, col(Voucher.case_id) == number))
    in_turn = found.order_by(col(Voucher.issued_at).desc(), col(Voucher.id))
    return list(session.scalars(in_turn.limit(at_most).offset(skipping)))


def of_worker(session: Session, worker_id: int) -> list[tuple[Voucher, Issue]]:
    """Somebody's vouchers, those first that end first."""
    rows = session.execute(
        select(Voucher, Issue)
        .join(Issue, col(Issue.id) == col(Voucher.issue_id))
        .where(col(Voucher.worker_id) == worker_id)
        .order_by(col(Issue.last_on), col(Voucher.id))
    )
    return [(row[0], row[1]) for row in rows]


def is_open(issue: Issue, today: date) -> bool:
    """Whether vouchers of it may be given on a day."""
    return issue.state == IssueState.OPEN and today <= issue.last_on


def is_usable(voucher: Voucher, issue: Issue, today: date) -> bool:
    """Whether something is left of a voucher that can be used on a day."""
    return (
        voucher.ended_at is None
        and issue.first_on <= today <= issue.last_on
        and (voucher.left_uses is None or voucher.left_uses > 0)
        and (voucher.amount_fen == 0 or voucher.left_fen > 0)
    )


def _check(session: Session, proposal: Proposal, regions: Regions, today: date) -> None:
    if not proposal.first_on <= proposal.last_on or proposal.last_on < today:
        raise IssueUnfit("last_on")
    if not 0 <= proposal.amount_fen <= MOST_FEN:
        raise IssueUnfit("amount_fen")
    if proposal.uses is not None and not 1 <= proposal.uses <= 1000:
        raise IssueUnfit("uses")
    if (proposal.fund_id is None) != (proposal.amount_fen == 0):
        raise IssueUnfit("fund_id")
    if proposal.fund_id is None:
        return
    fund = session.get(Fund, proposal.fund_id)
    if fund is None or not funds.pays_for(fund, proposal.measure, proposal.region, regions):
        raise IssueUnfit("fund_id")


def _voucher(issue: Issue, worker: int, case: str | None, by: int, now: datetime) -> Voucher:
    return Voucher(
        id=numbering.key("V"),
        issue_id=issue.id,
        worker_id=worker,
        case_id=case,
        amount_fen=issue.amount_fen,
        left_fen=issue.amount_fen,
        uses=issue.uses,
        left_uses=issue.uses,
        issued_at=now,
        issued_by=by,
    )


def _step(
    session: Session, issue: Issue, stands: IssueState, version: int, now: datetime, **values: Any
) -> None:
    is_there = col(Issue.state) == stands
    if not db.change_version(session, issue, version, is_there, changed_at=now, **values):
        raise IssueChanged(issue.id)


def _audit(
    session: Session, safe: Safe, issue: Issue, by: Officer, action: Action, now: datetime
) -> None:
    audit.record(
        session,
        safe,
        by=audit.Actor.officer(by.id),
        action=action,
        about="voucher_issue",
        row=issue.id,
        worker_id=None,
        now=now,
    )


def _audit_voucher(
    session: Session,
    safe: Safe,
    voucher: Voucher,
    by: audit.Actor,
    action: Action,
    now: datetime,
    reason: str = "",
) -> None:
    audit.record(
        session,
        safe,
        by=by,
        action=action,
        about="voucher",
        row=voucher.id,
        worker_id=voucher.worker_id,
        reason=reason,
        now=now,
    )
