"""The adapter over wechatpy: each call ends in a result, or in the right one of three facts."""

import logging
import multiprocessing
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from multiprocessing.synchronize import Event
from typing import Any

import pytest
from werkzeug.serving import make_server

from server.clock import utc_now
from server.confidential.sealing import Safe
from server.database.db import Database
from server.platform.access_tokens import AccessTokens
from server.platform.faults import OutcomeUnknown, PlatformBusy, PlatformFault, PlatformRefused
from server.platform.interface import App, Known, Platform, make_platform
from server.settings import Settings
from tests.serving import free_port
from tests.wechat_platform.state import APP_ID, APP_SECRET, Fault, PlatformState

SEND = "/cgi-bin/message/custom/send"


@pytest.fixture
def openid(wechat: PlatformState) -> str:
    return wechat.openid(APP_ID, "wang")


def test_a_login_code_tells_who_signs_in_and_only_once(
    platform: Platform, wechat: PlatformState, openid: str
) -> None:
    wechat.unions[openid] = "union-of-wang"
    code = wechat.login_code(openid)
    assert platform.mini_app.code_to_session(code) == Known(openid, "union-of-wang")
    for again, number in ((code, 40163), ("invented", 40029)):
        with pytest.raises(PlatformRefused) as refused:
            platform.mini_app.code_to_session(again)
        assert refused.value.code == number
    # To sign in needs no token.
    assert wechat.fetches == 0


def test_every_call_reaches_the_platform_under_the_base_address(
    platform: Platform, wechat: PlatformState, openid: str
) -> None:
    account, mini_app = platform.account, platform.mini_app
    account.send_text(openid, "你好")
    mini_app.send_subscribe(openid, "template-paid", {"thing1": {"value": "补贴"}}, "pages/a")
    assert [message["touser"] for message in wechat.sent] == [openid, openid]
    assert mini_app.phone_number(wechat.phone_code("13800138000")) == "13800138000"
    assert [mini_app.check_text(openid, text, 2) for text in ("好", "可疑", "违法")] == [
        "pass", "review", "risky",
    ]  # fmt: skip
    assert account.get_menu() is None
    menu = {"button": [{"type": "click", "name": "问政策", "key": "ask"}]}
    account.create_menu(menu)
    assert account.get_menu() == {"menu": menu}
    assert account.create_qrcode("石狮")[0] == "ticket-石狮"
    wechat.unions[openid] = "u"
    assert account.user_unionid(openid) == "u"
    assert account.is_reachable()
    assert wechat.fetches == 1


@pytest.mark.parametrize(
    ("fault", "fact", "code", "done"),
    [
        (Fault(code=43101), PlatformRefused, 43101, False),
        (Fault(code=45015), PlatformRefused, 45015, False),
        (Fault(code=-1), PlatformBusy, -1, False),
        (Fault(code=45009), PlatformBusy, 45009, False),
        (Fault(code=45011), PlatformBusy, 45011, False),
        (Fault(status=503), PlatformBusy, 503, False),
        (Fault(status=502, done_first=True), OutcomeUnknown, 502, True),
        (Fault(drop=True, done_first=True), OutcomeUnknown, None, True),
        (Fault(delay=1.5), OutcomeUnknown, None, True),
        (Fault(code=40001), PlatformBusy, 40001, False),
    ],
)
def test_each_way_to_fail_is_the_fact_it_is(
    platform: Platform,
    wechat: PlatformState,
    openid: str,
    monkeypatch: pytest.MonkeyPatch,
    fault: Fault,
    fact: type[PlatformFault],
    code: int | None,
    done: bool,
) -> None:
    if fault.delay:
        monkeypatch.setattr("server.platform.interface.TIMEOUT_SECONDS", (1.0, 0.5))
    wechat.faults = [Fault(**{**fault.__dict__, "path": SEND})]
    with pytest.raises(PlatformFault) as failed:
        platform.account.send_text(openid, "你好")
    assert (type(failed.value), failed.value.code) == (fact, code)
    # Asked again at most once, and only where the token was refused.
    assert wechat.calls[SEND] == (2 if code == 40001 else 1)
    if fault.delay == 0:
        assert bool(wechat.sent) is done


