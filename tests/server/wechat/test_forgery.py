"""Only WeChat's own, fresh and whole messages are taken; what grows or reaches outside is not."""

import gc
import random
import statistics
import time
import urllib.parse
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta

import pytest
from apiflask import APIFlask
from wechatpy import parse_message
from wechatpy.crypto import WeChatCrypto

from server.web.resources import Resources
from tests.conftest import HandClock
from tests.verifying import size
from tests.wechat_platform.user import ACCOUNT, Platform, User, as_xml, signature, text_of

REFUSED = (400, 403, 404)
AES_ONLY = pytest.mark.parametrize("aes_key", ["abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG"])
PLAINTEXT_ONLY = pytest.mark.parametrize("aes_key", [None])
Tell = Callable[[str, object, object], None]


def _effects(known: Resources) -> object:
    return known.database.fetch("SELECT count(*) FROM wechat_receipt")


def test_the_address_is_verified(app: APIFlask, platform: Platform) -> None:
    path, _ = platform.signed("")
    echo = app.test_client().get(path + "&echostr=7f%3Cb%3E")
    assert (echo.status_code, echo.text, echo.mimetype) == (200, "7f<b>", "text/plain")
    forged = replace(platform, token="guessed").signed("")[0]
    assert app.test_client().get(forged + "&echostr=7").status_code == 403


@pytest.mark.parametrize(("apart", "status"), [(-301, 403), (-299, 200), (299, 200), (301, 403)])
def test_a_signature_is_good_for_five_minutes(
    platform: Platform, user: User, clock: HandClock, apart: int, status: int
) -> None:
    path, body = platform.packed(user.message("text", Content="你好"))
    clock.now += timedelta(seconds=apart)
    assert platform.post(path, body)[0] == status


@pytest.mark.parametrize("timestamp", ["", "now", "１７７２３５７４００", "-5", "1e9", "9" * 40])
def test_a_time_that_is_none_is_refused(platform: Platform, timestamp: str) -> None:
    query = {
        "signature": signature(platform.token, timestamp, "n"),
        "timestamp": timestamp,
        "nonce": "n",
    }
    assert platform.post("/wechat?" + urllib.parse.urlencode(query), b"<xml/>")[0] == 403


def test_unsigned_and_wrongly_signed_requests_are_refused(
    platform: Platform, user: User, known: Resources
) -> None:
    path, body = platform.packed(user.message("text", Content="你好"))
    for missing in ("signature", "timestamp", "nonce"):
        parts = [p for p in path.split("?")[1].split("&") if not p.startswith(missing + "=")]
        assert platform.post("/wechat?" + "&".join(parts), body)[0] == 403
    assert platform.post("/wechat", body)[0] == 403
    other = replace(platform, token="guessed")
    assert platform.post(*other.packed(user.message("text", Content="你好")))[0] == 403
    assert _effects(known) == (0,)


@AES_ONLY
def test_with_a_key_only_what_is_encrypted_for_this_account_is_taken(
    platform: Platform, user: User, known: Resources, aes_key: str
) -> None:
    message = user.message("text", Content="你好")
    plain = replace(platform, aes_key=None)
    other_app = replace(platform, app_id="wxother")
    other_key = replace(platform, aes_key=aes_key[::-1])
    for forger in (plain, other_app, other_key):
        assert platform.post(*forger.packed(message))[0] == 403
    path, body = platform.packed(message)
    swapped = body.replace(ACCOUNT.encode(), b"gh_another")
    assert swapped != body and platform.post(path, swapped)[0] == 403
    assert _effects(known) == (0,)
    assert platform.post(path, body)[0] == 200


def _flipped(path: str, body: bytes, chance: random.Random) -> tuple[str, bytes]:
    """One bit turned over, in the body or in the values of the query."""
    prefix, query = path.split("?")
    everything = bytearray(query.encode() + b"\0" + body)
    while True:
        place = chance.randrange(len(everything))
        if place == len(query) or everything[place] in b"&=":
            continue
        changed = bytearray(everything)
        changed[place] ^= 1 << chance.randrange(8)
        if changed[place] > 0x7F or changed[place] in b"&=\0#%+":
            changed = everything
            continue
        pairs = bytes(changed[: len(query)]).decode()
        return f"{prefix}?{pairs}", bytes(changed[len(query) + 1 :])


def _forgeries(platform: Platform, user: User) -> Iterator[tuple[str, bytes]]:
    """Turn about: a flipped bit, a guessed token, another message under a good signature."""
    chance = random.Random(7)
    while True:
        path, body = platform.packed(user.message("text", Content="石狮被裁了有钱领吗"))
        yield _flipped(path, body, chance)
        yield replace(platform, token=chance.randbytes(8).hex()).packed(user.message("image"))
        _, other = platform.packed(user.message("text", Content="失业金怎么领"))
        yield path, other


