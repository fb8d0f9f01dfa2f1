"""`nuangang check` and `nuangang match`: the rules for people one by one, and for a roster."""

import argparse
import json
import sys
from collections.abc import Iterable
from datetime import date
from typing import Any, TextIO

_OK = 0
_FAILED = 1


def add_to(commands: Any) -> None:
    """Add the commands to the parser of `nuangang`."""
    check = commands.add_parser("check", help="self-checks in a batch, one JSON a line on stdin")
    check.add_argument("--jsonl", action="store_true", required=True, help="the only format")
    check.set_defaults(run=_check)


def _check(_: argparse.Namespace) -> int:
    return check_lines(sys.stdin, sys.stdout)


def check_lines(lines: Iterable[str], out: TextIO) -> int:
    """Check each line; one that can't be read is told on stderr, and stops no other."""
    from pydantic import BaseModel, ConfigDict, ValidationError

    from knowledge.eligibility.facts import FactsRefused
    from knowledge.regions import UnknownRegion
    from server.resources import load_served
    from server.self_checks import checked

    class Line(BaseModel):
        model_config = ConfigDict(extra="ignore")
        id: str | int
        region: str
        as_of: date
        facts: dict[str, Any]
        already: list[str] = []

    served = load_served()
    result = _OK
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            asked = Line.model_validate(json.loads(line))
            region = served.region(asked.region)
            found = checked(
                served.library, region, asked.facts, as_of=asked.as_of, already=asked.already
            )
        except UnknownRegion:
            print(f"line {number}: unknown region", file=sys.stderr)
            result = _FAILED
        except (FactsRefused, ValidationError, RecursionError, ValueError) as error:
            print(f"line {number}: {error}", file=sys.stderr)
            result = _FAILED
        else:
            print(json.dumps({"id": asked.id, **found}, ensure_ascii=False), file=out, flush=True)
    return result
