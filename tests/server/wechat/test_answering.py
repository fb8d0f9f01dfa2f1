"""Within WeChat's deadline, or after it: nothing that was acknowledged is lost or said twice."""

import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import select
from sqlmodel import Session, col

from bot.answers import Context
from server.casework.opting_out import OUTREACH
from server.casework.tables import OptOut
from server.chat.serving import Answered, Served, Serving
from server.notices.outbox import claim
from server.platform.interface import make_platform
from server.published.kept_indexes import KeptIndexes
from server.settings import Settings
from server.web.resources import Resources
from server.wechat import receipts, sentences
from server.wechat.answering import Answering, answer, answer_owed
from server.wechat.messages import Message, message_of
from tests.conftest import HandClock
from tests.wechat_platform.state import PlatformState
from tests.wechat_platform.user import Platform, User


@pytest.fixture
def aes_key() -> None:
    """In plaintext: how messages are packed makes no difference here."""


class SlowServed(Served):
    """A release that answers only once it may."""

    def __init__(self, served: Served) -> None:
        self.__dict__.update(vars(served))
        self.library = served.library
        self.may_answer = threading.Event()
        self._served = served

    def answer(
        self,
        text: str,
        context: Context,
        *,
        today: date,
        region: str | None = None,
        spoken: bool = False,
    ) -> Answered:
        assert self.may_answer.wait(20)
        return self._served.answer(text, context, today=today, region=region, spoken=spoken)


@pytest.fixture
def slow(served: Served) -> SlowServed:
    return SlowServed(served)


@pytest.fixture
def late(known: Resources, slow: SlowServed, tmp_path: Any) -> Resources:
    """The resources with a bot that takes its time."""
    kept = KeptIndexes(tmp_path, b"secret")
    return replace(known, serving=Serving(known.database, kept, slow))


@pytest.fixture
def answering(late: Resources, slow: SlowServed) -> Iterator[Answering]:
    made = Answering(late, ready_within=0.3, noted_within=5.0)
    yield made
    slow.may_answer.set()
    made.close()


@pytest.fixture
def message(user: User) -> Message:
    fields = user.message("text", Content="石狮被裁了有钱领吗")
    return message_of({name: str(value) for name, value in fields.items()})


def _sent(known: Resources) -> list[Any]:
    """What stands in the outbox, unsealed."""
    with known.database.begin() as session:
        return list(claim(session, known.safe, at_most=10, now=known.clock()))


def _count(known: Resources, table: str) -> Any:
    row = known.database.fetch(f"SELECT count(*) FROM {table}")
    return None if row is None else row[0]


def _let_nobody_note(session: Session, known: Resources) -> None:
    """Hold what noting needs until the session ends; SQLite's one writer is held by beginning."""
    if not known.database.is_sqlite:
        session.connection().exec_driver_sql("LOCK TABLE wechat_receipt")


def test_what_is_ready_in_time_is_the_reply(
    late: Resources, slow: SlowServed, message: Message, known: Resources
) -> None:
    slow.may_answer.set()
    answering = Answering(late)
    receipt = answering.in_time(message, began=time.monotonic())
    answering.close()
    assert receipt is not None and "狮委办" in receipt.reply
    assert _sent(known) == []


def test_what_is_late_is_acknowledged_and_sent_once_it_is_there(
    answering: Answering, slow: SlowServed, message: Message, known: Resources
) -> None:
    began = time.monotonic()
    receipt = answering.in_time(message, began=began)
    assert receipt is not None and receipt.reply == ""
    assert time.monotonic() - began >= 0.3
    assert _sent(known) == [] and _count(known, "turn") == 0
    slow.may_answer.set()
    answering.close()
    (notice,) = _sent(known)
    assert "狮委办" in str(notice) and message.openid in str(notice)
    assert _count(known, "turn") == 1
    # A repetition is acknowledged as the first was, and sends nothing more.
    again = answering.in_time(message, began=time.monotonic())
    assert again is not None and again.reply == ""
    answering.close()
    assert _sent(known) == [] and _count(known, "notice") == 1


def test_a_repetition_while_the_first_is_worked_on_sends_nothing_more(
    answering: Answering, slow: SlowServed, message: Message, known: Resources
) -> None:
    for _ in range(3):
        receipt = answering.in_time(message, began=time.monotonic())
        assert receipt is not None and receipt.reply == ""
    slow.may_answer.set()
    answering.close()
    assert len(_sent(known)) == 1 and _count(known, "turn") == 1


def test_what_a_process_did_not_live_to_answer_is_answered_by_another(
    known: Resources, message: Message, clock: HandClock
) -> None:
    receipt_id = message.receipt(known.safe)
    sealed = known.safe.seal(message.as_text(), f"wechat_receipt.owed:{receipt_id}")
    assert message.openid not in sealed
    with known.database.begin() as session:
        receipts.owe(session, receipt_id, sealed, now=clock.now)
        receipts.owe(session, "broken", "k9:AAAA", now=clock.now - timedelta(seconds=1))
    # Not at once: the process that acknowledged it may be working on it.
    assert not receipts.any_owed(known.database, now=clock.now) and answer_owed(known) == 0
    clock.now += timedelta(seconds=20)
    assert receipts.any_owed(known.database, now=clock.now)
    assert answer_owed(known) == 1
    assert "狮委办" in str(_sent(known)) and _count(known, "turn") == 1
    assert answer_owed(known) == 0 and _count(known, "turn") == 1
    kept = "SELECT reply, owed FROM wechat_receipt WHERE id = :id"
    assert known.database.fetch(kept, id=receipt_id) == ("", None)


