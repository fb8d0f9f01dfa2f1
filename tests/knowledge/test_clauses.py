"""Clauses carry the locators by which people cite them."""

import pytest

from knowledge.clauses import PREAMBLE, Heading, begun_twice, numbers, split_clauses
from knowledge.library import Library


def test_the_usual_numbering_gives_locators() -> None:
    text = "总则。\n一、甲\n（一）乙\n1.丙\n2.丁\n（二）戊\n二、己①庚②辛\n责任单位：市人社局"
    clauses = {c.locator: c for c in split_clauses(text)}
    assert list(clauses) == [
        PREAMBLE,
        "一",
        "一（一）",
        "一（一）1",
        "一（一）2",
        "一（二）",
        "二",
        "二①",
        "二②",
    ]
    assert clauses["一（一）2"].text == "2.丁"
    assert clauses["二"].text == "二、己\n责任单位：市人社局"
    assert clauses["二②"].parent == "二"


def test_a_number_with_a_wide_point_opens_a_clause_and_a_sum_does_not() -> None:
    text = "一、甲\n1．乙\n1.5万元给丙\n3.5%的返还\n2.2022年起给丁"
    assert [(c.locator, c.text) for c in split_clauses(text)] == [
        ("一", "一、甲"),
        ("一1", "1．乙\n1.5万元给丙\n3.5%的返还"),
        ("一2", "2.2022年起给丁"),
    ]


def test_the_unit_in_charge_stands_in_a_clause_whatever_came_before() -> None:
    text = "责任单位：甲局\n（一）乙\n责任单位：乙局\n民政部门要丙\n责任单位：丙局"
    clauses = split_clauses(text, [Heading("民政部门要", "民政")])
    assert [(c.locator, c.text[-3:]) for c in clauses] == [
        (PREAMBLE, "：甲局"),
        ("（一）", "：乙局"),
        ("（一）民政", "：丙局"),
    ]


def test_a_locator_that_two_clauses_begin_with_is_found() -> None:
    text = "一、甲\n（一）乙\n二、丙\n（一）丁\n附件\n一、戊\n（二）己"
    assert begun_twice(text) == ("一",)
    assert begun_twice(text, [Heading("附件", "附件", place=True)]) == ()


def test_towns_and_departments_are_named_by_headings() -> None:
    text = "前话\n衡水\n一是甲。二是乙。\n沧州\n民政部门要丙"
    headings = [
        Heading("衡水", "衡水", True),
        Heading("沧州", "沧州", True),
        Heading("民政部门要", "民政"),
    ]
    locators = [c.locator for c in split_clauses(text, headings)]
    assert locators == [PREAMBLE, "衡水", "衡水·一", "衡水·二", "沧州", "沧州·民政"]


@pytest.mark.parametrize("name", ["shishi", "hebei", "liwan", "jinzhou", "opinion"])
def test_no_line_of_a_document_falls_between_the_clauses(library: Library, name: str) -> None:
    document = library.documents[name]
    joined = "".join(sorted("".join(c.text for c in document.clauses.values()).replace("\n", "")))
    assert joined == "".join(sorted(document.cleaning.text.replace("\n", "")))


@pytest.mark.parametrize(
    ("name", "locator", "words"),
    [
        ("shishi", "四③", "不超过10000元"),
        ("hebei", "衡水·三", "另加100元消费券"),
        ("liwan", "四（三）8", "一次性500元"),
        ("opinion", "三（二）热力公司", "11月15日"),
        ("jinzhou", "四", "4亿元失业保险基金结余"),
    ],
)
def test_a_locator_leads_to_its_words(
    library: Library, name: str, locator: str, words: str
) -> None:
    assert words in library.documents[name].clause(locator).text


@pytest.mark.parametrize(
    ("locator", "cited"),
    [
        ("七", (7,)),
        ("四③", (4, 3)),
        ("四（二）5", (4, 2, 5)),
        ("三（一）劳动和社会保障部门", (3, 1)),
        ("衡水·十", (10,)),
        ("张家口·2", (2,)),
        ("石家庄·高新区", ()),
        (PREAMBLE, ()),
    ],
)
def test_a_locator_tells_the_numbers_by_which_a_clause_is_cited(
    locator: str, cited: tuple[int, ...]
) -> None:
    assert numbers(locator) == cited
