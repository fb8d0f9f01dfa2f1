"""The rules of the house that no linter knows."""

import ast
import re
import subprocess
import tomllib
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
CONFIG: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
LINTER = CONFIG["tool"]["importlinter"]
ROOMS = {"knowledge", "bot", "server", "mini_app_api", "bench"}


def _listed(contract: dict[str, Any]) -> set[str]:
    return {name for layer in contract["layers"] for name in re.findall(r"[a-z_.0-9]+", layer)}


def _kept_files() -> list[Path]:
    """Every file that is, or is about to be, part of the project."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        check=True,
    )
    names = listed.stdout.decode().split("\0")
    return [path for name in names if name and (path := ROOT / name).is_file()]


def test_every_package_is_under_the_rules_for_imports_and_types() -> None:
    packages = {path.parent.name for path in ROOT.glob("*/__init__.py")} - {"tests"}
    assert packages == ROOMS
    assert set(LINTER["root_packages"]) == ROOMS
    assert set(CONFIG["tool"]["mypy"]["packages"]) == ROOMS


def test_every_module_of_server_stands_in_both_lists_of_layers() -> None:
    house, floors, *_ = LINTER["contracts"]
    modules = {path.stem for path in (ROOT / "server").glob("*.py")} - {"__init__"}
    modules |= {path.parent.name for path in (ROOT / "server").glob("*/__init__.py")}
    assert _listed(floors) == modules
    assert {name.removeprefix("server.") for name in _listed(house)} == modules | ROOMS - {"server"}


def test_a_module_that_no_layer_lists_breaks_the_contract(tmp_path: Path) -> None:
    (tmp_path / "server").mkdir()
    for name in ("__init__", "settings", "stray"):
        (tmp_path / "server" / f"{name}.py").write_text("")
    (tmp_path / "pyproject.toml").write_text(
        '[tool.importlinter]\nroot_packages = ["server"]\n'
        '[[tool.importlinter.contracts]]\nname = "floors"\ntype = "layers"\n'
        'containers = ["server"]\nexhaustive = true\nlayers = ["settings"]\n'
    )
    checked = subprocess.run(
        [ROOT / ".venv" / "bin" / "lint-imports", "--no-cache"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
    )
    assert checked.returncode != 0
    assert "stray" in checked.stdout + checked.stderr


@pytest.mark.parametrize("name", ["run", "dev", "uv"])
def test_locks_are_hashed_and_name_no_index(name: str) -> None:
    lock = (ROOT / "requirements" / f"{name}.lock").read_text("utf-8")
    pinned = re.findall(r"^[a-z0-9-]+(?:\[[a-z,]+\])?==\S+", lock, re.M)
    entries = re.split(r"^(?=[a-z0-9-]+(?:\[[a-z,]+\])?==)", lock, flags=re.M)[1:]
    assert pinned and len(pinned) == len(entries)
    assert all("--hash=sha256:" in entry for entry in entries)
    assert "://" not in lock and "--index-url" not in lock


def test_the_service_and_the_tools_are_locked_to_the_same_versions() -> None:
    run, dev = (
        dict(re.findall(r"^([a-z0-9-]+)(?:\[[a-z,]+\])?==(\S+)", text, re.M))
        for text in (
            (ROOT / "requirements" / f"{name}.lock").read_text("utf-8") for name in ("run", "dev")
        )
    )
    assert run.items() <= dev.items()


def test_no_text_file_names_a_folder_of_one_machine() -> None:
    # Put together here, so that this file does not hold what it looks for.
    machine = re.compile(
        "/(?:" + "|".join(["ro" + "ot", "ho" + "me/[a-z]", "Us" + "ers/[a-z]"]) + ")/"
    )
    found = []
    for path in _kept_files():
        try:
            text = path.read_text("utf-8")
        except UnicodeDecodeError:
            continue
        found += [str(path.relative_to(ROOT)) for _ in machine.finditer(text)]
    assert found == []


def test_the_service_calls_everybody_by_one_word() -> None:
    """Only officers write 您, in letters of theirs; a hint that says so quotes it."""
    told = [path for path in _kept_files() if path.suffix in {".py", ".html", ".js", ".yaml"}]
    pages = [path for path in told if path.relative_to(ROOT).parts[0] in {"server", "mini_app_api"}]
    assert pages
    assert [
        str(path.relative_to(ROOT))
        for path in pages
        if "您" in path.read_text("utf-8").replace("“您”", "")
    ] == []


def test_table_modules_keep_their_annotations_real() -> None:
    modules = sorted((ROOT / "server").glob("**/tables.py"))
    assert len(modules) > 5
    futures = [
        path.parent.name
        for path in modules
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.ImportFrom) and node.module == "__future__"
    ]
    assert futures == []


def test_every_module_of_tables_is_known_to_the_schema() -> None:
    """What erases, exports and migrates goes through the tables that were imported."""
    schema = (ROOT / "server" / "schema.py").read_text("utf-8")
    rooms = {path.parent.name for path in (ROOT / "server").glob("*/tables.py")}
    assert {room for room in rooms if f"from server.{room} import tables" not in schema} == set()


def test_the_makefile_has_every_target_that_people_rely_on() -> None:
    told = subprocess.run(["make", "help"], cwd=ROOT, capture_output=True, text=True, check=True)
    targets = {line.split()[1] for line in told.stdout.splitlines()}
    assert {"setup", "serve", "test", "sure", "bench", "verify", "help"} <= targets
