"""`nuangang jobs …`: what a timer runs: deliver notices, forget and erase what is over."""

import argparse
import signal
import sys
import time
from threading import Event
from typing import TYPE_CHECKING

import structlog

if TYPE_CHECKING:
    from server.db import Database
    from server.platform import Platform
    from server.resources import Resources
    from server.sealing import Safe
    from server.settings import Settings

_OK = 0
_FAILED = 1
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
    box.add_argument("--again", metavar="ID", help="send a stuck notice again; 'all': all of them")
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

    erase = verbs.add_parser("erase", help="erase what was kept for as long as it may be")
    erase.set_defaults(run=_erase)


def _deliver(parsed: argparse.Namespace) -> int:
    from server.clock import utc_now
    from server.delivering import deliver
    from server.platform import make_platform
    from server.resources import make_safe
    from server.settings import load_settings

    settings = load_settings()
    database, safe = _prepared(settings), make_safe(settings)
    platform = make_platform(settings, database, safe, utc_now)
    if platform is None:
        print("nuangang: WeChat is not set up: set NUANGANG_WECHAT_*", file=sys.stderr)
        return _FAILED
    stop = Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    counted = deliver(
        database,
        safe,
        platform,
        clock=utc_now,
        stop=stop,
        watch=parsed.watch,
        between=_Between(settings, database, safe, platform),
    )
    told = ", ".join(f"{count} {state}" for state, count in sorted(counted.items()))
    print(f"delivered: {told or 'nothing was due'}")
    return _OK


def _outbox(parsed: argparse.Namespace) -> int:
    from server import outbox
    from server.clock import CHINA, utc_now
    from server.settings import load_settings

    database = _prepared(load_settings())
    if parsed.again is not None:
        with database.begin() as session:
            ids = [parsed.again]
            if parsed.again == "all":
                ids = [notice.id for notice in outbox.stuck(session, at_most=100_000)]
            again = sum(outbox.send_again(session, id, now=utc_now()) for id in ids)
        print(f"{again} notices are due again")
        return _OK if again else _FAILED
    with database.read() as session:
        counted = outbox.counts(session)
        stuck = outbox.stuck(session)
    print(", ".join(f"{count} {state}" for state, count in counted.items()) or "empty")
    for notice in stuck:
        at = notice.created_at.astimezone(CHINA)
        print(
            f"{notice.id} {at:%Y-%m-%d %H:%M} {notice.state:8} {notice.error or '-':14}"
            f" {notice.kind:18} worker {notice.worker_id or '-'}, {notice.attempts} attempts"
        )
    return _OK


def _outreach(_: argparse.Namespace) -> int:
    from collections import Counter

    from server.clock import utc_now
    from server.outreach import sending
    from server.resources import make_safe
    from server.settings import load_settings

    settings = load_settings()
    database, mailing = _prepared(settings), sending.mailing_of(settings, make_safe(settings))
    total: Counter[str] = Counter()
    while counted := +sending.go_on(database, mailing, clock=utc_now):
        total += counted
    print(", ".join(f"{count} {what}" for what, count in sorted(total.items())) or "nothing to do")
    return _OK


def _cases(_: argparse.Namespace) -> int:
    from server.arrears import handling
    from server.casework import deciding, drafting, objecting
    from server.clock import utc_now
    from server.preparing import kept_indexes
    from server.resources import make_post, make_safe
    from server.serving import load
    from server.settings import load_settings
    from server.vouchers import issuing

    settings = load_settings()
    database, safe = _prepared(settings), make_safe(settings)
    post = make_post(settings, safe, load(database, kept_indexes(settings)).library)
    for name, settle in (
        ("cases go on without the material", deciding.go_on_overdue),
        ("cases closed", objecting.close_final),
        ("drafts given up", drafting.discard_old),
    ):
        with database.begin() as session:
            print(f"{settle(session, safe, post, now=utc_now()):6} {name}")
    with database.begin() as session:
        print(f"{issuing.lapse(session, safe, now=utc_now()):6} fen of vouchers given back")
    with database.begin() as session:
        print(f"{handling.lapse(session, safe, now=utc_now()):6} joint reports given up")
    return _OK


def _report(_: argparse.Namespace) -> int:
    from server import tallying
    from server.casework import weekly_reports
    from server.clock import utc_now
    from server.preparing import kept_indexes
    from server.serving import load
    from server.settings import load_settings

    now, settings = utc_now(), load_settings()
    database = _prepared(settings)
    library = load(database, kept_indexes(settings)).library
    print(f"{tallying.tally_due(database, library, now=now):6} hours of messages counted")
    with database.read() as session:
        due = weekly_reports.due(session, now=now)
    for week in due:
        with database.begin() as session:
            if weekly_reports.keep(session, library, week, now=now):
                print(f"the report of the week to {week.friday} is kept")
    if not due:
        print("every week that is over has its report")
    return _OK


