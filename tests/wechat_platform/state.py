"""What the stand-in platform knows and remembers, and how it is told to misbehave."""

import hashlib
import random
import secrets
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

APP_ID = "wx_stand_in"
APP_SECRET = "stand-in-secret"
MINI_APP_ID = "wx_stand_in_mini"
MINI_APP_SECRET = "stand-in-mini-secret"
TEMPLATE_IDS = {
    kind: f"template-{kind}"
    for kind in (
        "reviewed",
        "materials_missing",
        "paid",
        "replied",
        "offer",
        "outreach",
        "voucher",
        "voucher_used",
        "voucher_ends",
    )
}


@dataclass(frozen=True)
class Fault:
    """How a call goes wrong; by default as a timeout would be seen."""

    code: int | None = None
    """Answer with this error code."""
    status: int | None = None
    """Answer with this HTTP status, as a gateway in front would."""
    delay: float = 0.0
    """Seconds before anything is done."""
    drop: bool = False
    """Close the connection without an answer."""
    done_first: bool = False
    """Do what was asked before going wrong."""
    twice: bool = False
    """Do what was asked twice."""
    chance: float = 1.0
    path: str = "/"
    """Beginning of the paths it concerns."""


class Refusal(Exception):
    """An error code of the platform."""

    def __init__(self, code: int, message: str) -> None:
        super().__init__(code, message)
        self.code = code
        self.message = message


@dataclass
class _Token:
    text: str
    expires_at: float


@dataclass
class PlatformState:
    """One platform; every method may be called from any thread."""

    apps: dict[str, str] = field(
        default_factory=lambda: {APP_ID: APP_SECRET, MINI_APP_ID: MINI_APP_SECRET}
    )
    template_ids: set[str] = field(default_factory=lambda: set(TEMPLATE_IDS.values()))
    token_seconds: int = 7200
    unions: dict[str, str] = field(default_factory=dict)
    """unionid of an openid; without an entry the platform tells none."""
    refusing: set[str] = field(default_factory=set)
    """Openids of people who subscribed to nothing."""
    silent: set[str] = field(default_factory=set)
    """Openids of people who have not written for 48 hours."""
    sent: list[dict[str, Any]] = field(default_factory=list)
    calls: Counter[str] = field(default_factory=Counter)
    fetches: int = 0
    """How many new tokens there were."""
    menu: dict[str, Any] | None = None
    media: dict[str, bytes] = field(default_factory=dict)
    faults: list[Fault] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.lock = threading.RLock()
        self._tokens: dict[str, _Token] = {}
        self._codes: dict[str, str] = {}
        self._used: set[str] = set()
        self._random = random.Random(0)

    def fault(self, path: str) -> Fault | None:
        """How this call goes wrong, None where it doesn't."""
        with self.lock:
            for fault in self.faults:
                if path.startswith(fault.path) and self._random.random() < fault.chance:
                    return fault
        return None

    # -- people -------------------------------------------------------------------------------

    def openid(self, app_id: str, name: str) -> str:
        """The openid of a person in an app."""
        digest = hashlib.sha256(f"{app_id} {name}".encode()).hexdigest()
        return f"o{digest[:27]}"

    def login_code(self, openid: str) -> str:
        """A code that signs a person in, once."""
        code = secrets.token_hex(16)
        with self.lock:
            self._codes[code] = openid
        return code

    def phone_code(self, phone: str) -> str:
        """A code for which the platform gives this telephone number, once."""
        return self.login_code(phone)

    def redeem(self, code: str, app_id: str) -> str:
        """What a code stands for; `code-NAME` stands for NAME, again and again."""
        with self.lock:
            if code in self._used:
                raise Refusal(40163, "code been used")
            if code in self._codes:
                self._used.add(code)
                return self._codes[code]
        if code.startswith("code-"):
            return self.openid(app_id, code.removeprefix("code-"))
        raise Refusal(40029, "invalid code")

    # -- tokens -------------------------------------------------------------------------------

    def stable_token(self, app_id: str, secret: str, force: bool) -> tuple[str, int]:
        """The token of an app and how many seconds it is good for."""
        if app_id not in self.apps:
            raise Refusal(40013, "invalid appid")
        if self.apps[app_id] != secret:
            raise Refusal(40125, "invalid appsecret")
        with self.lock:
            token = self._tokens.get(app_id)
            if token is None or force or token.expires_at <= time.time():
                token = _Token(secrets.token_hex(32), time.time() + self.token_seconds)
                self._tokens[app_id] = token
                self.fetches += 1
            return token.text, max(1, round(token.expires_at - time.time()))

    def app_of(self, token: str) -> str:
        """Whose token it is."""
        if not token:
            raise Refusal(41001, "access_token missing")
        with self.lock:
            for app_id, known in self._tokens.items():
                if secrets.compare_digest(known.text, token):
                    if known.expires_at <= time.time():
                        raise Refusal(42001, "access_token expired")
                    return app_id
        raise Refusal(40001, "invalid credential, access_token is invalid or not latest")

    def expire_tokens(self) -> None:
        """End every token, as the platform may at any time."""
        with self.lock:
            for token in self._tokens.values():
                token.expires_at = 0.0

    # -- messages -----------------------------------------------------------------------------

    def accept(self, message: dict[str, Any]) -> int:
        """Take a message and give its number."""
        with self.lock:
            self.sent.append(message)
            return len(self.sent)

    def texts(self) -> list[str]:
        """The customer-service texts that people got."""
        with self.lock:
            return [m["text"]["content"] for m in self.sent if m.get("msgtype") == "text"]
