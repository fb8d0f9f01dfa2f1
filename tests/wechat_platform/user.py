"""The user's side of the stand-in platform: what WeChat posts to the callback, and how often."""

import hashlib
import http.client
import itertools
import os
import random
import secrets
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from xml.etree import ElementTree
from xml.sax.saxutils import escape

from wechatpy.crypto import WeChatCrypto

ACCOUNT = "gh_stand_in"
WAIT_SECONDS = 5.0
"""How long WeChat waits for a reply before it sends the message again."""
RETRIES = 3
_numbers = itertools.count(random.randrange(10**9, 10**10))

Post = Callable[[str, bytes], tuple[int, bytes]]
"""Posts a body to `path?query` and gives status and body; raises OSError where nothing answers."""


def posting_to(base: str) -> Post:
    """A `Post` over HTTP."""

    def post(path: str, body: bytes) -> tuple[int, bytes]:
        asked = urllib.request.Request(base + path, body, {"Content-Type": "text/xml"})
        try:
            with urllib.request.urlopen(asked, timeout=WAIT_SECONDS) as reply:
                return reply.status, reply.read()
        except urllib.error.HTTPError as error:
            return error.code, error.read()
        except http.client.HTTPException as broken_off:
            # Its worker died after the headers: for WeChat that is no reply.
            raise ConnectionError(str(broken_off)) from broken_off

    return post


@dataclass(frozen=True)
class Platform:
    """The platform as the owner of one account set it up; posts in plaintext without an AES key."""

    post: Post
    token: str
    app_id: str
    aes_key: str | None = None
    clock: Callable[[], float] = time.time

    def deliver(self, fields: Mapping[str, object]) -> str:
        """Deliver a message as WeChat does, again where nothing comes back; gives the reply's XML.

        '' stands for «success»; raises OSError where no delivery was answered.
        """
        for left in reversed(range(RETRIES + 1)):
            try:
                status, body = self.post(*self.packed(fields))
            except OSError:
                if not left:
                    raise
                continue
            assert status == 200, (status, body)
            return self.unpacked(body)
        raise AssertionError("unreachable")

    def packed(self, fields: Mapping[str, object]) -> tuple[str, bytes]:
        """Path with query, and body, of one delivery: signed, and encrypted with an AES key."""
        return self.signed(as_xml(fields), str(fields.get("ToUserName", ACCOUNT)))

    def signed(self, body: str, account: str = ACCOUNT) -> tuple[str, bytes]:
        """The same for any body."""
        timestamp, nonce = str(int(self.clock())), secrets.token_hex(5)
        query = {
            "signature": signature(self.token, timestamp, nonce),
            "timestamp": timestamp,
            "nonce": nonce,
        }
        if self.aes_key is not None:
            crypto = WeChatCrypto(self.token, self.aes_key, self.app_id)
            envelope = ElementTree.fromstring(crypto.encrypt_message(body, nonce, timestamp))
            encrypted = envelope.findtext("Encrypt") or ""
            query |= {
                "encrypt_type": "aes",
                "msg_signature": signature(self.token, timestamp, nonce, encrypted),
            }
            body = as_xml({"ToUserName": account, "Encrypt": encrypted})
        return "/wechat?" + urllib.parse.urlencode(query), body.encode()

    def unpacked(self, body: bytes) -> str:
        """The XML of a reply, '' for «success»; its signature is checked."""
        if body in (b"success", b""):
            return ""
        if self.aes_key is None:
            return body.decode()
        crypto = WeChatCrypto(self.token, self.aes_key, self.app_id)
        envelope = {child.tag: child.text or "" for child in ElementTree.fromstring(body)}
        plain: str = crypto.decrypt_message(
            envelope, envelope["MsgSignature"], envelope["TimeStamp"], envelope["Nonce"]
        )
        return plain


@dataclass(frozen=True)
class User:
    """One person with the account open; each method gives the text of the reply, '' for none."""

    platform: Platform
    openid: str = field(default_factory=lambda: "o" + secrets.token_urlsafe(20))

    def says(self, text: str) -> str:
        return self.sends("text", Content=text)

    def speaks(self, recognition: str | None) -> str:
        heard = {} if recognition is None else {"Recognition": recognition}
        return self.sends("voice", MediaId="m1", Format="amr", **heard)

    def stands_at(self, label: str) -> str:
        return self.sends(
            "location", Location_X="24.7", Location_Y="118.6", Scale="16", Label=label
        )

    def does(self, event: str, key: str | None = None, **more: object) -> str:
        keyed = {} if key is None else {"EventKey": key}
        return self.sends("event", Event=event, **keyed, **more)

    def sends(self, kind: str, **fields: object) -> str:
        return text_of(self.platform.deliver(self.message(kind, **fields)))

    def message(self, kind: str, **fields: object) -> dict[str, object]:
        """The fields of a message as the platform makes them."""
        made: dict[str, object] = {
            "ToUserName": ACCOUNT,
            "FromUserName": self.openid,
            "CreateTime": int(self.platform.clock()),
            "MsgType": kind,
        }
        if kind != "event":
            made["MsgId"] = next(_numbers)
        return made | fields


def text_of(xml: str) -> str:
    """The text of a reply; one that is no valid reply raises."""
    if not xml:
        return ""
    fields = {child.tag: child.text or "" for child in ElementTree.fromstring(xml)}
    assert fields["MsgType"] == "text" and fields["CreateTime"].isdigit()
    assert len(fields["Content"].encode()) <= 2048
    return fields["Content"]


def as_xml(fields: Mapping[str, object]) -> str:
    """Fields as WeChat writes them: numbers bare, texts as character data."""
    return f"<xml>{''.join(map(_element, fields.items()))}</xml>"


def _element(named: tuple[str, object]) -> str:
    name, value = named
    if isinstance(value, int):
        return f"<{name}>{value}</{name}>"
    text = str(value)
    return f"<{name}>{escape(text) if ']]>' in text else f'<![CDATA[{text}]]>'}</{name}>"


def signature(*signed: str) -> str:
    """WeChat's signature over some texts."""
    return hashlib.sha1("".join(sorted(signed)).encode()).hexdigest()


def platform_of_environment(base: str) -> Platform:
    """The platform of the account that the `NUANGANG_WECHAT_*` variables describe."""
    known = {name: os.environ.get(f"NUANGANG_WECHAT_{name}") for name in ("TOKEN", "APP_ID")}
    return Platform(
        posting_to(base),
        known["TOKEN"] or "",
        known["APP_ID"] or "",
        os.environ.get("NUANGANG_WECHAT_AES_KEY") or None,
    )
