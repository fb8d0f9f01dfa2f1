"""The platform's interface, as far as the program uses it, with its real error codes."""

import contextlib
import json
import time
from collections.abc import Callable
from dataclasses import asdict
from functools import wraps
from typing import Any

from flask import Flask, Response, jsonify, request

from tests.wechat_platform.fields import fits
from tests.wechat_platform.state import Fault, PlatformState, Refusal

_LONGEST_TEXT = 2048
_LONGEST_MENU = 3
Reply = dict[str, Any]


def create_app(state: PlatformState) -> Flask:
    """The platform over HTTP; paths under `/_` tell it how to behave."""
    app = Flask("wechat_platform", static_folder=None)
    calls = _Calls(state)
    for method, path, call, with_token in (
        ("GET", "/sns/jscode2session", calls.code_to_session, False),
        ("GET", "/sns/oauth2/access_token", calls.web_code_to_session, False),
        ("POST", "/cgi-bin/stable_token", calls.stable_token, False),
        ("GET", "/cgi-bin/getcallbackip", calls.callback_addresses, True),
        ("GET", "/cgi-bin/user/info", calls.user_info, True),
        ("POST", "/cgi-bin/message/custom/send", calls.send_custom, True),
        ("POST", "/cgi-bin/message/subscribe/send", calls.send_subscribe, True),
        ("POST", "/wxa/business/getuserphonenumber", calls.phone_number, True),
        ("POST", "/wxa/msg_sec_check", calls.check_text, True),
        ("POST", "/cgi-bin/media/upload", calls.upload, True),
        ("GET", "/cgi-bin/media/get", calls.download, True),
        ("POST", "/cgi-bin/menu/create", calls.create_menu, True),
        ("GET", "/cgi-bin/menu/get", calls.get_menu, True),
        ("GET", "/cgi-bin/menu/delete", calls.delete_menu, True),
        ("POST", "/cgi-bin/qrcode/create", calls.create_qrcode, True),
    ):
        app.add_url_rule(path, path, _answered(state, call, with_token), methods=[method])
    _add_controls(app, state)
    return app


def _answered(
    state: PlatformState, call: Callable[[str], Reply | Response], with_token: bool
) -> Callable[[], Response]:
    @wraps(call)
    def answer() -> Response:
        with state.lock:
            state.calls[request.path] += 1
        fault = state.fault(request.path)
        if fault is not None:
            time.sleep(fault.delay)
            if not fault.done_first and _breaks(fault):
                return _broken(fault)
        try:
            app_id = state.app_of(request.args.get("access_token", "")) if with_token else ""
            result = call(app_id)
            if fault is not None and fault.twice:
                result = call(app_id)
        except Refusal as refusal:
            result = {"errcode": refusal.code, "errmsg": f"{refusal.message} rid: stand-in"}
        if fault is not None and _breaks(fault):
            return _broken(fault)
        return result if isinstance(result, Response) else jsonify(result)

    return answer


def _breaks(fault: Fault) -> bool:
    return fault.drop or fault.code is not None or fault.status is not None


def _broken(fault: Fault) -> Response:
    if fault.drop:
        with contextlib.suppress(OSError):
            request.environ["werkzeug.socket"].shutdown(2)
        return Response("")
    if fault.status is not None:
        return Response("<html>bad gateway</html>", fault.status)
    return jsonify({"errcode": fault.code, "errmsg": "told to fail"})


