"""`nuangang funds …`, `nuangang payments …`, `nuangang proactive`: the money, from fund to bank."""

import argparse
import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from server.commands.at_hand import FAILED, OK, AtHand, by_officer

if TYPE_CHECKING:
    from sqlmodel import Session

    from server.casework.advancing import Post
    from server.casework.fund_tables import PaymentBatch
    from server.casework.officers import Officer
    from server.casework.payments import Cashier
    from server.confidential.sealing import Safe
    from server.confidential.subject_keys import SubjectKeys
    from server.database.db import Database

T = TypeVar("T")

_AT_ONCE = 50
"""Rows of a bank's result that are taken in one transaction."""
_TOLD = 20


def add_to(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the commands to a parser."""
    _add_funds(commands.add_parser("funds", help="set up funds, show what is left of them"))
    _add_payments(commands.add_parser("payments", help="batches of payments, to the bank and back"))
    proactive = commands.add_parser(
        "proactive",
        help="cases without an application, from the outcome of `nuangang match`",
        description="Without --confirm it counts what would become of every line, and changes "
        "nothing.",
    )
    proactive.add_argument("outcome", type=Path, help="CSV of `nuangang match`")
    proactive.add_argument("roster", type=Path, help="CSV or XLSX: 编号,姓名,身份证号,手机号,…")
    proactive.add_argument("--measure", action="append", default=[], help="only this measure")
    proactive.add_argument("--confirm", metavar="RUN", help="what the dry run printed")
    by_officer(proactive, _desk, _proactive)


def _add_funds(funds: argparse.ArgumentParser) -> None:
    verbs = funds.add_subparsers(title="commands", required=True, metavar="COMMAND")
    add = verbs.add_parser("add", help="set up a fund")
    add.add_argument("name")
    add.add_argument("--purpose", required=True)
    add.add_argument("--budget", required=True, type=_fen, help="yuan, as 5000000 or 0.50")
    add.add_argument("--measure", action="append", required=True)
    add.add_argument("--region", action="append", required=True)
    add.add_argument("--reason", default="", help="by what the money was granted")
    by_officer(add, _desk, _add_fund)
    grant = verbs.add_parser("grant", help="give a fund more, or less with a minus")
    grant.add_argument("fund", type=int)
    grant.add_argument("amount", type=_fen, help="yuan")
    grant.add_argument("--reason", default="")
    by_officer(grant, _desk, _grant)
    show = verbs.add_parser("show", help="what each fund has, holds back, has paid")
    by_officer(show, _desk, _show_funds)


def _add_payments(payments: argparse.ArgumentParser) -> None:
    verbs = payments.add_subparsers(title="commands", required=True, metavar="COMMAND")
    collect = verbs.add_parser("collect", help="put the approved cases of a fund into a batch")
    collect.add_argument("--fund", type=int, required=True)
    collect.add_argument("--instalment", type=_instalment, default=1)
    by_officer(collect, _desk, _collect)
    for name, step, told in (
        ("lock", _lock, "fix what is to be paid"),
        ("release", _release, "let it go to the bank; by a second officer"),
        ("cancel", _cancel, "undo a batch that the bank can't have yet"),
        ("show", _show, "how the payments of a batch stand"),
    ):
        verb = verbs.add_parser(name, help=told)
        verb.add_argument("batch")
        by_officer(verb, _desk, step)
    export = verbs.add_parser("export", help="write the files for the bank")
    export.add_argument("batch")
    export.add_argument("--to", type=Path, default=Path(), help="folder; the files are private")
    by_officer(export, _desk, _export)
    read = verbs.add_parser("import", help="take the bank's result")
    read.add_argument("batch")
    read.add_argument("file", type=Path, help="CSV or XLSX: 流水号,金额,结果,原因")
    read.add_argument("--dry-run", action="store_true", help="only count, and list bad rows")
    read.add_argument(
        "--taking-back",
        metavar="COUNT",
        type=int,
        default=0,
        help="how many payments that were paid may come back: as many as the dry run counts",
    )
    by_officer(read, _desk, _import)


@dataclass(frozen=True, slots=True)
class _Desk:
    """What an officer's command works with."""

    database: "Database"
    safe: "Safe"
    keys: "SubjectKeys"
    release_id: int
    post: "Post"
    officer: "Officer"

    def cashier(self, workers: Iterable[int], *, ordering: bool = False) -> "Cashier":
        """The officer with the keys of these workers."""
        from server.casework.payments import Cashier, keys_of
        from server.clock import utc_now

        keys = keys_of(self.keys, workers, ordering=ordering)
        return Cashier(self.officer, self.post, keys, utc_now())

    def at(self, batch_id: str) -> "Cashier":
        """The officer with the keys of those whom a batch pays."""
        from server.casework import payment_batches

        with self.database.read() as session:
            payment_batches.find(session, batch_id, self.officer, self.post.library.regions)
            workers = payment_batches.workers_of(session, batch_id)
        return self.cashier(workers)

    def step(self, batch_id: str, act: "Callable[[Session, Cashier, str], T]") -> T:
        """Make one step of a batch, in a transaction of its own."""
        cashier = self.at(batch_id)
        with self.database.begin() as session:
            return act(session, cashier, batch_id)


def _desk(at: AtHand, officer: "Officer") -> _Desk:
    from server.web.resources import make_post

    release_id, library = at.release()
    post = make_post(at.settings, at.safe, library)
    return _Desk(at.database, at.safe, at.keys(), release_id, post, officer)


# -- funds --------------------------------------------------------------------------------------


def _add_fund(desk: _Desk, parsed: argparse.Namespace) -> int:
    from server.casework import funds
    from server.clock import utc_now

    library = desk.post.library
    unknown = [measure for measure in parsed.measure if measure not in library.measures]
    unknown += [region for region in parsed.region if region not in library.regions]
    if unknown:
        print(f"nuangang: unknown: {', '.join(unknown)}", file=sys.stderr)
        return FAILED
    with desk.database.begin() as session:
        fund = funds.add(
            session,
            desk.safe,
            library.regions,
            name=parsed.name,
            purpose=parsed.purpose,
            budget_fen=parsed.budget,
            measures=parsed.measure,
            where=parsed.region,
            reason=parsed.reason,
            by=desk.officer,
            now=utc_now(),
        )
    print(f"fund {fund.id} is set up")
    return OK


def _grant(desk: _Desk, parsed: argparse.Namespace) -> int:
    from server.casework import funds
    from server.clock import utc_now

    with desk.database.begin() as session:
        funds.grant(
            session,
            desk.safe,
            desk.post.library.regions,
            parsed.fund,
            parsed.amount,
            reason=parsed.reason,
            by=desk.officer,
            now=utc_now(),
        )
    return _show_funds(desk, parsed)


def _show_funds(desk: _Desk, _: argparse.Namespace) -> int:
    from server.casework import funds
    from server.money import yuan

    result = OK
    with desk.database.read() as session:
        for fund in funds.listed(session, desk.officer, desk.post.library.regions):
            assert fund.id is not None
            sums = funds.sums(session, fund.id)
            print(
                f"{fund.id} {fund.name}: {yuan(sums.budget_fen)} given, {yuan(sums.reserved_fen)}"
                f" held back, {yuan(sums.spent_fen)} paid, {yuan(sums.left_fen)} left"
            )
            if funds.sums_of_ledger(session, fund.id) != sums:
                print("  the ledger says OTHERWISE", file=sys.stderr)
                result = FAILED
    return result


# -- payments -----------------------------------------------------------------------------------


def _collect(desk: _Desk, parsed: argparse.Namespace) -> int:
    from server.casework import payments
    from server.money import yuan

    with desk.database.read() as session:
        waiting = payments.due(
            session, desk.post, desk.officer, parsed.fund, instalment=parsed.instalment
        )
    cashier = desk.cashier([case.worker_id for case in waiting], ordering=True)
    with desk.database.begin() as session:
        found = payments.collect(session, cashier, parsed.fund, instalment=parsed.instalment)
    for case_id, why in sorted(found.left_out.items()):
        print(f"{case_id} left out: {why}", file=sys.stderr)
    if found.batch is None:
        print("nothing to pay")
        return OK
    batch = found.batch
    print(f"batch {batch.id}: {batch.payments} payments, {yuan(batch.total_fen)}")
    return OK


def _lock(desk: _Desk, parsed: argparse.Namespace) -> int:
    from server.casework import payment_batches

    return _tell(desk.step(parsed.batch, payment_batches.lock))


def _release(desk: _Desk, parsed: argparse.Namespace) -> int:
    from server.casework import payment_batches

    return _tell(desk.step(parsed.batch, payment_batches.release))


def _cancel(desk: _Desk, parsed: argparse.Namespace) -> int:
    from server.casework import payment_batches

    return _tell(desk.step(parsed.batch, payment_batches.cancel))


def _show(desk: _Desk, parsed: argparse.Namespace) -> int:
    from server.casework import payment_batches
    from server.money import yuan

    with desk.database.read() as session:
        regions = desk.post.library.regions
        batch = payment_batches.find(session, parsed.batch, desk.officer, regions)
        for state, (count, total) in payment_batches.counted(session, batch.id).items():
            print(f"{count:6} {state:10} {yuan(total)}")
    return _tell(batch)


def _export(desk: _Desk, parsed: argparse.Namespace) -> int:
    from server.casework import bank_files, payment_batches
    from server.confidential import private_files

    batch, lines = desk.step(parsed.batch, payment_batches.export)
    assert batch.exported_at is not None
    # Noted before it is written: what the bank may have is never cancelled.
    for name, content in (
        (f"{batch.id}.xlsx", bank_files.xlsx(batch.id, lines, batch.exported_at)),
        (f"{batch.id}.csv", bank_files.csv_file(lines)),
    ):
        private_files.write(parsed.to / name, content)
        print(parsed.to / name)
    return _tell(batch)


def _import(desk: _Desk, parsed: argparse.Namespace) -> int:
    from server.casework import bank_files, payment_results

    results, bad = bank_files.read_results(parsed.file)
    cashier = desk.at(parsed.batch)
    with desk.database.read() as session:
        found, wrong = payment_results.check(session, cashier, parsed.batch, results)
    for each in sorted([*bad, *wrong], key=lambda each: each.line):
        print(f"line {each.line}: {each.fault} {each.detail}", file=sys.stderr)
    told = f"{found.paid} paid, {found.returned} returned, {found.before} known before"
    if bad or wrong:
        print(f"{told}, {len({each.line for each in [*bad, *wrong]})} bad rows: nothing is taken")
        return FAILED
    back = found.taken_back
    if back:
        told += f", {len(back)} paid before and taken back"
    if parsed.dry_run:
        print(f"would be: {told}")
        return OK
    if back and len(back) != parsed.taking_back:
        print(f"{told}: nothing is taken without --taking-back {len(back)}")
        return FAILED
    for start in range(0, len(results), _AT_ONCE):
        with desk.database.begin() as session:
            some = results[start : start + _AT_ONCE]
            payment_results.settle(session, cashier, parsed.batch, some, coming_back=back)
    print(told)
    return OK


def _tell(batch: "PaymentBatch") -> int:
    from server.money import yuan

    print(f"batch {batch.id}: {batch.state}, {batch.payments} payments, {yuan(batch.total_fen)}")
    return OK


# -- proactive ----------------------------------------------------------------------------------


def _proactive(desk: _Desk, parsed: argparse.Namespace) -> int:
    from server.casework import proactive
    from server.casework.matched_rosters import read_matched_roster
    from server.clock import china_day, utc_now

    now = utc_now()
    run = proactive.Run(
        desk.post.library,
        desk.release_id,
        read_matched_roster(parsed.outcome, parsed.roster),
        desk.officer,
        desk.safe,
        china_day(now),
        proactive.chosen(parsed.measure),
    )
    if parsed.confirm not in (None, run.digest):
        print(f"nuangang: these files are run {run.digest}, another one", file=sys.stderr)
        return FAILED
    if parsed.confirm is None:
        told = proactive.dry_run(desk.database, desk.keys, run)
    else:
        told = list(proactive.propose(desk.database, desk.keys, run, clock=utc_now))
    for measure, fates in sorted(proactive.counted(told).items()):
        listed = ", ".join(f"{count} {fate}" for fate, count in sorted(fates.items()))
        print(f"{measure}: {listed}")
    for entry in [each for each in run.roster.entries if each.reason][:_TOLD]:
        print(f"line {entry.line}: can't read {entry.reason}", file=sys.stderr)
    if parsed.confirm is None:
        print(f"nothing is changed; --confirm {run.digest} proposes them")
    return OK


def _instalment(written: str) -> int:
    try:
        number = int(written)
    except ValueError:
        number = 0
    if number < 1:
        raise argparse.ArgumentTypeError(f"{written!r} is no instalment: they are counted from 1")
    return number


def _fen(written: str) -> int:
    from server import money

    try:
        return money.fen(written)
    except money.NoSum:
        raise argparse.ArgumentTypeError(f"{written!r} is no sum like 5000000 or 0.50") from None
