"""The files of deploy/ fit the program and each other."""

import argparse
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from server import jobs_commands
from server.settings import Settings

ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / "deploy"
UNITS = sorted((DEPLOY / "systemd").iterdir())
SETTINGS = {f"NUANGANG_{name}".upper() for name in Settings.model_fields}


TIMERS = {unit.stem.removeprefix("nuangang-"): unit for unit in UNITS if unit.suffix == ".timer"}
WATCHING = "jobs-deliver"
"""Runs all the time, as a service."""
BY_HAND = {"jobs-outbox"}
"""Shows what is stuck, to somebody who looks."""


def _jobs() -> set[str]:
    """Every job that the program knows, as a timer names it."""
    parser = argparse.ArgumentParser()
    jobs_commands.add_to(parser.add_subparsers())
    (commands,) = (each for each in parser._actions if isinstance(each.choices, dict))
    (jobs,) = (each for each in commands.choices["jobs"]._actions if isinstance(each.choices, dict))
    return {f"jobs-{verb}" for verb in jobs.choices}


def test_every_job_has_a_timer() -> None:
    assert _jobs() - TIMERS.keys() - {WATCHING} - BY_HAND == set()
    watching = (DEPLOY / "systemd" / "nuangang-deliver.service").read_text("utf-8")
    assert f"nuangang {WATCHING.replace('-', ' ')} --watch\n" in watching


def test_the_runbook_switches_every_timer_on_and_says_when_it_runs() -> None:
    runbook = (DEPLOY / "RUNBOOK.md").read_text("utf-8")
    for job, timer in TIMERS.items():
        assert timer.name in runbook and f"| `{job}` |" in runbook, job


def test_what_runs_at_an_hour_runs_at_an_hour_of_shanghai() -> None:
    hours = {
        job: re.findall(r"^OnCalendar=(.+)$", timer.read_text("utf-8"), re.M)
        for job, timer in TIMERS.items()
    }
    assert hours.pop("backup") == ["*:0/5"]
    assert all(len(each) == 1 and each[0].endswith(" Asia/Shanghai") for each in hours.values())
    # The week ends at four; ten minutes later all that was written in it has arrived.
    assert hours["jobs-report"] == ["Fri *-*-* 16:10:00 Asia/Shanghai"]


def test_every_timer_has_a_job_that_the_program_knows() -> None:
    from server.cli import _parser

    script = (DEPLOY / "run-job").read_text("utf-8")
    for timer in TIMERS.values():
        job = re.search(r"Unit=nuangang-job@(.+)\.service", timer.read_text("utf-8"))
        assert job is not None and timer.stem == f"nuangang-{job[1]}"
        assert re.search(rf"\b{job[1]}\b", script), job[1]
        if job[1] != "backup":
            # Parsed only: an unknown command would end the test.
            _parser().parse_args(job[1].split("-", 1))


def test_a_job_that_nobody_knows_is_refused() -> None:
    tried = subprocess.run([DEPLOY / "run-job", "no-such"], capture_output=True, text=True)
    assert tried.returncode == 2 and "no job" in tried.stderr


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="there is no systemd here")
@pytest.mark.parametrize("unit", [unit.name for unit in UNITS])
def test_systemd_accepts_the_units(unit: str, tmp_path: Path) -> None:
    for each in UNITS:
        text = each.read_text("utf-8")
        # Programs that stand in for those of an installed service.
        text = re.sub(r"ExecStart=\S+", "ExecStart=/bin/true", text)
        (tmp_path / each.name).write_text(text, encoding="utf-8")
    name = unit.replace("@.", "@jobs-sweep.")
    if name != unit:
        (tmp_path / name).write_bytes((tmp_path / unit).read_bytes())
    tried = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", str(tmp_path / name)],
        capture_output=True,
        text=True,
    )
    said = [line for line in tried.stderr.splitlines() if "nuangang" in line]
    assert tried.returncode == 0 and said == [], tried.stderr


def _compose() -> dict[str, Any]:
    read: dict[str, Any] = yaml.safe_load((DEPLOY / "compose.yaml").read_text("utf-8"))
    return read


def test_compose_has_several_servers_on_one_database() -> None:
    services = _compose()["services"]
    apps = [service for name, service in services.items() if name.startswith("app")]
    assert len(apps) >= 2
    for app in apps:
        given = app["environment"]
        assert set(given) <= SETTINGS
        assert {"NUANGANG_DATABASE_URL", "NUANGANG_KEYS_URL", "NUANGANG_REDIS_URL",
                "NUANGANG_MATERIALS_URL", "NUANGANG_PROXIES"} <= set(given)  # fmt: skip
        assert given["NUANGANG_DATABASE_URL"] != given["NUANGANG_KEYS_URL"]
    named = {each for service in services.values() for each in service.get("depends_on", ())}
    assert named <= set(services)
    mounted = {
        volume.partition(":")[0]
        for service in services.values()
        for volume in service.get("volumes", ())
        if volume[0] not in "./"
    }
    assert mounted == set(_compose()["volumes"])


def test_no_secret_stands_in_compose() -> None:
    text = (DEPLOY / "compose.yaml").read_text("utf-8")
    given = re.findall(r"(\w*(?:PASSWORD|SECRET_KEY|ACCESS_KEY)\w*): +(\S+)", text)
    assert given
    for name, value in given:
        assert value.strip('"').startswith("${"), name


def test_the_image_takes_folders_that_exist_and_runs_as_nobody_special() -> None:
    text = (DEPLOY / "Containerfile").read_text("utf-8")
    for copied in re.findall(r"^COPY (?!--from)(.+)$", text, re.M):
        for source in copied.split()[:-1]:
            assert (ROOT / source).exists(), source
    assert "\nUSER nuangang\n" in text
    assert text.index("USER nuangang") < text.index("ENTRYPOINT")


def test_the_runbook_names_commands_that_exist() -> None:
    from server.cli import _parser

    text = (DEPLOY / "RUNBOOK.md").read_text("utf-8")
    usage = _parser().format_help()
    named = set(re.findall(r"(?:`|^\$ |^   \$ )nuangang ([a-z]+)\b", text, re.M))
    assert len(named) >= 8
    assert {name for name in named if name not in usage} == set()
