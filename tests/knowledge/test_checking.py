"""What the library says is checked against the documents, and each check can fail."""

import copy
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from knowledge.checking import CATALOGUE, honesty_troubles
from knowledge.clauses import PREAMBLE
from knowledge.faults import Code, Fault
from knowledge.files import KnowledgeFileRefused
from knowledge.library import Library
from knowledge.measures import Validity
from knowledge.periods import misdated


def test_the_library_has_no_problems(library: Library) -> None:
    assert honesty_troubles(library, CATALOGUE) == []


def test_all_118_measures_are_there(library: Library) -> None:
    assert len(library.measures) == 118


def _damaged(library: Library, damage: Callable[[dict[str, Any]], None], key: str) -> Library:
    editions = []
    for kind, name, content in library.editions:
        if (kind, name) == tuple(key.split(":")):
            content = copy.deepcopy(content)
            damage(content)
        editions.append((kind, name, content))
    return Library(editions)


DAMAGES: dict[str, tuple[str, Callable[[dict[str, Any]], None], str]] = {
    "a wrong sum in a summary": (
        "measure:shishi-4c",
        lambda m: m.update(summary=m["summary"].replace("10000", "20000")),
        "20000元 is not in the clause",
    ),
    # A release of before it could be asked for is served without; none is published anew.
    "a detail that has no name": (
        "sentences:all",
        lambda s: s["detail_names"].pop("replacement"),
        "the name of replacement is missing",
    ),
    "another town's telephone number": (
        "measure:liwan-9",
        lambda m: m.update(summary=m["summary"] + "热线88712565。"),
        "88712565 is not in the clause",
    ),
    "a date that the clause does not give": (
        "measure:hebei-hengshui-3",
        lambda m: m.update(summary="消费券用到3月18日。"),
        "18日 is not in the clause",
    ),
    "a document's own statement that is not in its clause": (
        "document:liwan",
        lambda d: d["about"]["states"]["who"].update(quote="全体市民"),
        "states who: not in clause 三",
    ),
    "a number that two clauses begin with": (
        "document:liwan",
        lambda d: d.update(raw=d["raw"] + "\n一、再说一遍"),
        "two clauses begin with 一,",
    ),
    "a document's own statement of a clause that there is not": (
        "document:liwan",
        lambda d: d["about"]["states"]["who"].update(locator="九"),
        "liwan has no clause 九",
    ),
    "advice on a condition that is none": (
        "measure:shishi-2",
        lambda m: m.update(if_unmet={"hukou_place": "先去问一问。"}),
        "the rule asks nothing of hukou_place",
    ),
    "a quote that is not verbatim": (
        "measure:shishi-2",
        lambda m: m.update(quotes=["按实际缴纳的社会保险费给予补贴"]),
        "not in clause 二",
    ),
    "a clause nobody answers for": (
        "document:hebei",
        lambda d: d["about"].update(
            no_measure=[m for m in d["about"]["no_measure"] if m["locator"] != "定州·一"]
        ),
        "clause 定州·一 belongs to no measure",
    ),
    "a last day that the quote does not give": (
        "measure:liwan-1",
        lambda m: m["validity"].update(to="2031-03-31"),
        "liwan-1: validity: nothing gives 2031-03-31 as the last day",
    ),
    "a last day with another month": (
        "measure:jinzhou-5b",
        lambda m: m["validity"].update(to="2020-07-31"),
        "nothing gives 2020-07-31 as the last day",
    ),
    "the end of the document's period where the quote gives another": (
        "measure:hebei-hengshui-3",
        lambda m: m["validity"].update(to="2021-03-31"),
        "nothing gives 2021-03-31 as the last day",
    ),
    "a first day that the quote does not give": (
        "measure:hebei-xinji-1",
        lambda m: m["validity"].update({"from": "2021-01-21"}),
        "nothing gives 2021-01-21 as the first day",
    ),
    "a first day before every date of the document": (
        "measure:opinion-2",
        lambda m: m["validity"].update({"from": "2022-03-30"}),
        "nothing gives 2022-03-30 as the first day",
    ),
    "a document's period that its clause does not give": (
        "document:liwan",
        lambda d: d["about"]["validity"].update(to="2021-04-30"),
        "liwan: validity: nothing gives 2021-04-30",
    ),
    "a document's date that its words do not give": (
        "document:shishi",
        lambda d: d["about"].update(dated="2022-04-01"),
        "shishi: 2022-04-01 is not the date of",
    ),
    "a sum that is a part of the one in the quote": (
        "measure:shishi-4c",
        lambda m: m["grants"][0]["amount"].update(value=1000),
        "1000元 is not in",
    ),
    "a telephone number that is a part of the one in the quote": (
        "measure:shishi-7",
        lambda m: m["phones"][0].update(number="8871256"),
        "8871256 is not in",
    ),
    "another number in the title": (
        "measure:shishi-7",
        lambda m: m.update(title="外来务工人员服务专线（88712566）"),
        "title: 88712566 is not in the clause",
    ),
    "another number in what is given": (
        "measure:shishi-4c",
        lambda m: m["grants"][0].update(what="创业补贴20000元"),
        "grants: 20000元 is not in the clause",
    ),
    "a last day for applying that the quote does not give": (
        "measure:liwan-1",
        lambda m: m.update(application={**m["validity"], "to": "2021-04-30"}),
        "application: nothing gives 2021-04-30 as the last day",
    ),
    "a title that differs from the catalogue": (
        "measure:shishi-7",
        lambda m: m.update(title="热线"),
        "the catalogue says",
    ),
}


