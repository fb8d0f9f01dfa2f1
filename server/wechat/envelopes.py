"""What surrounds a message: signature, time and, in AES mode, encryption.

wechatpy signs, encrypts and decrypts; the checks are ours, because it compares signatures in a time
that tells how much of one was right, and knows no time window.
"""

import hmac
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import cast

from wechatpy.crypto import PrpCrypto, WeChatCrypto
from wechatpy.exceptions import InvalidAppIdException
from wechatpy.utils import WeChatSigner

from server.settings import Settings
from server.web.problems.requests import NotFromWeChat
from server.wechat.xml import read_fields, write_fields

WINDOW_SECONDS = 300
"""How far WeChat's clock and ours may be apart."""
_TIMESTAMP = re.compile("[0-9]{1,12}")


@dataclass(frozen=True, slots=True)
class Account:
    """The official account, as its callback has to know it."""

    app_id: str
    token: str
    aes_key: str | None
    """None only in development: messages come in plaintext."""

    def check(self, query: Mapping[str, str], *, now: datetime) -> None:
        """Raise `NotFromWeChat` where the query is not signed with the token, or too old."""
        timestamp = query.get("timestamp", "")
        if not _TIMESTAMP.fullmatch(timestamp):
            raise NotFromWeChat("timestamp")
        if abs(now.timestamp() - int(timestamp)) > WINDOW_SECONDS:
            raise NotFromWeChat("window")
        self._compare(query, "signature")

    def open(self, body: bytes, query: Mapping[str, str], *, now: datetime) -> dict[str, str]:
        """The fields of a message; raises `NotFromWeChat` and `MalformedXml`."""
        self.check(query, now=now)
        fields = read_fields(body)
        if self.aes_key is None:
            return fields
        if query.get("encrypt_type") != "aes":
            raise NotFromWeChat("encrypt_type")
        encrypted = fields.get("Encrypt", "")
        self._compare(query, "msg_signature", encrypted)
        inner = read_fields(self._decrypted(encrypted))
        outer_name = fields.get("ToUserName")
        if outer_name is not None and outer_name != inner.get("ToUserName", outer_name):
            raise NotFromWeChat("envelope")
        return inner

    def close(self, reply: str, *, now: datetime) -> str:
        """A reply as it goes back: encrypted in AES mode."""
        if self.aes_key is None:
            return reply
        crypto = WeChatCrypto(self.token, self.aes_key, self.app_id)
        timestamp = str(int(now.timestamp()))
        return cast(str, crypto.encrypt_message(reply, secrets.token_hex(8), timestamp))

    def _compare(self, query: Mapping[str, str], name: str, *signed: str) -> None:
        signer = WeChatSigner()
        signer.add_data(self.token, query.get("timestamp", ""), query.get("nonce", ""), *signed)
        given = query.get(name, "").encode("utf-8", "replace")
        if not hmac.compare_digest(signer.signature.encode(), given):
            raise NotFromWeChat(name)

    def _decrypted(self, encrypted: str) -> bytes:
        crypto = WeChatCrypto(self.token, self.aes_key, self.app_id)
        try:
            plain: str = PrpCrypto(crypto.key).decrypt(encrypted, self.app_id)
        except InvalidAppIdException as error:
            raise NotFromWeChat("appid") from error
        except Exception as error:
            # Signed, and yet not encrypted with our key: wechatpy raises whatever it stumbles over.
            raise NotFromWeChat("encryption") from error
        return plain.encode()


def account_of(settings: Settings) -> Account | None:
    """The account of the settings, None where they name none."""
    if settings.wechat_app_id is None or settings.wechat_token is None:
        return None
    aes_key = settings.wechat_aes_key
    return Account(
        settings.wechat_app_id,
        settings.wechat_token.get_secret_value(),
        None if aes_key is None else aes_key.get_secret_value(),
    )


def text_reply(to: str, by: str, text: str, at: datetime) -> str:
    """A passive reply with a text; the same arguments give the same reply."""
    return write_fields(
        {
            "ToUserName": to,
            "FromUserName": by,
            "CreateTime": int(at.timestamp()),
            "MsgType": "text",
            "Content": text,
        }
    )
