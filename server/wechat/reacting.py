"""What each kind of message brings about: the words of the reply, and what is to be kept."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from bot.live_subjects import LiveSubject, live_subject
from bot.words.normalising import normalise
from knowledge.regions import UnknownRegion
from server.chat import chatting
from server.chat.chatting import Channel, Record, work_out
from server.chat.conversations import Conversations
from server.chat.live_answers import OF_LETTERS
from server.chat.scenes import mention_of, place_of, region_of
from server.chat.serving import Served
from server.confidential.privacy import mask
from server.database.db import Database
from server.switches import NOTHING_OFF, Off
from server.wechat import sentences
from server.wechat.fitting import Fitted, fitted
from server.wechat.followers import Follower
from server.wechat.menus import reply_to_click
from server.wechat.messages import Message

# What WeChat puts in the place of a sticker or a card.
_UNSHOWN = "收到不支持的消息类型"


@dataclass(frozen=True, slots=True)
class Desk:
    """What a message is answered with."""

    served: Served
    conversations: Conversations
    database: Database
    follower: Follower
    conversation: str
    """The id of the sender's conversation."""
    now: datetime
    off: Off = NOTHING_OFF


@dataclass(frozen=True, slots=True)
class Reaction:
    """What to say, '' for nothing, and what to keep with it."""

    said: Fitted
    record: Record | None = None
    region: str | None = None
    """The place that is known of the sender from now on."""
    leaves: bool = False
    """The sender follows no more: whatever is remembered goes."""
    wish: LiveSubject | None = None
    """What the sender wishes of messages of campaigns."""


def is_none_of_ours(message: Message) -> bool:
    """Tell whether it is an event of which nobody expects to hear."""
    return message.kind.startswith("event:") and message.kind not in _REACTIONS


def react(message: Message, desk: Desk) -> Reaction | None:
    """The reaction to a message, None to an event that is none of ours."""
    known = _REACTIONS.get(message.kind)
    if known is not None:
        return known(message, desk)
    return None if is_none_of_ours(message) else _with_examples(sentences.HELP, desk)


def too_fast(desk: Desk) -> Reaction:
    """The reaction to more messages than one person can write."""
    return _say(sentences.TOO_FAST, desk)


def _text(message: Message, desk: Desk) -> Reaction:
    text = message.fields.get("Content", "")
    if _UNSHOWN in text:
        return _with_examples(sentences.HELP, desk)
    follower = desk.follower
    if follower.more and normalise(text).strip() in (follower.more_for, sentences.NEXT):
        choices = follower.more_for == sentences.NEXT
        said = fitted(sentences.CONTINUED + follower.more, choices=choices)
        return Reaction(said, region=follower.region)
    wish = live_subject(text)
    if wish is not None and wish in OF_LETTERS:
        return Reaction(fitted(OF_LETTERS[wish]), region=follower.region, wish=wish)
    return _asked(text, desk)


def _voice(message: Message, desk: Desk) -> Reaction:
    words = message.get("Recognition")
    if not any(character.isalnum() for character in words):
        return _with_examples(sentences.NOT_HEARD, desk)
    heard = sentences.HEARD.format(words=mask(words, desk.served.public_numbers))
    return _asked(words, desk, spoken=True, first=heard)


def _location(message: Message, desk: Desk) -> Reaction:
    mention = mention_of(message.get("Label"), desk.served)
    if mention is None:
        return _say(sentences.NO_PLACE, desk)
    # As if the sender had written the name of the place.
    return _asked(mention.name, desk, region=mention.region or None)


def _subscribed(message: Message, desk: Desk) -> Reaction:
    here = _region_of_scene(message, desk)
    greeting = [sentences.GREETING]
    if here is not None:
        label = desk.served.library.regions.get(here).label
        greeting.append(sentences.GREETING_HERE.format(place=label))
    return _with_examples("\n".join(greeting), desk, region=here)


def _scanned(message: Message, desk: Desk) -> Reaction:
    here = _region_of_scene(message, desk)
    if here is None:
        return _with_examples(sentences.GREETING, desk)
    return _asked(desk.served.library.regions.get(here).label, desk, region=here)


def _left(_: Message, desk: Desk) -> Reaction:
    return Reaction(Fitted(""), leaves=True)


def _clicked(message: Message, desk: Desk) -> Reaction:
    reply = reply_to_click(message.get("EventKey"))
    return _with_examples(sentences.HELP if reply is None else reply, desk)


def _image(_: Message, desk: Desk) -> Reaction:
    return _say(sentences.IMAGE, desk)


def _link(_: Message, desk: Desk) -> Reaction:
    return _say(sentences.LINK, desk)


_REACTIONS: Mapping[str, Callable[[Message, Desk], Reaction]] = {
    "text": _text,
    "voice": _voice,
    "image": _image,
    "location": _location,
    "link": _link,
    "event:subscribe": _subscribed,
    "event:unsubscribe": _left,
    "event:scan": _scanned,
    "event:click": _clicked,
}


def _asked(
    text: str, desk: Desk, *, region: str | None = None, spoken: bool = False, first: str = ""
) -> Reaction:
    """Ask the bot; `first` stands before its reply."""
    place = region or _known_region(desk)
    asked = chatting.Message(
        text,
        Channel.OFFICIAL_ACCOUNT,
        region=place,
        conversation=desk.conversation,
        lasting=True,
        spoken=spoken,
    )
    replied, record = work_out(
        asked, desk.served, desk.conversations, desk.database, off=desk.off, now=desk.now
    )
    answer = replied.answered.answer
    reply = f"{first}\n{answer.reply}" if first else answer.reply
    return Reaction(fitted(reply, choices=bool(answer.choices)), record, place)


def _known_region(desk: Desk) -> str | None:
    """The sender's place, as long as the release in force knows it."""
    try:
        return desk.follower.region and desk.served.region(desk.follower.region)
    except UnknownRegion:
        return None


def _region_of_scene(message: Message, desk: Desk) -> str | None:
    place = place_of(message.get("EventKey"))
    return region_of(place, desk.served) if place else None


def _with_examples(text: str, desk: Desk, *, region: str | None = None) -> Reaction:
    examples = desk.served.library.sentences.examples
    return _say(sentences.with_examples(text, examples), desk, region=region)


def _say(text: str, desk: Desk, *, region: str | None = None) -> Reaction:
    return Reaction(fitted(text), region=region or desk.follower.region)
