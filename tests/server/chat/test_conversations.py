"""Conversations: the next turn finds its context anywhere, and every turn is recorded."""

import json
import multiprocessing
import os
import random
import signal
import string
import threading
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select
from sqlmodel import Session, col

from bot.caring import LONGEST_MESSAGE
from server import leaving
from server.casework.advancing import Post
from server.chat import conversations
from server.chat.conversations import (
    Conversations,
    RecordedTurn,
    masked_json,
    new_conversation_id,
)
from server.chat.recent_contexts import ROOM, RecentContexts
from server.confidential.privacy import IDENTITY, MOBILE
from server.confidential.sealing import Safe
from server.database.db import Database
from server.database.tables import Conversation, Turn
from server.personal import people
from server.records.audit import Actor

MakeTurn = Callable[..., RecordedTurn]


@pytest.fixture
def turn(now: datetime) -> MakeTurn:
    def make(**changes: Any) -> RecordedTurn:
        plain = RecordedTurn(
            conversation_id=new_conversation_id(),
            at=now,
            channel="api",
            text="石狮被裁了有钱领吗",
            kind="answer",
            reply="每月500元。",
            measures=("shishi-4a",),
            rejected=("liwan-8c",),
            region="石狮",
        )
        return plain._replace(**changes)

    return make


def _count(database: Database) -> int:
    row = database.fetch("SELECT count(*) FROM turn")
    assert row is not None
    return int(row[0])


def test_ids_are_long_random_and_of_one_form() -> None:
    ids = {new_conversation_id() for _ in range(1000)}
    assert len(ids) == 1000
    assert all(conversations.is_conversation_id(one) for one in ids)
    first = new_conversation_id()
    time.sleep(0.002)
    assert first < new_conversation_id()
    wrong = ("", "x", "x" * 31, "../" + "x" * 27, "x" * 29 + "\n", "中" * 30)
    assert not any(map(conversations.is_conversation_id, wrong))


def test_no_two_processes_make_the_same_id() -> None:
    new_conversation_id()
    with multiprocessing.get_context("fork").Pool(2) as pool:
        made = pool.starmap(new_conversation_id, [()] * 600)
    made += [new_conversation_id() for _ in range(600)]
    # Without the time in front, which would hide it.
    assert len({one[8:] for one in made}) == 1200


def test_a_turn_is_recorded_with_all_that_the_queue_of_questions_needs(
    database: Database, turn: MakeTurn
) -> None:
    talk = Conversations(database)
    one = turn()
    assert talk.record(one, masked_json({"region": "石狮"}))
    assert talk.flush()
    stored = database.fetch(
        "SELECT conversation_id, channel, text, kind, reply, measures, rejected, region,"
        " release_id FROM turn"
    )
    assert stored is not None
    assert stored[:5] == (one.conversation_id, "api", one.text, "answer", one.reply)
    assert [json.loads(ids) for ids in stored[5:7]] == [["shishi-4a"], ["liwan-8c"]]
    assert stored[7:] == ("石狮", None)
    talk.close()


def test_of_a_message_no_more_is_kept_than_the_bot_reads_and_no_half_of_a_number(
    database: Database, turn: MakeTurn
) -> None:
    talk = Conversations(database)
    before = "问" * (LONGEST_MESSAGE - 10)
    talk.record(turn(text=f"{before}身份证350581197001011234{'问' * 20_000}"), masked_json({}))
    talk.close()
    kept = database.fetch("SELECT text FROM turn")
    assert kept is not None
    assert kept[0] == f"{before}身份证{IDENTITY}{'问' * 20}"[: LONGEST_MESSAGE + 1]


def test_the_next_turn_finds_the_context_at_once_and_from_the_database(
    database: Database, turn: MakeTurn, now: datetime
) -> None:
    talk = Conversations(database, delay=30)
    one = turn()
    talk.record(one, masked_json({"region": "石狮", "choices": [1, 2]}))
    assert talk.load_context(one.conversation_id, now=now) == {"region": "石狮", "choices": [1, 2]}
    assert _count(database) == 0
    talk.close()
    elsewhere = Conversations(database)
    found = elsewhere.load_context(one.conversation_id, now=now)
    assert found == {"region": "石狮", "choices": [1, 2]}


def test_a_context_holds_for_thirty_minutes(
    database: Database, turn: MakeTurn, now: datetime
) -> None:
    talk = Conversations(database)
    one = turn()
    talk.record(one, masked_json({"region": "石狮"}))
    talk.close()
    for reader in (talk, Conversations(database)):
        for minutes, found in ((29, {"region": "石狮"}), (30, {"region": "石狮"}), (31, None)):
            at = now + timedelta(minutes=minutes)
            assert reader.load_context(one.conversation_id, now=at) == found
    assert talk.load_context(new_conversation_id(), now=now) is None


