"""A page becomes a document without losing or altering a figure."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from knowledge.cleaning import (
    LOST,
    Correction,
    CorrectionMissesText,
    clean,
    drop_boilerplate,
    drop_pinyin_notes,
    join_broken_lines,
    mend_shifted_gbk,
    unify_width,
)
from knowledge.documents import Document
from knowledge.library import Library

# Where the body begins (raw, cleaned) and ends (raw).
BODY = {
    "shishi": ("狮委办〔2022〕19号", "狮委办〔2022〕19号", "市总工会、团市委、市妇联配合"),
    "hebei": (
        "为贯彻落实党中央、国务院决策",
        "为贯彻落实党中央、国务院决策",
        "提供生活服务。\n\n责任",
    ),
    "liwan": ("區(qū)屬各有關(guān)單位", "区属各有关单位", "營造良好社會氛圍。"),
    "jinzhou": ("自新冠肺炎疫情防控工作", "自新冠肺炎疫情防控工作", "减少受疫情影响带来的损失。"),
    "opinion": ("自20*年我市全面開展", "自20*年我市全面开展", "做出應有的貢獻。"),
}


def _body(document: Document) -> str:
    first, _, last = BODY[document.entry.id]
    return document.raw[document.raw.index(first) : document.raw.index(last) + len(last)]


def _cleaned_body(document: Document) -> str:
    return document.cleaning.text[document.cleaning.text.index(BODY[document.entry.id][1]) :]


def _numbers(text: str) -> list[str]:
    return re.findall(r"\d+(?:\.\d+)?", text)


@pytest.mark.parametrize("name", BODY)
def test_no_number_of_the_body_is_lost_or_altered(library: Library, name: str) -> None:
    document = library.documents[name]
    assert _numbers(_cleaned_body(document)) == _numbers(_body(document))


@pytest.mark.parametrize("name", BODY)
def test_nothing_of_the_page_around_the_body_is_left(library: Library, name: str) -> None:
    text = library.documents[name].cleaning.text
    for foreign in (
        "网易首页",
        "热点推荐",
        "马斯克",
        "责任编辑",
        "扫一扫",
        "上一篇",
        "导语",
        "浏览量",
    ):
        assert foreign not in text


@pytest.mark.parametrize("name", BODY)
def test_nothing_traditional_lost_or_annotated_is_left(library: Library, name: str) -> None:
    text = library.documents[name].cleaning.text
    assert LOST not in text
    assert not re.search(r"[務區穩關崗領導]|\([a-zà-ǜ]+\)|[ㄒㄈ┊┒┞]", text)


def test_a_control_that_drops_a_digit_is_noticed(library: Library) -> None:
    document = library.documents["shishi"]
    damaged = _cleaned_body(document).replace("88712565", "8871256")
    assert _numbers(damaged) != _numbers(_body(document))


@pytest.mark.parametrize(
    ("broken", "mended"),
    [
        ("?。ㄒ唬┒啻氩⑴e提供服務", "（一）多措并舉提供服務"),
        ("?。ㄈ┚\u20ac上線下", "（三）線上線下"),
        ("?。ǘ┞鋵嵳叱掷m", "（二）落實者持續"),
        ("一切照常。没有乱码？对。", "一切照常。没有乱码？对。"),
        ("他问?。", "他问?。"),
    ],
)
def test_shifted_gbk_is_read_back(broken: str, mended: str) -> None:
    assert mend_shifted_gbk(broken).replace(LOST, "") == mended


@pytest.mark.parametrize(
    ("noted", "plain"),
    [
        ("服務(wù)保障(zhàng)", "服務保障"),
        ("热线(88712565)", "热线(88712565)"),
        ("创业(SYB)培训", "创业(SYB)培训"),
    ],
)
def test_only_readings_in_brackets_are_dropped(noted: str, plain: str) -> None:
    assert drop_pinyin_notes(noted) == plain


@pytest.mark.parametrize(
    ("mixed", "even"),
    [
        ("电话:88712565,快办", "电话：88712565，快办"),
        ("２０２２年,9:17;共1,000元", "2022年，9:17；共1,000元"),
        ("每人500元!(税后)", "每人500元！（税后）"),
    ],
)
def test_width_is_unified_but_numbers_keep_their_marks(mixed: str, even: str) -> None:
    assert unify_width(mixed) == even


def test_broken_lines_and_stray_spaces_are_joined() -> None:
    assert (
        join_broken_lines("适当减免房 租，\n或协调\n\n一、新的") == "适当减免房租，或协调\n一、新的"
    )


def test_boilerplate_below_the_text_is_cut_with_all_that_follows() -> None:
    assert drop_boilerplate("正文第一句。\n相关推荐\n800元抽奖") == "正文第一句。"


def test_a_correction_must_fit_exactly_once() -> None:
    assert clean("女子", [Correction("女子", "子女", "笔误")]).text == "子女"
    with pytest.raises(CorrectionMissesText):
        clean("女子女子", [Correction("女子", "子女", "笔误")])


def test_each_step_shows_what_it_changed_and_can_be_left_out() -> None:
    cleaning = clean("務(wù)工\n电话:12345")
    changed = {step.name: step.changes() for step in cleaning.steps if step.changes()}
    assert changed["pinyin-notes"] == [("務(wù)工", "務工")]
    assert changed["width"] == [("电话:12345", "电话：12345")]
    assert clean("务:工", skip=["width"]).text == "务:工"


@given(st.text())
def test_no_text_breaks_the_pipeline_and_cleaning_twice_changes_nothing(text: str) -> None:
    once = clean(text.encode("utf-8", "ignore").decode()).text
    assert clean(once, skip=["boilerplate"]).text in (
        once,
        clean(once).text,
        clean(clean(once).text).text,
    )


@given(
    st.text(alphabet=st.sampled_from("一二，。、；：（）()务工人员元 \n0123456789"), max_size=60)
)
def test_no_step_but_boilerplate_alters_the_digits(text: str) -> None:
    before = "".join(_numbers(text.replace(" ", "").replace("\n", "")))
    after = clean(text, skip=["boilerplate"]).text
    assert "".join(_numbers(after.replace("\n", ""))) == before
