"""`nuangang audit …`: whether the audit is as it was written, and anchors for it."""

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from server.commands.at_hand import FAILED, OK, AtHand, with_all_at_hand

if TYPE_CHECKING:
    from server.records.audit import Found

_SHOWN = 20


def add_to(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the command to a parser."""
    audit = commands.add_parser("audit", help="verify the records of who saw and changed what")
    verbs = audit.add_subparsers(title="commands", required=True, metavar="COMMAND")

    verify = verbs.add_parser("verify", help="find what was changed, taken away or cut off")
    verify.add_argument(
        "--anchors", type=Path, help="a copy of the anchors that was kept elsewhere"
    )
    verify.set_defaults(run=_verify)

    anchor = verbs.add_parser("anchor", help="note outside the database how far the chain reaches")
    anchor.set_defaults(run=_anchor)


@with_all_at_hand
def _verify(at: AtHand, parsed: argparse.Namespace) -> int:
    from itertools import islice

    from server.records import anchors, audit

    path = parsed.anchors or at.settings.data_dir / anchors.FILE
    if parsed.anchors is not None and not path.exists():
        print(f"nuangang: {path} does not exist", file=sys.stderr)
        return FAILED
    try:
        known = anchors.read(path, at.safe)
    except anchors.AnchorForged as forged:
        print(f"{path}: line {forged.line} is not as it was written, or one before it is missing")
        return FAILED
    with at.database.read() as session:
        entries, links = audit.counts(session)
        found = list(islice(audit.verify(session, at.safe, known), _SHOWN))
    for one in found:
        print(_told(one))
    judged = "NOT as written" if found else "as written"
    print(
        f"{entries} entries, {entries - links} not yet in the chain, {len(known)} anchors: {judged}"
    )
    return FAILED if found else OK


@with_all_at_hand
def _anchor(at: AtHand, _: argparse.Namespace) -> int:
    from server.clock import china_day, utc_now
    from server.records import anchors, audit

    with at.database.begin() as session:
        audit.link(session, at.safe, whole=True)
    with at.database.read() as session:
        end = audit.end(session)
    # Printed, too: a timer's mail keeps a copy where the service can't reach.
    print(anchors.add(at.settings.data_dir / anchors.FILE, at.safe, end, on=china_day(utc_now())))
    return OK


def _told(found: "Found") -> str:
    where = ", ".join(
        f"{name} {value}"
        for name, value in (("position", found.position), ("entry", found.entry_id))
        if value is not None
    )
    return f"{found.fault.value}: {where}"
