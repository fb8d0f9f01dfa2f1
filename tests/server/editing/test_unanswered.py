"""Questions without an answer: put together, settled, and answered to whoever asked."""

from collections import Counter
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import select
from sqlmodel import col

from bot.answers import Answer, Context, Kind
from server.chat.chatting import Channel
from server.chat.conversations import RecordedTurn, masked_json, new_conversation_id, record_within
from server.database.db import load_within
from server.database.tables import Direction, Notice, Thumb, stored_instant
from server.editing import catching_up, unanswered
from server.editing.tables import Became
from server.editing.unanswered import Why
from server.personal import people
from server.published import releases
from tests.plans import planned
from tests.server.editing.conftest import Desk

if TYPE_CHECKING:
    from knowledge.library import Library
    from server.confidential.sealing import Safe

ACCOUNT = "wx-account"
HOURS = timedelta(hours=1)


def asked(
    desk: Desk,
    text: str,
    *,
    kind: str = "decline",
    region: str | None = "石狮",
    ago: timedelta = HOURS,
    channel: str = Channel.OFFICIAL_ACCOUNT,
    worker: int | None = None,
    conversation: str = "",
    reason: str = "",
) -> str:
    """Let somebody ask; the conversation."""
    turn = RecordedTurn(
        conversation_id=conversation or new_conversation_id(),
        at=desk.now - ago,
        channel=channel,
        text=text,
        kind=kind,
        reply="没有写。",
        region=region,
        worker_id=worker,
        reason=reason,
    )
    with desk.database.begin() as session:
        record_within(session, turn, masked_json({}))
    return turn.conversation_id


def clusters(desk: Desk, library: "Library") -> list[unanswered.Cluster]:
    with desk.database.read() as session:
        return unanswered.clusters(session, library, now=desk.now)


def test_the_same_question_is_one_cluster_with_its_places_and_reasons(
    desk: Desk, library: "Library"
) -> None:
    asked(desk, "厂车几点发车")
    asked(desk, "厂车几点发车呢")
    asked(desk, "厂车几点发车", region="锦州")
    asked(desk, "宿舍能装空调吗", region=None)
    asked(desk, "失业金怎么领", kind="answer")
    asked(desk, "厂车几点发车", ago=timedelta(days=40))
    found = clusters(desk, library)
    assert [len(each.asked) for each in found] == [3, 1]
    assert found[0].text == "厂车几点发车"
    assert found[0].places == Counter({"石狮": 2, "锦州": 1})
    assert found[1].places == Counter({"": 1})
    assert found[0].whys == Counter({Why.DECLINED: 3})


def test_what_was_asked_back_in_vain_or_chosen_past_or_thumbed_down_counts(
    desk: Desk, library: "Library"
) -> None:
    for text, then, kind in (
        ("有个补贴的事", "没懂", "decline"),
        ("那个钱的事", "我要问的是厂里的班车", "answer"),
        ("说说那件事", "2", "answer"),
    ):
        talk = asked(desk, text, kind="clarify", ago=2 * HOURS)
        asked(desk, then, kind=kind, ago=HOURS, conversation=talk)
    talk = asked(desk, "年货在哪里领", kind="answer")
    with desk.database.begin() as session:
        session.add(
            Thumb(
                conversation_id=talk,
                turn_at=desk.now - HOURS,
                direction=Direction.DOWN,
                at=desk.now,
            )
        )
    whys = {each.text: set(each.whys) for each in clusters(desk, library)}
    assert whys["有个补贴的事"] == {Why.IN_VAIN}
    assert whys["那个钱的事"] == {Why.CHOSEN_PAST}
    assert whys["年货在哪里领"] == {Why.THUMBED_DOWN}
    assert "说说那件事" not in whys


def test_a_question_whose_place_was_chosen_afterwards_was_answered(
    desk: Desk, library: "Library"
) -> None:
    for text, then, reason in (
        ("失业金怎么领", "失业金怎么领", "which-place"),
        ("社保能缓交吗", "在福建石狮这边的厂里", "which-place"),
        ("有个补贴的事", "在福建石狮这边的厂里", "overview"),
    ):
        talk = asked(desk, text, kind="clarify", region=None, reason=reason, ago=2 * HOURS)
        asked(desk, then, kind="answer", conversation=talk)
    assert {each.text: set(each.whys) for each in clusters(desk, library)} == {
        "有个补贴的事": {Why.CHOSEN_PAST}
    }


def rush(
    desk: Desk, *, conversations: int, kinds: tuple[str, ...], channel: str = Channel.H5
) -> None:
    """As many messages, all within the last hour, as were looked at together before."""
    at = stored_instant(desk.now - HOURS / 2)
    talks = [f"rush{number}" for number in range(conversations)]
    columns = ["conversation_id", "at", "channel", "text", "kind"]
    empty = ["reply", "measures", "rejected", "reason"]
    with desk.database.begin() as session:
        load_within(session, "conversation", ["id", "updated_at"], [(talk, at) for talk in talks])
        load_within(
            session, "turn", columns + empty,
            [
                (talks[n % conversations], at, channel, f"乱写{n * 7919}", kinds[n % len(kinds)],
                 "", "[]", "[]", "")
                for n in range(6001)
            ],
        )  # fmt: skip


@pytest.mark.parametrize(
    ("conversations", "kinds", "ago"),
    [
        (1, ("decline", "clarify"), 2 * HOURS),
        (500, ("decline",), 24 * HOURS),
        (500, ("answer", "chat"), 24 * HOURS),
    ],
    ids=["of one conversation", "of one day", "that were answered"],
)
def test_a_question_is_not_pushed_out_by_thousands_of_messages(
    desk: Desk, library: "Library", conversations: int, kinds: tuple[str, ...], ago: timedelta
) -> None:
    asked(desk, "厂车几点发车", ago=ago)
    rush(desk, conversations=conversations, kinds=kinds)
    assert "厂车几点发车" in {each.text for each in clusters(desk, library)}


