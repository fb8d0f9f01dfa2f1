"""Templates are data, and what leaves them is what WeChat takes, as the stand-in judges."""

import re
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.clock import CHINA
from server.notices.templates import (
    RULES,
    FieldUnfit,
    NoticeKind,
    filled,
    is_quiet,
    next_time,
    quiet_kinds,
    read,
    templates,
)
from tests.wechat_platform.fields import FITS, fits

VALUES = {
    "measure": "失业保险金",
    "result": "已通过",
    "at": "2026年3月1日 09:30",
    "hint": "请留意短信",
    "case": "SH-2026-000012",
    "materials": "身份证、劳动合同",
    "until": "2026年3月31日",
    "amount": "1200.50元",
    "on": "2026年3月2日",
    "title": "春季招聘会",
    "place": "人才市场一楼",
    "offer": "O20260301ABCDEFG",
    "sender": "石狮市总工会",
    "letter": "N260301AAAAAAAA-0123456789ab01234567",
    "request": "R20260301ABCDEFG",
    "report": "W260301ABCDEFGH",
    "employer": "某某建筑工程有限公司",
    "progress": "已经受理",
    "recovered": "0.00元",
    "category": "拖欠工资",
    "unit": "市妇联",
    "pairing": "0123456789abcdef",
    "voucher": "VABCDEFGHIJKLMNO",
    "worth": "500.00元、3次",
    "merchant": "某超市",
    "used": "用了38.50元",
    "left": "还剩1000000.00元、1000次",
    "reply": "已经联系了你的单位，请明天上午带上身份证到窗口来。",
}


@pytest.mark.parametrize("kind", templates())
def test_every_template_is_filled_with_what_the_platform_takes(kind: NoticeKind) -> None:
    data, page = filled(kind, VALUES)
    assert data and all(fits(name, field["value"]) for name, field in data.items())
    assert re.fullmatch(r"pages/\w+/index\?id=[\w-]+", page)


def test_there_is_a_template_for_every_kind_of_subscribe_message() -> None:
    assert set(templates()) == set(NoticeKind) - {NoticeKind.TEXT}
    assert {template.label for template in templates().values()} == {
        "审核结果", "待补材料", "发放到账", "打款退回", "求助回复",
        "岗位、课程和出行通知", "结对帮扶通知", "政策宣传通知", "欠薪反映进展",
        "券到账", "用券和退券", "券快到期",
    }  # fmt: skip


@given(st.text(min_size=1).filter(str.strip))
def test_any_thing_is_shortened_until_it_fits(text: str) -> None:
    try:
        data, _ = filled(NoticeKind.PAID, VALUES | {"measure": text})
    except FieldUnfit:
        assert "\x00" in text
        return
    assert fits("thing1", data["thing1"]["value"])
    assert len(text.split()) != 1 or len(text) > 20 or data["thing1"]["value"] == text.strip()


@pytest.mark.parametrize(
    ("kind", "of", "value"),
    [
        (NoticeKind.PAID, "amount", "约1200元"),
        (NoticeKind.PAID, "amount", "12345678901元"),
        (NoticeKind.PAID, "amount", ""),
        (NoticeKind.PAID, "on", "下个月"),
        (NoticeKind.PAID, "case", "办件十二"),
        (NoticeKind.PAID, "case", "x" * 33),
        (NoticeKind.REVIEWED, "result", "没有通过审核"),
        (NoticeKind.REVIEWED, "result", "OK"),
        (NoticeKind.REVIEWED, "at", "25:00"),
        (NoticeKind.REVIEWED, "measure", " "),
    ],
)
def test_a_figure_or_date_that_does_not_fit_is_refused_and_not_repeated(
    kind: NoticeKind, of: str, value: str
) -> None:
    field = next(name for name, named in templates()[kind].fields.items() if named == of)
    assert not fits(field, value)
    with pytest.raises(FieldUnfit) as unfit:
        filled(kind, VALUES | {of: value})
    assert str(unfit.value) == f"{kind}.{field}"


def test_a_missing_value_is_an_error() -> None:
    with pytest.raises(KeyError):
        filled(NoticeKind.PAID, {"measure": "失业保险金"})


SAMPLES = st.one_of(
    st.text(max_size=40),
    st.from_regex(r"[\d年月日:¥.元/~ -]{1,25}", fullmatch=True),
    st.text("张三·李四ABc 12京", max_size=25),
)


@pytest.mark.parametrize("kind", RULES)
@given(text=SAMPLES)
def test_whatever_our_rules_let_through_the_platform_takes(kind: str, text: str) -> None:
    if RULES[kind].fullmatch(text) and text.strip() and _is_possible(text):
        assert fits(f"{kind}1", text)


def _is_possible(text: str) -> bool:
    """Whether days and months are counted as a calendar does; the templates' dates are."""
    days = re.findall(r"\d{4}[年/-](\d{1,2})[月/-](\d{1,2})", text)
    return all(1 <= int(month) <= 12 and 1 <= int(day) <= 31 for month, day in days)


def test_both_sets_of_rules_know_the_same_types() -> None:
    assert set(RULES) == set(FITS)


@pytest.mark.parametrize(
    "wrong",
    [
        "- {kind: paid, label: a, page: p, fields: {thong1: {of: measure}}}",
        "- {kind: text, label: a, page: p, fields: {thing1: {of: measure}}}",
        "- {kind: other, label: a, page: p, fields: {}}",
        "- {kind: paid, label: a, page: p, fields: {}}\n" * 2,
    ],
)
def test_a_damaged_file_is_refused(wrong: str) -> None:
    with pytest.raises(ValueError):
        read(wrong)


@pytest.mark.parametrize(
    ("hour", "quiet"), [(0, True), (7, True), (8, False), (20, False), (21, True), (23, True)]
)
def test_what_nobody_has_just_done_arrives_by_day_only(hour: int, quiet: bool) -> None:
    at = datetime(2026, 3, 1, hour, 30, tzinfo=CHINA)
    kinds = [NoticeKind.OUTREACH, NoticeKind.VOUCHER_ENDS]
    assert [is_quiet(kind, at) for kind in kinds] == [quiet, quiet]
    assert quiet_kinds(at) == (kinds if quiet else [])
    morning = at.replace(hour=8, minute=0) + timedelta(days=hour >= 21)
    assert [next_time(kind, at) for kind in kinds] == [morning if quiet else at] * 2
    assert not is_quiet(NoticeKind.TEXT, at) and not is_quiet(NoticeKind.PAID, at)


def test_hours_that_are_none_are_refused() -> None:
    row = "[{kind: paid, label: x, page: y, hours: [21, 8], fields: {}}]"
    with pytest.raises(ValueError, match="hours"):
        read(row)
