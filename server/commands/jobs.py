"""`nuangang jobs …`: what a timer runs: deliver notices, forget and erase what is over."""

import argparse
import signal
import sys
import time
from collections.abc import Callable, Iterable, Sequence
from functools import cache, partial
from threading import Event
from typing import TYPE_CHECKING

import structlog

from server.commands.at_hand import FAILED, OK, AtHand, with_all_at_hand

if TYPE_CHECKING:
    from server.confidential.subject_keys import SubjectKeys
    from server.personal.holdings import Holding
    from server.platform.interface import Platform
    from server.web.resources import Resources

NOT_SET_UP = 78
"""The exit code that starting again does not help: EX_CONFIG, as systemd is told."""
_ASKING_SECONDS = 60.0

_log = structlog.get_logger()


def add_to(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the command to a parser."""
    jobs = commands.add_parser("jobs", help="deliver notices, show stuck ones, forget what is over")
    verbs = jobs.add_subparsers(title="commands", required=True, metavar="COMMAND")

    deliver = verbs.add_parser("deliver", help="send the notices that are due")
    deliver.add_argument("--watch", action="store_true", help="go on until stopped")
    deliver.set_defaults(run=_deliver)

    outreach = verbs.add_parser(
        "outreach", help="hand the messages of campaigns to the outbox, note what became of them"
    )
    outreach.set_defaults(run=_outreach)

    box = verbs.add_parser("outbox", help="how many notices stand where, and which are stuck")
    box.add_argument(
        "--again",
        metavar="ID",
        help="send a stuck notice again; 'all': all that are too_late, which surely did not arrive",
    )
    box.set_defaults(run=_outbox)

    sweep = verbs.add_parser(
        "sweep", help="forget sessions, contexts, receipts, counts, stored objects that are over"
    )
    sweep.set_defaults(run=_sweep)

    cases = verbs.add_parser("cases", help="go on with cases whose time is over, close final ones")
    cases.set_defaults(run=_cases)

    report = verbs.add_parser(
        "report",
        help="count messages by the hour, keep the report of each week that is over",
        description="A week ends on Friday at 16:00 in Shanghai; run it on Friday from 16:10 on. "
        "Weeks that were missed are made up for, as far as they go back.",
    )
    report.set_defaults(run=_report)

    erase = verbs.add_parser(
        "erase",
        help="erase what was kept for as long as it may be",
        description="After a restore the keys of those who came since the backup stay, as a newer "
        "backup may still be brought back.",
    )
    erase.add_argument(
        "--newer-keys-too",
        action="store_true",
        help="no newer backup will be restored: destroy those keys as well, for good",
    )
    erase.set_defaults(run=_erase)


@with_all_at_hand
def _deliver(at: AtHand, parsed: argparse.Namespace) -> int:
    from server.clock import utc_now
    from server.platform.delivering import deliver
    from server.platform.interface import make_platform

    platform = make_platform(at.settings, at.database, at.safe, utc_now)
    if platform is None:
        print("nuangang: WeChat is not set up: set NUANGANG_WECHAT_*", file=sys.stderr)
        return NOT_SET_UP
    stop = Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    counted = deliver(
        at.database,
        at.safe,
        platform,
        clock=utc_now,
        stop=stop,
        watch=parsed.watch,
        between=_Between(at, platform),
    )
    told = ", ".join(f"{count} {state}" for state, count in sorted(counted.items()))
    print(f"delivered: {told or 'nothing was due'}")
    return OK


@with_all_at_hand
def _outbox(at: AtHand, parsed: argparse.Namespace) -> int:
    from server.clock import CHINA, utc_now
    from server.notices import outbox

    if parsed.again is not None:
        with at.database.begin() as session:
            if parsed.again == "all":
                again = outbox.send_late_again(session, now=utc_now())
            else:
                again = int(outbox.send_again(session, parsed.again, now=utc_now()))
        print(f"{again} notices are due again")
        return OK if again else FAILED
    with at.database.read() as session:
        counted = outbox.counts(session)
        stuck = outbox.stuck(session)
    print(", ".join(f"{count} {state}" for state, count in counted.items()) or "empty")
    for notice in stuck:
        made = notice.created_at.astimezone(CHINA)
        print(
            f"{notice.id} {made:%Y-%m-%d %H:%M} {notice.state:8} {notice.error or '-':14}"
            f" {notice.kind:18} worker {notice.worker_id or '-'}, {notice.attempts} attempts"
        )
    return OK


@with_all_at_hand
def _outreach(at: AtHand, _: argparse.Namespace) -> int:
    from collections import Counter

    from server.clock import utc_now
    from server.outreach import sending

    mailing = sending.mailing_of(at.settings, at.safe)
    total: Counter[str] = Counter()
    while counted := +sending.go_on(at.database, mailing, clock=utc_now):
        total += counted
    print(", ".join(f"{count} {what}" for what, count in sorted(total.items())) or "nothing to do")
    return OK


@with_all_at_hand
def _cases(at: AtHand, _: argparse.Namespace) -> int:
    from server.arrears import handling
    from server.casework import deciding, drafting, objecting
    from server.clock import utc_now
    from server.vouchers import lapsing, rounds
    from server.web.resources import make_post

    database, safe = at.database, at.safe
    post = make_post(at.settings, safe, at.served().library)

    def within(chore: Callable[..., int], **named: object) -> Callable[[], int]:
        def do() -> int:
            with database.begin() as session:
                return chore(session, safe, **named, now=utc_now())

        return do

    failed: list[str] = []

    def each(which: Callable[..., Sequence[str]], chore: Callable[..., int]) -> Callable[[], int]:
        """In a transaction for each: nobody waits for all, and one that fails stops no other."""

        def do() -> int:
            moved: list[int] = []

            def move(id: str) -> None:
                moved.append(within(chore, post=post, only=id)())

            with database.read() as session:
                ids = which(session, now=utc_now())
            failed.extend(id for id in ids if not _done(f"case {id}", partial(move, id)))
            return sum(moved)

        return do

    def ask_anew() -> int:
        asked = 0
        while True:
            # A new text may concern everybody: nobody else waits for all of them.
            with database.begin() as session:
                some = deciding.ask_anew(session, post, now=utc_now())
            if not some:
                return asked
            asked += some

    chores: tuple[tuple[str, Callable[[], int]], ...] = (
        ("cases go on without the material", each(deciding.overdue, deciding.go_on_overdue)),
        ("cases closed", each(objecting.final, objecting.close_final)),
        ("drafts given up", each(drafting.old, drafting.discard_old)),
        ("people asked for their yes to a new text", ask_anew),
        (
            "people of rounds seen to that were under way",
            lambda: rounds.go_on_all(database, post, clock=utc_now),
        ),
        ("fen of vouchers given back", within(lapsing.lapse)),
        (
            "people told of a voucher that ends",
            lambda: lapsing.warn_all(database, post, clock=utc_now),
        ),
        ("joint reports given up", within(handling.lapse)),
    )

    return OK if _all_done(chores) and not failed else FAILED


@with_all_at_hand
def _report(at: AtHand, _: argparse.Namespace) -> int:
    from server import tallying
    from server.casework import weekly_reports
    from server.clock import utc_now

    now, database = utc_now(), at.database
    library = at.served().library
    print(f"{tallying.tally_due(database, library, now=now):6} hours of messages counted")
    with database.read() as session:
        due = weekly_reports.due(session, now=now)
    for week in due:
        with database.begin() as session:
            if weekly_reports.keep(session, library, week, now=now):
                print(f"the report of the week to {week.friday} is kept")
    if not due:
        print("every week that is over has its report")
    return OK


@with_all_at_hand
def _sweep(at: AtHand, _: argparse.Namespace) -> int:
    from server import tallying
    from server.chat import conversations
    from server.clock import utc_now
    from server.notices import outbox
    from server.register import importing
    from server.staff import sessions as staff_sessions
    from server.web import rate_limits, sessions
    from server.wechat import followers, receipts

    now, database = utc_now(), at.database

    def within(forget: Callable[..., int]) -> Callable[[], int]:
        def do() -> int:
            # Each in a transaction of its own, so that nobody waits for all of them.
            with database.begin() as session:
                return forget(session, now=now)

        return do

    done = _all_done(
        (
            (
                "hours of messages counted",
                lambda: tallying.tally_due(database, at.served().library, now=now),
            ),
            ("sessions forgotten", within(sessions.forget_expired)),
            ("sessions of the staff forgotten", within(staff_sessions.forget_over)),
            ("contexts forgotten", within(conversations.forget_expired)),
            ("notices forgotten", within(outbox.forget_settled)),
            ("rate counts forgotten", within(rate_limits.forget_over)),
            ("receipts forgotten", within(receipts.forget_expired)),
            ("followers forgotten", within(followers.forget_expired)),
            ("files for the register forgotten", within(importing.forget_old)),
            ("objects deleted", lambda: _sweep_store(at)),
        )
    )
    return OK if done else FAILED


def _sweep_store(at: AtHand) -> int:
    from server.casework.sweeping import sweep
    from server.clock import utc_now
    from server.material_store import StoreAway, make_store
    from server.pairing import visiting

    try:
        store = make_store(at.settings)
        return sweep(at.database, store, others=[visiting.named], now=utc_now())
    except StoreAway as error:
        print(f"nuangang: the store of materials is away ({error})", file=sys.stderr)
        raise


@with_all_at_hand
def _erase(at: AtHand, parsed: argparse.Namespace) -> int:
    from server.personal import erasing

    keys = at.keys()
    done = [
        _all_done(
            (f"rows of {holding.table} erased", partial(_forget_over, at, holding))
            for holding in erasing.with_an_end()
        ),
        _erase_again(at, keys),
    ]
    if parsed.newer_keys_too:
        done.append(_done("newer keys given up", keys.give_up_held))
    done.append(_all_done([("keys without a worker destroyed", keys.destroy_unclaimed)]))
    done.append(_done("keys kept", lambda: _tell_held(keys)))
    return OK if all(done) else FAILED


def _forget_over(at: AtHand, holding: "Holding") -> int:
    from server.clock import utc_now
    from server.personal import erasing

    total, some = 0, -1
    while some:
        with at.database.begin() as session:
            some = erasing.forget_over(session, holding, now=utc_now())
        total += some
    return total


def _erase_again(at: AtHand, keys: "SubjectKeys") -> bool:
    """Erase whom a backup brought back: their keys are gone for good."""
    from server import leaving
    from server.clock import utc_now
    from server.records.audit import Actor
    from server.web.resources import make_post

    making_post = cache(lambda: make_post(at.settings, at.safe, at.library()))
    workers: set[int] = set()

    def erase(worker: int) -> None:
        with at.database.begin() as session:
            again = leaving.leave(
                session, at.safe, worker_id=worker, by=Actor.job("erase"), making_post=making_post,
                now=utc_now(),
            )  # fmt: skip
        keys.destroy(again)
        print(f"worker {worker} erased again")

    done = [_done("people to erase again", lambda: workers.update(keys.erased()))]
    done += [_done("erase again", partial(erase, worker)) for worker in sorted(workers)]
    return all(done)


def _tell_held(keys: "SubjectKeys") -> None:
    if held := keys.held():
        print(
            f"{held:6} keys kept that are newer than the backup that was restored; once no newer "
            "one will be: nuangang jobs erase --newer-keys-too"
        )


def _all_done(chores: Iterable[tuple[str, Callable[[], int]]]) -> bool:
    """Do each chore and print how many of what it names; whether none failed."""

    def told(name: str, chore: Callable[[], int]) -> Callable[[], None]:
        return lambda: print(f"{chore():6} {name}")

    return all([_done(name, told(name, chore)) for name, chore in chores])


def _done(name: str, chore: Callable[[], object]) -> bool:
    """Do one chore; a fault in it is logged, and keeps no other from being done."""
    try:
        chore()
    except Exception as error:
        _log.error("chore_failed", chore=name, exc_info=error)
        return False
    return True


class _Between:
    """What is looked after between deliveries."""

    def __init__(self, at: AtHand, platform: "Platform") -> None:
        self._at = at
        self._platform = platform
        self._answering: Resources | None = None
        self._asked_at: float | None = None
        self._caught_up: int | None = None

    def __call__(self) -> None:
        """Answer what is owed or answered lately, hand over campaigns, and ask who is who."""
        for chore in (self._answer_owed, self._catch_up, self._hand_over, self._ask_unionids):
            _done(chore.__name__.strip("_"), chore)

    def _answer_owed(self) -> None:
        from server.clock import utc_now
        from server.web.resources import make_resources
        from server.wechat import answering, receipts

        if receipts.any_owed(self._at.database, now=utc_now()):
            # Only answering needs the knowledge, which takes a while to load.
            self._answering = self._answering or make_resources(self._at.settings)
            answering.answer_owed(self._answering)

    def _hand_over(self) -> None:
        from server.clock import utc_now
        from server.outreach import sending

        if sending.any_under_way(self._at.database):
            mailing = sending.mailing_of(self._at.settings, self._at.safe)
            sending.go_on(self._at.database, mailing, clock=utc_now)

    def _catch_up(self) -> None:
        from server.clock import utc_now
        from server.editing.catching_up import release_to_catch_up

        with self._at.database.read() as session:
            release = release_to_catch_up(session, now=utc_now())
        if release is None or release == self._caught_up:
            return
        self._tell_of(release)
        self._caught_up = release

    def _tell_of(self, release: int) -> None:
        from bot.answers import Answer, Context
        from server.clock import china_day, utc_now
        from server.editing.catching_up import answers, tell

        served = self._at.served(release)
        now = utc_now()

        def ask(text: str, region: str | None) -> Answer:
            chosen = region if region in served.library.regions else None
            return served.answer(text, Context(), today=china_day(now), region=chosen).answer

        with self._at.database.read() as session:
            found = answers(session, ask, now=now)
        with self._at.database.begin() as session:
            tell(session, self._at.safe, found, app_id=self._platform.account.app_id, now=now)

    def _ask_unionids(self) -> None:
        from server.clock import utc_now
        from server.platform.delivering import ask_unionids
        from server.web.resources import make_post

        if self._asked_at is None or time.monotonic() - self._asked_at >= _ASKING_SECONDS:
            self._asked_at = time.monotonic()
            ask_unionids(
                self._at.database,
                self._at.safe,
                self._platform.account,
                making_post=lambda: make_post(self._at.settings, self._at.safe, self._at.library()),
                clock=utc_now,
            )
