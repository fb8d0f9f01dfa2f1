"""`nuangang ask`: one question, or a batch of conversations."""

import json

from tests.server.conftest import Typed, lines


def test_a_question_gets_the_reply_a_worker_would_see(typed: Typed) -> None:
    ran = typed("ask", "石狮被裁了有钱领吗")
    assert ran.code == 0
    assert "失业" in ran.out and "狮委办〔2022〕19号" in ran.out


def test_the_region_may_be_given_by_any_of_its_names(typed: Typed) -> None:
    for name in ("石狮", "石狮市"):
        assert "石狮" in typed("ask", "被裁了有钱领吗", "--region", name).out


def test_a_batch_answers_each_line_in_order(typed: Typed) -> None:
    asked = [
        {"id": "x1", "turns": ["石狮被裁了有钱领吗", "要啥条件"], "region": None},
        {"id": "x2", "turns": ["被裁了有钱领吗"], "region": "锦州"},
        {"id": 3, "turns": ["你好"]},
    ]
    ran = typed("ask", "--jsonl", stdin=lines(asked))
    assert ran.code == 0 and not ran.err
    assert [row["id"] for row in ran.rows] == ["x1", "x2", 3]
    assert all(set(row) == {"id", "kind", "reply", "measures", "region"} for row in ran.rows)
    assert ran.rows[0]["kind"] == "answer"
    assert ran.rows[0]["measures"][0] == "shishi-4a" and ran.rows[0]["region"] == "石狮"
    assert ran.rows[2]["kind"] == "chat"


def test_a_bad_line_is_named_and_the_others_are_answered(typed: Typed) -> None:
    bad = [
        "nonsense", "[]", '{"id":"a"}', '{"id":"a","turns":[]}', '{"id":"a","turns":"x"}',
        '{"turns":["x"]}', '{"id":"a","turns":["x"],"region":"保定"}', "[" * 100_000,
        '{"id":true,"turns":["x"]}', '{"id":1.0,"turns":["x"]}',
    ]  # fmt: skip
    good = '{"id":"good","turns":["你好"],"region":null}'
    ran = typed("ask", "--jsonl", stdin="\n".join([*bad, "", good]))
    assert ran.code == 1
    assert [row["id"] for row in ran.rows] == ["good"]
    assert [f"line {number}:" in ran.err for number in range(1, 13)] == [True] * 10 + [False] * 2


def test_any_text_passes_through_a_batch(typed: Typed) -> None:
    texts = ["\x00", "", "😀", "\ud800", "石狮\u202e失业金", "长" * 100_000]
    asked = [{"id": number, "turns": [text]} for number, text in enumerate(texts)]
    ran = typed("ask", "--jsonl", stdin="\n".join(map(json.dumps, asked)))
    assert ran.code == 0
    assert [row["id"] for row in ran.rows] == list(range(len(texts)))
    assert all(row["reply"] for row in ran.rows)


def test_bytes_that_are_no_text_stop_no_batch(typed: Typed) -> None:
    ran = typed("ask", "--jsonl", stdin=b'{"id":1,"turns":["\xff\xfe"]}\n{"id":2,"turns":["hi"]}')
    assert [row["id"] for row in ran.rows] == [1, 2]
