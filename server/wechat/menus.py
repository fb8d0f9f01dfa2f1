"""The menu at the bottom of the official account: data in `menu.yaml`."""

from functools import cache
from pathlib import Path
from typing import Annotated, Any, Literal

import yaml
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, TypeAdapter, model_validator

_FILE = Path(__file__).parent / "menu.yaml"
_NAME_BYTES = 16


def _short(name: str) -> str:
    if len(name.encode()) > _NAME_BYTES:
        raise ValueError(f"more than {_NAME_BYTES} bytes")
    return name


class Button(BaseModel):
    """One button; each type has the fields that WeChat wants of it."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: Annotated[str, Field(min_length=1), AfterValidator(_short)]
    type: Literal["click", "view", "miniprogram"]
    key: Annotated[str, Field(max_length=128)] | None = None
    reply: str | None = None
    url: str | None = None
    appid: str | None = None
    pagepath: str | None = None

    @model_validator(mode="after")
    def _has_what_its_type_needs(self) -> "Button":
        needed = {
            "click": {"key", "reply"},
            "view": {"url"},
            "miniprogram": {"url", "appid", "pagepath"},
        }[self.type]
        given = self.model_dump(exclude_none=True).keys() - {"name", "type"}
        if given != needed:
            raise ValueError(f"{self.name}: a {self.type} button has {', '.join(sorted(needed))}")
        return self


_Buttons = TypeAdapter(Annotated[list[Button], Field(min_length=1, max_length=3)])


@cache
def buttons(file: Path = _FILE) -> tuple[Button, ...]:
    """The buttons of a menu file; raises `ValueError` for one that WeChat would refuse."""
    return tuple(_Buttons.validate_python(yaml.safe_load(file.read_text("utf-8"))))


def menu_for_wechat() -> dict[str, Any]:
    """The menu as the platform takes it: what we reply is no business of its."""
    shown = [button.model_dump(exclude_none=True, exclude={"reply"}) for button in buttons()]
    return {"button": shown}


def reply_to_click(key: str) -> str | None:
    """What is replied to a button, None where the menu has none with this key."""
    return next((b.reply for b in buttons() if b.key is not None and b.key == key), None)
