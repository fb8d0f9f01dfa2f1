"""`nuangang ask`: one question, or a batch of conversations."""

import argparse
import json
import sys
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, TextIO

from server.commands.at_hand import FAILED, OK, Refused, words

if TYPE_CHECKING:
    from bot.answers import Answer
    from server.chat.serving import Served


def add_to(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the command to a parser."""
    ask = commands.add_parser(
        "ask",
        help="one question, or a batch of conversations",
        description='A batch has lines of {"id": …, "turns": ["…", …], "region": "石狮"}; "region",'
        " the place chosen in the app, may be left out. One line comes back for each conversation:"
        " what is replied to the last of its turns.",
    )
    ask.add_argument("text", type=words, nargs="?", help="the question")
    ask.add_argument("--region", type=words, help="the place, as chosen in the app")
    ask.add_argument("--jsonl", action="store_true", help="conversations on stdin, one JSON a line")
    ask.set_defaults(run=_ask)


def _ask(parsed: argparse.Namespace) -> int:
    if parsed.jsonl:
        if parsed.text is not None or parsed.region is not None:
            raise Refused("--jsonl reads questions and regions from stdin only")
        return _ask_batch(sys.stdin, sys.stdout)
    if parsed.text is None:
        raise Refused("give a question, or --jsonl")
    from server.web.resources import load_served

    print(asked(load_served(), [parsed.text], parsed.region).reply)
    return OK


def _ask_batch(lines: Iterable[str], out: TextIO) -> int:
    from pydantic import BaseModel, ConfigDict, Field, StrictInt, StrictStr

    from knowledge.files import told_plainly
    from server.web.resources import load_served

    class Conversation(BaseModel):
        model_config = ConfigDict(extra="ignore")
        id: StrictStr | StrictInt
        turns: list[str] = Field(min_length=1)
        region: str | None = None

    now_served = load_served()
    result = OK
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            one = Conversation.model_validate(json.loads(line))
            answer = asked(now_served, one.turns, one.region)
        except (ValueError, RecursionError) as error:
            print(f"line {number}: {told_plainly(error)}", file=sys.stderr)
            result = FAILED
            continue
        row = {
            "id": one.id,
            "kind": answer.kind,
            "reply": answer.reply,
            "measures": answer.measures,
            "region": answer.region,
        }
        print(json.dumps(row, ensure_ascii=False), file=out, flush=True)
    return result


def asked(now_served: "Served", turns: Sequence[str], region: str | None) -> "Answer":
    """Ask the turns of one conversation; gives the answer to the last."""
    from bot.answers import Context
    from knowledge.regions import UnknownRegion
    from server.clock import china_day, utc_now
    from server.commands.eligibility import unknown_region

    try:
        chosen = None if region is None else now_served.region(region)
    except UnknownRegion:
        raise Refused(
            f"{unknown_region(region or '', now_served.library.regions)}; "
            "other places can be named in the question itself"
        ) from None
    today = china_day(utc_now())
    context = Context()
    for text in turns:
        answer = now_served.answer(text, context, today=today, region=chosen).answer
        context = answer.context
    return answer
