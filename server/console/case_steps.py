"""What an officer can do with a case now, after the table of legal moves, and what it takes."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlmodel import Session, col

from server import money
from server.casework import funds, objecting, officers, payable, reservations
from server.casework.fund_tables import Fund, Reservation
from server.casework.moves import Move, State, moves_from
from server.casework.officers import Officer, Role
from server.casework.tables import Case
from server.console import forms
from server.console.entering import regions
from server.console.forms import Form
from server.console.rendering import shown_yuan
from server.web.resources import resources

SLUGS: Mapping[Move, str] = {
    Move.TAKE: "take",
    Move.ASSIGN: "assign",
    Move.REQUEST_MATERIAL: "request-material",
    Move.GO_ON: "go-on",
    Move.RECOMMEND: "recommend",
    Move.RETURN: "return",
    Move.APPROVE: "approve",
    Move.REFUSE: "refuse",
    Move.REOPEN: "reopen",
    Move.UPHOLD: "uphold",
    Move.DISMISS: "dismiss",
}
"""The moves that are made on the page of a case; payments are made in batches."""


@dataclass(frozen=True, slots=True)
class Step:
    """A move that the officer can make now; or, with `why_not`, that only another one can."""

    move: Move
    slug: str
    why_not: str = ""
    options: tuple[tuple[Any, str], ...] = ()
    """Whom to assign it to, what to ask for, which fund pays."""
    note: str = ""
    """What is to be known before it is made."""
    goes_on: bool = False
    """Some of it was paid: it is paid on out of the same fund, in the same instalments."""


def steps(session: Session, case: Case, who: Officer) -> list[Step]:
    """The moves that are legal now for this officer, and no others."""
    legal = {
        move
        for actor in who.actors
        for move in moves_from(State(case.state), actor)
        if move in SLUGS
    }
    found = []
    for move in SLUGS:
        if move not in legal or (move in (Move.APPROVE, Move.REFUSE) and case.recommended != move):
            continue
        if move is Move.RETURN and case.recommended is None:
            continue
        found.append(
            Step(
                move,
                SLUGS[move],
                _why_not(session, case, move, who),
                _options(session, case, move, who),
                _note(session, case, move),
                reservations.paid_fen(session, case.id) > 0,
            )
        )
    return found


def _why_not(session: Session, case: Case, move: Move, who: Officer) -> str:
    if move in (Move.APPROVE, Move.REFUSE) and case.author_id == who.id:
        return "经办意见是你提的，要由另一个人审批。"
    if move in (Move.UPHOLD, Move.DISMISS) and who.id in objecting.had_part(session, case):
        return "这个办件的结果有你经手，申诉要由另一个人处理。"
    if move is Move.REOPEN and payable.is_on_its_way(session, case.id):
        return "要重新审核，先把发放批次作废，或者等银行的结果出来。"
    return ""


def _note(session: Session, case: Case, move: Move) -> str:
    if move is Move.REOPEN and case.amount_fen is None:
        return "已经发出的券不会自动收回：到“卡和券”里那一批的页面，用办件编号找到它再收回。"
    kept = session.get(Reservation, case.id)
    if kept is None or move not in (Move.RECOMMEND, Move.APPROVE):
        return ""
    promised = shown_yuan(kept.amount_fen)
    if kept.paid_fen:
        return (
            f"已经发了{shown_yuan(kept.paid_fen)}。再通过的，总金额只能是原来的{promised}，"
            "余下的按原来的期数接着发；要停发余下的，按不通过办。"
        )
    before = f"原来批的是{promised}，分{kept.instalments}期，一分没发。"
    if move is Move.RECOMMEND:
        return f"{before}金额可以改；不填，通过以后就不发钱。"
    return before if case.amount_fen is not None else f"{before}这次没写金额：通过以后就不发钱。"


def as_granted(session: Session, case: Case) -> dict[str, Form[Any]]:
    """The forms of a case that was granted money, with what it was granted."""
    kept = session.get(Reservation, case.id)
    if kept is None:
        return {}
    return {
        "recommend": forms.empty(amount=money.spoken(kept.amount_fen)),
        "approve": forms.empty(fund=str(kept.fund_id), instalments=kept.instalments),
    }


def _options(session: Session, case: Case, move: Move, who: Officer) -> tuple[tuple[Any, str], ...]:
    library = resources().serving.current().library
    if move is Move.ASSIGN:
        return tuple(
            (each.officer.id, each.officer.name)
            for each in officers.listed(session)
            if each.active
            and Role.CASE_OFFICER in each.officer.roles
            and each.officer.covers(case.region, regions())
        )
    if move is Move.REQUEST_MATERIAL:
        listed = library.checklists.get(case.measure)
        first = list(listed.kinds()) if listed else []
        rest = [kind for kind in library.materials if kind not in first]
        return tuple((kind, library.materials[kind].title) for kind in (*first, *rest))
    if move is Move.APPROVE and case.amount_fen is not None:
        rows = session.scalars(select(Fund).order_by(col(Fund.id))).all()
        return tuple(
            (fund.id, f"{fund.name}（还剩{shown_yuan(funds.sums(session, fund.id).left_fen)}）")
            for fund in rows
            if fund.id is not None and funds.pays_for(fund, case.measure, case.region, regions())
        )
    return ()