class _Calls:
    """What each call does; raises `Refusal`."""

    def __init__(self, state: PlatformState) -> None:
        self._state = state

    def code_to_session(self, _: str) -> Reply:
        app_id = request.args["appid"]
        if self._state.apps.get(app_id) != request.args["secret"]:
            raise Refusal(40125, "invalid appsecret")
        openid = self._state.redeem(request.args["js_code"], app_id)
        union = self._state.unions.get(openid)
        told = {} if union is None else {"unionid": union}
        return {"openid": openid, "session_key": "canary-session-key==", **told}

    def web_code_to_session(self, _: str) -> Reply:
        app_id = request.args["appid"]
        if self._state.apps.get(app_id) != request.args["secret"]:
            raise Refusal(40125, "invalid appsecret")
        openid = self._state.redeem(request.args["code"], app_id)
        return {"openid": openid, "access_token": "canary-web-token", "scope": "snsapi_base"}

    def stable_token(self, _: str) -> Reply:
        asked = self._body()
        if asked.get("grant_type") != "client_credential":
            raise Refusal(40002, "invalid grant_type")
        token, seconds = self._state.stable_token(
            asked.get("appid", ""), asked.get("secret", ""), asked.get("force_refresh") is True
        )
        return {"access_token": token, "expires_in": seconds}

    def callback_addresses(self, _: str) -> Reply:
        return {"ip_list": ["127.0.0.1"]}

    def user_info(self, _: str) -> Reply:
        openid = request.args["openid"]
        union = self._state.unions.get(openid)
        told = {} if union is None else {"unionid": union}
        return {"subscribe": 1, "openid": _person(openid), **told}

    def send_custom(self, _: str) -> Reply:
        message = self._body()
        openid = _person(message.get("touser"))
        if message.get("msgtype") != "text":
            raise Refusal(40008, "invalid message type")
        text = message["text"]["content"]
        if not text:
            raise Refusal(44004, "empty content")
        if len(text.encode()) > _LONGEST_TEXT:
            raise Refusal(45002, "content size out of limit")
        if openid in self._state.silent:
            raise Refusal(45015, "response out of time limit or subscription is canceled")
        self._state.accept(message)
        return _OK

    def send_subscribe(self, _: str) -> Reply:
        message = self._body()
        openid = _person(message.get("touser"))
        if message.get("template_id") not in self._state.template_ids:
            raise Refusal(40037, "invalid template_id")
        for name, given in message["data"].items():
            if not fits(name, given.get("value")):
                raise Refusal(47003, f"argument invalid! data.{name}.value invalid")
        if openid in self._state.refusing:
            raise Refusal(43101, "user refuse to accept the msg")
        return {**_OK, "msgid": self._state.accept(message)}

    def phone_number(self, app_id: str) -> Reply:
        phone = self._state.redeem(self._body().get("code", ""), app_id)
        if not phone.isdigit():
            raise Refusal(40029, "invalid code")
        told = {"phoneNumber": phone, "purePhoneNumber": phone, "countryCode": "86"}
        return {**_OK, "phone_info": told}

    def check_text(self, _: str) -> Reply:
        asked = self._body()
        _person(asked.get("openid"))
        if asked.get("version") != 2 or asked.get("scene") not in (1, 2, 3, 4):
            raise Refusal(47001, "data format error")
        if len(asked["content"]) > 2500:
            raise Refusal(45002, "content size out of limit")
        risky, doubtful = "违法" in asked["content"], "可疑" in asked["content"]
        suggest = "risky" if risky else "review" if doubtful else "pass"
        return {**_OK, "result": {"suggest": suggest, "label": 20001 if risky else 100}}

    def upload(self, _: str) -> Reply:
        if request.args.get("type") not in ("image", "voice", "video", "thumb"):
            raise Refusal(40004, "invalid media type")
        content = request.files["media"].read()
        with self._state.lock:
            media_id = f"media-{len(self._state.media) + 1}"
            self._state.media[media_id] = content
        return {"type": request.args["type"], "media_id": media_id, "created_at": int(time.time())}

    def download(self, _: str) -> Response:
        content = self._state.media.get(request.args.get("media_id", ""))
        if content is None:
            raise Refusal(40007, "invalid media_id")
        return Response(content, mimetype="application/octet-stream")

    def create_menu(self, _: str) -> Reply:
        menu = self._body()
        if not 1 <= len(menu.get("button", [])) <= _LONGEST_MENU:
            raise Refusal(40016, "invalid button size")
        self._state.menu = menu
        return _OK

    def get_menu(self, _: str) -> Reply:
        if self._state.menu is None:
            raise Refusal(46003, "menu no exist")
        return {"menu": self._state.menu}

    def delete_menu(self, _: str) -> Reply:
        self._state.menu = None
        return _OK

    def create_qrcode(self, _: str) -> Reply:
        asked = self._body()
        if asked.get("action_name") not in ("QR_LIMIT_STR_SCENE", "QR_STR_SCENE"):
            raise Refusal(40052, "invalid action name")
        scene = asked["action_info"]["scene"].get("scene_str", "")
        if not 1 <= len(scene) <= 64:
            raise Refusal(40053, "invalid action info")
        return {"ticket": f"ticket-{scene}", "url": f"http://weixin.qq.com/q/{scene}"}

    def _body(self) -> Reply:
        try:
            found: Reply = json.loads(request.get_data())
        except ValueError:
            raise Refusal(47001, "data format error") from None
        return found


_OK: Reply = {"errcode": 0, "errmsg": "ok"}


def _person(openid: object) -> str:
    if not isinstance(openid, str) or len(openid) != 28 or not openid.startswith("o"):
        raise Refusal(40003, "invalid openid")
    return openid


def _add_controls(app: Flask, state: PlatformState) -> None:
    """What a person, or a test in another process, tells the platform."""

    @app.post("/_faults")
    def set_faults() -> Response:
        with state.lock:
            state.faults = [Fault(**fault) for fault in request.get_json()]
        return jsonify([asdict(fault) for fault in state.faults])

    @app.post("/_expire")
    def expire() -> Response:
        state.expire_tokens()
        return jsonify(fetches=state.fetches)

    @app.get("/_sent")
    def sent() -> Response:
        with state.lock:
            return jsonify(state.sent)

    @app.get("/_calls")
    def calls() -> Response:
        with state.lock:
            return jsonify({**state.calls, "fetches": state.fetches})
