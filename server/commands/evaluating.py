"""`nuangang search` and `nuangang evaluate`: the retriever alone, and what of gold is right."""

import argparse
import json
import os
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

from server.commands.asking import asked
from server.commands.at_hand import FAILED, OK, Refused

if TYPE_CHECKING:
    from bot.evaluation import Miss
    from bot.retrieval.retriever import Index
    from knowledge.scoring import Record, Score
    from server.chat.serving import Served

_File = tuple[Path, Sequence[str]]
"""A file and its lines."""


def add_to(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the commands to a parser."""
    search = commands.add_parser("search", help="the bot's retriever alone, over any questions")
    search.add_argument("--index", type=Path, required=True, help='lines of {"id","text"}')
    search.add_argument("--k", type=int, default=5, help="how many hits, at most")
    search.set_defaults(run=_search)

    evaluate = commands.add_parser(
        "evaluate", help="run gold questions or personas and count what is right"
    )
    evaluate.add_argument(
        "files", type=Path, nargs="*", metavar="FILE", help="questions with gold, JSON a line"
    )
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


def _search(parsed: argparse.Namespace) -> int:
    from bot.retrieval.retriever import Index

    if parsed.k < 1:
        raise Refused("--k must be 1 or more")
    with parsed.index.open(encoding="utf-8-sig") as file:
        index = Index(list(_entries(parsed.index.name, file)))
    return _search_batch(index, parsed.k, sys.stdin, sys.stdout)


def _search_batch(index: "Index", k: int, lines: Iterable[str], out: TextIO) -> int:
    result = OK
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            key, text = _entry(line)
        except (ValueError, KeyError, TypeError, RecursionError):
            print(f'line {number}: expected {{"id","text"}}', file=sys.stderr)
            result = FAILED
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
    key, text = row["id"], row["text"]
    if type(key) not in (str, int) or not isinstance(text, str):
        raise TypeError
    return key, text


def _evaluate(parsed: argparse.Namespace) -> int:
    from knowledge.scoring import Record, Score, lines_of
    from server.web.resources import load_served

    paths, against = list(parsed.files), None
    if parsed.against is not None:
        against = _record(parsed.against)
        paths += [parsed.against.parent / file for file in against.files]
    if not paths:
        raise Refused("name a file, or a record with --against")
    files = [(path, lines_of(path)) for path in paths]
    if not _any_lines(files):
        raise Refused("there is nothing to evaluate")
    questions = [file for file in files if not _holds_personas(file[1])]
    if parsed.record is not None and not _any_lines(questions):
        raise Refused("a record is of questions, and there is none")
    now_served = load_served()
    lowered: list[str] = []
    if questions:
        scores = _evaluate_questions(questions, now_served)
        lowered = against.lowered(Score.of_all(scores.values())) if against else []
        if parsed.record is not None:
            of = {os.path.relpath(path, parsed.record.parent): scores[path] for path in scores}
            made = Record.of(of, lambda miss: miss.gold.id).model_dump_json(indent=2)
            parsed.record.write_text(made + "\n", encoding="utf-8")
    personas = [file for file in files if _holds_personas(file[1])]
    if personas:
        _evaluate_personas(personas, now_served)
    for told in lowered:
        print(f"lower than recorded: {told}", file=sys.stderr)
    return FAILED if lowered else OK


def _any_lines(files: Iterable[_File]) -> bool:
    return any(line.strip() for _, lines in files for line in lines)


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


def _evaluate_questions(files: Iterable[_File], now_served: "Served") -> "dict[Path, Score[Miss]]":
    from bot.evaluation import evaluate, read_gold
    from knowledge.scoring import Score

    golds = [(path, list(read_gold(path.name, lines))) for path, lines in files]
    scores = {
        path: evaluate(of_it, lambda turns, region: asked(now_served, turns, region))
        for path, of_it in golds
    }
    score = Score.of_all(scores.values())
    for miss in score.misses:
        gold, answer = miss.gold, miss.answer
        print(
            f"miss {gold.id} ({gold.kind}, {gold.style}) {' / '.join(gold.turns)}"
            f"\n     region {gold.region}, wants {', '.join(gold.measures) or '-'}: {miss.wrong}"
            f"\n     {answer.reason}; best {', '.join(answer.measures[:3]) or '-'}"
        )
    _print_shares(score, "style ", "kind ", "all")
    return scores


def _evaluate_personas(files: Iterable[_File], now_served: "Served") -> None:
    from knowledge.eligibility.personas import evaluate, read_personas

    library = now_served.library
    score = evaluate(
        [one for path, lines in files for one in read_personas(path.name, lines, library)], library
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
