"""One answer to each message, within WeChat's deadline or after it.

WeChat waits five seconds, then sends the message again. What is not ready in time is first noted,
then acknowledged, and its answer goes out as a customer-service message.
"""

import os
import threading
import time
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import TimeoutError as NotReadyInTime

import structlog
from sqlmodel import Session

from server.chat import chatting
from server.chat.conversations import record_within
from server.notices import outbox
from server.personal import people
from server.platform import delivering
from server.web.rate_limits import Limit
from server.web.resources import Resources
from server.wechat import followers, receipts, sentences
from server.wechat.followers import Follower
from server.wechat.messages import Message, message_from_text
from server.wechat.reacting import Desk, Reaction, is_none_of_ours, react, too_fast
from server.wechat.receipts import Receipt

READY_WITHIN = 3.5
"""Seconds from the request that an answer may take to be the reply to it."""
NOTED_WITHIN = 0.8
"""Seconds more in which to note that it's still to come."""
_PURPOSE = "wechat_receipt.owed:"

_log = structlog.get_logger()


def answer(message: Message, known: Resources) -> Receipt | None:
    """Answer a message once; None where there is nothing to say and nothing to keep.

    A message that was acknowledged before is answered through the outbox.
    """
    receipt_id = message.receipt(known.safe)
    before = receipts.find(known.database, receipt_id)
    if before is not None and before.owed is None:
        return before
    desk = _desk(message, known)
    reaction = _reaction(message, desk, known, counts=before is None)
    if reaction is None:
        if before is not None:
            # Acknowledged, and yet there is nothing to say: it is owed no longer.
            with known.database.begin() as session:
                receipts.settle(session, receipt_id, "", now=desk.now)
        return None
    notice = None
    with known.database.begin() as session:
        settled = receipts.settle(session, receipt_id, reaction.said.reply, now=desk.now)
        if settled.first:
            _keep(session, message, desk, reaction, known)
        if settled.late and reaction.said.reply:
            notice = outbox.add_text(
                session,
                known.safe,
                app_id=known.settings.wechat_app_id or "",
                openid=message.openid,
                text=reaction.said.reply,
                key=f"late {receipt_id}",
                now=desk.now,
            )
    if settled.first and reaction.record is not None:
        chatting.count(reaction.record)
    if notice is not None and known.platform is not None:
        delivering.deliver_one(
            known.database, known.safe, known.platform, notice, clock=known.clock
        )
    return settled.receipt


def answer_owed(known: Resources) -> int:
    """Answer what a process acknowledged and did not live to answer; gives how many it did.

    One that cannot be answered stays, and keeps no other waiting.
    """
    answered, failed = 0, 0
    while not answered:
        with known.database.read() as session:
            owed = receipts.left(session, skip=failed, now=known.clock())
        if not owed:
            break
        for receipt_id, sealed in owed:
            try:
                plain = known.safe.unseal(sealed, _PURPOSE + receipt_id)
                answer(message_from_text(plain), known)
                answered += 1
            except Exception as error:
                _log.error("answer_failed", receipt=receipt_id, reason=type(error).__name__)
        failed += len(owed)
    return answered


class Answering:
    """The threads of each process that answer; make it before the fork, use it in every worker."""

    def __init__(
        self,
        known: Resources,
        *,
        ready_within: float = READY_WITHIN,
        noted_within: float = NOTED_WITHIN,
    ) -> None:
        self._known = known
        self._ready_within = ready_within
        self._noted_within = noted_within
        self._starting = threading.Lock()
        self._threads: _Threads | None = None

    def in_time(self, message: Message, *, began: float) -> Receipt | None:
        """The reply to a message within the deadline, '' where it comes later, None for none.

        `began` is what `time.monotonic` gave when the request came in.
        """
        if is_none_of_ours(message):
            # Before anything that may be slow: that the service is busy is nothing to say either.
            return None
        threads = self._threads_here()
        working = threads.answering.submit(answer, message, self._known)
        working.add_done_callback(_tell)
        try:
            return working.result(began + self._ready_within - time.monotonic())
        except NotReadyInTime:
            noting = threads.noting.submit(_note, message, self._known)
        except Exception:
            return self._busy()
        try:
            until = began + self._ready_within + self._noted_within
            return noting.result(until - time.monotonic())
        except Exception as error:
            _log.error("answer_not_noted", reason=type(error).__name__)
            return self._busy()

    def close(self) -> None:
        """End the threads of this process, once they are done."""
        threads, self._threads = self._threads, None
        if threads is not None and threads.pid == os.getpid():
            threads.answering.shutdown()
            threads.noting.shutdown()

    def _busy(self) -> Receipt:
        # Nothing is stored: whoever sends the message again is served anew.
        return Receipt(sentences.BUSY, self._known.clock())

    def _threads_here(self) -> "_Threads":
        # A thread does not live through a fork: each worker starts its own.
        threads = self._threads
        if threads is None or threads.pid != os.getpid():
            with self._starting:
                threads = self._threads
                if threads is None or threads.pid != os.getpid():
                    threads = self._threads = _Threads(self._known.settings.threads)
        return threads


class _Threads:
    def __init__(self, most: int) -> None:
        self.pid = os.getpid()
        self.answering = ThreadPoolExecutor(most, "wechat-answer")
        # Of their own: where all answers are slow, this must still be possible.
        self.noting = ThreadPoolExecutor(most, "wechat-note")


def _tell(working: "Future[Receipt | None]") -> None:
    error = working.exception()
    if error is not None:
        _log.error("answer_failed", reason=type(error).__name__, exc_info=error)


def _note(message: Message, known: Resources) -> Receipt:
    receipt_id = message.receipt(known.safe)
    sealed = known.safe.seal(message.as_text(), _PURPOSE + receipt_id)
    with known.database.begin() as session:
        return receipts.owe(session, receipt_id, sealed, now=known.clock())


def _desk(message: Message, known: Resources) -> Desk:
    return Desk(
        known.serving.current(),
        known.conversations,
        known.database,
        followers.find(known.database, message.follower(known.safe)),
        message.conversation(known.safe),
        known.clock(),
        known.serving.off(),
    )


def _reaction(message: Message, desk: Desk, known: Resources, *, counts: bool) -> Reaction | None:
    if counts and known.limits.wait(Limit.WECHAT, message.openid):
        return too_fast(desk)
    return react(message, desk)


def _keep(
    session: Session, message: Message, desk: Desk, reaction: Reaction, known: Resources
) -> None:
    """Write what a message brings about."""
    follower = message.follower(known.safe)
    remembered = Follower(reaction.region, reaction.said.more, reaction.said.word)
    if reaction.leaves:
        followers.forget(session, follower)
    elif remembered != desk.follower:
        followers.remember(session, follower, remembered, now=desk.now)
    if reaction.record is None and reaction.wish is None:
        return
    worker_id = people.recognise(
        session,
        known.safe,
        issuer=known.settings.wechat_app_id or "",
        subject=message.openid,
        now=desk.now,
    )
    if reaction.record is not None:
        turn, context, keep = reaction.record
        record_within(session, turn._replace(worker_id=worker_id), context, keep)
    chatting.heed(session, known.safe, reaction.wish, worker_id=worker_id, now=desk.now)
