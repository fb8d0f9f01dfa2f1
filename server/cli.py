"""The command `nuangang`: every command prepares what it needs and runs without a server.

What a command needs is imported when it runs: a question on the command line shouldn't wait for
the web server's libraries.
"""

import argparse
import gc
import json
import os
import sys
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

from server import logs

if TYPE_CHECKING:
    from flask import Flask

    from bot.answers import Answer
    from bot.retrieval import Index
    from knowledge.scoring import Record, Score
    from server.serving import Served
    from server.settings import Settings

_OK = 0
_FAILED = 1

_File = tuple[str, Sequence[str]]
"""The name of a file and its lines."""


class Refused(ValueError):
    """The command can't do what was asked; the message says why."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; its exit code is 0, or 1 where something was refused."""
    for stream in (sys.stdin, sys.stdout, sys.stderr):
        # Whatever the machine's language: UTF-8, and no character stops a batch.
        stream.reconfigure(encoding="utf-8", errors="replace")  # type: ignore[union-attr]
    parsed = _parser().parse_args(arguments)
    logs.configure()
    run: Callable[[argparse.Namespace], int] = parsed.run
    try:
        return run(parsed)
    except BrokenPipeError:
        # Whoever read the output has enough; nothing is left to flush at exit.
        sys.stdout = None
        return _FAILED
    except KeyboardInterrupt:
        return 130
    except Exception as error:
        told = _told(error)
        if told is None:
            raise
        print(f"nuangang: {told}", file=sys.stderr)
        return _FAILED


def _told(error: Exception) -> str | None:
    """What to tell of an error that a person can mend, None for a fault of the program."""
    from knowledge.files import KnowledgeFileRefused
    from knowledge.scoring import GoldRefused
    from server.backups import BackupRefused
    from server.commands.wechat import WechatRefused
    from server.db import DatabaseBusy, DatabaseRefused
    from server.platform_faults import PlatformFault
    from server.releases import ReleaseUnknown
    from server.serving import ReleaseUnreadable
    from server.settings import SettingsRefused

    mendable = (
        Refused,
        BackupRefused,
        GoldRefused,
        KnowledgeFileRefused,
        DatabaseRefused,
        SettingsRefused,
        WechatRefused,
        OSError,
    )
    if isinstance(error, DatabaseBusy):
        return "the database is busy; try again"
    if isinstance(error, PlatformFault):
        return f"WeChat did not do it: {type(error).__name__} {error.code or ''}"
    if isinstance(error, ReleaseUnknown):
        return f"no release {error}"
    if isinstance(error, ReleaseUnreadable):
        return (
            f"release {error.release} cannot be served by this version of the program: "
            f"{error.reason}\n`nuangang knowledge import` and `nuangang knowledge publish` put "
            "the files of the program in force, `nuangang knowledge rollback` an earlier release"
        )
    if isinstance(error, OSError) and error.filename:
        return _told_of_file(error)
    return str(error) if isinstance(error, mendable) else None


def _told_of_file(error: OSError) -> str:
    match error:
        case FileNotFoundError():
            return f"there is no file {error.filename}"
        case IsADirectoryError():
            return f"{error.filename} is a folder, not a file"
        case PermissionError():
            return f"{error.filename}: not allowed to open it"
    return f"{error.filename}: {error.strerror}"


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="nuangang", description="暖岗: 务工政策问答")
    commands = parser.add_subparsers(title="commands", required=True, metavar="COMMAND")

    serve = commands.add_parser("serve", help="serve over HTTP")
    serve.set_defaults(run=_serve)

    ask = commands.add_parser("ask", help="one question, or a batch of conversations")
    ask.add_argument("text", nargs="?", help="the question")
    ask.add_argument("--region", help="the place, as chosen in the app")
    ask.add_argument("--jsonl", action="store_true", help="conversations on stdin, one JSON a line")
    ask.set_defaults(run=_ask)

    search = commands.add_parser("search", help="the bot's retriever alone, over any questions")
    search.add_argument("--index", type=Path, required=True, help='lines of {"id","text"}')
    search.add_argument("--k", type=int, default=5, help="how many hits, at most")
    search.set_defaults(run=_search)

    evaluate = commands.add_parser(
        "evaluate", help="run gold questions or personas and count what is right"
    )
    evaluate.add_argument("files", type=Path, nargs="*", metavar="FILE")
    evaluate.add_argument(
        "--against",
        type=Path,
        metavar="RECORD",
        help="ask the questions that a record is of; fails where less is right than it says",
    )
    evaluate.add_argument(
        "--record", type=Path, metavar="RECORD", help="write how many are right, by kind"
    )
    evaluate.set_defaults(run=_evaluate)

    from server.commands import (
        audit,
        backup,
        eligibility,
        jobs,
        keys,
        knowledge,
        payments,
        register,
        staff,
        switch,
        wechat,
    )

    for module in (
        audit,
        backup,
        eligibility,
        jobs,
        keys,
        knowledge,
        payments,
        register,
        staff,
        switch,
        wechat,
    ):
        module.add_to(commands)
    return parser


