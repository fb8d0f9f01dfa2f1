"""The files of deploy/ fit the program and each other."""

import argparse
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import tomllib
from fnmatch import fnmatch
from ipaddress import ip_address, ip_network
from pathlib import Path
from typing import Any

import psycopg
import pytest
import yaml
from compose_spec import PyCompose
from flask.testing import FlaskClient

from server.app import LONGEST_BODY
from server.casework.uploading import LARGEST_PIECE
from server.commands import jobs
from server.console.entering import TAKES
from server.editing.trials import PATIENCE_SECONDS
from server.notice_kinds import TEMPLATED
from server.settings import Settings
from tests.postgres import Cluster

ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / "deploy"
UNITS = sorted((DEPLOY / "systemd").iterdir())
SETTINGS = {f"NUANGANG_{name}".upper() for name in Settings.model_fields}


TIMERS = {unit.stem.removeprefix("nuangang-"): unit for unit in UNITS if unit.suffix == ".timer"}
WATCHING = "jobs-deliver"
"""Runs all the time, as a service."""
BY_HAND = {"jobs-outbox"}
"""Shows what is stuck, to somebody who looks."""


def _verbs(parser: argparse.ArgumentParser) -> dict[str, argparse.ArgumentParser]:
    """The commands below a parser."""
    (found,) = (each for each in parser._actions if isinstance(each, argparse._SubParsersAction))
    return dict(found.choices)


def _jobs() -> set[str]:
    """Every job that the program knows, as a timer names it."""
    parser = argparse.ArgumentParser()
    jobs.add_to(parser.add_subparsers())
    return {f"jobs-{verb}" for verb in _verbs(_verbs(parser)["jobs"])}


def test_every_job_has_a_timer() -> None:
    assert _jobs() - TIMERS.keys() - {WATCHING} - BY_HAND == set()
    watching = (DEPLOY / "systemd" / "nuangang-deliver.service").read_text("utf-8")
    assert f"nuangang {WATCHING.replace('-', ' ')} --watch\n" in watching


def test_what_is_not_set_up_is_not_started_again_every_five_seconds() -> None:
    watching = (DEPLOY / "systemd" / "nuangang-deliver.service").read_text("utf-8")
    assert f"\nRestartPreventExitStatus={jobs.NOT_SET_UP}\n" in watching
    assert jobs.NOT_SET_UP not in (jobs.OK, jobs.FAILED)


def test_the_service_is_started_until_its_database_is_there() -> None:
    """By itself systemd gives up after five starts in ten seconds, and closes the socket, too."""
    service = (DEPLOY / "systemd" / "nuangang.service").read_text("utf-8")
    assert "\nStartLimitIntervalSec=0\n" in service.partition("[Service]")[0]
    # Who waits longer between two starts never comes to five.
    watching = (DEPLOY / "systemd" / "nuangang-deliver.service").read_text("utf-8")
    (pause,) = re.findall(r"^RestartSec=(\d+)$", watching, re.M)
    assert int(pause) * 5 > 10


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
        if each.stem == "nuangang-job@":
            # As where the service runs in containers, the lines of its drop-in added.
            text += (DEPLOY / "compose-job.conf").read_text("utf-8")
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


def test_a_job_in_a_container_has_docker_look_in_no_home_that_its_unit_hides() -> None:
    """Docker 28 that may not open its folder in the home of root knows no `compose`."""
    unit = (DEPLOY / "systemd" / "nuangang-job@.service").read_text("utf-8")
    added = (DEPLOY / "compose-job.conf").read_text("utf-8")
    assert "\nProtectHome=yes\n" in unit and "ProtectHome" not in added
    (place,) = re.findall(r"^Environment=DOCKER_CONFIG=(\S+)$", added, re.M)
    assert not place.startswith(("/root", "/home", "/run/user"))


def _compose() -> dict[str, Any]:
    read: dict[str, Any] = yaml.safe_load((DEPLOY / "compose.yaml").read_text("utf-8"))
    return read


