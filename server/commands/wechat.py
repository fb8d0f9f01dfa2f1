"""`nuangang wechat …`: the official account's menu, and QR codes for places."""

import argparse
import json
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from server.commands.at_hand import OK, AtHand, at_hand, with_all_at_hand

if TYPE_CHECKING:
    from server.platform.interface import App

_SHOWS = "https://mp.weixin.qq.com/cgi-bin/showqrcode?"


class WechatRefused(Exception):
    """The command can't do what was asked; the message says why."""


def add_to(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the command to a parser."""
    wechat = commands.add_parser("wechat", help="menu and QR codes of the official account")
    verbs = wechat.add_subparsers(title="commands", required=True, metavar="COMMAND")

    menu = verbs.add_parser("menu", help="the menu at the bottom of the account")
    actions = menu.add_subparsers(title="commands", required=True, metavar="COMMAND")
    show = actions.add_parser("show", help="what is in force, and what push would put there")
    show.add_argument("--offline", action="store_true", help="do not ask the platform")
    show.set_defaults(run=_show_menu)
    push = actions.add_parser("push", help="put the menu of the program in force")
    push.set_defaults(run=_push_menu)

    codes = verbs.add_parser("qrcodes", help="a QR code for each place; scanning it sets the place")
    codes.add_argument("places", nargs="*", help="cities or streets; default: every covered region")
    codes.set_defaults(run=_codes)


def _show_menu(parsed: argparse.Namespace) -> int:
    from server.wechat.menus import menu_for_wechat

    ours = menu_for_wechat()
    print(_as_json(ours))
    if not parsed.offline:
        with at_hand() as at:
            theirs = _account(at).get_menu()
        shown = None if theirs is None else theirs.get("menu", theirs)
        same = shown is not None and shown.get("button") == ours["button"]
        print("in force: " + ("the same" if same else _as_json(shown)))
    return OK


@with_all_at_hand
def _push_menu(at: AtHand, _: argparse.Namespace) -> int:
    from server.wechat.menus import menu_for_wechat

    menu = menu_for_wechat()
    _account(at).create_menu(menu)
    print("pushed: " + " · ".join(button["name"] for button in menu["button"]))
    return OK


@with_all_at_hand
def _codes(at: AtHand, parsed: argparse.Namespace) -> int:
    from server.chat.scenes import SceneTooLong, region_of, scene_of

    served = at.served()
    places: list[str] = parsed.places or list(served.library.regions.covered)
    if unknown := [place for place in places if region_of(place, served) is None]:
        raise WechatRefused(f"no covered region: {', '.join(unknown)}")
    try:
        scenes = {place: scene_of(place) for place in places}
    except SceneTooLong as error:
        raise WechatRefused(f"too long for a scene: {error}") from None
    account = _account(at)
    for place, scene in scenes.items():
        ticket, url = account.create_qrcode(scene)
        print(f"{place}\t{scene}\t{url}\t{_SHOWS}{urlencode({'ticket': ticket})}", flush=True)
    return OK


def _account(at: AtHand) -> "App":
    from server.clock import utc_now
    from server.platform.interface import make_platform

    platform = make_platform(at.settings, at.database, at.safe, utc_now)
    if platform is None:
        raise WechatRefused("WeChat is not set up: set NUANGANG_WECHAT_*")
    return platform.account


def _as_json(menu: object) -> str:
    return json.dumps(menu, ensure_ascii=False, indent=2)