def test_a_context_that_another_server_wrote_later_counts(
    database: Database, turn: MakeTurn, now: datetime
) -> None:
    here, there = Conversations(database), Conversations(database)
    one = turn()
    here.record(one, masked_json({"turn": 1}))
    there.record(one._replace(at=now + timedelta(seconds=5)), masked_json({"turn": 2}))
    assert here.flush() and there.flush()
    assert here.load_context(one.conversation_id, now=now + timedelta(seconds=9)) == {"turn": 2}
    here.close()
    there.close()


def test_an_older_context_never_replaces_a_newer_one(
    database: Database, turn: MakeTurn, now: datetime
) -> None:
    talk = Conversations(database)
    one = turn(at=now + timedelta(seconds=5))
    talk.record(one, masked_json({"turn": 2}))
    talk.flush()
    talk.record(one._replace(at=now), masked_json({"turn": 1}))
    talk.close()
    later = now + timedelta(seconds=9)
    assert Conversations(database).load_context(one.conversation_id, now=later) == {"turn": 2}


def test_a_context_too_long_to_share_is_in_the_database_at_once(
    database: Database, turn: MakeTurn, now: datetime
) -> None:
    talk = Conversations(database, delay=30)
    one = turn()
    long = {"long": "".join(random.choices(string.ascii_letters, k=ROOM * 2))}
    assert talk.record(one, masked_json(long))
    assert Conversations(database).load_context(one.conversation_id, now=now) == long
    talk.close()


def test_contexts_that_are_over_are_forgotten(
    database: Database, turn: MakeTurn, now: datetime
) -> None:
    talk = Conversations(database)
    talk.record(turn(), masked_json({"old": True}))
    talk.record(turn(at=now + timedelta(minutes=20)), masked_json({"old": False}))
    talk.close()
    with database.begin() as session:
        assert conversations.forget_expired(session, now=now + timedelta(minutes=40)) == 1
    assert database.fetch("SELECT context FROM conversation WHERE context IS NOT NULL") == (
        '{"old": false}',
    )


def test_personal_numbers_are_masked_in_text_and_context(
    database: Database, turn: MakeTurn
) -> None:
    talk = Conversations(database)
    said = "我是350582199001011234，电话13812345678，打了0595-88881234"
    talk.record(
        turn(text=said),
        masked_json({"last": [said], "n": 3}, {"0595-88881234"}),
        keep={"0595-88881234"},
    )
    talk.close()
    masked = f"我是{IDENTITY}，电话{MOBILE}，打了0595-88881234"
    assert database.fetch("SELECT text FROM turn") == (masked,)
    assert database.fetch("SELECT context FROM conversation") == (
        json.dumps({"last": [masked], "n": 3}, ensure_ascii=False),
    )


def test_a_turn_in_a_transaction_stands_or_falls_with_it(
    database: Database, turn: MakeTurn, now: datetime
) -> None:
    said = turn(text="电话13812345678")
    with pytest.raises(ZeroDivisionError), database.begin() as session:
        conversations.record_within(session, said, masked_json({"n": 1}))
        _ = 1 / 0
    assert _count(database) == 0
    with database.begin() as session:
        conversations.record_within(session, said, masked_json({"n": 1}))
    assert database.fetch("SELECT text FROM turn") == (f"电话{MOBILE}",)
    assert Conversations(database).load_context(said.conversation_id, now=now) == {"n": 1}


def _worker(database: Database, now: datetime, safe: Safe, subject: str) -> int:
    with database.begin() as session:
        return people.recognise(session, safe, issuer=people.DEVELOPER, subject=subject, now=now)


def _erase(session: Session, safe: Safe, worker: int, now: datetime) -> None:
    leaving.leave(
        session, safe, worker_id=worker, by=Actor.worker(worker), making_post=_nobody,
        now=now,
    )  # fmt: skip


def _nobody() -> Post:
    raise AssertionError("nobody is told")


def test_what_waits_in_another_process_of_somebody_who_was_erased_is_dropped(
    database: Database, turn: MakeTurn, now: datetime, safe: Safe
) -> None:
    gone, stays = (_worker(database, now, safe, subject) for subject in ("gone", "stays"))
    anonymous = turn()
    other = Conversations(database, delay=60.0)
    other.record(anonymous, masked_json({"n": 1}))
    assert other.flush()
    waiting = [
        turn(text="被删的人说的", worker_id=gone),
        # Begun before they signed in.
        turn(text="被删的人说的", worker_id=gone, conversation_id=anonymous.conversation_id),
        turn(text="别人说的", worker_id=stays),
        turn(text="没登录的人说的"),
    ]
    for each in waiting:
        assert other.record(each, masked_json({"n": 2}))
    with database.begin() as session:
        _erase(session, safe, gone, now)
    assert other.flush()
    with database.read() as session:
        said = session.scalars(select(col(Turn.text)).order_by(col(Turn.text))).all()
        owners = session.scalars(select(col(Conversation.worker_id))).all()
    assert sorted(said) == sorted([anonymous.text, "别人说的", "没登录的人说的"])
    assert sorted(owners, key=str) == [stays, None, None]
    with pytest.raises(ZeroDivisionError), database.begin() as session:
        conversations.record_within(session, waiting[0], masked_json(None))
        assert "被删的人说的" not in session.scalars(select(col(Turn.text))).all()
        _ = 1 / 0
    other.close()