def test_however_many_can_not_be_answered_they_keep_no_other_waiting(
    known: Resources, message: Message, clock: HandClock
) -> None:
    receipt_id = message.receipt(known.safe)
    sealed = known.safe.seal(message.as_text(), f"wechat_receipt.owed:{receipt_id}")
    with known.database.begin() as session:
        for number in range(250):
            broken, at = f"!broken {number}", clock.now - timedelta(minutes=1)
            receipts.owe(session, broken, "k9:AAAA", now=at)
        receipts.owe(session, receipt_id, sealed, now=clock.now)
    clock.now += timedelta(seconds=20)
    assert answer_owed(known) == 1
    assert "狮委办" in str(_sent(known))


def test_an_event_that_was_acknowledged_late_is_owed_no_longer(
    known: Resources, user: User, clock: HandClock
) -> None:
    fields = user.message("event", Event="VIEW", EventKey="https://example.cn/")
    event = message_of({name: str(value) for name, value in fields.items()})
    receipt_id = event.receipt(known.safe)
    sealed = known.safe.seal(event.as_text(), f"wechat_receipt.owed:{receipt_id}")
    with known.database.begin() as session:
        receipts.owe(session, receipt_id, sealed, now=clock.now)
    clock.now += timedelta(seconds=20)
    assert answer_owed(known) == 1
    assert not receipts.any_owed(known.database, now=clock.now)
    assert _sent(known) == []


def test_what_was_settled_meanwhile_is_the_reply_after_all(
    answering: Answering, slow: SlowServed, message: Message, known: Resources
) -> None:
    # Another worker answers while this one waits.
    settled = answer(message, known)
    receipt = answering.in_time(message, began=time.monotonic())
    assert settled is not None and receipt == settled


def test_where_nothing_can_be_noted_nothing_is_promised(known: Resources, message: Message) -> None:
    answering = Answering(known, ready_within=0.2, noted_within=0.2)
    with known.database.begin() as session:
        _let_nobody_note(session, known)
        receipt = answering.in_time(message, began=time.monotonic())
    assert receipt is not None and receipt.reply == sentences.BUSY
    answering.close()


def test_a_fault_is_told_kindly(late: Resources, slow: SlowServed, message: Message) -> None:
    slow.answer = None  # type: ignore[assignment, method-assign]
    answering = Answering(late)
    receipt = answering.in_time(message, began=time.monotonic())
    assert receipt is not None and receipt.reply == sentences.BUSY
    answering.close()


def test_the_deadline_leaves_time_to_spare() -> None:
    from server.wechat.answering import NOTED_WITHIN, READY_WITHIN

    assert (READY_WITHIN, READY_WITHIN + NOTED_WITHIN) == (3.5, 4.3)


def test_the_platform_repeats_what_nobody_answers(message: Message) -> None:
    """The control of the stand-in: three repetitions, as WeChat sends them."""
    posted: list[bytes] = []

    def post(path: str, body: bytes) -> tuple[int, bytes]:
        posted.append(body)
        raise OSError

    with pytest.raises(OSError):
        User(Platform(post, "t", "wx")).says("你好")
    assert len(posted) == 4 and len(set(posted)) == 1


def test_what_is_late_reaches_the_follower_in_the_end(
    late: Resources,
    slow: SlowServed,
    message: Message,
    wechat: PlatformState,
    wechat_settings: Settings,
) -> None:
    platform = make_platform(wechat_settings, late.database, late.safe, late.clock)
    known = replace(late, platform=platform, settings=wechat_settings)
    made = Answering(known, ready_within=0.2, noted_within=5.0)
    receipt = made.in_time(message, began=time.monotonic())
    assert receipt is not None and receipt.reply == "" and wechat.texts() == []
    slow.may_answer.set()
    made.close()
    (text,) = wechat.texts()
    assert "狮委办〔2022〕19号" in text
    assert known.database.fetch("SELECT state FROM notice") == ("sent",)


def test_an_event_of_no_concern_is_silent_though_all_is_slow(
    late: Resources, slow: SlowServed, message: Message
) -> None:
    made = Answering(late, ready_within=0.2, noted_within=0.2)
    event = {**message.fields, "MsgType": "event", "Event": "TEMPLATESENDJOBFINISH"}
    with late.database.begin() as session:
        _let_nobody_note(session, late)
        assert made.in_time(replace(message, fields=event), began=time.monotonic()) is None
        busy = made.in_time(message, began=time.monotonic())
    assert busy is not None and busy.reply == sentences.BUSY
    slow.may_answer.set()
    made.close()


def test_nothing_personal_and_no_secret_is_logged(
    late: Resources, slow: SlowServed, message: Message, capfd: pytest.CaptureFixture[str]
) -> None:
    made = Answering(late, ready_within=0.2, noted_within=5.0)
    made.in_time(message, began=time.monotonic())
    slow.answer = None  # type: ignore[assignment, method-assign]
    slow.may_answer.set()
    # One of its own: the first may have its answer by now, and would get that again.
    another = replace(message, fields={**message.fields, "MsgId": "7316384977"})
    made.in_time(another, began=time.monotonic())
    made.close()
    said = capfd.readouterr()
    assert "answer_failed" in said.out + said.err
    for secret in (message.openid, "石狮", "stand-in-token"):
        assert secret not in said.out + said.err


def test_who_answers_with_no_more_messages_gets_none_from_then_on(
    known: Resources, user: User
) -> None:
    def out() -> int:
        with known.database.read() as session:
            return len(session.scalars(select(OptOut).where(col(OptOut.measure) == OUTREACH)).all())

    assert "不再发给你" in user.says("退订")
    assert out() == 1
    assert "不再发给你" in user.says("TD")
    assert out() == 1
    assert "再发给你" in user.says("恢复订阅")
    assert out() == 0
