"""`nuangang switch …`: turn the bot or applications off and on."""

import argparse
import sys

from server.commands.at_hand import FAILED, OK, AtHand, with_all_at_hand

_PARTS = ("bot", "applications")


def add_to(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the command to a parser."""
    switch = commands.add_parser("switch", help="turn the bot or applications off and on")
    verbs = switch.add_subparsers(title="commands", required=True, metavar="COMMAND")

    show = verbs.add_parser("show", help="what is off, and what is said of it")
    show.set_defaults(run=_show)

    off = verbs.add_parser("off", help="turn a part off; people get to see the sentence")
    off.add_argument("--say", required=True, metavar="SENTENCE")
    on = verbs.add_parser("on", help="turn it on again")
    for verb, is_off in ((off, True), (on, False)):
        verb.add_argument("part", choices=_PARTS)
        verb.add_argument("--region", help="only there; everywhere without it")
        verb.set_defaults(run=_turn, off=is_off)


@with_all_at_hand
def _show(at: AtHand, _: argparse.Namespace) -> int:
    return _print(at)


def _print(at: AtHand) -> int:
    from server import switches
    from server.clock import CHINA

    with at.database.read() as session:
        found = switches.listed(session)
    for each in found:
        changed = each.changed_at.astimezone(CHINA)
        told = f"off: {each.says}" if each.is_off else "on"
        print(f"{each.part:12} {each.region or 'everywhere':16} {told} ({each.changed_by},"
              f" {changed:%Y-%m-%d %H:%M})")  # fmt: skip
    if not any(each.is_off for each in found):
        print("everything is on")
    return OK


@with_all_at_hand
def _turn(at: AtHand, parsed: argparse.Namespace) -> int:
    from server import switches
    from server.clock import utc_now
    from server.database.tables import Part

    region = switches.EVERYWHERE
    if parsed.region is not None:
        region = at.served().region(parsed.region)
    try:
        with at.database.begin() as session:
            switches.turn(
                session,
                Part(parsed.part),
                region,
                off=parsed.off,
                says=parsed.say if parsed.off else "",
                by="command",
                now=utc_now(),
            )
    except switches.WordsMissing:
        print("nuangang: --say must say something", file=sys.stderr)
        return FAILED
    return _print(at)
