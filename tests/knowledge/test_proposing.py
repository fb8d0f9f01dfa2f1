"""The first proposal of a document and a measure says what the page says, and nothing more."""

from datetime import date

import pytest

from knowledge.documents import Document, DocumentEntry, UnknownClause
from knowledge.drafting import shape_troubles
from knowledge.measures import Aspect
from knowledge.periods import gives
from knowledge.proposing import proposed_document, proposed_measure

RAW = (
    "某市关于稳岗留工的通知\n"
    "某人社〔2022〕7号\n"
    "一、留岗补贴。对春节留在本市的外来务工人员，每人一次性发放补贴500元，最高不超过2000元。"
    "凭身份证申领。责任单位：市人社局、市财政局。咨询电话：0595-88712565。\n"
    "二、宣传引导。各单位加强宣传。\n"
    "2022年3月31日\n"
)
TODAY = date(2026, 3, 1)


@pytest.fixture
def document() -> Document:
    made = proposed_document("moushi2022", RAW, today=TODAY)
    entry = {**made["about"], "issuer": "某市人社局", "about_date": "成文日"}
    return Document(DocumentEntry.model_validate(entry), RAW)


def test_of_a_page_title_number_and_day_are_read_with_the_words_that_give_it() -> None:
    about = proposed_document("moushi2022", RAW, today=TODAY)["about"]
    assert about["title"] == "某市关于稳岗留工的通知"
    assert about["number"] == "某人社〔2022〕7号"
    assert (about["dated"], about["dated_words"]) == ("2022-03-31", "2022年3月31日")
    assert about["validity"]["from"] == "2022-03-31"


def test_a_page_without_a_day_gets_none_made_up() -> None:
    about = proposed_document("x", "一、补贴。每人补贴500元。", today=TODAY)["about"]
    assert (about["dated_words"], about["validity"]["from"], about["validity"]["quote"]) == (
        "", None, "",
    )  # fmt: skip
    assert shape_troubles("document", "x", {"about": about, "raw": "x"})


def test_of_a_clause_sums_units_and_numbers_are_proposed_in_its_own_words(
    document: Document,
) -> None:
    made = proposed_measure(document, "一", id="moushi-1", region="石狮", topics=["holiday_bonus"])
    clause = document.clause("一").text
    assert made["title"] == "留岗补贴"
    (grant,) = made["grants"]
    assert grant["amount"]["value"] == 500.0 and grant["amount"]["unit"] == "元"
    assert made["responsible"]["lead"] == ["市人社局", "市财政局"]
    assert [phone["number"] for phone in made["phones"]] == ["0595-88712565"]
    quotes = [*made["quotes"], grant["quote"], made["responsible"]["quote"]]
    quotes += [said["quote"] for said in made["answers"].values()]
    assert all(quote in clause for quote in quotes)
    assert all(said["say"].rstrip("。") in clause for said in made["answers"].values())
    assert {Aspect.AMOUNT, Aspect.MATERIALS} <= {Aspect(name) for name in made["answers"]}


def test_what_only_a_person_can_decide_is_left_for_the_checks_to_refuse(
    document: Document,
) -> None:
    made = proposed_measure(document, "二", id="moushi-2", region="石狮", topics=["hotline"])
    assert made["rule"] is None and made["question"] == "" and made["similar"] == []
    places = {trouble.location[:1] for trouble in shape_troubles("measure", "moushi-2", made)}
    assert ("question",) in places


def test_a_clause_that_is_not_there_is_told(document: Document) -> None:
    with pytest.raises(UnknownClause):
        proposed_measure(document, "九", id="moushi-9", region="石狮", topics=[])


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("1,000元", 1000.0),
        ("12,345.5元", 12345.5),
        ("5千元", 5000.0),
        ("3百万元", 3_000_000.0),
        ("1.1万元", 11000.0),
        ("0.5%", 0.5),
    ],
)
def test_a_sum_is_proposed_whole_however_it_is_written(written: str, value: float) -> None:
    made = proposed_document("x", f"一、给企业补贴{written}。", today=TODAY)
    entry = {**made["about"], "dated_words": "x", "issuer": "x", "about_date": "x"}
    entry["validity"] = {**entry["validity"], "quote": "x"}
    document = Document(DocumentEntry.model_validate(entry), made["raw"])
    (grant,) = proposed_measure(document, "一", id="x-1", region="石狮", topics=[])["grants"]
    assert grant["amount"]["value"] == value


def test_a_sentence_that_begins_with_a_sum_is_quoted_with_all_of_it() -> None:
    raw = "一、补贴。每户补贴500元。1.5万元以上的企业另给；3.5%的利息由市里付。"
    made = proposed_document("x", raw, today=TODAY)
    entry = {**made["about"], "dated_words": "x", "issuer": "x", "about_date": "x"}
    entry["validity"] = {**entry["validity"], "quote": "x"}
    document = Document(DocumentEntry.model_validate(entry), raw)
    made = proposed_measure(document, "一", id="x-1", region="石狮", topics=[])
    assert made["quotes"] == ["每户补贴500元", "1.5万元以上的企业另给", "3.5%的利息由市里付"]


@pytest.mark.parametrize(
    ("written", "day"),
    [
        ("二〇〇六年六月九日", "2006-06-09"),
        ("二○二一年十二月三十一日", "2021-12-31"),
        ("2022/3/31", "2022-03-31"),
        ("2022.03.31", "2022-03-31"),
    ],
)
def test_the_day_of_a_page_is_read_however_it_is_written(written: str, day: str) -> None:
    raw = f"某市通知\n一、补贴。三月五日以前办。\n{written}"
    about = proposed_document("x", raw, today=TODAY)["about"]
    assert (about["dated"], about["dated_words"]) == (day, written)
    assert gives(written, date.fromisoformat(day))
