"""Replies that are too long are told in parts, cut at sentences, and no character is lost."""

from hypothesis import given
from hypothesis import strategies as st

from server.web.resources import Resources
from server.wechat.fitting import fitted
from tests.wechat_platform.user import User

LINE = "这一句有二十个字左右，它说的是一件要紧的事。"


@given(st.text(alphabet="一二。，\n a🙂", max_size=3000), st.booleans())
def test_the_parts_make_up_the_whole(text: str, choices: bool) -> None:
    parts: list[str] = []
    said = fitted(text, choices=choices)
    while said.more is not None:
        assert said.word == ("下文" if choices else "1")
        shown, _, note = said.reply.rpartition("\n")
        assert note == f"回复 {said.word} 看下文" and shown
        assert len(said.reply.encode()) <= 2048
        parts.append(shown)
        said = fitted(said.more, choices=choices)
    parts.append(said.reply)
    assert len(said.reply.encode()) <= 2048
    assert "".join("".join(parts).split()) == "".join(text.split())


def test_a_part_ends_with_a_sentence() -> None:
    said = fitted(LINE * 60)
    assert said.reply.endswith("。\n回复 1 看下文")
    assert said.more is not None and said.more.startswith("这一句")


def test_what_fits_is_left_alone() -> None:
    assert fitted("好" * 682) == ("好" * 682, None, None)


def test_a_follower_reads_on_in_a_second_message(user: User, known: Resources) -> None:
    heard = "我在石狮的厂里做了两年多上个月老板说没有单子了就让我们都走" * 20
    first = user.speaks(heard + "请问失业金怎么领")
    assert first.endswith("看下文")
    word = "下文" if "下文 看下文" in first else "1"
    second = user.says(word)
    assert second.startswith("（接上文）")
    shown = first.rpartition("\n")[0] + second.removeprefix("（接上文）")
    turn = known.database.fetch("SELECT reply FROM turn")
    assert turn is not None and turn[0][-40:] in shown
    # Read to the end, the number is one like any other.
    assert not user.says(word).startswith("（接上文）")


def test_another_message_drops_what_was_left(user: User) -> None:
    assert user.speaks("石狮" * 400 + "失业金怎么领").endswith("看下文")
    user.says("谢谢")
    assert not user.says("下文").startswith("（接上文）")