# -- serve ------------------------------------------------------------------------------------


def _serve(_: argparse.Namespace) -> int:
    # As in gunicorn.conf.py, which turns it on again.
    gc.disable()
    from apiflask import APIFlask
    from gunicorn.app.wsgiapp import WSGIApplication

    from server.counting import share_counts

    share_counts()
    from server.app import create_app
    from server.settings import load_settings

    settings = load_settings()
    host = f"[{settings.host}]" if ":" in settings.host else settings.host
    address = f"http://{host}:{settings.port}"

    class Server(WSGIApplication):  # type: ignore[misc]
        def load(self) -> APIFlask:
            return app

        def load_config(self) -> None:
            super().load_config()
            ready = self.cfg.when_ready

            def announce(server: Any) -> None:
                ready(server)
                print(
                    f"暖岗 is ready.\n  chat:  {address}/\n  API:   {address}/openapi.json\n"
                    f"  staff: {address}/staff/\n{_told_sign_ins(settings)}"
                    "  stop:  Ctrl+C",
                    flush=True,
                )

            self.cfg.set("when_ready", announce)

    print("暖岗: preparing the database and loading the knowledge …", flush=True)
    app = create_app(settings)
    _make_demonstration(settings, app)
    configuration = Path(__file__).parent.parent / "deploy" / "gunicorn.conf.py"
    sys.argv = ["nuangang", "--config", str(configuration)]
    Server("%(prog)s [OPTIONS]", prog="nuangang").run()
    return _OK


def _make_demonstration(settings: "Settings", app: "Flask") -> None:
    """In development give a new database a desk to look around at."""
    import subprocess

    from server.demonstration import making
    from server.resources import resources

    with app.app_context():
        due = making.is_due(settings, resources())
    if due:
        print("暖岗: making a desk to look around at …", flush=True)
        subprocess.run([sys.executable, "-m", "server.demonstration"], check=True)


def _told_sign_ins(settings: "Settings") -> str:
    from server.demonstration.making import phones, sign_ins

    told = [
        f"         {username:9} {password}  {what}\n"
        for username, what, password in sign_ins(settings)
    ]
    if told:
        told.append("         on the phone, 我的: sign in as\n")
        told += [f"         {name:9} {what}\n" for name, what in phones()]
        return "".join(["         made-up officers, cases and people; name, password:\n", *told])
    return "         nuangang staff add … lets somebody in\n"


# -- ask --------------------------------------------------------------------------------------


def _ask(parsed: argparse.Namespace) -> int:
    if parsed.jsonl:
        if parsed.text is not None or parsed.region is not None:
            raise Refused("--jsonl reads questions and regions from stdin only")
        return _ask_batch(sys.stdin, sys.stdout)
    if parsed.text is None:
        raise Refused("give a question, or --jsonl")
    from server.resources import load_served

    text = parsed.text.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
    print(_asked(load_served(), [text], parsed.region).reply)
    return _OK


def _ask_batch(lines: Iterable[str], out: TextIO) -> int:
    from pydantic import BaseModel, ConfigDict, Field

    from knowledge.files import told_plainly
    from server.resources import load_served

    class Conversation(BaseModel):
        model_config = ConfigDict(extra="ignore")
        id: str | int
        turns: list[str] = Field(min_length=1)
        region: str | None = None

    now_served = load_served()
    result = _OK
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            asked = Conversation.model_validate(json.loads(line))
            answer = _asked(now_served, asked.turns, asked.region)
        except (ValueError, RecursionError) as error:
            print(f"line {number}: {told_plainly(error)}", file=sys.stderr)
            result = _FAILED
            continue
        row = {
            "id": asked.id,
            "kind": answer.kind,
            "reply": answer.reply,
            "measures": answer.measures,
            "region": answer.region,
        }
        print(json.dumps(row, ensure_ascii=False), file=out, flush=True)
    return result


def _asked(now_served: "Served", turns: Sequence[str], region: str | None) -> "Answer":
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


# -- search -----------------------------------------------------------------------------------