def test_compose_has_several_servers_on_one_database() -> None:
    services = _compose()["services"]
    apps = [service for name, service in services.items() if name.startswith("app")]
    assert len(apps) >= 2
    for app in apps:
        given = app["environment"]
        # Read by what checks certificates, not by the program.
        assert set(given) - {"SSL_CERT_FILE"} <= SETTINGS
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


def test_the_database_is_no_newer_than_what_dumps_it() -> None:
    # Debian 12 has the client of PostgreSQL 15.
    assert "slim-bookworm\n" in (DEPLOY / "Containerfile").read_text("utf-8")
    images = {service["image"] for service in _compose()["services"].values()}
    assert {image for image in images if "postgres" in image} == {"docker.io/library/postgres:15"}


def test_the_role_of_the_service_in_containers_owns_its_database_and_nothing_else(
    cluster: Cluster,
) -> None:
    """As the runbook has it: a superuser runs programs on the machine of its database."""
    compose = _compose()
    settings = compose["services"]["app1"]["environment"]
    for service, setting in (("db", "NUANGANG_DATABASE_URL"), ("keys", "NUANGANG_KEYS_URL")):
        made = compose["services"][service]
        given = made["environment"]
        who, secret = given["OWNER"], given["OWNER_PASSWORD"]
        assert settings[setting] == f"postgresql://{who}:{secret}@{service}/{given['OWNED']}"
        assert given["POSTGRES_USER"] != who and given["POSTGRES_PASSWORD"]
        assert "./own-database:/docker-entrypoint-initdb.d/own-database.sh:ro" in made["volumes"]
        # While it is made it listens at its socket only.
        assert f"pg_isready -h 127.0.0.1 -U {who}" in made["healthcheck"]["test"][1]
    told = {"OWNER": "own", "OWNER_PASSWORD": "it's 1", "OWNED": "owned"}
    folder = cluster.url("").partition("?host=")[2]
    run = {**os.environ, **told, "POSTGRES_USER": "nuangang", "PGHOST": folder}
    try:
        subprocess.run([DEPLOY / "own-database"], env=run, check=True)
        with psycopg.connect(cluster.url("owned").replace("nuangang@", "own@")) as session:
            (rights,) = session.execute(
                "SELECT rolsuper OR rolcreatedb OR rolcreaterole OR rolreplication FROM pg_roles"
                " WHERE rolname = current_user"
            ).fetchone() or (None,)
            assert rights is False
            session.execute("CREATE TABLE own (id integer)")
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                session.execute("COPY own FROM PROGRAM 'echo 1'")
    finally:
        with psycopg.connect(cluster.url("postgres"), autocommit=True) as session:
            session.execute("DROP DATABASE IF EXISTS owned")
            session.execute("DROP ROLE IF EXISTS own")


def _nginx_of_compose() -> str:
    """The settings of nginx as its container makes them."""
    command = _compose()["services"]["nginx"]["command"][2]
    edit = command.partition(" > ")[0].replace(
        "/etc/nginx/nginx.conf.in", shlex.quote(str(DEPLOY / "nginx.conf"))
    )
    return subprocess.run(["sh", "-c", edit], capture_output=True, text=True, check=True).stdout


def test_no_log_in_a_container_grows_until_the_disk_is_full() -> None:
    assert "/var/log" not in _nginx_of_compose()
    for name, service in _compose()["services"].items():
        kept = service["logging"]["options"]
        assert kept["max-size"] == "50m" and int(kept["max-file"]) < 10, name


def test_behind_dockers_proxy_the_world_is_not_taken_for_inside() -> None:
    compose = _compose()
    (net,) = compose["networks"]["inside"]["ipam"]["config"]
    made = _nginx_of_compose()
    assert "server app1:8000 max_fails=3 fail_timeout=2s; server app2:8000" in made
    allowed = [ip_network(each) for each in re.findall(r"allow ([\d./]+);", made)]
    assert allowed and "deny all;" in made
    inside = ip_network(net["subnet"])
    assert not [each for each in allowed if inside.overlaps(each)]


def test_nginx_waits_for_the_desk_longer_than_the_desk_for_a_trial() -> None:
    text = (DEPLOY / "nginx.conf").read_text("utf-8")
    (desk,) = re.findall(r"location /staff \{(.*?)\}", text, re.S)
    (waits,) = re.findall(r"proxy_read_timeout (\d+)s;", desk)
    # What it found is still to be stored and told.
    assert int(waits) >= PATIENCE_SECONDS + 30