def test_the_list_is_made_without_reading_what_was_answered(desk: Desk, library: "Library") -> None:
    asked(desk, "厂车几点发车")
    with planned(desk.database, "turn.kind IN", without=("seqscan",)) as plans:
        assert len(clusters(desk, library)) == 1
    assert all("ix_turn_kind_turn_at" in plan for plan in plans)


def test_long_questions_are_compared_by_how_they_begin(desk: Desk, library: "Library") -> None:
    """Compared whole, a few hundred of the longest took minutes."""
    signs = "".join(chr(0x4E00 + n * 37 % 5000) for n in range(2000))
    for ending in (signs[100:1900], signs[1900:99:-1]):
        asked(desk, signs[:100] + ending)
    assert [len(each.asked) for each in clusters(desk, library)] == [2]


def settle(desk: Desk, text: str, became: Became, key: str | None = None) -> None:
    with desk.database.begin() as session:
        settled = unanswered.settle(
            session,
            [unanswered.fingerprint(text, "石狮")],
            became=became,
            kind="measure" if key else None,
            key=key,
            officer_id=desk.anna,
            now=desk.now - HOURS / 2,
        )
    assert settled == 1


def test_what_is_settled_is_gone_also_when_it_is_asked_again(
    desk: Desk, library: "Library"
) -> None:
    asked(desk, "厂车几点发车")
    settle(desk, "厂车几点发车", Became.NOT_OURS)
    asked(desk, "厂车几点发车", ago=HOURS / 4)
    assert clusters(desk, library) == []
    with desk.database.begin() as session:
        again = unanswered.settle(
            session, [unanswered.fingerprint("厂车几点发车", "石狮")],
            became=Became.DRAFT, officer_id=desk.bert, now=desk.now,
        )  # fmt: skip
    assert again == 0


# -- telling whoever asked --------------------------------------------------------------------

QUESTION = "厂里倒了能拿啥钱"


def person(desk: Desk, safe: "Safe", name: str) -> int:
    with desk.database.begin() as session:
        return people.recognise(session, safe, issuer=ACCOUNT, subject=name, now=desk.now)


def answer_now(text: str, region: str | None) -> Answer:
    """What the release in force says by now."""
    answered = text == QUESTION
    return Answer(
        kind=Kind.ANSWER if answered else Kind.DECLINE,
        reply="可以领失业保险金。" if answered else "没有写。",
        reason="",
        region=region,
        measures=("shishi-4a",) if answered else (),
        context=Context(),
    )


def catch_up(desk: Desk, safe: "Safe") -> int:
    with desk.database.read() as session:
        found = catching_up.answers(session, answer_now, now=desk.now)
    with desk.database.begin() as session:
        catching_up.tell(session, safe, found, app_id=ACCOUNT, now=desk.now)
    return len(found)


def told(desk: Desk) -> list[int | None]:
    with desk.database.read() as session:
        return list(session.scalars(select(col(Notice.worker_id))))


def test_after_the_publication_whoever_asked_is_told_once_in_wechat(
    desk: Desk, safe: "Safe"
) -> None:
    wang, li, zhao = (person(desk, safe, name) for name in ("wang", "li", "zhao"))
    asked(desk, QUESTION, worker=wang)
    asked(desk, QUESTION, worker=wang, ago=2 * HOURS)
    asked(desk, QUESTION, worker=li, ago=49 * HOURS)
    asked(desk, QUESTION, worker=zhao, channel=Channel.H5)
    asked(desk, QUESTION)
    settle(desk, QUESTION, Became.SIMILAR, "shishi-4a")
    assert in_force(desk, timedelta()) == desk.release
    catch_up(desk, safe)
    assert told(desk) == [wang]
    catch_up(desk, safe)
    assert told(desk) == [wang]


def test_whoever_asked_is_told_however_much_was_asked_since(desk: Desk, safe: "Safe") -> None:
    wang = person(desk, safe, "wang")
    asked(desk, QUESTION, worker=wang)
    settle(desk, QUESTION, Became.SIMILAR, "shishi-4a")
    rush(desk, conversations=1, kinds=("answer",), channel=Channel.OFFICIAL_ACCOUNT)
    in_force(desk, timedelta())
    catch_up(desk, safe)
    assert told(desk) == [wang]


def in_force(desk: Desk, ago: timedelta) -> int | None:
    """Put the release in force again some time ago; the one to catch up with."""
    with desk.database.begin() as session:
        release = releases.current_id(session)
        assert release is not None
        releases.put_in_force(session, release, desk.now - ago)
        return catching_up.release_to_catch_up(session, now=desk.now)


def test_nobody_is_told_what_is_no_answer_or_not_published_or_of_another_measure(
    desk: Desk, safe: "Safe"
) -> None:
    for text, became, key in (
        ("不归我们的问题", Became.NOT_OURS, None),
        ("容易混淆的问题", Became.NEGATIVE, "shishi-4a"),
        (QUESTION, Became.SIMILAR, "shishi-7"),
    ):
        asked(desk, text, worker=person(desk, safe, text))
        settle(desk, text, became, key)
    assert in_force(desk, HOURS) is None
    assert catch_up(desk, safe) == 0
    assert in_force(desk, timedelta()) is not None
    assert catch_up(desk, safe) == 0
