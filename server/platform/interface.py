"""WeChat's interface, through wechatpy: every call ends in time, and in a result or a fact."""

import logging
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, NamedTuple

from requests.exceptions import ConnectionError as NotConnected
from requests.exceptions import ConnectTimeout, RequestException
from sqlalchemy.exc import OperationalError
from urllib3.exceptions import MaxRetryError, NameResolutionError, NewConnectionError
from wechatpy import WeChatClient
from wechatpy.exceptions import WeChatClientException
from wechatpy.session import SessionStorage

from server.clock import Clock
from server.confidential.sealing import Safe
from server.database.db import Database, DatabaseBusy
from server.platform.access_tokens import AccessTokens, TokenAwaited
from server.platform.faults import OutcomeUnknown, PlatformBusy, PlatformFault, PlatformRefused
from server.settings import Settings

TIMEOUT_SECONDS = (3.05, 6.0)
"""To connect, and between two bytes of the reply."""

# Its lines hold addresses, and addresses hold the AppSecret and access tokens.
logging.getLogger("urllib3.connectionpool").setLevel(logging.INFO)

_TOKEN_REFUSED = frozenset({40001, 40014, 42001})
# Worth another try: the platform is busy, or this app has asked too often.
_PASSING = _TOKEN_REFUSED | {-1, 45009, 45011}
_SURELY_NOT_SENT = (ConnectTimeout,)


class Known(NamedTuple):
    """Who stands behind a login code."""

    openid: str
    unionid: str | None


class App:
    """One account of ours on the platform; safe between threads and across a fork."""

    def __init__(self, app_id: str, secret: str, base: str, tokens: AccessTokens) -> None:
        self.app_id = app_id
        self._secret = secret
        self._base = base.rstrip("/") + "/"
        self._tokens = tokens
        self._own = threading.local()

    def code_to_session(self, code: str) -> Known:
        """Who signs in with this code; the session key that comes along is let go here."""
        asked = {
            "appid": self.app_id,
            "secret": self._secret,
            "js_code": code,
            "grant_type": "authorization_code",
        }
        result = self._call(lambda client: client.get("sns/jscode2session", **self._open(asked)))
        return Known(_text(result, "openid"), result.get("unionid") or None)

    def web_code_to_session(self, code: str) -> Known:
        """Who comes from WeChat's web view with this code; the tokens that come along are let go.

        The unionid is told where the person agreed to more than the openid.
        """
        asked = {
            "appid": self.app_id,
            "secret": self._secret,
            "code": code,
            "grant_type": "authorization_code",
        }
        result = self._call(
            lambda client: client.get("sns/oauth2/access_token", **self._open(asked))
        )
        return Known(_text(result, "openid"), result.get("unionid") or None)

    def phone_number(self, code: str) -> str:
        """The telephone number that the code of a `getPhoneNumber` button stands for."""
        result = self._call(
            lambda client: client.post(
                "wxa/business/getuserphonenumber", data={"code": code}, api_base_url=self._base
            )
        )
        return _text(result.get("phone_info") or {}, "phoneNumber")

    def user_unionid(self, openid: str) -> str | None:
        """The unionid of somebody who follows the account, None where the platform tells none."""
        return self._call(lambda client: client.user.get(openid)).get("unionid") or None

    def send_text(self, openid: str, text: str) -> None:
        """Send a customer-service message, within 48 hours after the person's last one."""
        self._call(lambda client: client.message.send_text(openid, text))

    def send_subscribe(
        self, openid: str, template_id: str, data: Mapping[str, Any], page: str | None
    ) -> None:
        """Send a message that the person has subscribed to."""
        self._call(
            lambda client: client.wxa.send_subscribe_message(openid, template_id, data, page)
        )

    def check_text(self, openid: str, text: str, scene: int) -> str:
        """What the platform suggests for a text others will see: `pass`, `review` or `risky`."""
        asked = {"version": 2, "openid": openid, "scene": scene, "content": text}
        result = self._call(
            lambda client: client.post("wxa/msg_sec_check", data=asked, api_base_url=self._base)
        )
        return _text(result.get("result") or {}, "suggest")

    def create_menu(self, menu: Mapping[str, Any]) -> None:
        """Put a menu in place of the account's."""
        self._call(lambda client: client.menu.create(dict(menu)))

    def get_menu(self) -> dict[str, Any] | None:
        """The account's menu, None where it has none."""
        try:
            return self._call(lambda client: client.get("menu/get"))
        except PlatformRefused as refused:
            if refused.code == 46003:
                return None
            raise

    def create_qrcode(self, scene: str) -> tuple[str, str]:
        """A lasting code for a scene: its ticket, and the address that it shows."""
        asked = {
            "action_name": "QR_LIMIT_STR_SCENE",
            "action_info": {"scene": {"scene_str": scene}},
        }
        result = self._call(lambda client: client.qrcode.create(asked))
        return _text(result, "ticket"), _text(result, "url")

    def is_reachable(self) -> bool:
        """Whether the platform answers at all; asks something that changes nothing."""
        try:
            self._call(lambda client: client.get("getcallbackip"))
        except PlatformRefused:
            return True
        except PlatformFault as fault:
            return fault.code in _HTTP_REFUSED
        return True

    def _call(self, ask: Callable[[Any], Any]) -> dict[str, Any]:
        client = self._client()
        try:
            return _result(ask, client)
        except PlatformBusy as fault:
            if fault.code not in _TOKEN_REFUSED:
                raise
        self._token(refused=client.session.given)
        return _result(ask, client)

    def _client(self) -> Any:
        """This thread's client: the connections in it are not for sharing."""
        client = getattr(self._own, "client", None)
        if client is None:
            client = WeChatClient(
                self.app_id,
                self._secret,
                session=_SharedToken(self._token),
                timeout=TIMEOUT_SECONDS,
                # It would ask again without end where the platform refuses every token.
                auto_retry=False,
            )
            client.API_BASE_URL = self._base + "cgi-bin/"
            client.wxa.API_BASE_URL = self._base
            # A redirect would carry secrets to wherever it says.
            client._http.max_redirects = 0
            self._own.client = client
        return client

    def _token(self, refused: str | None = None) -> str:
        try:
            return self._tokens.get(self.app_id, self._fetch_token, refused)
        except (TokenAwaited, DatabaseBusy, OperationalError):
            raise PlatformBusy from None
        except PlatformFault as fault:
            # Whatever was asked for was not done; a wrong secret can be put right.
            raise PlatformBusy(fault.code) from None

    def _fetch_token(self, force: bool) -> tuple[str, timedelta]:
        asked = {
            "grant_type": "client_credential",
            "appid": self.app_id,
            "secret": self._secret,
            "force_refresh": force,
        }
        client = self._client()
        result = _result(
            lambda client: client.post("cgi-bin/stable_token", data=asked, **self._open({})), client
        )
        return _text(result, "access_token"), timedelta(seconds=int(result["expires_in"]))

    def _open(self, params: Mapping[str, str]) -> dict[str, Any]:
        """Arguments of a call that needs no token."""
        return {"params": {**params, "access_token": None}, "api_base_url": self._base}


