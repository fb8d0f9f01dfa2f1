"""Settings: easy in development, strict in production, never a secret in a message."""

import base64
import json
import re
import stat
from pathlib import Path

import pytest

from server.settings import Environment, Settings, SettingsRefused, load_settings, parse_keys

KEY = "k1:" + base64.b64encode(bytes(32)).decode()


@pytest.fixture(autouse=True)
def only_own_settings(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in Settings.model_fields:
        monkeypatch.delenv(f"NUANGANG_{name}".upper(), raising=False)
    monkeypatch.setenv("NUANGANG_DATA_DIR", str(tmp_path / "new" / "var"))


def test_development_makes_its_secrets_once_for_the_owner_only(tmp_path: Path) -> None:
    first, again = load_settings(), load_settings()
    assert first == again
    assert first.secret_key is not None and len(first.secret_key.get_secret_value()) >= 43
    assert [len(key) for key in first.keys.values()] == [32]
    file = tmp_path / "new" / "var" / "secrets.json"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert [path.name for path in file.parent.iterdir()] == ["secrets.json"]


def test_damaged_development_secrets_are_named(tmp_path: Path) -> None:
    load_settings()
    (tmp_path / "new" / "var" / "secrets.json").write_text("{")
    with pytest.raises(SettingsRefused, match=r"secrets\.json"):
        load_settings()


def test_nobody_is_told_to_remove_secrets_that_only_cannot_be_opened(tmp_path: Path) -> None:
    (tmp_path / "new" / "var" / "secrets.json").mkdir(parents=True)
    with pytest.raises(IsADirectoryError):
        load_settings()


def test_development_serves_this_machine_only(monkeypatch: pytest.MonkeyPatch) -> None:
    for host in ("127.0.0.1", "::1", "localhost"):
        monkeypatch.setenv("NUANGANG_HOST", host)
        assert load_settings().host == host
    for host in ("0.0.0.0", "192.168.1.2", "example.org", "::"):
        monkeypatch.setenv("NUANGANG_HOST", host)
        with pytest.raises(SettingsRefused, match="NUANGANG_HOST"):
            load_settings()


def test_production_names_each_missing_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NUANGANG_ENV", "production")
    monkeypatch.setenv("NUANGANG_SECRET_KEY", "")
    with pytest.raises(SettingsRefused, match=r"NUANGANG_SECRET_KEY.*NUANGANG_ENCRYPTION_KEYS"):
        load_settings()
    monkeypatch.setenv("NUANGANG_SECRET_KEY", "s" * 43)
    monkeypatch.setenv("NUANGANG_ENCRYPTION_KEYS", KEY)
    assert load_settings().env is Environment.PRODUCTION


def test_wrong_keys_are_refused_without_being_repeated(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NUANGANG_ENCRYPTION_KEYS", "k1:c2VjcmV0")
    with pytest.raises(SettingsRefused) as refused:
        load_settings()
    assert "NUANGANG_ENCRYPTION_KEYS" in str(refused.value)
    assert "c2VjcmV0" not in str(refused.value)


def test_the_first_key_comes_first() -> None:
    assert list(parse_keys(f"{KEY}, k0:{base64.b64encode(bytes(16)).decode()}")) == ["k1", "k0"]
    for wrong in (f"{KEY},{KEY}", "k1", KEY.removeprefix("k1")):
        with pytest.raises(ValueError):
            parse_keys(wrong)


def test_wechat_settings_come_together(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NUANGANG_WECHAT_APP_ID", "wx1")
    with pytest.raises(SettingsRefused, match="NUANGANG_WECHAT_TOKEN"):
        load_settings()


def _set_wechat(monkeypatch: pytest.MonkeyPatch, **values: str) -> None:
    for name, value in {"APP_ID": "wx1", "APP_SECRET": "s", "TOKEN": "t", **values}.items():
        monkeypatch.setenv(f"NUANGANG_WECHAT_{name}", value)


def test_production_never_takes_wechat_in_plaintext(monkeypatch: pytest.MonkeyPatch) -> None:
    _set_wechat(monkeypatch)
    assert load_settings().wechat_aes_key is None
    monkeypatch.setenv("NUANGANG_ENV", "production")
    monkeypatch.setenv("NUANGANG_SECRET_KEY", "s" * 43)
    monkeypatch.setenv("NUANGANG_ENCRYPTION_KEYS", KEY)
    with pytest.raises(SettingsRefused, match="NUANGANG_WECHAT_AES_KEY"):
        load_settings()
    _set_wechat(monkeypatch, AES_KEY="a" * 43)
    assert load_settings().wechat_aes_key is not None


@pytest.mark.parametrize("key", ["a" * 42, "a" * 44, "a" * 42 + "="])
def test_an_aes_key_that_is_none_is_refused_without_being_repeated(
    monkeypatch: pytest.MonkeyPatch, key: str
) -> None:
    _set_wechat(monkeypatch, AES_KEY=key)
    with pytest.raises(SettingsRefused, match="NUANGANG_WECHAT_AES_KEY") as refused:
        load_settings()
    assert key not in str(refused.value)


def test_a_value_of_the_wrong_kind_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NUANGANG_PORT", "eighty")
    with pytest.raises(SettingsRefused, match="NUANGANG_PORT"):
        load_settings()


@pytest.mark.parametrize("wrong", ["{", "reviewed=1", "[]", '"id"', '{"reviewed": 1}', "[" * 9999])
def test_template_ids_that_are_none_are_named(monkeypatch: pytest.MonkeyPatch, wrong: str) -> None:
    monkeypatch.setenv("NUANGANG_WECHAT_TEMPLATE_IDS", wrong)
    with pytest.raises(SettingsRefused, match="NUANGANG_WECHAT_TEMPLATE_IDS"):
        load_settings()


@pytest.mark.parametrize("kind", ["received", "out_reach", "text"])
def test_a_kind_that_no_notice_has_is_named_with_those_there_are(
    monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    monkeypatch.setenv("NUANGANG_WECHAT_TEMPLATE_IDS", f'{{"paid": "T1", "{kind}": "T2"}}')
    with pytest.raises(SettingsRefused, match=rf"TEMPLATE_IDS.*{kind}.*reviewed.*outreach"):
        load_settings()


def test_a_kind_that_is_no_longer_sent_is_dropped_and_keeps_no_service_from_starting(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("NUANGANG_WECHAT_TEMPLATE_IDS", '{"policy_ends": "T1", "paid": "T2"}')
    assert load_settings().wechat_template_ids == {"paid": "T2"}


def test_the_example_in_the_message_is_one_that_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NUANGANG_WECHAT_TEMPLATE_IDS", "{")
    with pytest.raises(SettingsRefused) as refused:
        load_settings()
    example = str(refused.value).partition("like ")[2]
    monkeypatch.setenv("NUANGANG_WECHAT_TEMPLATE_IDS", example)
    assert load_settings().wechat_template_ids == json.loads(example)


def test_an_empty_value_is_the_default_as_the_example_says(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    example = Path(__file__).parents[2] / "deploy" / "env.example"
    text = example.read_text("utf-8")
    # Where the data lie, the units and the image say; a line of the file would win over theirs.
    assert "\n# NUANGANG_DATA_DIR=./var\n" in text
    # Whatever is no setting of the program may only be named.
    assert "\n# DATABASE_PASSWORD=\n# KEYS_PASSWORD=\n" in text
    listed = dict(re.findall(r"^(\w+)=(.*)$", text, re.M))
    assert {"NUANGANG_DATA_DIR", *listed} == {
        f"NUANGANG_{name}".upper() for name in Settings.model_fields
    }
    plain = load_settings()
    for name, value in listed.items():
        monkeypatch.setenv(name, value)
    assert load_settings() == plain
    assert plain.database == f"sqlite:///{tmp_path / 'new' / 'var' / 'nuangang.db'}"


def test_the_mini_programs_own_app_comes_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NUANGANG_WECHAT_MINI_APP_ID", "wx2")
    with pytest.raises(SettingsRefused, match="NUANGANG_WECHAT_MINI_APP_SECRET"):
        load_settings()
    monkeypatch.setenv("NUANGANG_WECHAT_MINI_APP_SECRET", "s")
    with pytest.raises(SettingsRefused, match="NUANGANG_WECHAT_APP_ID"):
        load_settings()


def test_secrets_go_to_wechat_encrypted_or_stay_on_this_machine(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for base in ("https://api.weixin.qq.com", "http://127.0.0.1:9999", "http://[::1]:9999/"):
        monkeypatch.setenv("NUANGANG_WECHAT_API_BASE", base)
        assert load_settings().wechat_api_base == base
    for base in ("http://api.weixin.qq.com", "ftp://127.0.0.1", "api.weixin.qq.com", "https://"):
        monkeypatch.setenv("NUANGANG_WECHAT_API_BASE", base)
        with pytest.raises(SettingsRefused, match="NUANGANG_WECHAT_API_BASE"):
            load_settings()


def test_a_rate_is_a_number_in_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    for rate in ("5/minute", "5/second;100/hour"):
        monkeypatch.setenv("NUANGANG_RATE_CHAT", rate)
        assert load_settings().rate_chat == rate
    for rate in ("5", "0/minute", "5/fortnight", "5/minute;", "-1/hour"):
        monkeypatch.setenv("NUANGANG_RATE_CHAT", rate)
        with pytest.raises(SettingsRefused, match="NUANGANG_RATE_CHAT"):
            load_settings()


def test_template_ids_are_given_by_kind(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NUANGANG_WECHAT_TEMPLATE_IDS", '{"paid":"t1"}')
    assert load_settings().wechat_template_ids == {"paid": "t1"}
