"""Evaluation: what counts as a right reply."""

import json
from collections.abc import Sequence
from typing import Any

import pytest

from bot.answers import Answer, Kind
from bot.evaluation import Gold, evaluate, fault, read_gold
from knowledge.scoring import GoldRefused


def gold(**fields: Any) -> Gold:
    return Gold.model_validate({"id": "g", "turns": ["问"], "kind": "answer", **fields})


def said(kind: str = "answer", reply: str = "", measures: Sequence[str] = ()) -> Answer:
    return Answer(Kind(kind), reply, "test", measures=tuple(measures))


@pytest.mark.parametrize(
    ("wanted", "answer", "wrong"),
    [
        (gold(measures=["a-1"]), said(measures=["a-1", "b-1"]), ""),
        (gold(measures=["a-1", "a-2"]), said(measures=["a-2"]), ""),
        (gold(measures=["a-1"]), said(measures=["b-1", "a-1"]), "measures b-1, a-1"),
        (gold(measures=["a-1"]), said(), "measures none"),
        (gold(measures=["a-1"]), said("decline", measures=["a-1"]), "kind decline"),
        (gold(measures=["a-1"], style="cross"), said(measures=["b-1", "a-1"]), ""),
        (gold(measures=["a-1"], style="cross"), said(measures=[*"bcdefg", "a-1"]),
         "measures b, c, d"),
        (gold(measures=["a-1"], must=["1万|10000"]), said(reply="给１００００元", measures=["a-1"]),
         ""),
        (gold(measures=["a-1"], must=["失业登记"]), said(reply="失業 登記", measures=["a-1"]), ""),
        (gold(measures=["a-1"], must=["甲", "乙|丙"]), said(reply="甲", measures=["a-1"]),
         "lacks 乙|丙"),
        (gold(measures=["a-1"], accept_kinds=["decline"]), said("decline"), ""),
        (gold(kind="clarify"), said("clarify"), ""),
        (gold(kind="clarify"), said(measures=["a-1", "b-1"]), ""),
        (gold(kind="clarify"), said(measures=["hebei-x-1", "hebei-y-1"]), ""),
        (gold(kind="clarify"), said(measures=["a-1", "a-2"]), "kind answer"),
        (gold(kind="clarify"), said("decline"), "kind decline"),
        (gold(kind="decline", measures=["a-1"]), said("decline"), ""),
        (gold(kind="decline"), said(), "kind answer"),
        (gold(kind="handoff", must=["110"]), said("handoff", "请打110"), ""),
        (gold(kind="handoff", must=["110"]), said("handoff", "请打120"), "lacks 110"),
        (gold(kind="chat"), said("chat"), ""),
    ],
)  # fmt: skip
def test_what_is_wrong_with_a_reply(wanted: Gold, answer: Answer, wrong: str) -> None:
    found = fault(wanted, answer)
    assert str(found or "") == wrong


def test_the_score_counts_by_kind_and_style() -> None:
    golds = [
        gold(id="1", style="typo", measures=["a-1"]),
        gold(id="2", style="typo", measures=["b-1"]),
        gold(id="3", style="voice", kind="decline", turns=["一", "二"], region="石狮"),
    ]
    asked: list[tuple[tuple[str, ...], str | None]] = []

    def ask(turns: Sequence[str], region: str | None) -> Answer:
        asked.append((tuple(turns), region))
        return said("decline") if region else said(measures=["a-1"])

    score = evaluate(golds, ask)
    assert asked[-1] == (("一", "二"), "石狮")
    assert score.share() == 2 / 3
    assert score.share("style typo") == 0.5
    assert score.share("kind decline") == 1
    assert score.share("style none") == 0
    assert score.groups("style ") == ["style typo", "style voice"]
    (miss,) = score.misses
    assert (miss.gold.id, str(miss.wrong)) == ("2", "measures a-1")


def test_gold_is_read_line_by_line() -> None:
    line = json.dumps({"id": "a", "turns": ["x"], "kind": "chat", "note": "unused"})
    assert [g.id for g in read_gold("f", [line, "", " \n"])] == ["a"]


@pytest.mark.parametrize(
    "line", ["nonsense", "[]", '{"id":"a"}', '{"id":"a","turns":["x"],"kind":"y"}']
)
def test_a_line_that_is_no_gold_is_named(line: str) -> None:
    good = '{"id":"a","turns":["x"],"kind":"chat"}'
    with pytest.raises(GoldRefused, match=r"^gold\.jsonl:2: "):
        list(read_gold("gold.jsonl", [good, line]))
