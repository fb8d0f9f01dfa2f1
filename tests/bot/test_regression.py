"""What a release answers better or worse than another, and what it lends to other cities."""

from datetime import date
from typing import TYPE_CHECKING

import pytest

from bot import regression
from bot.answers import Answer, Context, Kind
from bot.evaluation import Gold
from bot.retrieval.indexing import IndexedLibrary
from knowledge.library import Library
from tests.small import small_editions

if TYPE_CHECKING:
    from collections.abc import Sequence

    from server.chat.serving import Served

TODAY = date(2026, 3, 2)
GOLD = Gold.model_validate(
    {
        "id": "held",
        "turns": ["失业保险金谁能领"],
        "region": "石狮",
        "kind": "answer",
        "measures": ["shishi-4a"],
    }
)


@pytest.fixture(scope="module")
def small(library: Library) -> IndexedLibrary:
    return IndexedLibrary(Library(small_editions(library)))


@pytest.fixture(scope="module")
def without(library: Library) -> IndexedLibrary:
    """The same without the measure that is asked for."""
    left = [e for e in small_editions(library) if e[:2] != ("measure", "shishi-4a")]
    return IndexedLibrary(Library([e for e in left if e[:2] != ("checklist", "shishi-4a")]))


def test_what_only_the_release_before_answers_is_told_with_the_new_reply(
    small: IndexedLibrary, without: IndexedLibrary
) -> None:
    (outcome,) = regression.outcomes([GOLD], small, without, TODAY)
    assert (outcome.before, bool(outcome.after)) == (None, True)
    assert outcome.reply
    (mended,) = regression.outcomes([GOLD], without, small, TODAY)
    assert mended.before and not mended.after
    (first,) = regression.outcomes([GOLD], None, small, TODAY)
    assert (first.before, first.after) == (None, None)


def test_no_city_borrows_from_another(small: IndexedLibrary) -> None:
    found = regression.swaps(small, [GOLD], TODAY, ["shishi-4a"], most=12)
    assert found.asked == 12
    assert found.borrowed == ()


def test_a_bot_that_lends_is_found_out(small: IndexedLibrary) -> None:
    """The control: it answers everybody from 石狮."""

    def lend(turns: "Sequence[str]", region: str | None) -> Answer:
        return Answer(
            kind=Kind.ANSWER, reply="每月领钱。", reason="", region=region,
            measures=("shishi-4a",), sources=(), context=Context(),
        )  # fmt: skip

    found = regression.swaps(small, [], TODAY, ["shishi-4a"], most=3, ask=lend)
    assert found.borrowed
    assert all(each.measures == ("shishi-4a",) for each in found.borrowed)


def test_a_firm_is_asked_for_where_it_stands(served: "Served") -> None:
    """格力 stands in one place: who asks for it elsewhere is answered rightly, nothing is lent."""
    firms = ["hebei-sjz-gaoxin-1", "hebei-dingzhou-5"]
    asked: list[str] = []

    def note(turns: "Sequence[str]", region: str | None) -> Answer:
        asked.extend(turns)
        return Answer(
            kind=Kind.DECLINE, reply="没有写。", reason="", region=region, context=Context()
        )

    regression.swaps(served._indexed, [], TODAY, firms, most=3, ask=note)
    assert asked and not any("格力" in text or "旭阳" in text for text in asked)