def test_no_redirect_is_followed(database: Database, safe: Safe) -> None:
    asked: list[str] = []

    def elsewhere(environ: dict[str, Any], start: Any) -> list[bytes]:
        asked.append(environ["PATH_INFO"])
        start("302 Found", [("Location", "/elsewhere"), ("Content-Length", "0")])
        return [b""]

    server = make_server("127.0.0.1", 0, elsewhere)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    base = f"http://127.0.0.1:{server.port}"
    app = App(APP_ID, APP_SECRET, base, AccessTokens(database, safe, utc_now))
    try:
        with pytest.raises(PlatformFault):
            app.code_to_session("code")
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
    assert asked == ["/sns/jscode2session"]


def test_where_nobody_listens_nothing_was_sent(database: Database, safe: Safe) -> None:
    base = f"http://127.0.0.1:{free_port()}"
    app = App(APP_ID, APP_SECRET, base, AccessTokens(database, safe, utc_now))
    with pytest.raises(PlatformBusy):
        app.code_to_session("code")
    with pytest.raises(PlatformBusy):
        app.send_text("o" * 28, "你好")
    assert not app.is_reachable()


def test_a_wrong_secret_loses_no_message(
    wechat_settings: Settings, database: Database, safe: Safe
) -> None:
    app = App(APP_ID, "wrong", wechat_settings.wechat_api_base,
              AccessTokens(database, safe, utc_now))  # fmt: skip
    with pytest.raises(PlatformBusy) as busy:
        app.send_text("o" * 28, "你好")
    assert busy.value.code == 40125


@pytest.mark.parametrize("expire", [True, False], ids=["42001", "40001"])
def test_a_token_that_ended_early_is_replaced_within_the_call(
    platform: Platform, wechat: PlatformState, openid: str, expire: bool
) -> None:
    platform.account.send_text(openid, "一")
    if expire:
        wechat.expire_tokens()
    else:
        wechat.stable_token(APP_ID, APP_SECRET, force=True)
    before = wechat.fetches
    platform.account.send_text(openid, "二")
    assert wechat.texts() == ["一", "二"]
    assert wechat.fetches - before == int(expire)


def test_a_token_the_platform_clings_to_is_forced_out(
    platform: Platform, wechat: PlatformState, openid: str
) -> None:
    platform.account.send_text(openid, "一")
    wechat.faults = [Fault(code=40001, path=SEND)]
    with pytest.raises(PlatformBusy):
        platform.account.send_text(openid, "二")
    # The platform would have given the same token again.
    assert wechat.fetches == 2


def test_account_and_mini_program_may_be_two_apps(
    wechat_settings: Settings, wechat: PlatformState, database: Database, safe: Safe
) -> None:
    wechat.apps["wx-mini"] = "mini-secret"
    two = Settings.model_validate(
        wechat_settings.model_dump()
        | {"wechat_mini_app_id": "wx-mini", "wechat_mini_app_secret": "mini-secret"}
    )
    platform = make_platform(two, database, safe, utc_now)
    assert platform is not None
    assert [app.app_id for app in platform.apps] == [APP_ID, "wx-mini"]
    for app in platform.apps:
        app.send_text("o" * 28, "你好")
        assert platform.app(app.app_id) is app
    assert wechat.fetches == 2 and platform.app("wx-other") is None
    assert make_platform(Settings(), database, safe, utc_now) is None


