"""`nuangang wechat …` against the stand-in platform."""

import json
import sys
from pathlib import Path

import pytest

from server.cli import main
from server.settings import Settings
from server.wechat.menus import buttons, menu_for_wechat
from tests.wechat_platform.state import PlatformState


@pytest.fixture(autouse=True)
def environment(wechat_settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NUANGANG_DATA_DIR", str(wechat_settings.data_dir))
    monkeypatch.setenv("NUANGANG_WECHAT_API_BASE", wechat_settings.wechat_api_base)
    monkeypatch.setenv("NUANGANG_WECHAT_APP_ID", wechat_settings.wechat_app_id or "")
    for name in ("app_secret", "token", "aes_key"):
        secret = getattr(wechat_settings, f"wechat_{name}").get_secret_value()
        monkeypatch.setenv(f"NUANGANG_WECHAT_{name}".upper(), secret)
    for name in ("stdin", "stdout", "stderr"):
        monkeypatch.setattr(getattr(sys, name), "reconfigure", lambda **_: None, raising=False)


def test_the_menu_is_pushed_and_then_in_force(
    wechat: PlatformState, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["wechat", "menu", "show"]) == 0
    assert "in force: null" in capsys.readouterr().out
    assert main(["wechat", "menu", "push"]) == 0
    assert "问政策 · 查资格 · 办事进度" in capsys.readouterr().out
    assert main(["wechat", "menu", "show"]) == 0
    assert "in force: the same" in capsys.readouterr().out
    assert [button["name"] for button in wechat.menu["button"]] == ["问政策", "查资格", "办事进度"]


def test_every_covered_region_gets_a_code(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["wechat", "qrcodes"]) == 0
    rows = [line.split("\t") for line in capsys.readouterr().out.splitlines()]
    assert ["石狮", "place:石狮"] in [row[:2] for row in rows] and len(rows) > 15
    assert all(row[3].startswith("https://mp.weixin.qq.com/") for row in rows)


def test_a_street_gets_a_code_and_an_unknown_place_none(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["wechat", "qrcodes", "石狮市凤里街道"]) == 0
    assert main(["wechat", "qrcodes", "石狮", "敦煌"]) == 1
    assert "敦煌" in capsys.readouterr().err


def test_without_the_settings_it_says_so(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("APP_ID", "APP_SECRET", "TOKEN", "AES_KEY"):
        monkeypatch.delenv(f"NUANGANG_WECHAT_{name}")
    assert main(["wechat", "menu", "push"]) == 1
    assert "NUANGANG_WECHAT" in capsys.readouterr().err
    assert main(["wechat", "menu", "show", "--offline"]) == 0
    assert json.loads(capsys.readouterr().out) == menu_for_wechat()


@pytest.mark.parametrize(
    "wrong",
    [
        "- {name: 问政策和别的, type: click, key: a, reply: b}",
        "- {name: 问, type: click, key: a}",
        "- {name: 问, type: view, key: a, url: http://x}",
        "- {name: 问, type: tap, key: a, reply: b}",
        "[]",
        "[" + ", ".join(["{name: 问, type: click, key: a, reply: b}"] * 4) + "]",
    ],
)
def test_a_menu_that_the_platform_would_refuse_is_refused_here(tmp_path: Path, wrong: str) -> None:
    file = tmp_path / "menu.yaml"
    file.write_text(wrong, encoding="utf-8")
    with pytest.raises(ValueError, match=r"."):
        buttons(file)