def _sweep(_: argparse.Namespace) -> int:
    from server import conversations, outbox, rate_limits, sessions, tallying
    from server.clock import utc_now
    from server.preparing import kept_indexes
    from server.register import importing
    from server.serving import load
    from server.settings import load_settings
    from server.staff import sessions as staff_sessions
    from server.wechat import followers, receipts

    now, settings = utc_now(), load_settings()
    database = _prepared(settings)
    # First: what is forgotten below is never counted again.
    library = load(database, kept_indexes(settings)).library
    print(f"{tallying.tally_due(database, library, now=now):6} hours of messages counted")
    for name, forget in (
        ("sessions", sessions.forget_expired),
        ("sessions of the staff", staff_sessions.forget_over),
        ("contexts", conversations.forget_expired),
        ("notices", outbox.forget_settled),
        ("rate counts", rate_limits.forget_over),
        ("receipts", receipts.forget_expired),
        ("followers", followers.forget_expired),
        ("files for the register", importing.forget_old),
    ):
        # Each in a transaction of its own, so that nobody waits for all of them.
        with database.begin() as session:
            print(f"{forget(session, now=now):6} {name} forgotten")
    return _sweep_store(settings, database)


def _sweep_store(settings: "Settings", database: "Database") -> int:
    from server.casework.sweeping import sweep
    from server.clock import utc_now
    from server.material_store import StoreAway, make_store
    from server.pairing import visiting

    try:
        store = make_store(settings)
        swept = sweep(database, store, others=[visiting.named], now=utc_now())
        print(f"{swept:6} objects deleted")
    except StoreAway as error:
        print(f"nuangang: the store of materials is away ({error})", file=sys.stderr)
        return _FAILED
    return _OK


def _erase(_: argparse.Namespace) -> int:
    from server import erasing
    from server.audit import Actor
    from server.clock import utc_now
    from server.pairing import keeping as pairings
    from server.register import keeping
    from server.resources import make_safe, make_subject_keys
    from server.settings import load_settings

    settings = load_settings()
    database, safe = _prepared(settings), make_safe(settings)
    keys = make_subject_keys(settings, database, safe)
    for holding in erasing.with_an_end():
        total, some = 0, -1
        while some:
            with database.begin() as session:
                some = erasing.forget_over(session, holding, now=utc_now())
            total += some
        print(f"{total:6} rows of {holding.table} erased")
    for worker in sorted(keys.erased()):
        # A backup brought them back; their keys are gone for good.
        with database.begin() as session:
            keeping.let_go(session, safe, worker_id=worker, now=utc_now())
            pairings.let_go(session, safe, worker_id=worker, now=utc_now())
            again = erasing.erase(
                session, safe, worker_id=worker, by=Actor("job", "erase"), now=utc_now()
            )
        keys.destroy(again)
        print(f"worker {worker} erased again")
    print(f"{keys.destroy_unclaimed():6} keys without a worker destroyed")
    return _OK


class _Between:
    """What is looked after between deliveries."""

    def __init__(
        self, settings: "Settings", database: "Database", safe: "Safe", platform: "Platform"
    ) -> None:
        self._settings = settings
        self._database = database
        self._safe = safe
        self._platform = platform
        self._answering: Resources | None = None
        self._asked_at: float | None = None
        self._caught_up: int | None = None

    def __call__(self) -> None:
        """Answer what is owed or answered lately, and ask who is who; a fault ends one round."""
        try:
            self._answer_owed()
            self._catch_up()
            self._hand_over()
            self._ask_unionids()
        except Exception as error:
            _log.warning("round_failed", reason=type(error).__name__)

    def _answer_owed(self) -> None:
        from server.clock import utc_now
        from server.resources import make_resources
        from server.wechat import answering, receipts

        if receipts.any_owed(self._database, now=utc_now()):
            # Only answering needs the knowledge, which takes a while to load.
            self._answering = self._answering or make_resources(self._settings)
            answering.answer_owed(self._answering)

    def _hand_over(self) -> None:
        from server.clock import utc_now
        from server.outreach import sending

        if sending.any_under_way(self._database):
            mailing = sending.mailing_of(self._settings, self._safe)
            sending.go_on(self._database, mailing, clock=utc_now)

    def _catch_up(self) -> None:
        from server.clock import utc_now
        from server.editing.catching_up import release_to_catch_up

        with self._database.read() as session:
            release = release_to_catch_up(session, now=utc_now())
        if release is None or release == self._caught_up:
            return
        self._tell_of(release)
        self._caught_up = release

    def _tell_of(self, release: int) -> None:
        from bot.answers import Answer, Context
        from server.clock import china_day, utc_now
        from server.editing.catching_up import answers, tell
        from server.preparing import kept_indexes
        from server.serving import load_release

        served = load_release(self._database, release, kept_indexes(self._settings))
        now = utc_now()

        def ask(text: str, region: str | None) -> Answer:
            chosen = region if region in served.library.regions else None
            return served.answer(text, Context(), today=china_day(now), region=chosen).answer

        with self._database.read() as session:
            found = answers(session, ask, now=now)
        with self._database.begin() as session:
            tell(session, self._safe, found, app_id=self._platform.account.app_id, now=now)

    def _ask_unionids(self) -> None:
        from server.clock import utc_now
        from server.delivering import ask_unionids

        if self._asked_at is None or time.monotonic() - self._asked_at >= _ASKING_SECONDS:
            self._asked_at = time.monotonic()
            ask_unionids(self._database, self._safe, self._platform.account, clock=utc_now)


def _prepared(settings: "Settings") -> "Database":
    from server.clock import utc_now
    from server.preparing import prepare

    return prepare(settings, now=utc_now())
