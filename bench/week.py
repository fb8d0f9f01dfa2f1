"""A week's load against the service as it is deployed: nginx, gunicorn, PostgreSQL on this machine.

    python -m bench.week

Minutes stand for days: an ordinary hour, Monday morning, pay day, the announcement of a new policy
(50 times the ordinary hour), and then more until something gives way. Of each it prints requests,
latency and where the processor's time went, and what a city of a million needs at its peak; the
table goes into the runbook. The phones of the run share the machine: their time is told apart.
"""

import argparse
import json
import os
import platform
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path

from bench.headlines import in_place
from bench.serving import questions
from bench.week_plan import (
    BUSY,
    NORMAL,
    PEAK,
    WEEK,
    Measured,
    needed,
    saturated,
)
from tests import proxy
from tests.postgres import Cluster
from tests.serving import ROOT, gunicorn
from tests.wechat_platform.running import running
from tests.wechat_platform.state import APP_ID, APP_SECRET, PlatformState

RUNBOOK = ROOT / "deploy" / "RUNBOOK.md"
BEGINS, ENDS = "<!-- make bench PART=week -->", "<!-- end of week -->"
WORKERS = 2


def measured(folder: Path) -> list[Measured]:
    """Deploy it in a folder, let the week pass, and give what each phase came to."""
    told = folder / "told.json"
    with ExitStack() as deployed:
        cluster = Cluster(durable=True)
        deployed.callback(cluster.stop)
        settings = {
            "DATA_DIR": folder / "var",
            "DATABASE_URL": cluster.url(cluster.new_database()),
            "KEYS_URL": cluster.url(cluster.new_database()),
            "WORKERS": WORKERS,
            "WECHAT_API_BASE": deployed.enter_context(running(PlatformState())),
            "WECHAT_APP_ID": APP_ID,
            "WECHAT_APP_SECRET": APP_SECRET,
            "WECHAT_TOKEN": "token",
            "WECHAT_AES_KEY": "a" * 43,
        }
        port, service = deployed.enter_context(gunicorn(settings))
        before = proxy.before(port, folder / "nginx")
        https = deployed.enter_context(before)
        families = {
            "service": service.pid,
            "database": cluster.first_process(),
            "nginx": int((folder / "nginx" / "nginx.pid").read_text()),
        }
        subprocess.run(
            [sys.executable, "-m", "locust", "-f", "bench/week_visits.py", "--headless",
             "--only-summary", "--host", f"https://127.0.0.1:{https}"],
            cwd=ROOT,
            env=os.environ | {
                "WEEK_FAMILIES": json.dumps(families),
                "WEEK_QUESTIONS": json.dumps(questions()),
                "WEEK_TOLD": str(told),
                "PYTHONPATH": str(ROOT),
            },
            timeout=sum(phase.seconds for phase in WEEK) + 60,
        )  # fmt: skip
    return [Measured(**each) for each in json.loads(told.read_text("utf-8"))]


def table(phases: Sequence[Measured]) -> list[str]:
    """The phases as the runbook shows them, and what follows."""
    lines = [
        "| 什么时候 | 平常的几倍 | 每秒请求 | 中位 / 99%（毫秒） | 失败 "
        "| 处理器（核）：程序 / 数据库 / nginx / 压测工具 / 别的 "
        "| 跟得上吗 |",
        "| --- | --- | --- | --- | --- | --- | --- |",
    ]
    for phase in phases:
        used = " / ".join(
            f"{phase.processor[part] / phase.seconds:.2f}"
            for part in ("service", "database", "nginx", "phones", "others")
        )
        lines.append(
            f"| {phase.name} | {phase.times:g} | {phase.rate:.0f} "
            f"| {phase.median_ms:.0f} / {phase.p99_ms:.0f} | {phase.failed} | {used} "
            f"| {'是' if phase.kept_up else '否'} |"
        )
    return lines


def conclusions(phases: Sequence[Measured], cores: int) -> list[str]:
    """What saturates first, and what a city of a million needs."""
    peak = next(phase for phase in phases if phase.times == PEAK)
    need = needed(peak)
    rate = peak.requests / max(peak.visits, 1) * NORMAL * PEAK
    gave = saturated(phases, cores)
    if gave is None:
        first = f"到平常的 {phases[-1].times:g} 倍，什么也没有满。"
    else:
        first = f"先满的是{gave[1]}，在平常的 {gave[0].times:g} 倍。"
    return [
        f"- {first}",
        f"- 新政策公布时，一个请求要处理器 {peak.of('service'):.1f} 毫秒（程序）、"
        f"{peak.of('database'):.1f} 毫秒（数据库）、{peak.of('nginx'):.1f} 毫秒（nginx）。",
        f"- 一座一百万人的城市，那时每秒 {rate:.0f} 个请求；处理器只用到 {BUSY:.0%}，要 "
        f"**{need.workers} 个工作进程，{need.cores} 个核**。",
    ]


def main() -> None:
    """Measure, print, and write it into the runbook."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--print", action="store_true", help="leave the runbook as it is")
    options = parser.parse_args()
    cores = os.cpu_count() or 1
    with tempfile.TemporaryDirectory(prefix="nuangang-week-") as folder:
        phases = measured(Path(folder))
    machine = (
        f"{datetime.now(UTC).date()}，{cores} 核（{platform.machine()}），{WORKERS} 个工作进程，"
        "PostgreSQL、nginx 和压测工具在同一台机器上："
    )
    lines = [machine, "", *table(phases), "", *conclusions(phases, cores)]
    print("\n".join(lines))
    if not options.print:
        page = in_place(RUNBOOK.read_text("utf-8"), BEGINS, ENDS, lines)
        RUNBOOK.write_text(page, encoding="utf-8")
        print(f"{RUNBOOK.name}: written")


if __name__ == "__main__":
    main()
