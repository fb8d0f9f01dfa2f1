"""A page becomes a document without losing or altering a figure."""

import re
import time
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st
from opencc import OpenCC

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
from knowledge.figures import figures
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
        ("怎么领?。每人５００元", "怎么领?。每人５００元"),
        ("?。拨打１２３３３", "?。拨打１２３３３"),
        ("能领多少?。（一）每人500元", "能领多少?。（一）每人500元"),
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
        ("小程序(app)", "小程序(app)"),
        ("微信(wechat)", "微信(wechat)"),
        ("创业(syb)", "创业(syb)"),
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


def test_blank_lines_by_the_thousand_do_not_keep_the_cleaning_busy() -> None:
    began = time.process_time()
    assert join_broken_lines("一" + "\n" * 30_000 + "二") == "一\n二"
    assert time.process_time() - began < 0.5


def test_boilerplate_below_the_text_is_cut_with_all_that_follows() -> None:
    assert drop_boilerplate("正文第一句。\n相关推荐\n800元抽奖") == "正文第一句。"


@pytest.mark.parametrize(
    "line",
    [
        "来源：每人500元",
        "来源：每人五百元",
        "导语：每人补贴500元，电话88712565",
        "导语：每人五百元，来源于网友上传，不代表本站观点",
        "500",
        "网易首页 > 每人500元",
        "河北新闻网",
        "2021-02-12 11:57 来源：每人500元",
        "（原标题：每人500元）",
        "责任编辑：五百元",
    ],
)
def test_no_line_is_taken_for_the_page_by_its_first_words(line: str) -> None:
    text = f"标题\n{line}\n正文。"
    assert drop_boilerplate(text) == text


def test_what_is_the_page_goes() -> None:
    page = (
        "网易首页 > 网易辽宁 > 正文\n来源：\n河北新闻网\n标题\n0\n分享至\n（原标题：标题）\n正文。"
    )
    assert drop_boilerplate(page) == "标题\n正文。"


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


def _cleaned_alone(text: str) -> str:
    return clean(text, skip=["boilerplate"]).text


@given(st.text())
def test_cleaning_twice_changes_nothing(text: str) -> None:
    once = _cleaned_alone(text)
    assert _cleaned_alone(once) == once


@pytest.mark.parametrize("name", BODY)
def test_cleaning_a_document_twice_changes_nothing(library: Library, name: str) -> None:
    text = library.documents[name].cleaning.text
    assert clean(text).text == text


_WORDS = (
    "一二，。、；：？?（）()务工人员元 \n0123456789５００％",
    [
        "?。",
        "來源:",
        "导语:",
        "分享至",
        "小程序(app)",
        "務(wù)",
        "网易首页 > ",
        "责任编辑:王",
        "\n",
    ],
    ["500元", "５００元", "六个月", "五百元", "百分之五十", "12333", "1,000元", "2021-02-12 11:57"],
)
_PIECES = st.lists(st.sampled_from([word for words in _WORDS for word in words]), max_size=30)


@given(_PIECES)
def test_no_step_but_boilerplate_alters_the_digits(pieces: list[str]) -> None:
    def digits(text: str) -> str:
        return "".join(c for c in unicodedata.normalize("NFKC", text) if c.isdigit())

    text = "".join(pieces)
    assert digits(_cleaned_alone(text)) == digits(text)


_GRANTS = (
    "500元",
    "每人５００元",
    "补贴六个月",
    "五百元",
    "百分之五十",
    "电话88712565",
    "?。1,000元",
)
_OPENINGS = (
    "",
    "来源:",
    "导语:",
    "网易首页 > ",
    "时间:",
    "责任编辑:",
    "浏览量:",
    "阅读正文",
    "问?。",
)


@given(st.lists(st.tuples(st.sampled_from(_OPENINGS), st.sampled_from(_GRANTS)), max_size=20))
def test_no_line_with_a_figure_is_taken_for_the_page(lines: list[tuple[str, str]]) -> None:
    text = "\n".join(opening + grant for opening, grant in lines)
    assert figures(clean(text).text) == figures(unicodedata.normalize("NFKC", text))


@given(st.lists(st.sampled_from(["来源：", "河北新闻网", "0", "分享至", "标题", "", "相关推荐"])))
def test_the_page_is_gone_at_once(lines: list[str]) -> None:
    once = drop_boilerplate("\n".join(lines))
    assert drop_boilerplate(once) == once


@pytest.mark.parametrize("name", BODY)
def test_the_amounts_of_a_document_are_those_of_its_page(library: Library, name: str) -> None:
    document = library.documents[name]
    without_notes = re.sub(r"\([a-zà-ǜ]+\)", "", _body(document))
    page = unicodedata.normalize("NFKC", OpenCC("t2s").convert(without_notes))
    # Stray spaces and line breaks stand inside amounts, too.
    bare = [re.sub(r"\s+", "", text) for text in (page, _cleaned_body(document))]
    assert figures(bare[0]) == figures(unicodedata.normalize("NFKC", bare[1]))
    assert figures(bare[1])


def test_marks_without_width_hide_no_heading_and_part_no_figure() -> None:
    cleaned = clean("\ufeff一、补贴\r\n每人5\u200b00元\r\n\u200b二、宣传\r\n").text
    assert cleaned == "一、补贴\n每人500元\n二、宣传"