def test_no_secret_shows_in_an_error_or_a_log(
    platform: Platform,
    wechat: PlatformState,
    caplog: pytest.LogCaptureFixture,
    openid: str,
    tell: Any,
) -> None:
    caplog.set_level(logging.DEBUG)
    platform.mini_app.code_to_session(wechat.login_code(openid))
    for path in ("/sns", "/cgi-bin"):
        for fault in (Fault(drop=True), Fault(status=500), Fault(code=-1)):
            wechat.faults = [Fault(**{**fault.__dict__, "path": path})]
            for call in (
                lambda: platform.mini_app.code_to_session("canary-code"),
                lambda: platform.account.send_text(openid, "你好"),
            ):
                assert not _shown(call) & _canaries(wechat)
    shown = _in(caplog.text, _canaries(wechat))
    tell("secrets in errors and logs of twelve failing calls", len(shown), 0)
    assert not shown


def _shown(call: Callable[[], object]) -> set[str]:
    """The words that a traceback of the error, with all that led to it, would show."""
    shown: set[str] = set()
    try:
        call()
    except PlatformFault as fault:
        error: BaseException | None = fault
        while error is not None:
            shown |= _in(repr(error) + repr(error.args), {APP_SECRET, "canary-code", "token="})
            error = error.__cause__ or error.__context__
    return shown


def _canaries(wechat: PlatformState) -> set[str]:
    token, _ = wechat.stable_token(APP_ID, APP_SECRET, force=False)
    return {APP_SECRET, "canary-session-key", "canary-code", token, "token="}


def _in(text: str, words: set[str]) -> set[str]:
    return {word for word in words if word in text}


def test_the_search_for_canaries_finds_one_that_sings(caplog: pytest.LogCaptureFixture) -> None:
    logging.getLogger("urllib3.connectionpool").warning("GET /sns?secret=%s", APP_SECRET)
    assert _in(caplog.text, {APP_SECRET}) == {APP_SECRET}

    def leak() -> None:
        raise PlatformBusy from ValueError(APP_SECRET)

    assert _shown(leak) == {APP_SECRET}


def test_many_expiries_at_once_make_one_refresh(
    platform: Platform, wechat: PlatformState, openid: str
) -> None:
    platform.account.send_text(openid, "0")
    wechat.expire_tokens()
    wechat.faults = [Fault(delay=0.2, path="/cgi-bin/stable_token")]
    threads = [
        threading.Thread(target=platform.account.send_text, args=(openid, str(number)))
        for number in range(1, 25)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(map(int, wechat.texts())) == list(range(25))
    assert wechat.fetches == 2


@pytest.mark.fault
def test_a_hundred_expiries_in_several_processes_make_one_refresh(
    platform: Platform,
    wechat: PlatformState,
    openid: str,
    tell: Callable[[str, object, object], None],
) -> None:
    platform.account.send_text(openid, "0")
    wechat.expire_tokens()
    wechat.faults = [Fault(delay=0.2, path="/cgi-bin/stable_token")]
    fork = multiprocessing.get_context("fork")
    start = fork.Event()
    processes = [fork.Process(target=_send_many, args=(platform, openid, start)) for _ in range(4)]
    for process in processes:
        process.start()
    start.set()
    for process in processes:
        process.join(60)
    tell("refreshes for 100 expiries at once", wechat.fetches - 1, 1)
    assert [process.exitcode for process in processes] == [0] * 4
    assert len(wechat.texts()) == 101 and wechat.fetches == 2


def _send_many(platform: Platform, openid: str, start: Event) -> None:
    start.wait()
    with ThreadPoolExecutor(25) as pool:
        list(pool.map(lambda number: platform.account.send_text(openid, str(number)), range(25)))


def test_the_token_is_stored_sealed(
    platform: Platform, wechat: PlatformState, database: Database, openid: str
) -> None:
    platform.account.send_text(openid, "你好")
    token, _ = wechat.stable_token(APP_ID, APP_SECRET, force=False)
    row = database.fetch("SELECT app_id, sealed FROM access_token")
    assert row is not None and row[0] == APP_ID
    assert token not in row[1]