def test_what_is_written_while_its_owner_is_being_erased_is_dropped(
    database: Database, turn: MakeTurn, now: datetime, safe: Safe
) -> None:
    gone = _worker(database, now, safe, "gone")
    other = Conversations(database, delay=0.0)
    with database.begin() as session:
        _erase(session, safe, gone, now)
        assert other.record(turn(worker_id=gone), masked_json({"n": 1}))
        # It has got as far as it can while this goes on.
        time.sleep(0.3)
    assert other.flush()
    assert _count(database) == 0
    assert database.fetch("SELECT count(*) FROM conversation") == (0,)
    other.close()


@pytest.mark.parametrize(
    "text", ["\x00", "\ud800", "'; DROP TABLE turn; --", "\\u0000", "😀" * 500]
)
def test_no_text_keeps_a_turn_from_being_recorded(
    database: Database, turn: MakeTurn, text: str
) -> None:
    talk = Conversations(database)
    talk.record(turn(text=text), masked_json({"said": text}))
    talk.record(turn(), masked_json(None))
    talk.close()
    assert _count(database) == 2


def test_what_the_database_refuses_takes_nothing_else_along(
    database: Database, turn: MakeTurn
) -> None:
    talk = Conversations(database, delay=0.05)
    for number in range(9):
        talk.record(turn(worker_id=7 if number == 4 else None), masked_json({}))
    talk.close()
    assert _count(database) == 8


def test_turns_wait_while_another_writer_holds_the_database(
    database: Database, turn: MakeTurn
) -> None:
    talk = Conversations(database, delay=0)
    with database.begin() as session:
        session.connection().exec_driver_sql("UPDATE current_release SET id = 1")
        talk.record(turn(), masked_json({}))
        time.sleep(0.1)
    assert talk.flush()
    assert _count(database) == 1
    talk.close()


def test_a_full_queue_is_said_and_the_context_is_kept(
    database: Database, turn: MakeTurn, now: datetime
) -> None:
    talk = Conversations(database, delay=30, waiting_at_most=2)
    kept = [talk.record(turn(), masked_json({})) for _ in range(5)]
    # The writer may already have taken one off the queue.
    assert kept[:2] == [True, True] and sum(kept) in (2, 3)
    last = turn()
    assert not talk.record(last, masked_json({"turn": 6}))
    assert talk.load_context(last.conversation_id, now=now) == {"turn": 6}
    talk.close()
    assert _count(database) == sum(kept)


def test_many_threads_record_every_turn(database: Database, turn: MakeTurn) -> None:
    talk = Conversations(database, delay=0.01, recent=RecentContexts(slots=64))
    threads = [
        threading.Thread(target=lambda: [talk.record(turn(), masked_json({})) for _ in range(200)])
        for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    talk.close()
    assert _count(database) == 800


@pytest.mark.fault
def test_the_second_turn_finds_its_context_on_another_worker_at_once(
    database: Database, turn: MakeTurn, now: datetime
) -> None:
    talk = Conversations(database, delay=30)
    one = turn()
    talk.record(one, masked_json({"turn": 1}))

    def second_turn() -> None:
        found = talk.load_context(one.conversation_id, now=now)
        talk.record(one._replace(at=now + timedelta(seconds=1)), masked_json({"after": found}))
        talk.close()

    worker = multiprocessing.get_context("fork").Process(target=second_turn)
    worker.start()
    worker.join(30)
    later = now + timedelta(seconds=1)
    assert talk.load_context(one.conversation_id, now=later) == {"after": {"turn": 1}}
    talk.close()
    assert _count(database) == 2


@pytest.mark.fault
def test_a_killed_worker_loses_at_most_the_last_second(database: Database, turn: MakeTurn) -> None:
    talk = Conversations(database)

    def talk_and_die() -> None:
        for number in range(20):
            talk.record(turn(), masked_json({"n": number}))
        time.sleep(1)
        talk.record(turn(), masked_json({}))
        os.kill(os.getpid(), signal.SIGKILL)

    worker = multiprocessing.get_context("fork").Process(target=talk_and_die)
    worker.start()
    worker.join(30)
    assert worker.exitcode == -signal.SIGKILL
    assert _count(database) in (20, 21)