@pytest.mark.parametrize("name", DAMAGES)
def test_damage_is_found(library: Library, name: str) -> None:
    key, damage, found = DAMAGES[name]
    told = map(str, honesty_troubles(_damaged(library, damage, key), CATALOGUE))
    assert any(found in trouble for trouble in told)


def test_a_large_sum_is_found_as_its_quote_writes_it(library: Library) -> None:
    def damage(measure: dict[str, Any]) -> None:
        grant = measure["grants"][0]
        assert "100万元" in grant["quote"]
        grant.update(amount={"value": 1_000_000, "unit": "元", "per": None, "cap": False})

    made = _damaged(library, damage, "measure:shishi-1c")
    assert not [told for told in honesty_troubles(made) if "grants" in told.location]


def test_a_document_may_begin_with_its_first_clause(library: Library) -> None:
    def damage(document: dict[str, Any]) -> None:
        raw = document["raw"]
        document["raw"] = raw[raw.index("一、行動時間") :]

    made = _damaged(library, damage, "document:liwan")
    assert PREAMBLE not in made.documents["liwan"].clauses
    # What rests on the words that are gone is told; the clause alone is nothing to tell of.
    at_fault = {t.fault.code for t in honesty_troubles(made) if t.key == "liwan-1"}
    assert Code.NO_CLAUSE not in at_fault


def test_a_missing_measure_is_found(library: Library) -> None:
    fewer = Library(e for e in library.editions if e[1] != "hebei-xinji-1")
    assert "hebei-xinji-1: missing" in map(str, honesty_troubles(fewer, CATALOGUE))
    assert any("clause 辛集 belongs to no measure" in str(t) for t in honesty_troubles(fewer))


def test_a_catalogue_is_read_as_windows_writes_it_and_one_without_its_columns_is_refused(
    library: Library, tmp_path: Path
) -> None:
    path = tmp_path / "catalogue.tsv"
    path.write_bytes(b"\xef\xbb\xbf" + CATALOGUE.read_bytes().replace(b"\n", b"\r\n"))
    assert honesty_troubles(library, path) == []
    path.write_text("id\ttitle\nshishi-1a\tx\n", encoding="utf-8")
    with pytest.raises(KnowledgeFileRefused, match="no column audience, document, locator, region"):
        honesty_troubles(library, path)


def test_a_question_that_two_measures_have_is_told_of_each(library: Library) -> None:
    asked = library.measures["shishi-4a"].question
    twice = _damaged(library, lambda m: m["similar"].append(asked), "measure:shishi-2")
    assert [(t.key, t.fault.values["others"]) for t in honesty_troubles(twice)] == [
        ("shishi-2", ("shishi-4a",)),
        ("shishi-4a", ("shishi-2",)),
    ]


@pytest.mark.parametrize(
    ("quote", "first", "last"),
    [
        ("2021年1月21日至3月31日", date(2021, 1, 21), date(2021, 3, 31)),
        ("2021年1月21日至31日", date(2021, 1, 21), date(2021, 1, 31)),
        ("2020年12月20日至3月31日", date(2020, 12, 20), date(2021, 3, 31)),
        ("4月过生日", date(2021, 4, 1), date(2021, 4, 30)),
        ("延长至6月底", None, date(2021, 6, 30)),
        ("2021年内", date(2021, 1, 1), date(2021, 12, 31)),
        ("2021-02-12起", date(2021, 2, 12), None),
        ("领3个月", None, None),
    ],
)
def test_a_period_is_read_off_its_quote(quote: str, first: date | None, last: date | None) -> None:
    def found(from_: date | None, to: date | None) -> list[Fault]:
        period = Validity.model_validate(
            {"from": from_, "to": to, "locator": "一", "quote": quote, "note": "试"}
        )
        return list(misdated(period, date(2021, 2, 7), None))

    assert found(first, last) == []
    assert found(date(2021, 2, 8), None)
    assert found(None, date(2021, 5, 1))


def test_a_period_ends_within_two_years_of_its_document() -> None:
    data = {
        "from": None,
        "to": "2031-03-31",
        "locator": "一",
        "quote": "至2031年3月31日",
        "note": "x",
    }
    (found,) = misdated(Validity.model_validate(data), date(2021, 2, 7), None)
    assert "more than 2 years" in str(found)