@AES_ONLY
@pytest.mark.parametrize("database_url", ["sqlite_url"], indirect=True)
@pytest.mark.fault
def test_no_forged_request_is_accepted(
    platform: Platform, user: User, known: Resources, tell: Tell, control: Tell
) -> None:
    text_of(
        platform.unpacked(platform.post(*platform.packed(user.message("text", Content="好")))[1])
    )
    before = _effects(known)
    wanted, took, worked, accepted = size(600, 10_000), [], [], 0
    for _, (path, body) in zip(range(wanted), _forgeries(platform, user), strict=False):
        began, worked_before = time.perf_counter(), time.thread_time()
        status, _ = platform.post(path, body)
        # A refusal is worked out in this very thread: so long it takes where nobody else is at it.
        worked.append(1000 * (time.thread_time() - worked_before))
        took.append(1000 * (time.perf_counter() - began))
        accepted += status not in REFUSED
    all_but_few = -1 - max(1, wanted // 1000)
    slowest = sorted(worked)[all_but_few]
    tell(f"forged requests accepted, of {wanted}", accepted, 0)
    tell("milliseconds each, median", f"{statistics.median(took):.1f}", "-")
    tell("milliseconds each, 99.9 %", f"{sorted(took)[all_but_few]:.1f}", 20)
    tell("the same, processor time", f"{slowest:.1f}", 20)
    assert accepted == 0 and _effects(known) == before
    assert slowest < 20
    # The control: the same requests, one bit less wrong, are taken.
    path, body = platform.packed(user.message("text", Content="好"))
    assert platform.post(path, body)[0] == 200 and _effects(known) != before
    control("the same request, one bit less wrong", "taken", "taken")


BILLION = "<!DOCTYPE x [" + '<!ENTITY a0 "ha">' + "".join(
    f'<!ENTITY a{n} "{f"&a{n - 1};" * 10}">' for n in range(1, 10)
) + "]>"  # fmt: skip
HOSTILE = {
    "billion laughs": BILLION + "<xml><MsgType>&a9;</MsgType></xml>",
    "quadratic": f'<!DOCTYPE x [<!ENTITY a "{"a" * 15_000}">]><xml><A>{"&a;" * 3_000}</A></xml>',
    "external entity": '<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]><xml><A>&a;</A></xml>',
    "external subset": '<!DOCTYPE x SYSTEM "http://127.0.0.1:1/x.dtd"><xml/>',
    "parameter entity": '<!DOCTYPE x [<!ENTITY % a SYSTEM "http://127.0.0.1:1/">%a;]><xml/>',
    "empty document type": "<!DOCTYPE xml><xml/>",
}
MALFORMED = {
    "nothing": "",
    "no XML": "hello",
    "cut off": "<xml><ToUserName>",
    "two roots": "<xml/><xml/>",
    "another root": "<html><ToUserName>a</ToUserName></html>",
    "no fields": "<xml/>",
    "fields missing": as_xml({"ToUserName": ACCOUNT, "MsgType": "text"}),
    "text between": "<xml>text<ToUserName>a</ToUserName></xml>",
    "twice": "<xml><MsgType>text</MsgType><MsgType>image</MsgType></xml>",
    "undeclared entity": "<xml><MsgType>&a;</MsgType></xml>",
    "deep": "<xml>" + "<a>" * 500 + "</a>" * 500 + "</xml>",
    "many": "<xml>" + "".join(f"<a{n}/>" for n in range(2000)) + "</xml>",
    "control character": "<xml><MsgType>a\x08</MsgType></xml>",
    "attributes": '<xml a="1"><MsgType>text</MsgType></xml>',
    "another encoding": '<?xml version="1.0" encoding="utf-7"?><xml>+ADw-</xml>',
}


@pytest.fixture
def collector_rests() -> Iterator[None]:
    """Garbage of the tests before is not collected while time is taken."""
    gc.disable()
    yield
    gc.enable()


@pytest.mark.parametrize("body", [*HOSTILE.values(), *MALFORMED.values()],
                         ids=[*HOSTILE, *MALFORMED])  # fmt: skip
@pytest.mark.usefixtures("collector_rests")
def test_what_is_no_message_is_refused_at_once(
    platform: Platform, known: Resources, body: str
) -> None:
    # The first request of all loads what every request needs.
    assert platform.post(*platform.signed("hello"))[0] == 400
    began = time.thread_time()
    status, told = platform.post(*platform.signed(body))
    assert status == 400
    assert time.thread_time() - began < 0.5
    assert _effects(known) == (0,)
    assert b"passwd" not in told and b"Traceback" not in told


@PLAINTEXT_ONLY
def test_bytes_that_are_no_text_are_refused(platform: Platform, user: User) -> None:
    path, body = platform.packed(user.message("text", Content="好"))
    assert platform.post(path, body.replace("好".encode(), b"\xff\xfe"))[0] == 400
    assert platform.post(path, body)[0] == 200


def test_a_longer_body_than_64_kilobytes_is_not_read(platform: Platform, user: User) -> None:
    assert platform.post(*platform.packed(user.message("text", Content="好" * 12_000)))[0] == 200
    status, _ = platform.post(*platform.packed(user.message("text", Content="好" * 22_000)))
    assert status == 413


def test_the_library_alone_would_let_them_in(aes_key: str | None) -> None:
    """The control: what the checks are for."""
    if aes_key is None:
        with pytest.raises(Exception, match=r".") as broken:
            parse_message("<xml><ToUserName>")
        assert type(broken.value).__name__ in ("ExpatError", "TypeError")
        return
    platform = Platform(lambda path, body: (0, b""), "token", "wx1", aes_key, lambda: 1e9)
    path, body = platform.packed({"MsgType": "text"})
    query = dict(urllib.parse.parse_qsl(path.split("?")[1]))
    crypto = WeChatCrypto("token", aes_key, "wx1")
    # It asks for no time: a message of 2001 is as good as one of today.
    arguments = (query["msg_signature"], query["timestamp"], query["nonce"])
    assert "text" in crypto.decrypt_message(body.decode(), *arguments)
