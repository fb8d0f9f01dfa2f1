"""The command `nuangang`, as people and scripts run it."""

import io
import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import pytest

from knowledge.library import DATA
from server.cli import main

ROOT = Path(__file__).parents[2]
Run = Callable[..., "Ran"]


class Ran:
    """What a command gave back."""

    def __init__(self, code: int, out: str, err: str) -> None:
        self.code, self.out, self.err = code, out, err

    @property
    def rows(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.out.splitlines()]


@pytest.fixture(scope="module")
def data_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One data directory for all commands here: the first of them prepares it."""
    return tmp_path_factory.mktemp("cli") / "a path with spaces"


@pytest.fixture
def run(data_dir: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    for name in [name for name in os.environ if name.startswith("NUANGANG_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("NUANGANG_DATA_DIR", str(data_dir))

    def ran(*arguments: str, stdin: str | bytes = "") -> Ran:
        content = stdin.encode() if isinstance(stdin, str) else stdin
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(content)))
        for name in ("stdout", "stderr"):
            monkeypatch.setattr(getattr(sys, name), "reconfigure", lambda **_: None, raising=False)
        try:
            code = main(arguments)
        except SystemExit as left:
            code = int(left.code or 0)
        said = capsys.readouterr()
        return Ran(code, said.out, said.err)

    return ran


def lines(rows: Iterable[Any]) -> str:
    return "\n".join(json.dumps(row, ensure_ascii=False) for row in rows)


def test_a_question_gets_the_reply_a_worker_would_see(run: Run) -> None:
    ran = run("ask", "石狮被裁了有钱领吗")
    assert ran.code == 0
    assert "失业" in ran.out and "狮委办〔2022〕19号" in ran.out


def test_the_region_may_be_given_by_any_of_its_names(run: Run) -> None:
    for name in ("石狮", "石狮市"):
        assert "石狮" in run("ask", "被裁了有钱领吗", "--region", name).out


@pytest.mark.parametrize(
    "arguments",
    [("ask",), ("ask", "x", "--region", "保定"), ("ask", "x", "--jsonl"),
     ("search", "--index", "missing.jsonl"), ("evaluate", "missing.jsonl"),
     ("knowledge", "publish", "99"), ("knowledge", "rollback", "99"),
     ("knowledge", "clean", "missing"), ("knowledge", "check", "missing"), ("nonsense",), ()],
)  # fmt: skip
def test_what_cannot_be_done_is_said_in_one_line_and_the_code(
    run: Run, arguments: tuple[str, ...]
) -> None:
    ran = run(*arguments)
    assert ran.code in (1, 2)
    assert ran.err and "Traceback" not in ran.err


def test_a_batch_answers_each_line_in_order(run: Run) -> None:
    asked = [
        {"id": "x1", "turns": ["石狮被裁了有钱领吗", "要啥条件"], "region": None},
        {"id": "x2", "turns": ["被裁了有钱领吗"], "region": "锦州"},
        {"id": 3, "turns": ["你好"]},
    ]
    ran = run("ask", "--jsonl", stdin=lines(asked))
    assert ran.code == 0 and not ran.err
    assert [row["id"] for row in ran.rows] == ["x1", "x2", 3]
    assert all(set(row) == {"id", "kind", "reply", "measures", "region"} for row in ran.rows)
    assert ran.rows[0]["kind"] == "answer"
    assert ran.rows[0]["measures"][0] == "shishi-4a" and ran.rows[0]["region"] == "石狮"
    assert ran.rows[2]["kind"] == "chat"


def test_a_bad_line_is_named_and_the_others_are_answered(run: Run) -> None:
    bad = [
        "nonsense", "[]", '{"id":"a"}', '{"id":"a","turns":[]}', '{"id":"a","turns":"x"}',
        '{"turns":["x"]}', '{"id":"a","turns":["x"],"region":"保定"}', "[" * 100_000,
    ]  # fmt: skip
    good = '{"id":"good","turns":["你好"],"region":null}'
    ran = run("ask", "--jsonl", stdin="\n".join([*bad, "", good]))
    assert ran.code == 1
    assert [row["id"] for row in ran.rows] == ["good"]
    assert [f"line {number}:" in ran.err for number in range(1, 11)] == [True] * 8 + [False] * 2


def test_any_text_passes_through_a_batch(run: Run) -> None:
    texts = ["\x00", "", "😀", "\ud800", "石狮\u202e失业金", "长" * 100_000]
    asked = [{"id": number, "turns": [text]} for number, text in enumerate(texts)]
    ran = run("ask", "--jsonl", stdin="\n".join(map(json.dumps, asked)))
    assert ran.code == 0
    assert [row["id"] for row in ran.rows] == list(range(len(texts)))
    assert all(row["reply"] for row in ran.rows)


def test_bytes_that_are_no_text_stop_no_batch(run: Run) -> None:
    ran = run("ask", "--jsonl", stdin=b'{"id":1,"turns":["\xff\xfe"]}\n{"id":2,"turns":["hi"]}')
    assert [row["id"] for row in ran.rows] == [1, 2]


def test_search_gives_each_id_once_best_first(run: Run, tmp_path: Path) -> None:
    index = tmp_path / "faq.jsonl"
    entries = [
        {"id": "a", "text": "怎么退货"},
        {"id": "a", "text": "买的东西不想要了"},
        {"id": "b", "text": "怎么开发票"},
        {"id": "c", "text": "快递到哪里了"},
    ]
    index.write_text(lines(entries), encoding="utf-8")
    asked = lines([{"id": "q1", "text": "怎么退货"}, {"id": "q2", "text": "发票咋开"}])
    ran = run("search", "--index", str(index), "--k", "2", stdin=asked)
    assert ran.code == 0
    assert [row["id"] for row in ran.rows] == ["q1", "q2"]
    assert [row["hits"][0]["id"] for row in ran.rows] == ["a", "b"]
    for row in ran.rows:
        ids = [hit["id"] for hit in row["hits"]]
        scores = [hit["score"] for hit in row["hits"]]
        assert len(ids) == len(set(ids)) <= 2
        assert scores == sorted(scores, reverse=True)


@pytest.mark.parametrize("line", ["nonsense", "[]", '{"id":"a"}', '{"text":"a"}', "5"])
def test_search_names_a_bad_line(run: Run, tmp_path: Path, line: str) -> None:
    index = tmp_path / "faq.jsonl"
    index.write_text('{"id":"a","text":"怎么退货"}\n' + line, encoding="utf-8")
    ran = run("search", "--index", str(index))
    assert ran.code == 1 and "faq.jsonl:2" in ran.err


@pytest.mark.parametrize("line", ["nonsense", "[]", '{"id":"a"}', '{"text":"a"}', "5"])
def test_a_bad_line_stops_no_search(run: Run, tmp_path: Path, line: str) -> None:
    index = tmp_path / "faq.jsonl"
    index.write_text('{"id":"a","text":"怎么退货"}\n', encoding="utf-8")
    asked = line + "\n" + lines([{"id": "q", "text": "怎么退货"}])
    ran = run("search", "--index", str(index), stdin=asked)
    assert ran.code == 1 and "line 1" in ran.err
    assert [row["id"] for row in ran.rows] == ["q"]


def test_evaluate_counts_and_shows_what_is_wrong(run: Run, tmp_path: Path) -> None:
    gold = tmp_path / "gold.jsonl"
    right = {"id": "r", "turns": ["石狮被裁了有钱领吗"], "kind": "answer",
             "measures": ["shishi-4a"], "must": ["失业登记"], "style": "formal"}  # fmt: skip
    wrong = {**right, "id": "w", "measures": ["jinzhou-1"], "style": "typo"}
    gold.write_text(lines([right, wrong]), encoding="utf-8")
    ran = run("evaluate", str(gold))
    assert ran.code == 0
    assert "miss w" in ran.out and "miss r" not in ran.out
    assert "1/2" in ran.out


def test_evaluate_fails_where_less_is_right_than_recorded(run: Run, tmp_path: Path) -> None:
    gold, record = tmp_path / "gold.jsonl", tmp_path / "record.json"
    asked = {"id": "a", "turns": ["你好"], "kind": "chat"}
    gold.write_text(lines([asked, {**asked, "id": "b", "kind": "answer"}]), encoding="utf-8")
    assert run("evaluate", str(gold), "--record", str(record)).code == 0
    held = json.loads(record.read_text("utf-8"))
    assert held == {"files": ["gold.jsonl"], "kinds": {"kind answer": [0, 1], "kind chat": [1, 1]}}
    assert run("evaluate", "--against", str(record)).code == 0
    held["kinds"]["kind answer"] = [1, 1]
    record.write_text(json.dumps(held), encoding="utf-8")
    ran = run("evaluate", "--against", str(record))
    assert ran.code == 1 and "lower than recorded: kind answer: 0 of 1, was 1" in ran.err
    record.write_text("{}", encoding="utf-8")
    assert run("evaluate", "--against", str(record)).code == 1
    assert run("evaluate").code == 1


def test_evaluate_takes_personas_too(run: Run, tmp_path: Path) -> None:
    right = {"id": "r", "story": "没交过失业保险", "region": "石狮", "as_of": "2022-04-10",
             "facts": {"unemployment_insured": False}, "expect": {"shishi-4a": "ineligible"},
             "missing": {"shishi-4a": []}}  # fmt: skip
    wrong = {**right, "id": "w", "expect": {"shishi-4a": "eligible"}}
    personas, gold = tmp_path / "personas.jsonl", tmp_path / "gold.jsonl"
    personas.write_text(lines([right, wrong]), encoding="utf-8")
    gold.write_text(lines([{"id": "g", "turns": ["你好"], "kind": "chat"}]), encoding="utf-8")
    ran = run("evaluate", str(personas), str(gold))
    assert ran.code == 0
    assert "miss w (石狮, 2022-04-10) 没交过失业保险" in ran.out and "miss r" not in ran.out
    assert "shishi-4a: outcome wants eligible, is ineligible" in ran.out
    shares = [line.split() for line in ran.out.splitlines() if "%" in line]
    assert ["outcome", "ineligible", "1/1", "100.0%"] in shares
    assert ["missing", "2/2", "100.0%"] in shares and ["all", "3/4", "75.0%"] in shares
    assert ["kind", "chat", "1/1", "100.0%"] in shares


@pytest.mark.parametrize("line", ['{"expect": {}}', '{"id":"a","expect":5}', "[[", "[" * 100_000])
def test_evaluate_names_a_bad_line(run: Run, tmp_path: Path, line: str) -> None:
    gold = tmp_path / "gold.jsonl"
    gold.write_text(line, encoding="utf-8")
    ran = run("evaluate", str(gold))
    assert ran.code == 1 and "gold.jsonl:1" in ran.err and not ran.out


def test_knowledge_goes_out_and_comes_back_the_same(run: Run, tmp_path: Path) -> None:
    out = tmp_path / "out"
    assert run("knowledge", "export", str(out)).code == 0
    for path in (DATA / "documents").glob("*.txt"):
        assert (out / "documents" / path.name).read_bytes() == path.read_bytes()
    assert run("knowledge", "check", str(out)).out == "no problems\n"
    taken = run("knowledge", "import", str(out), "--note", "nothing new")
    assert taken.code == 0
    assert not [line for line in taken.out.splitlines() if line.startswith(("new", "changed"))]
    assert run("knowledge", "export", str(out)).code == 1


def test_a_changed_measure_is_published_and_rolled_back(run: Run, tmp_path: Path) -> None:
    out = tmp_path / "out"
    run("knowledge", "export", str(out))
    file = out / "measures" / "石狮.yaml"
    old = "title: 失业保险金\n"
    text = file.read_text(encoding="utf-8")
    assert old in text
    file.write_text(text.replace(old, "title: 失业保险金（新）\n"), encoding="utf-8")
    taken = run("knowledge", "import", str(out))
    assert "changed  measure shishi-4a" in taken.out
    listed = run("knowledge", "releases").out.splitlines()
    newest, in_force = listed[0].split()[0], next(r for r in listed if "in force" in r).split()[0]
    assert newest != in_force
    assert run("knowledge", "publish").out.endswith(f"release {newest} is in force\n")
    assert run("knowledge", "rollback", in_force).code == 0
    assert f"{in_force} " in next(
        r for r in run("knowledge", "releases").out.splitlines() if "in force" in r
    )


def test_damaged_files_are_refused_whole_with_file_and_line(run: Run, tmp_path: Path) -> None:
    out = tmp_path / "out"
    run("knowledge", "export", str(out))
    before = run("knowledge", "releases").out
    file = out / "measures" / "石狮.yaml"
    text = file.read_text(encoding="utf-8")
    for damaged in (text.replace("region: 石狮", "regoin: 石狮", 1), text + "\n  - [", "- 5\n"):
        file.write_text(damaged, encoding="utf-8")
        for verb in ("check", "import"):
            ran = run("knowledge", verb, str(out))
            assert ran.code == 1
            assert "石狮.yaml:" in ran.err
    assert run("knowledge", "releases").out == before


def test_a_quote_that_is_not_in_its_clause_is_not_stored(run: Run, tmp_path: Path) -> None:
    out = tmp_path / "out"
    run("knowledge", "export", str(out))
    before = run("knowledge", "releases").out
    file = out / "measures" / "石狮.yaml"
    text = file.read_text(encoding="utf-8")
    file.write_text(text.replace("提至90%", "提至95%"), encoding="utf-8")
    ran = run("knowledge", "import", str(out))
    assert ran.code == 1 and "shishi-1a" in ran.err and "nothing is stored" in ran.err
    assert run("knowledge", "releases").out == before


def test_clean_shows_what_each_step_changes(run: Run, tmp_path: Path) -> None:
    shown = run("knowledge", "clean", "opinion").out
    assert "繁体转简体" in shown and "\n- " in shown and "\n+ " in shown
    file = tmp_path / "new.txt"
    file.write_text("務(wù)工人員\n", encoding="utf-8")
    assert "+ 务工人员" in run("knowledge", "clean", str(file)).out


def test_the_command_runs_on_its_own_in_any_language_of_the_machine(data_dir: Path) -> None:
    environment = {**os.environ, "NUANGANG_DATA_DIR": str(data_dir), "LC_ALL": "C"}
    ran = subprocess.run(
        [sys.executable, "-c", "import sys; from server.cli import main; sys.exit(main())",
         "ask", "石狮被裁了有钱领吗"],
        cwd=ROOT, env=environment, capture_output=True, timeout=60,
    )  # fmt: skip
    assert ran.returncode == 0
    assert "失业" in ran.stdout.decode("utf-8")
    assert not ran.stderr


def test_whoever_reads_only_the_first_line_hears_no_complaint(data_dir: Path) -> None:
    command = (
        f'yes \'{{"id":1,"turns":["你好"]}}\' | head -2000 | "{sys.executable}" -c '
        '"import sys; from server.cli import main; sys.exit(main())" ask --jsonl | head -1'
    )
    environment = {**os.environ, "NUANGANG_DATA_DIR": str(data_dir)}
    ran = subprocess.run(
        command, shell=True, cwd=ROOT, env=environment, capture_output=True, timeout=60
    )
    assert json.loads(ran.stdout)["id"] == 1
    assert not ran.stderr


def test_what_a_person_can_mend_is_told_in_plain_words(run: Run, tmp_path: Path) -> None:
    gold = tmp_path / "gold.jsonl"
    gold.write_text('{"id": "a", "turns": ["你好"]}\n', encoding="utf-8")
    asked = run("ask", "--jsonl", stdin='{"id": 1, "turns": "你好"}\n')
    for ran, told in (
        (run("ask", "--region", "北京", "失业金怎么领"), "unknown region '北京'; covered: "),
        (run("ask", "--region", "北京", "失业金怎么领"), "can be named in the question itself"),
        (run("evaluate", str(tmp_path / "none.jsonl")), f"there is no file {tmp_path}/none.jsonl"),
        (run("evaluate", str(tmp_path)), f"{tmp_path} is a folder, not a file"),
        (run("evaluate", str(gold)), "gold.jsonl:1: kind is missing"),
        (asked, "line 1: turns: has to be a valid list"),
    ):
        assert ran.code == 1 and told in ran.err, ran.err
        assert "pydantic" not in ran.err and "Errno" not in ran.err