def test_nginx_lets_through_what_the_desk_takes(client: FlaskClient) -> None:
    """A visit's photos are told of in words by the service, or taken; never refused before it."""
    text = (DEPLOY / "nginx.conf").read_text("utf-8")
    (desk,) = re.findall(r"location /staff \{(.*?)\}", text, re.S)
    (most,) = re.findall(r"client_max_body_size (\d+)m;", desk)
    views = client.application.view_functions.values()
    taken = [getattr(view, TAKES) for view in views if hasattr(view, TAKES)]
    assert taken and int(most) * 2**20 >= max(taken)


def test_nginx_lets_through_what_a_phone_sends_and_little_more() -> None:
    text = (DEPLOY / "nginx.conf").read_text("utf-8")
    (uploads,) = re.findall(r"location /api/v1/uploads \{(.*?)\}", text, re.S)
    (piece,) = re.findall(r"client_max_body_size (\d+)k;", uploads)
    assert LARGEST_PIECE <= int(piece) * 1024 < 2 * LARGEST_PIECE
    (other,) = re.findall(r"^    client_max_body_size (\d+)k;", text, re.M)
    assert int(other) * 1024 == LONGEST_BODY


def test_nginx_gives_a_connection_up_before_the_service_does() -> None:
    """Else a request meets one that is just being closed."""
    text = (DEPLOY / "nginx.conf").read_text("utf-8")
    (upstream,) = re.findall(r"upstream nuangang \{(.*?)\n    \}", text, re.S)
    (idle,) = re.findall(r"keepalive_timeout (\d+)s;", upstream)
    (held,) = re.findall(r"^keepalive = (\d+)$", (DEPLOY / "gunicorn.conf.py").read_text(), re.M)
    assert int(idle) < int(held)


def test_nginx_tells_who_calls_and_nothing_of_that_the_caller_wrote() -> None:
    text = (DEPLOY / "nginx.conf").read_text("utf-8")
    told = re.findall(r"^        proxy_set_header (\S+) (\S+);", text, re.M)
    expected = {"X-Forwarded-For": "$remote_addr", "X-Request-Id": "$request_id", "Forwarded": '""'}
    assert expected.items() <= dict(told).items()
    # A place with a header of its own would lose these.
    assert len(told) == text.count("proxy_set_header")


def test_one_address_gets_no_more_than_its_share_and_wechat_one_of_its_own() -> None:
    text = (DEPLOY / "nginx.conf").read_text("utf-8")
    limits = re.compile(r"^ *(limit_(?:req|conn) .*);", re.M)
    (wechat,) = re.findall(r"location = /wechat \{\n(.*?)\}", text, re.S)
    assert limits.findall(text.partition("location / { proxy_pass")[0])[-2:] == [
        "limit_conn address_connections 2000", "limit_req zone=address_requests burst=400 nodelay",
    ]  # fmt: skip
    assert [limit.split()[1] for limit in limits.findall(wechat)] == [
        "zone=wechat_requests", "address_connections",
    ]  # fmt: skip


def test_the_servers_in_containers_know_the_certificate_of_the_bucket() -> None:
    """No authority signs the name `objects`: without that photos are refused, one by one."""
    compose = _compose()
    (mounted,) = [each for each in compose["services"]["objects"]["volumes"] if "/certs" in each]
    for name in ("app1", "app2", "deliver", "jobs"):
        known = compose["services"][name]["environment"]["SSL_CERT_FILE"]
        (secret,) = compose["services"][name]["secrets"]
        assert known == f"/run/secrets/{secret}", name
        assert compose["secrets"][secret]["file"] == f"{mounted.partition(':')[0]}/public.crt"
    steps = _section("安装")
    # As an authority's own it would not be taken for a server's.
    assert "CA:FALSE" in steps and "subjectAltName=DNS:objects" in steps


