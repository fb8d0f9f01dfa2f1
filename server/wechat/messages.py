"""A message or event of the official account, as WeChat sends it."""

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass

from server.confidential.sealing import Safe
from server.web.problems.requests import MalformedXml

_NEEDED = ("ToUserName", "FromUserName", "CreateTime", "MsgType")
# MsgId alone names nothing: two people may have the same, and events have none.
_NAMING = ("ToUserName", "FromUserName", "MsgId", "CreateTime", "Event", "EventKey")
_LONGEST_NAME = 128


@dataclass(frozen=True, slots=True)
class Message:
    """One message; `fields` are WeChat's, by WeChat's names."""

    fields: Mapping[str, str]

    @property
    def account(self) -> str:
        """The original id of the account that it was sent to."""
        return self.fields["ToUserName"]

    @property
    def openid(self) -> str:
        """Who sent it."""
        return self.fields["FromUserName"]

    @property
    def kind(self) -> str:
        """Its type in small letters; an event is `event:` and its name."""
        kind = self.fields["MsgType"].lower()
        return f"event:{self.get('Event').lower()}" if kind == "event" else kind

    def get(self, name: str) -> str:
        """A field without blanks around it, '' where it is missing."""
        return self.fields.get(name, "").strip()

    def receipt(self, safe: Safe) -> str:
        """The name under which it is known when it comes again."""
        return safe.hash("wechat receipt", *(self.fields.get(name, "") for name in _NAMING))

    def follower(self, safe: Safe) -> str:
        """The name under which the sender is remembered."""
        return safe.hash("wechat follower", self.account, self.openid)

    def conversation(self, safe: Safe) -> str:
        """The id of the sender's conversation; nobody else can find it."""
        digest = bytes.fromhex(safe.hash("wechat conversation", self.account, self.openid))
        return base64.urlsafe_b64encode(digest).decode()[:30]

    def as_text(self) -> str:
        """All of it as one text, for `message_from_text`."""
        return json.dumps(dict(self.fields), ensure_ascii=False)


def message_of(fields: Mapping[str, str]) -> Message:
    """A message of these fields; raises `MalformedXml` where one is missing or no name."""
    if any(not 0 < len(fields.get(name, "")) <= _LONGEST_NAME for name in _NEEDED):
        raise MalformedXml
    return Message(fields)


def message_from_text(text: str) -> Message:
    """Read back what `as_text` gave."""
    return Message(json.loads(text))
