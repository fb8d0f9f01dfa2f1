"""Typed settings from `NUANGANG_*` environment variables, read once at the roof."""

import base64
import binascii
import ipaddress
import json
import os
import re
import secrets
import tempfile
from enum import StrEnum
from functools import cached_property
from ipaddress import IPv4Network, IPv6Network
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, ValidationError, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from server.notice_kinds import RETIRED, TEMPLATED

SECRETS_FILE = "secrets.json"
_KEY_LENGTHS = (16, 32)
_BUCKET = re.compile("s3://[a-z0-9][a-z0-9.-]{1,62}(/[A-Za-z0-9_-]+)*")
_AES_KEY = re.compile("[A-Za-z0-9]{43}")


class SettingsRefused(Exception):
    """The service must not start with these settings; the message names each variable."""


class Environment(StrEnum):
    DEVELOPMENT = "development"
    PRODUCTION = "production"


_ONE_RATE = r"[1-9][0-9]{0,6}/(second|minute|hour|day)"
Rate = Annotated[str, Field(pattern=f"^{_ONE_RATE}(;{_ONE_RATE})*$")]
"""How often, as in `60/minute` or `60/minute;600/hour`."""


class Settings(BaseSettings):
    """All settings of the service; `deploy/env.example` explains each."""

    model_config = SettingsConfigDict(env_prefix="NUANGANG_", env_ignore_empty=True, frozen=True)

    env: Environment = Environment.DEVELOPMENT
    data_dir: Path = Path("var")
    database_url: str | None = None
    keys_url: str | None = None
    host: str = "127.0.0.1"
    port: int = Field(default=8000, ge=1, le=65535)
    proxies: str = "127.0.0.0/8,::1/128"
    workers: int = Field(default=2, ge=1, le=64)
    threads: int = Field(default=8, ge=1, le=64)
    secret_key: SecretStr | None = None
    encryption_keys: SecretStr | None = None
    wechat_app_id: str | None = None
    wechat_app_secret: SecretStr | None = None
    wechat_token: SecretStr | None = None
    wechat_aes_key: SecretStr | None = None
    wechat_mini_app_id: str | None = None
    wechat_mini_app_secret: SecretStr | None = None
    wechat_api_base: str = "https://api.weixin.qq.com"
    wechat_template_ids: Annotated[dict[str, str], NoDecode] = {}
    wechat_checker_openid: str | None = None
    redis_url: SecretStr | None = None
    materials_url: str | None = None
    s3_endpoint: str | None = None
    s3_region: str = "us-east-1"
    s3_access_key: SecretStr | None = None
    s3_secret_key: SecretStr | None = None
    rate_chat: Rate = "60/minute"
    rate_chat_address: Rate = "3000/minute"
    rate_sign_in: Rate = "60/minute"
    rate_sign_in_address: Rate = "3000/minute"
    rate_wechat: Rate = "60/minute"
    rate_join: Rate = "10/minute;60/day"
    rate_upload: Rate = "120/hour;300/day"
    rate_staff: Rate = "5/minute;20/hour;60/day"
    rate_staff_device: Rate = "10/minute;60/hour"
    rate_staff_address: Rate = "60/minute;300/hour"
    rate_till_address: Rate = "60/minute;300/hour"
    rate_till_code: Rate = "60/minute;300/hour"

    @field_validator("wechat_template_ids", mode="before")
    @classmethod
    def _read_json(cls, value: object) -> object:
        # Read here, not by the source: what that raises names no variable.
        if not isinstance(value, str):
            return value
        try:
            return json.loads(value)
        except (ValueError, RecursionError):
            raise ValueError('expected JSON like {"reviewed": "id"}') from None

    @field_validator("wechat_template_ids", mode="after")
    @classmethod
    def _know_kinds(cls, ids: dict[str, str]) -> dict[str, str]:
        # Of a kind that is misspelt nothing would be sent, and nobody would be told.
        if unknown := sorted(ids.keys() - RETIRED - set(TEMPLATED)):
            raise ValueError(
                f"no kind of notice: {', '.join(unknown)}; the kinds are {', '.join(TEMPLATED)}"
            )
        return {kind: id for kind, id in ids.items() if kind not in RETIRED}

    @cached_property
    def proxy_networks(self) -> tuple[IPv4Network | IPv6Network, ...]:
        """Where our proxy calls from; raises ValueError."""
        return tuple(ipaddress.ip_network(part.strip()) for part in self.proxies.split(","))

    @property
    def is_production(self) -> bool:
        """Whether the service serves others than this machine."""
        return self.env is Environment.PRODUCTION

    @property
    def database(self) -> str:
        """The database URL in force: the one set, or SQLite inside the data directory."""
        if self.database_url:
            return self.database_url
        return f"sqlite:///{self.data_dir.resolve() / 'nuangang.db'}"

    @property
    def keys_database(self) -> str:
        """The URL of the database of workers' keys; never the one that holds their data."""
        if self.keys_url:
            return self.keys_url
        return f"sqlite:///{self.data_dir.resolve() / 'keys.db'}"

    @property
    def keys(self) -> dict[str, bytes]:
        """Encryption keys by id, the one to encrypt with first; raises ValueError."""
        return parse_keys(self.encryption_keys.get_secret_value() if self.encryption_keys else "")


def load_settings() -> Settings:
    """The settings of this process; raises SettingsRefused with the names of what is wrong.

    In development missing secrets are made once and kept in the data directory.
    """
    try:
        settings = Settings()
    except ValidationError as error:
        wrong = [f"{_variable(e['loc'][0])}: {e['msg']}" for e in error.errors()]
        raise SettingsRefused("; ".join(wrong)) from None
    problems = _problems(settings)
    if problems:
        raise SettingsRefused("; ".join(problems))
    if settings.env is Environment.DEVELOPMENT:
        settings = with_development_secrets(settings)
    try:
        _ = settings.keys
    except ValueError as error:
        raise SettingsRefused(f"{_variable('encryption_keys')}: {error}") from None
    return settings


