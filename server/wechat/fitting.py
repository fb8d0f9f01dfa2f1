"""Replies that fit into one message of WeChat, and what is left of them for the next."""

import re
from typing import NamedTuple

from bot.answers import REPLY_BYTES
from server.wechat import sentences
from server.wechat.xml import clean

# Where a text may be cut, best first: between sentences, between their parts, anywhere.
_ENDS = (re.compile("[。！？!?\n]+[”’」』）)]*"), re.compile("[；;，,、：:]"), re.compile("(?s)."))


class Fitted(NamedTuple):
    """A reply, and what it had no room for; `word` is the message that asks for that."""

    reply: str
    more: str | None = None
    word: str | None = None


def fitted(text: str, *, choices: bool = False) -> Fitted:
    """Cut a text to 2,048 bytes of UTF-8, at a sentence where there is one.

    `choices`: it offers numbers to pick, so that a number cannot ask for more.
    """
    text = clean(text).strip()
    if _size(text) <= REPLY_BYTES:
        return Fitted(text)
    word = sentences.NEXT if choices else "1"
    note = "\n" + sentences.MORE.format(word=word)
    end = _cut(text, REPLY_BYTES - _size(note))
    return Fitted(text[:end].rstrip() + note, text[end:].lstrip(), word)


def _cut(text: str, most: int) -> int:
    """Where to cut `text` so that no more than `most` bytes stand before."""
    room = len(text.encode()[:most].decode(errors="ignore"))
    for ends in _ENDS:
        found = [match.end() for match in ends.finditer(text, 0, room)]
        # A cut near the beginning would leave a message of a few words.
        if found and found[-1] > room // 4:
            return found[-1]
    return room


def _size(text: str) -> int:
    return len(text.encode())