def _search(parsed: argparse.Namespace) -> int:
    from bot.retrieval import Index

    if parsed.k < 1:
        raise Refused("--k must be 1 or more")
    with parsed.index.open(encoding="utf-8") as file:
        index = Index(list(_entries(parsed.index.name, file)))
    return _search_batch(index, parsed.k, sys.stdin, sys.stdout)


def _search_batch(index: "Index", k: int, lines: Iterable[str], out: TextIO) -> int:
    result = _OK
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            key, text = _entry(line)
        except (ValueError, KeyError, TypeError, RecursionError):
            print(f'line {number}: expected {{"id","text"}}', file=sys.stderr)
            result = _FAILED
            continue
        hits = [{"id": hit.key, "score": round(hit.score, 4)} for hit in index.search(text, k)]
        print(json.dumps({"id": key, "hits": hits}, ensure_ascii=False), file=out, flush=True)
    return result


def _entries(name: str, lines: Iterable[str]) -> Iterable[tuple[str, str]]:
    for number, line in enumerate(lines, start=1):
        if line.strip():
            try:
                yield _entry(line)
            except (ValueError, KeyError, TypeError, RecursionError):
                raise Refused(f'{name}:{number}: expected {{"id","text"}}') from None


def _entry(line: str) -> tuple[str, str]:
    row = json.loads(line)
    return row["id"], str(row["text"])


# -- evaluate ---------------------------------------------------------------------------------


def _evaluate(parsed: argparse.Namespace) -> int:
    from knowledge.scoring import Record
    from server.resources import load_served

    paths, against = list(parsed.files), None
    if parsed.against is not None:
        against = _record(parsed.against)
        paths += [parsed.against.parent / file for file in against.files]
    if not paths:
        raise Refused("name a file, or a record with --against")
    files = [(path.name, path.read_text(encoding="utf-8").split("\n")) for path in paths]
    now_served = load_served()
    questions = [file for file in files if not _holds_personas(file[1])]
    lowered: list[str] = []
    if questions:
        score = _evaluate_questions(questions, now_served)
        lowered = against.lowered(score) if against else []
        if parsed.record is not None:
            names = [os.path.relpath(path, parsed.record.parent) for path in paths]
            made = Record.of(names, score).model_dump_json(indent=2)
            parsed.record.write_text(made + "\n", encoding="utf-8")
    personas = [file for file in files if _holds_personas(file[1])]
    if personas:
        _evaluate_personas(personas, now_served)
    for told in lowered:
        print(f"lower than recorded: {told}", file=sys.stderr)
    return _FAILED if lowered else _OK


def _record(path: Path) -> "Record":
    from knowledge.scoring import Record

    try:
        return Record.model_validate_json(path.read_bytes())
    except ValueError:
        raise Refused(f"{path} is no record of `evaluate --record`") from None


def _holds_personas(lines: Sequence[str]) -> bool:
    """Tell a file of personas from one of questions by its first line."""
    try:
        return "expect" in json.loads(next(filter(str.strip, lines), ""))
    except (RecursionError, TypeError, ValueError):
        return False


def _evaluate_questions(files: Iterable[_File], now_served: "Served") -> "Score[Any]":
    from bot.evaluation import evaluate, read_gold

    golds = [gold for name, lines in files for gold in read_gold(name, lines)]
    score = evaluate(golds, lambda turns, region: _asked(now_served, turns, region))
    for miss in score.misses:
        gold, answer = miss.gold, miss.answer
        print(
            f"miss {gold.id} ({gold.kind}, {gold.style}) {' / '.join(gold.turns)}"
            f"\n     region {gold.region}, wants {', '.join(gold.measures) or '-'}: {miss.wrong}"
            f"\n     {answer.reason}; best {', '.join(answer.measures[:3]) or '-'}"
        )
    _print_shares(score, "style ", "kind ", "all")
    return score


def _evaluate_personas(files: Iterable[_File], now_served: "Served") -> None:
    from knowledge.eligibility.personas import evaluate, read_personas

    library = now_served.library
    score = evaluate(
        [one for name, lines in files for one in read_personas(name, lines, library)], library
    )
    for miss in score.misses:
        persona = miss.persona
        print(
            f"miss {persona.id} ({persona.region}, {persona.as_of}) {persona.story}"
            f"\n     {miss.measure}: {miss.what} wants {miss.wanted}, is {miss.found}"
        )
    _print_shares(score, "outcome ", "missing", "open", "all")


def _print_shares(score: "Score[Any]", *prefixes: str) -> None:
    for prefix in prefixes:
        for group in score.groups(prefix):
            right, total = score.right[group], score.total[group]
            print(f"{group:20} {right:4}/{total:<4} {score.share(group):7.1%}")
