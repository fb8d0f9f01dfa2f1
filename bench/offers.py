"""How long it takes to look through 10,374 vacancies, as many as 张家口 had.

python -m bench.offers [VACANCIES]
"""

import json
import statistics
import sys
import time
from datetime import timedelta

import server.schema  # noqa: F401
from bench.databases import on_each
from bench.headlines import headline
from server.clock import china_day, utc_now
from server.database.db import Database
from server.migrations import upgrade
from server.offers import searching
from server.offers.tables import Offer, OfferKind, OfferState

VACANCIES = 10_374
ROUNDS = 60
_REGION = "张家口"
_TRADES = (
    "焊工",
    "缝纫工",
    "保洁员",
    "叉车司机",
    "电工",
    "服务员",
    "搬运工",
    "质检员",
    "厨师",
    "月嫂",
)
_FIRMS = ("宣化机械厂", "怀来葡萄酒厂", "崇礼滑雪场", "万全食品厂", "桥西超市", "张北风电站")
_WORDS = ("包吃住，月休四天，签合同", "两班倒，交五险，有班车", "长白班，管午饭，可做临时工")
_ASKED = ("", "焊工", "缝纫 包吃住", "食品厂 电工 五险", "滑雪场 月嫂 长白班", "没有这样的活")
_MOST_MILLISECONDS = 50


def fill(database: Database, count: int) -> None:
    """Publish so many vacancies, made up, ten of eleven still open."""
    now = utc_now()
    today = china_day(now)
    for start in range(0, count, 1000):
        with database.begin() as session:
            session.add_all(
                Offer(
                    id=f"O{number:015d}",
                    kind=OfferKind.VACANCY,
                    region=_REGION,
                    state=OfferState.OPEN,
                    title=f"{_TRADES[number % len(_TRADES)]}{number % 40 + 1}名",
                    words=_WORDS[number % len(_WORDS)],
                    organiser=_FIRMS[number // 7 % len(_FIRMS)],
                    contact="0313-0000000",
                    place=f"{_REGION}市第{number % 90 + 1}工业区",
                    last_on=today + timedelta(days=number % 33 - 3),
                    seats=number % 40 + 1,
                    details=json.dumps({"trade": _TRADES[number % len(_TRADES)]}),
                    created_at=now,
                    changed_at=now,
                )
                for number in range(start, min(start + 1000, count))
            )


def measure(database: Database, count: int) -> float:
    """Print the median and the worst of each question in milliseconds; returns the worst median."""
    upgrade(database)
    fill(database, count)
    today = china_day(utc_now())
    name = database.engine.dialect.name
    slowest = 0.0
    for words in _ASKED:
        found, times = 0, []
        for _ in range(ROUNDS):
            began = time.perf_counter()
            with database.read() as session:
                offers = searching.listed(
                    session, regions={_REGION}, today=today, kind=OfferKind.VACANCY, text=words
                )
            times.append((time.perf_counter() - began) * 1000)
            found = len(offers)
        median = statistics.median(times)
        slowest = max(slowest, median)
        print(f"{name}: «{words}» {found} shown, {median:.1f} ms, at worst {max(times):.1f}")
    return slowest


def main() -> None:
    """Measure on SQLite and on PostgreSQL."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else VACANCIES
    slowest = [measure(database, count) for (database,) in on_each()]
    headline(
        f"{count:,} vacancies searched, slowest median of six questions, SQLite / PostgreSQL",
        " / ".join(f"{each:.0f} ms" for each in slowest),
        f"{_MOST_MILLISECONDS} ms",
    )


if __name__ == "__main__":
    main()