@dataclass(frozen=True, slots=True)
class Platform:
    """The official account and the mini-program; they may be one app."""

    account: App
    mini_app: App

    @property
    def apps(self) -> tuple[App, ...]:
        """Each app once."""
        return (self.account,) if self.account is self.mini_app else (self.account, self.mini_app)

    def app(self, app_id: str) -> App | None:
        """The app with this id, None where it is none of ours."""
        return next((app for app in self.apps if app.app_id == app_id), None)


def make_platform(
    settings: Settings, database: Database, safe: Safe, clock: Clock
) -> Platform | None:
    """The platform that the settings name, None where WeChat is not set up."""
    if settings.wechat_app_id is None or settings.wechat_app_secret is None:
        return None
    tokens = AccessTokens(database, safe, clock)
    base = settings.wechat_api_base
    account = App(
        settings.wechat_app_id, settings.wechat_app_secret.get_secret_value(), base, tokens
    )
    if settings.wechat_mini_app_id is None or settings.wechat_mini_app_secret is None:
        return Platform(account, account)
    secret = settings.wechat_mini_app_secret.get_secret_value()
    return Platform(account, App(settings.wechat_mini_app_id, secret, base, tokens))


class _SharedToken(SessionStorage):  # type: ignore[misc]
    """Where wechatpy looks for the token: always the one in force."""

    def __init__(self, token: Callable[[], str]) -> None:
        self._token = token
        self.given: str | None = None

    def get(self, key: str, default: object = None) -> str:
        self.given = self._token()
        return self.given

    def set(self, key: str, value: str, ttl: int | None = None) -> None:
        raise NotImplementedError("tokens are fetched by App")


# Of a gateway that may have handed the request on before.
_HTTP_BROKEN = frozenset({500, 502, 504})
_HTTP_REFUSED = range(400, 500)


def _result(ask: Callable[[Any], Any], client: Any) -> dict[str, Any]:
    """What the platform answers; no error carries the request on, for it holds secrets."""
    fault: PlatformFault
    try:
        result = ask(client)
        if isinstance(result, dict):
            return result
        fault = OutcomeUnknown()
    except PlatformFault:
        raise
    except WeChatClientException as error:
        fault = _fault(error)
    except RequestException as error:
        fault = PlatformBusy() if _was_not_sent(error) else OutcomeUnknown()
    raise fault


def _fault(error: WeChatClientException) -> PlatformFault:
    if error.errcode is not None:
        code = int(error.errcode)
        return PlatformBusy(code) if code in _PASSING else PlatformRefused(code)
    status = error.response.status_code
    return OutcomeUnknown(status) if status in _HTTP_BROKEN else PlatformBusy(status)


def _was_not_sent(error: RequestException) -> bool:
    if isinstance(error, _SURELY_NOT_SENT):
        return True
    cause = error.args[0] if isinstance(error, NotConnected) and error.args else None
    if isinstance(cause, MaxRetryError):
        cause = cause.reason
    return isinstance(cause, NewConnectionError | NameResolutionError)


def _text(result: Mapping[str, Any], name: str) -> str:
    found = result.get(name)
    if not isinstance(found, str) or not found:
        raise OutcomeUnknown
    return found
