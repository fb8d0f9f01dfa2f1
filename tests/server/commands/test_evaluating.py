"""`nuangang search` and `nuangang evaluate`."""

import json
from pathlib import Path

import pytest

from tests.server.conftest import Typed, lines


def test_search_gives_each_id_once_best_first(typed: Typed, tmp_path: Path) -> None:
    index = tmp_path / "faq.jsonl"
    entries = [
        {"id": "a", "text": "怎么退货"},
        {"id": "a", "text": "买的东西不想要了"},
        {"id": "b", "text": "怎么开发票"},
        {"id": "c", "text": "快递到哪里了"},
    ]
    index.write_text(lines(entries), encoding="utf-8")
    asked = lines([{"id": "q1", "text": "怎么退货"}, {"id": "q2", "text": "发票咋开"}])
    ran = typed("search", "--index", str(index), "--k", "2", stdin=asked)
    assert ran.code == 0
    assert [row["id"] for row in ran.rows] == ["q1", "q2"]
    assert [row["hits"][0]["id"] for row in ran.rows] == ["a", "b"]
    for row in ran.rows:
        ids = [hit["id"] for hit in row["hits"]]
        scores = [hit["score"] for hit in row["hits"]]
        assert len(ids) == len(set(ids)) <= 2
        assert scores == sorted(scores, reverse=True)


BAD = [
    "nonsense", "[]", '{"id":"a"}', '{"text":"a"}', "5", '{"id":{},"text":"a"}',
    '{"id":true,"text":"a"}', '{"id":null,"text":"a"}', '{"id":"a","text":null}',
]  # fmt: skip


@pytest.mark.parametrize("line", BAD)
def test_search_names_a_bad_line(typed: Typed, tmp_path: Path, line: str) -> None:
    index = tmp_path / "faq.jsonl"
    index.write_text('{"id":"a","text":"怎么退货"}\n' + line, encoding="utf-8")
    ran = typed("search", "--index", str(index))
    assert ran.code == 1 and "faq.jsonl:2" in ran.err


def test_files_as_windows_writes_them_are_read(typed: Typed, tmp_path: Path) -> None:
    index = tmp_path / "faq.jsonl"
    line = '{"id":"a","text":"怎么退货"}\r\n'
    index.write_text(line, encoding="utf-8-sig", newline="")
    ran = typed("search", "--index", str(index), stdin=line.encode("utf-8-sig"))
    assert (ran.code, ran.err) == (0, "")
    assert ran.rows == [{"id": "a", "hits": [{"id": "a", "score": 1.0}]}]
    gold = tmp_path / "gold.jsonl"
    gold.write_text('{"id":"g","turns":["你好"],"kind":"chat"}', encoding="utf-8-sig")
    assert "1/1" in typed("evaluate", str(gold)).out
    index.write_text(line, encoding="gbk")
    assert typed("search", "--index", str(index)).err.startswith("nuangang: no UTF-8: ")


@pytest.mark.parametrize("line", BAD)
def test_a_bad_line_stops_no_search(typed: Typed, tmp_path: Path, line: str) -> None:
    index = tmp_path / "faq.jsonl"
    index.write_text('{"id":"a","text":"怎么退货"}\n', encoding="utf-8")
    asked = line + "\n" + lines([{"id": "q", "text": "怎么退货"}])
    ran = typed("search", "--index", str(index), stdin=asked)
    assert ran.code == 1 and "line 1" in ran.err
    assert [row["id"] for row in ran.rows] == ["q"]


def test_evaluate_counts_and_shows_what_is_wrong(typed: Typed, tmp_path: Path) -> None:
    gold = tmp_path / "gold.jsonl"
    right = {"id": "r", "turns": ["石狮被裁了有钱领吗"], "kind": "answer",
             "measures": ["shishi-4a"], "must": ["失业登记"], "style": "formal"}  # fmt: skip
    wrong = {**right, "id": "w", "measures": ["jinzhou-1"], "style": "typo"}
    gold.write_text(lines([right, wrong]), encoding="utf-8")
    ran = typed("evaluate", str(gold))
    assert ran.code == 0
    assert "miss w" in ran.out and "miss r" not in ran.out
    assert "1/2" in ran.out