def test_the_world_reaches_the_containers_only_where_docker_keeps_its_addresses() -> None:
    """Who comes over IPv6 to a network without it comes from its gateway, all as one address."""
    compose = _compose()
    has_ipv6 = compose["networks"]["inside"].get("enable_ipv6", False)
    published = [
        each for service in compose["services"].values() for each in service.get("ports", ())
    ]
    assert published
    assert has_ipv6 or all(each.startswith("0.0.0.0:") for each in published)


def test_nginx_finds_an_application_server_that_was_made_anew() -> None:
    services = _compose()["services"]
    addresses = {services[name]["networks"]["inside"]["ipv4_address"] for name in ("app1", "app2")}
    assert len(addresses) == 2
    (net,) = _compose()["networks"]["inside"]["ipam"]["config"]
    given_out = ip_network(net["ip_range"])
    assert given_out.subnet_of(ip_network(net["subnet"]))
    for address in map(ip_address, addresses):
        # Else a container that starts first may be given it.
        assert address in ip_network(net["subnet"]) and address not in given_out
    assert net["gateway"] not in addresses and ip_address(net["gateway"]) not in given_out


def _on_duty(folder: Path, settings: str, *arguments: str) -> tuple[dict[str, str], str]:
    """With what variables and arguments the program starts for whoever is on duty."""
    (folder / "env").write_text(settings, encoding="utf-8")
    (folder / "deploy").mkdir()
    command = Path(shutil.copy(DEPLOY / "nuangang", folder / "deploy"))
    program = folder / ".venv" / "bin" / "nuangang"
    program.parent.mkdir(parents=True)
    program.write_text("#!/bin/sh\nenv -0\nprintf '%s|' \"$@\"\n", encoding="utf-8")
    program.chmod(0o755)
    said = subprocess.run(
        [command, *arguments],
        env={"PATH": os.environ["PATH"], "NUANGANG_SETTINGS": str(folder / "env")},
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    *variables, given = said.split("\0")
    return dict(line.split("=", 1) for line in variables), given


def test_the_example_lists_every_kind_that_a_template_is_needed_for() -> None:
    text = (DEPLOY / "env.example").read_text("utf-8")
    (listed,) = re.findall(r"^# (\{.*?\})\n", text, re.M | re.S)
    assert list(json.loads(listed.replace("\n# ", ""))) == list(TEMPLATED)


def test_whoever_is_on_duty_has_the_settings_of_the_service(tmp_path: Path) -> None:
    settings = {
        "NUANGANG_WECHAT_TEMPLATE_IDS": '{"paid": "t 1"}',
        "NUANGANG_DATABASE_URL": "postgresql://a:b@c/d?sslmode=verify-full&sslrootcert=/e",
        "NUANGANG_RATE_CHAT": "60/minute;600/hour",
        "NUANGANG_ENCRYPTION_KEYS": "k1:YWJjZA==",
        "NUANGANG_REDIS_URL": "",
    }
    lines = "".join(f"{name}={value}\n" for name, value in settings.items())
    seen, arguments = _on_duty(tmp_path, "# of the service\n\n" + lines, "staff", "add", "a b")
    assert arguments == "staff|add|a b|"
    assert settings.items() <= seen.items()
    assert seen["NUANGANG_DATA_DIR"] == "/var/lib/nuangang"


@pytest.mark.parametrize(
    ("line", "name", "value"),
    [
        ("NUANGANG_PORT=8001", "NUANGANG_PORT", "8001"),
        ("NUANGANG_DATA_DIR=/srv/nuangang\n", "NUANGANG_DATA_DIR", "/srv/nuangang"),
        ("NUANGANG_DATA_DIR=\n", "NUANGANG_DATA_DIR", ""),
        (" \tNUANGANG_PORT = 8001 \t\r\n", "NUANGANG_PORT", "8001"),
        ('NUANGANG_PROXIES="a, b "\n', "NUANGANG_PROXIES", "a, b "),
        ("NUANGANG_PROXIES='a \\ \"b\"'\n", "NUANGANG_PROXIES", 'a \\ "b"'),
        ('NUANGANG_PROXIES="a \\"b\\" \\c \\\\"\n', "NUANGANG_PROXIES", 'a "b" \\c \\'),
        ("NUANGANG_PROXIES=a\\ b\\\\\n", "NUANGANG_PROXIES", "a b\\"),
        ("NUANGANG_PROXIES=a # b\n", "NUANGANG_PROXIES", "a # b"),
        ("a line\n# NUANGANG_PORT=1\n;NUANGANG_PORT=2\n2=3\nlower=4\n", "lower", "4"),
    ],
)
def test_a_line_means_on_duty_what_it_means_in_the_units(
    line: str, name: str, value: str, tmp_path: Path
) -> None:
    """Each was read by systemd 252 as it stands here."""
    seen, _ = _on_duty(tmp_path, line)
    assert seen[name] == value
    assert name == "NUANGANG_PORT" or "NUANGANG_PORT" not in seen


def test_no_secret_stands_in_compose() -> None:
    text = (DEPLOY / "compose.yaml").read_text("utf-8")
    given = re.findall(r"(\w*(?:PASSWORD|SECRET_KEY|ACCESS_KEY)\w*): +(\S+)", text)
    assert given
    for name, value in given:
        assert value.strip('"').startswith("${"), name


def test_what_compose_takes_from_the_settings_stands_in_their_example_and_the_runbook() -> None:
    wanted = set(re.findall(r"\$\{(\w+)", (DEPLOY / "compose.yaml").read_text("utf-8")))
    assert {"DATABASE_PASSWORD", "KEYS_PASSWORD"} <= wanted
    example = (DEPLOY / "env.example").read_text("utf-8")
    assert wanted <= set(re.findall(r"^(?:# )?(\w+)=", example, re.M))
    runbook = (DEPLOY / "RUNBOOK.md").read_text("utf-8")
    assert {name for name in wanted - SETTINGS if f"`{name}`" not in runbook} == set()


def test_the_runbook_runs_a_command_in_the_container_that_has_what_it_needs() -> None:
    runbook = (DEPLOY / "RUNBOOK.md").read_text("utf-8")
    image = (DEPLOY / "Containerfile").read_text("utf-8")
    (folder,) = set(re.findall(r"^WORKDIR (\S+)$", image, re.M))
    ((program, name),) = re.findall(r" run --rm --entrypoint (\S+) (\w+) …$", runbook, re.M)
    assert program == f"{folder}/.venv/bin/nuangang"
    # Where the commands of the runbook put backups, and where the jobs note their anchors.
    ((backups, keys), *_) = re.findall(r"nuangang backup (\S+) --keys-to (\S+)$", runbook, re.M)
    volumes = _compose()["services"][name]["volumes"]
    assert {backups, keys} <= {volume.partition(":")[2] for volume in volumes}
    assert f"run --rm {name} %i" in (DEPLOY / "compose-job.conf").read_text("utf-8")


def test_the_image_takes_folders_that_exist_and_runs_as_nobody_special() -> None:
    text = (DEPLOY / "Containerfile").read_text("utf-8")
    for copied in re.findall(r"^COPY (?!--from)(.+)$", text, re.M):
        for source in copied.split()[:-1]:
            assert (ROOT / source).exists(), source
    (uid,) = re.findall(r"useradd .*--uid (\d+)", text)
    assert text.index(f"\nUSER {uid}\n") < text.index("ENTRYPOINT")


def _image(folder: Path) -> Path:
    """What the image copies from here, in a folder as it lies in the image."""
    text = (DEPLOY / "Containerfile").read_text("utf-8")
    let_through = set(re.findall(r"^!(\S+)$", (ROOT / ".dockerignore").read_text("utf-8"), re.M))
    for copied in re.findall(r"^COPY (?!--from)(.+)$", text, re.M):
        *sources, to = copied.split()
        for source in sources:
            # What is ignored would be missing where the image is built.
            assert source.partition("/")[0] in let_through, source
            target = folder / to
            if (ROOT / source).is_dir():
                ignored = shutil.ignore_patterns("__pycache__")
                shutil.copytree(ROOT / source, target, ignore=ignored, dirs_exist_ok=True)
            else:
                target = target / Path(source).name if to.endswith("/") else target
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(ROOT / source, target)
    return folder


_ASKING = """
import sys
from server.cli import main
code = main(["ask", "没活干了，在石狮，有钱领吗"])
outside = sorted(name for name, module in sys.modules.items()
                 if (getattr(module, "__file__", None) or "").startswith(sys.argv[1])
                 and ".venv" not in module.__file__)
sys.exit(code or " ".join(outside) or 0)
"""


def test_what_the_image_holds_is_enough_to_answer(tmp_path: Path) -> None:
    image = _image(tmp_path / "image")
    done = subprocess.run(
        [sys.executable, "-c", _ASKING, str(ROOT)],
        cwd=image,
        env={"PYTHONPATH": str(image), "NUANGANG_DATA_DIR": str(tmp_path / "var"),
             "PATH": os.environ["PATH"], "LANG": "C.UTF-8"},
        capture_output=True,
        text=True,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "失业保险金" in done.stdout


def test_what_the_image_starts_is_there_and_may_be_started() -> None:
    text = (DEPLOY / "Containerfile").read_text("utf-8")
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    (command,) = re.findall(r'^CMD \["\.venv/bin/(\w+)"', text, re.M)
    assert command in project["scripts"]
    (init,) = re.findall(r'^ENTRYPOINT \["(\w+)"', text, re.M)
    assert re.search(rf"apt-get install .*\b{init}\b", text)
    # The jobs of compose start this one.
    assert os.access(DEPLOY / "run-job", os.X_OK)
    wanted = project["requires-python"]
    assert wanted == ">=3.11" and "python:3.11-" in text


def _hadolint(text: str) -> list[str]:
    program = Path(sys.executable).with_name("hadolint")
    done = subprocess.run(
        [program, "--format", "json", "-"], input=text, capture_output=True, text=True
    )
    return [each["code"] for each in json.loads(done.stdout)]


def test_the_container_file_is_sound() -> None:
    text = (DEPLOY / "Containerfile").read_text("utf-8")
    assert _hadolint(text) == []
    # The control: a folder that a later command would not be in, a version that may be any.
    assert {"DL3003", "DL3007"} <= set(_hadolint("FROM debian:latest\nRUN cd /tmp && ls\n"))


def _described(compose: dict[str, Any]) -> Any:
    """Compose's own reading of the file, merges resolved; raises ValueError for what it refuses."""
    parts = {name: part for name, part in compose.items() if name[:2] != "x-"}
    return PyCompose.from_yaml(yaml.safe_dump(parts, allow_unicode=True))


def test_compose_is_written_as_its_specification_says() -> None:
    assert "jobs" in _described(_compose()).service_names()
    for service, name, wrong in (
        ("app1", "restart", "sometimes"),
        ("app1", "read_onyl", True),
        ("nginx", "ports", ["80:x"]),
    ):
        broken = _compose()
        broken["services"][service][name] = wrong
        with pytest.raises(ValueError, match=rf"{service}"):
            _described(broken)


def _section(title: str) -> str:
    """A part of the runbook."""
    text = (DEPLOY / "RUNBOOK.md").read_text("utf-8")
    return text.partition(f"\n## {title}\n")[2].partition("\n## ")[0]


def test_what_an_installed_machine_keeps_its_data_in_is_there_before_the_service_is() -> None:
    """Its user, as whom commands run, may make nothing in /var/lib; `useradd` makes none."""
    steps = _section("安装")
    (home,) = re.findall(r"useradd .*--home-dir (\S+)", steps)
    given = re.findall(r"^# install -d -m 0700 -o nuangang -g nuangang (.+)$", steps, re.M)
    folders = {folder for line in given for folder in line.split()}
    assert folders == {home, "/var/backups/nuangang", "/var/backups/nuangang-keys"}
    # Before anybody starts anything.
    assert steps.index(f"-g nuangang {home}") < steps.index("systemctl")


def test_an_upgrade_brings_the_units_along_before_it_restarts_what_they_start() -> None:
    steps = _section("升级")
    for needed in ("deploy/systemd/* /etc/systemd/system/", "daemon-reload", "deploy/nginx.conf"):
        assert 0 < steps.index(needed) < steps.index("systemctl restart nuangang nuangang-deliver")
    # Timers that came with it run only once they are switched on.
    assert "systemctl enable --now" in steps


def test_where_the_address_is_systemds_the_runbook_changes_it_at_the_socket() -> None:
    """Gunicorn takes the socket it is handed: NUANGANG_HOST and NUANGANG_PORT do nothing there."""
    (address,) = re.findall(
        r"^ListenStream=(.+)$", (DEPLOY / "systemd" / "nuangang.socket").read_text("utf-8"), re.M
    )
    assert f"server {address} " in (DEPLOY / "nginx.conf").read_text("utf-8")
    steps = _section("安装")
    # First what the unit says is taken back, else both are listened at.
    (given,) = re.findall(r"\[Socket\]\\nListenStream=\\nListenStream=(\S+?)\\n", steps)
    assert given.endswith(":8000") and given != address
    assert "nuangang.socket.d/" in steps and "systemctl restart nuangang.socket" in steps
    example = (DEPLOY / "env.example").read_text("utf-8")
    told = example.partition("NUANGANG_HOST=")[0].rpartition("\n\n")[2]
    assert "nuangang.socket" in told


def _is_named(unit: str, names: list[str]) -> bool:
    """Whether one of the names that `systemctl` is given means a unit."""
    full = (name if "." in name or "*" in name else f"{name}.service" for name in names)
    return any(fnmatch(unit, name) for name in full)


def test_the_runbook_stops_whatever_writes_before_it_restores_and_starts_it_afterwards() -> None:
    steps = _section("恢复")
    (stop,) = re.findall(r"^ *# systemctl stop (.+)$", steps, re.M)
    assert steps.index(stop) < steps.index("nuangang restore")
    names = shlex.split(stop)
    running = [unit.name.replace("@.", "@backup.") for unit in UNITS]
    assert [unit for unit in running if not _is_named(unit, names)] == []
    # The socket first: else whoever calls starts the service again.
    assert names[0] == "nuangang.socket"
    for left in ("nuangang.db", "keys.db", "-wal", "-shm"):
        assert steps.index(left) < steps.index("nuangang restore")
    assert steps.rindex("systemctl enable --now") > steps.index("audit verify")


def test_where_containers_serve_the_timers_are_switched_on_and_nothing_else() -> None:
    """The service of the machine itself would find no program there, again every second."""
    steps = _section("安装").partition("### 用容器的\n")[2].partition("\n### ")[0]
    (copied,) = re.findall(r"&& cp (.+) /etc/systemd/system/$", steps, re.M)
    assert copied.split() == ["systemd/*.timer", "systemd/nuangang-job@.service"]
    assert "enable --now $(cd systemd && ls *.timer)" in steps and "nuangang.socket" not in steps
    # One server after the other, as soon as the one before can answer.
    renewed = re.findall(r"up -d --no-deps --wait (\w+)", _section("升级"))
    assert renewed == [name for name in _compose()["services"] if name.startswith("app")]


def test_a_fresh_machine_has_what_the_runbook_calls() -> None:
    """Debian puts neither sudo nor curl nor openssl on every machine."""
    text = (DEPLOY / "RUNBOOK.md").read_text("utf-8")
    (installed,) = re.findall(r"^# apt-get install (.+)$", text, re.M)
    for program in ("sudo -", "curl -", "openssl x509 -"):
        assert re.search(rf"\b{program}", text) and program.split()[0] in installed.split()


def test_a_job_is_called_in_the_journal_what_the_runbook_calls_it() -> None:
    """With %I a dash is a slash: jobs/sweep."""
    unit = (DEPLOY / "systemd" / "nuangang-job@.service").read_text("utf-8")
    assert re.findall(r"^Description=暖岗: (.+)$", unit, re.M) == ["%i"]


def test_the_runbook_names_commands_that_exist() -> None:
    from server.cli import _parser

    text = (DEPLOY / "RUNBOOK.md").read_text("utf-8")
    usage = _parser().format_help()
    named = set(re.findall(r"(?:`|^\$ |^   \$ )nuangang ([a-z]+)\b", text, re.M))
    assert len(named) >= 8
    assert {name for name in named if name not in usage} == set()
