"""`nuangang keys …`: taking a new key of the settings into use while the service runs."""

import argparse
import sys

from server.commands.at_hand import FAILED, OK, AtHand, with_all_at_hand

_SHOWN = 20


def add_to(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the command to a parser."""
    keys = commands.add_parser("keys", help="change the keys that seal personal data")
    verbs = keys.add_subparsers(title="commands", required=True, metavar="COMMAND")
    rotate = verbs.add_parser(
        "rotate",
        help="seal anew with the first of NUANGANG_ENCRYPTION_KEYS",
        description="First add the new key at the end of NUANGANG_ENCRYPTION_KEYS and restart each "
        "process, so that each can open with it; then put it first and restart. Then run this, "
        "while the service goes on; break it off and repeat it as you like. Once it says that "
        "nothing is left, the old key can be taken out.",
    )
    rotate.set_defaults(run=_rotate)


@with_all_at_hand
def _rotate(at: AtHand, _: argparse.Namespace) -> int:
    from server.personal import rotating

    database, safe, keys = at.database, at.safe, at.keys()
    total, done = rotating.behind(database, keys, safe), 0
    broken: list[str] = []
    for step in rotating.rotate(database, keys, safe):
        done += step.done
        broken += step.broken
        if step.done:
            print(f"{done:8} of {total} sealed anew ({step.what})", flush=True)
    for purpose in broken[:_SHOWN]:
        print(f"nuangang: {purpose} is sealed with none of these keys", file=sys.stderr)
    left = rotating.behind(database, keys, safe)
    print("nothing is left: older keys can be taken out" if not left else f"{left} are left")
    return FAILED if left else OK