def parse_keys(text: str) -> dict[str, bytes]:
    """Keys from `id:base64,id:base64`; each is 16 or 32 bytes. Raises ValueError, never echoing."""
    keys: dict[str, bytes] = {}
    for part in filter(None, (part.strip() for part in text.split(","))):
        name, _, encoded = part.partition(":")
        try:
            key = base64.b64decode(encoded, validate=True)
        except (binascii.Error, ValueError):
            key = b""
        if not name or name in keys or len(key) not in _KEY_LENGTHS:
            raise ValueError("expected id:base64 pairs with unique ids and keys of 16 or 32 bytes")
        keys[name] = key
    return keys


def _variable(field: object) -> str:
    return f"NUANGANG_{field}".upper()


def _problems(settings: Settings) -> list[str]:
    problems: list[str] = []
    if settings.is_production:
        problems += [
            f"{_variable(name)} is missing: production starts only with it set"
            for name in ("secret_key", "encryption_keys")
            if getattr(settings, name) is None
        ]
    elif not _is_loopback(settings.host):
        problems.append(
            f"NUANGANG_HOST={settings.host} is not a loopback address: "
            "development serves this machine only (set NUANGANG_ENV=production to serve others)"
        )
    if settings.keys_database == settings.database:
        # One backup would hold both, and erasing a key would erase nothing in it.
        problems.append(f"{_variable('keys_url')} must name another database than the data's")
    try:
        _ = settings.proxy_networks
    except ValueError:
        problems.append(f"{_variable('proxies')} must be networks joined by commas")
    problems += _store_problems(settings)
    problems += _wechat_problems(settings)
    if (settings.wechat_mini_app_id is None) != (settings.wechat_mini_app_secret is None):
        names = f"{_variable('wechat_mini_app_id')} and {_variable('wechat_mini_app_secret')}"
        problems.append(f"{names} come together or not at all")
    if settings.wechat_mini_app_id is not None and settings.wechat_app_id is None:
        problems.append(f"{_variable('wechat_app_id')} missing: the official account comes first")
    if not _is_safe_base(settings.wechat_api_base):
        problems.append(
            f"{_variable('wechat_api_base')} must be https://, or http:// on a loopback address"
        )
    return problems


def _store_problems(settings: Settings) -> list[str]:
    if settings.materials_url is None:
        return []
    problems: list[str] = []
    if not _BUCKET.fullmatch(settings.materials_url):
        problems.append(f"{_variable('materials_url')} must be s3://bucket or s3://bucket/folder")
    problems += [
        f"{_variable(name)} is missing: {_variable('materials_url')} comes with it"
        for name in ("s3_access_key", "s3_secret_key")
        if getattr(settings, name) is None
    ]
    if settings.s3_endpoint is not None and not _is_safe_base(settings.s3_endpoint):
        problems.append(
            f"{_variable('s3_endpoint')} must be https://, or http:// on a loopback address"
        )
    return problems


def _wechat_problems(settings: Settings) -> list[str]:
    problems: list[str] = []
    wechat = ["wechat_app_id", "wechat_app_secret", "wechat_token"]
    if settings.is_production or settings.wechat_aes_key is not None:
        # A plaintext message is not covered by its signature: anybody could change it.
        wechat.append("wechat_aes_key")
    missing = [name for name in wechat if getattr(settings, name) is None]
    if 0 < len(missing) < len(wechat):
        names = ", ".join(_variable(name) for name in missing)
        problems.append(f"{names} missing: the WeChat settings come together or not at all")
    aes_key = settings.wechat_aes_key
    if aes_key is not None and not _AES_KEY.fullmatch(aes_key.get_secret_value()):
        name = _variable("wechat_aes_key")
        problems.append(f"{name} must be the 43 letters and digits of the EncodingAESKey")
    return problems


def _is_safe_base(address: str) -> bool:
    parts = urlsplit(address)
    if not parts.hostname or parts.query or parts.fragment:
        return False
    return parts.scheme == "https" or (parts.scheme == "http" and _is_loopback(parts.hostname))


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def with_development_secrets(settings: Settings) -> Settings:
    """The settings with secrets that are made once and kept in the data directory."""
    if settings.secret_key is not None and settings.encryption_keys is not None:
        return settings
    kept = _development_secrets(settings.data_dir)
    missing = {
        name: SecretStr(kept[name])
        for name in ("secret_key", "encryption_keys")
        if getattr(settings, name) is None
    }
    return settings.model_copy(update=missing)


def _development_secrets(data_dir: Path) -> dict[str, str]:
    """The secrets kept in `data_dir`, made on first use; two first starts agree on one set."""
    path = data_dir / SECRETS_FILE
    if not path.exists():
        data_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
        made = {
            "secret_key": secrets.token_urlsafe(32),
            "encryption_keys": "dev:" + base64.b64encode(secrets.token_bytes(32)).decode(),
        }
        # mkstemp makes the file 0600; linking it into place fails if another start was first.
        handle, draft = tempfile.mkstemp(dir=data_dir, prefix=SECRETS_FILE)
        try:
            with os.fdopen(handle, "w", encoding="utf-8") as file:
                json.dump(made, file)
            os.link(draft, path)
        except FileExistsError:
            pass
        finally:
            os.unlink(draft)
    try:
        kept: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        return {name: str(kept[name]) for name in ("secret_key", "encryption_keys")}
    except (ValueError, KeyError, TypeError) as error:
        raise SettingsRefused(
            f"{path} cannot be read ({error}); remove it to make new ones"
        ) from None