def test_evaluate_fails_where_less_is_right_than_recorded(typed: Typed, tmp_path: Path) -> None:
    gold, record = tmp_path / "gold.jsonl", tmp_path / "record.json"
    asked = {"id": "a", "turns": ["你好"], "kind": "chat"}
    gold.write_text(lines([asked, {**asked, "id": "b", "kind": "answer"}]), encoding="utf-8")
    assert typed("evaluate", str(gold), "--record", str(record)).code == 0
    held = json.loads(record.read_text("utf-8"))
    assert held["files"] == {"gold.jsonl": ["b"]}, "what is wrong, by its id"
    assert held["kinds"] == {"kind answer": [0, 1], "kind chat": [1, 1]}
    assert typed("evaluate", "--against", str(record)).code == 0
    held["kinds"]["kind answer"] = [1, 1]
    record.write_text(json.dumps(held), encoding="utf-8")
    ran = typed("evaluate", "--against", str(record))
    assert ran.code == 1 and "lower than recorded: kind answer: 0 of 1, was 1" in ran.err
    record.write_text("{}", encoding="utf-8")
    assert typed("evaluate", "--against", str(record)).code == 1
    assert typed("evaluate").code == 1


def test_evaluate_takes_personas_too(typed: Typed, tmp_path: Path) -> None:
    right = {"id": "r", "story": "没交过失业保险", "region": "石狮", "as_of": "2022-04-10",
             "facts": {"unemployment_insured": False}, "expect": {"shishi-4a": "ineligible"},
             "missing": {"shishi-4a": []}}  # fmt: skip
    wrong = {**right, "id": "w", "expect": {"shishi-4a": "eligible"}}
    personas, gold = tmp_path / "personas.jsonl", tmp_path / "gold.jsonl"
    personas.write_text(lines([right, wrong]), encoding="utf-8")
    gold.write_text(lines([{"id": "g", "turns": ["你好"], "kind": "chat"}]), encoding="utf-8")
    ran = typed("evaluate", str(personas), str(gold))
    assert ran.code == 0
    assert "miss w (石狮, 2022-04-10) 没交过失业保险" in ran.out and "miss r" not in ran.out
    assert "shishi-4a: outcome wants eligible, is ineligible" in ran.out
    shares = [line.split() for line in ran.out.splitlines() if "%" in line]
    assert ["outcome", "ineligible", "1/1", "100.0%"] in shares
    assert ["missing", "2/2", "100.0%"] in shares and ["all", "3/4", "75.0%"] in shares
    assert ["kind", "chat", "1/1", "100.0%"] in shares


@pytest.mark.parametrize("line", ['{"expect": {}}', '{"id":"a","expect":5}', "[[", "[" * 100_000])
def test_evaluate_names_a_bad_line(typed: Typed, tmp_path: Path, line: str) -> None:
    gold = tmp_path / "gold.jsonl"
    gold.write_text(line, encoding="utf-8")
    ran = typed("evaluate", str(gold))
    assert ran.code == 1 and "gold.jsonl:1" in ran.err and not ran.out


def test_of_nothing_nothing_is_right_and_no_record_is_made(typed: Typed, tmp_path: Path) -> None:
    gold, record = tmp_path / "gold.jsonl", tmp_path / "record.json"
    for content, why in (
        ("\n", "there is nothing to evaluate"),
        ('{"expect":{}}', "a record is of questions, and there is none"),
    ):
        gold.write_text(content, encoding="utf-8")
        ran = typed("evaluate", str(gold), "--record", str(record))
        assert (ran.code, ran.err) == (1, f"nuangang: {why}\n")
    assert not record.exists()
