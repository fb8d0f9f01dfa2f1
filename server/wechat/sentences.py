"""What the official account says by itself, beside the bot's answers."""

from collections.abc import Sequence

GREETING = (
    "你好，我是暖岗。厂子关了、工钱没发、没活干了，能领什么、去找谁，都可以问我。\n"
    "我说的都出自正式文件；文件没写的，我会直说。"
)
GREETING_HERE = "你扫的是{place}的码，没说别的地方，我就按{place}来答。"
EXAMPLES = "可以这样问："
NOT_HEARD = "这段语音我没听清。请打字告诉我。"
HEARD = "我听到：{words}"
IMAGE = "图片我看不懂。请把你想问的事打字告诉我，或者发语音。"
LINK = "链接我打不开。请把你想问的事打字告诉我，或者发语音。"
NO_PLACE = "从这个位置我看不出是哪个城市。请打字告诉我你在哪个市、哪个区。"
HELP = "这种消息我看不懂。请打字或者发语音问我。"
BUSY = "现在用的人多，刚才这条没有办成。请过一会儿再发一次。"
TOO_FAST = "发得太快了，请歇一会儿再发。"
MORE = "回复 {word} 看下文"
CONTINUED = "（接上文）"

NEXT = "下文"
"""Asks for what had no room; where numbers pick a choice it is the only word that does."""


def with_examples(text: str, examples: Sequence[str]) -> str:
    """`text` with three questions as people ask them."""
    return "\n".join((text, EXAMPLES, *(f"“{example}”" for example in examples[:3])))
