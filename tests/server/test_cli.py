"""The command `nuangang`, as people and scripts run it."""

import json
import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from knowledge.library import DATA
from tests.server.conftest import Typed

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize(
    "arguments",
    [("ask",), ("ask", "x", "--region", "保定"), ("ask", "x", "--jsonl"),
     ("search", "--index", "missing.jsonl"), ("evaluate", "missing.jsonl"),
     ("knowledge", "publish", "99"), ("knowledge", "rollback", "99"),
     ("knowledge", "clean", "missing"), ("knowledge", "check", "missing"), ("nonsense",), ()],
)  # fmt: skip
def test_what_cannot_be_done_is_said_in_one_line_and_the_code(
    typed: Typed, arguments: tuple[str, ...]
) -> None:
    ran = typed(*arguments)
    assert ran.code in (1, 2)
    assert ran.err and "Traceback" not in ran.err


def test_a_port_that_is_taken_is_told_once_and_another_one_named(
    typed: Typed, monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        monkeypatch.setenv("NUANGANG_PORT", str(port))
        ran = typed("serve")
    assert (ran.code, ran.out) == (1, "")
    assert ran.err.startswith(f"nuangang: port {port} is taken: NUANGANG_PORT={port + 1} make")


def test_knowledge_goes_out_and_comes_back_the_same(typed: Typed, tmp_path: Path) -> None:
    out = tmp_path / "out"
    assert typed("knowledge", "export", str(out)).code == 0
    for path in (DATA / "documents").glob("*.txt"):
        assert (out / "documents" / path.name).read_bytes() == path.read_bytes()
    assert typed("knowledge", "check", str(out)).out == "no problems\n"
    taken = typed("knowledge", "import", str(out), "--note", "nothing new")
    assert taken.code == 0
    assert not [line for line in taken.out.splitlines() if line.startswith(("new", "changed"))]
    assert typed("knowledge", "export", str(out)).code == 1


def test_a_changed_measure_is_published_and_rolled_back(typed: Typed, tmp_path: Path) -> None:
    out = tmp_path / "out"
    typed("knowledge", "export", str(out))
    file = out / "measures" / "石狮.yaml"
    old = "title: 失业保险金\n"
    text = file.read_text(encoding="utf-8")
    assert old in text
    file.write_text(text.replace(old, "title: 失业保险金（新）\n"), encoding="utf-8")
    taken = typed("knowledge", "import", str(out))
    assert "changed  measure shishi-4a" in taken.out
    listed = typed("knowledge", "releases").out.splitlines()
    newest, in_force = listed[0].split()[0], next(r for r in listed if "in force" in r).split()[0]
    assert newest != in_force
    assert typed("knowledge", "publish").out.endswith(f"release {newest} is in force\n")
    assert typed("knowledge", "rollback", in_force).code == 0
    assert f"{in_force} " in next(
        r for r in typed("knowledge", "releases").out.splitlines() if "in force" in r
    )


def test_damaged_files_are_refused_whole_with_file_and_line(typed: Typed, tmp_path: Path) -> None:
    out = tmp_path / "out"
    typed("knowledge", "export", str(out))
    before = typed("knowledge", "releases").out
    file = out / "measures" / "石狮.yaml"
    text = file.read_text(encoding="utf-8")
    for damaged in (text.replace("region: 石狮", "regoin: 石狮", 1), text + "\n  - [", "- 5\n"):
        file.write_text(damaged, encoding="utf-8")
        for verb in ("check", "import"):
            ran = typed("knowledge", verb, str(out))
            assert ran.code == 1
            assert "石狮.yaml:" in ran.err
    assert typed("knowledge", "releases").out == before


def test_a_quote_that_is_not_in_its_clause_is_not_stored(typed: Typed, tmp_path: Path) -> None:
    out = tmp_path / "out"
    typed("knowledge", "export", str(out))
    before = typed("knowledge", "releases").out
    file = out / "measures" / "石狮.yaml"
    text = file.read_text(encoding="utf-8")
    file.write_text(text.replace("提至90%", "提至95%"), encoding="utf-8")
    ran = typed("knowledge", "import", str(out))
    assert ran.code == 1 and "shishi-1a" in ran.err and "nothing is stored" in ran.err
    assert typed("knowledge", "releases").out == before


def test_clean_shows_what_each_step_changes(typed: Typed, tmp_path: Path) -> None:
    shown = typed("knowledge", "clean", "opinion").out
    assert "繁体转简体" in shown and "\n- " in shown and "\n+ " in shown
    file = tmp_path / "new.txt"
    file.write_text("務(wù)工人員\n", encoding="utf-8")
    assert "+ 务工人员" in typed("knowledge", "clean", str(file)).out


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


def test_what_a_person_can_mend_is_told_in_plain_words(typed: Typed, tmp_path: Path) -> None:
    gold = tmp_path / "gold.jsonl"
    gold.write_text('{"id": "a", "turns": ["你好"]}\n', encoding="utf-8")
    asked = typed("ask", "--jsonl", stdin='{"id": 1, "turns": "你好"}\n')
    for ran, told in (
        (typed("ask", "--region", "北京", "失业金怎么领"), "unknown region '北京'; covered: "),
        (typed("ask", "--region", "北京", "失业金怎么领"), "can be named in the question itself"),
        (
            typed("evaluate", str(tmp_path / "none.jsonl")),
            f"there is no file {tmp_path}/none.jsonl",
        ),
        (typed("evaluate", str(tmp_path)), f"{tmp_path} is a folder, not a file"),
        (typed("evaluate", str(gold)), "gold.jsonl:1: kind is missing"),
        (asked, "line 1: turns: has to be a valid list"),
    ):
        assert ran.code == 1 and told in ran.err, ran.err
        assert "pydantic" not in ran.err and "Errno" not in ran.err


def _shell(line: str, folder: Path) -> subprocess.CompletedProcess[bytes]:
    """A line of the shell in which $nuangang is the command, its output kept back as usual."""
    known = {name: told for name, told in os.environ.items() if name != "PYTHONUNBUFFERED"}
    code = "import sys; from server.cli import main; sys.exit(main())"
    known |= {"PYTHONPATH": str(ROOT), "NUANGANG_DATA_DIR": str(folder / "data")}
    called = f'nuangang() {{ "{sys.executable}" -c "{code}" "$@"; }}; '
    return subprocess.run(
        ["bash", "-c", called + line], cwd=folder, env=known, capture_output=True, timeout=60
    )


@pytest.mark.parametrize("closed", ["<&-", ">&-", "2>&-", "<&- >&- 2>&-"])
def test_a_stream_that_is_closed_is_empty(tmp_path: Path, closed: str) -> None:
    (tmp_path / "faq.jsonl").write_text('{"id":"a","text":"怎么退货"}\n', encoding="utf-8")
    ran = _shell(f"nuangang search --index faq.jsonl {closed}", tmp_path)
    assert (ran.returncode, ran.stdout, ran.stderr) == (0, b"", b"")


@pytest.mark.parametrize(
    ("to", "code", "told"),
    [
        ("> /dev/full", 1, "nuangang: No space left on device\n"),
        ("| true; exit ${PIPESTATUS[0]}", 1, ""),
        ("| cat >&2; exit ${PIPESTATUS[0]}", 0, "== 条款: 0\n"),
    ],
)
def test_output_that_nobody_takes_is_told_in_one_line_at_most(
    tmp_path: Path, to: str, code: int, told: str
) -> None:
    (tmp_path / "a.txt").write_text("", encoding="utf-8")
    ran = _shell(f"nuangang knowledge clean a.txt {to}", tmp_path)
    assert (ran.returncode, ran.stderr.decode().splitlines()[-1:]) == (code, told.splitlines())


def test_words_are_read_where_the_machine_has_not_their_characters(
    data_dir: Path, typed: Typed
) -> None:
    broken = ["石狮".encode().decode("ascii", "surrogateescape")]
    assert "石狮" in typed("ask", "被裁了有钱领吗", "--region", *broken).out
    assert typed("match", "--as-of", "2022-04-10", "x.csv", "--region", *broken).err == (
        "nuangang: there is no file x.csv\n"
    )


@pytest.mark.parametrize(
    ("url", "told"),
    [("postgresql://a:b@127.0.0.1:1/c", "can't be reached: "), ("", "can't be read: ")],
)
def test_a_database_that_does_not_answer_is_told_in_one_line(
    typed: Typed, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, url: str, told: str
) -> None:
    (tmp_path / "nuangang.db").write_text("no database" * 1000)
    monkeypatch.setenv("NUANGANG_DATA_DIR", str(tmp_path))
    monkeypatch.setenv("NUANGANG_DATABASE_URL", url)
    ran = typed("ask", "你好")
    assert ran.code == 1 and ran.err.count("\n") == 1
    assert ran.err.startswith("nuangang: the database " + told), ran.err
