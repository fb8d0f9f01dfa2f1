"""What people reply to a question of the self-check: read only where it can be meant one way."""

from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.self_check.fact_answers import Asked, Read, Unread, choices_of, read_answer
from knowledge.eligibility.facts import Fact, FactType, read_value
from knowledge.library import Library

TODAY = date(2021, 2, 1)
NOT_UNDERSTOOD = Unread.NOT_UNDERSTOOD


def read(library: Library, fact: str, reply: str, region: str = "石狮") -> Any:
    """The value that a reply is read as, or why it isn't."""
    found = read_answer(reply, Asked(library.facts[fact], TODAY, region, library.regions))
    return found.value if isinstance(found, Read) else found


def rows(fact: str, value: Any, replies: str) -> list[tuple[str, str, Any]]:
    return [(fact, reply, value) for reply in replies.split()]


YES_AND_NO = [
    *rows("unemployment_insured", True, "1 一 第一个 选1 1。 是 是的 对 嗯 有 交了 交了的 有交"),
    *rows("unemployment_insured", True, "早就交了 参加了 交了十来年"),
    *rows("unemployment_insured", False, "2 不是 不 没有 没 冇 木有 没得 没交 没有交 没参加"),
    *rows("unemployment_insured", False, "没有参加"),
    *rows("unemployment_insured", None, "3 三 不清楚 唔知 唔知道 不晓得 忘了 记不清了 说不准"),
    *rows("unemployment_insured", None, "搞不清"),
    *rows(
        "unemployment_insured",
        NOT_UNDERSTOOD,
        "中 晓得 好的 一年半 好像有 应该有吧 "
        "有吗 是单位把我辞了 以前交过 单位没交 啊啊啊 -3 三十五岁",
    ),
    *rows("unemployment_insured", Unread.NO_SUCH_NUMBER, "4 0 9 12 1、2"),
    *rows("seeking_work", True, "中 得行 要得 想 想找 想找工作"),
    *rows("seeking_work", False, "不想 不想找 没有"),
    *rows("job_loss_involuntary", True, "对 中 单位的原因 不是我自己要走的 是单位把我辞了"),
    *rows("job_loss_involuntary", True, "被裁了 厂子倒闭了"),
    *rows("job_loss_involuntary", False, "自己要走的 我辞职了 自己不干的 不对"),
    *rows("job_loss_involuntary", NOT_UNDERSTOOD, "不是 没有 有 我辞了 辞了 单位"),
    *rows("cannot_find_work", True, "是 找不到 没活干 没找到"),
    *rows("cannot_find_work", False, "不是 找得到 有活干 我在上班"),
    *rows("cannot_find_work", NOT_UNDERSTOOD, "有 没有 能 不"),
    *rows("living_hardship", True, "是 成问题 有问题"),
    *rows("living_hardship", False, "没问题 不成问题 没有"),
    *rows("living_hardship", NOT_UNDERSTOOD, "能 有"),
    *rows("unable_to_pay_premiums", True, "是 交不齐"),
    *rows("unable_to_pay_premiums", NOT_UNDERSTOOD, "能 不能 有 没有"),
    *rows("first_local_business", True, "头一回 第一次 是"),
    *rows("first_local_business", False, "没办过 第二次 以前办过 不是"),
    *rows("first_local_business", NOT_UNDERSTOOD, "有 办过 不是第一次"),
    *rows("legal_representative", True, "是我 是我本人"),
    *rows("legal_representative", False, "不是我"),
    *rows("legal_representative", NOT_UNDERSTOOD, "是我老婆"),
    *rows("wage_arrears", True, "欠 欠了 有"),
    *rows("wage_arrears", False, "没欠 不欠 冇"),
    *rows("wage_arrears", NOT_UNDERSTOOD, "有单位"),
]  # fmt: skip

CHOICES = [
    *rows("hukou_place", "other_province", "4 四 外省 外省的 河南 我户口是河南的 老家四川 石家庄"),
    *rows("hukou_place", "local", "本地 就是石狮 宝盖镇"),
    *rows("hukou_place", None, "5 不清楚"),
    *rows(
        "hukou_place",
        NOT_UNDERSTOOD,
        "是 外地 泉州 晋江的 福州 不是河南的 不是本地 湖南湖北 在厂里上班 别的市",
    ),
    *rows("employment_status", "employed", "在厂里上班 上班 在单位上班"),
    *rows("employment_status", "unemployed", "失业 失业了 没活干 失业在家"),
    *rows("employment_status", "self_employed", "个体户 做小生意"),
    *rows(
        "employment_status",
        NOT_UNDERSTOOD,
        "没上班 以前上班 快上班了 上班的厂倒闭了 没下岗 以前下岗了现在上班",
    ),
    *rows("industry", "catering", "餐饮 做餐饮的"),
    *rows("industry", NOT_UNDERSTOOD, "不是餐饮 饭店 企业"),
    *rows("child_school_stage", "compulsory", "小学 初中"),
    *rows("child_school_stage", NOT_UNDERSTOOD, "大学 没上学"),
    *rows("subsistence_allowance", "none", "没有"),
    *rows("layoffs", "few", "裁了几个"),
    *rows("layoffs", NOT_UNDERSTOOD, "裁了 没裁多少"),
    *rows("priority_groups", ["disabled"], "残疾人 我是残疾人 5"),
    *rows("priority_groups", ["registered_poor", "disabled"], "1、5 1和5 一和五"),
    *rows("priority_groups", [], "0 都不是 没有 都没有 一个都没有"),
    *rows("priority_groups", NOT_UNDERSTOOD, "不是残疾人 残疾人和厨师"),
    *rows("priority_groups", Unread.NO_SUCH_NUMBER, "15 1,9"),
    *rows("applicant_role", ["worker"], "我 我自己 自己 打工的"),
    *rows("applicant_role", ["worker", "child"], "自己和孩子 1、2"),
    *rows("applicant_role", NOT_UNDERSTOOD, "都不是 我老公 困难 生活困难"),
    *rows("applicant_role", Unread.NO_SUCH_NUMBER, "0 12"),
    *rows("new_hires", [], "没招 0"),
]

TURNED = [
    # What stands in an option is not yet the option.
    *rows("employment_status", NOT_UNDERSTOOD, "有活干 自己交的 有工作了"),
    *rows("employment_status", "unemployed", "没活 没工作 没有活干 待业在家"),
    *rows("employment_status", "employed", "还在上班"),
    *rows("income_vs_subsistence_line", "below", "低 低一点 低不少 比低保线低"),
    *rows("income_vs_subsistence_line", "slightly_above", "高一点 略高"),
    *rows("income_vs_subsistence_line", NOT_UNDERSTOOD, "比低保高 一点 不低 帮一点"),
    *rows("child_school_stage", "compulsory", "在上小学 三年级 初二"),
    *rows("child_school_stage", "preschool", "没上小学 幼儿园"),
    *rows("child_admitted_to", NOT_UNDERSTOOD, "刚考上 学校 还没办"),
    *rows("child_living_arrangement", NOT_UNDERSTOOD, "跟父母在老家 平时在老家 在打工"),
    *rows("child_living_arrangement", "with_parents", "跟我 跟父母 跟我们住 在身边"),
    *rows("cable_tv_status", NOT_UNDERSTOOD, "没装 没装过"),
    *rows("cable_tv_status", "new", "想新装"),
    *rows("priority_groups", [], "都没 没 什么都不是 全都不是 不选"),
    *rows("priority_groups", NOT_UNDERSTOOD, "没工作 有工作了 上班 在单位上班"),
    *rows("priority_groups", ["epidemic_frontline"], "防疫一线"),
    *rows("housing_situation", NOT_UNDERSTOOD, "宿舍 住宿舍 自己的房子 在厂里过年 公租房"),
    *rows("housing_situation", ["private_rental"], "租房 自己租的 私人的房子"),
    *rows("industry", NOT_UNDERSTOOD, "工厂 加工厂"),
    *rows("industry", "other", "其他 别的 别的行业"),
    *rows("industry", "manufacturing", "别的制造业 制造业"),
    *rows("industry", "service", "别的服务业"),
    *rows("layoff_group", NOT_UNDERSTOOD, "集体企业 其他 下岗"),
    *rows("layoff_group", "none", "都不是 没有 别的"),
    *rows("county", "other", "都不是 别的 别的县 其他"),
    *rows("employer_type", "state_owned", "国企 央企"),
    *rows("employer_type", "private", "私企 民企 外企"),
    *rows("hukou_type", "urban", "城市户口 非农业户口"),
    *rows("hukou_type", "rural", "农业户口 农民"),
    *rows("child_gender", "girl", "女儿 闺女 女娃"),
    *rows("child_gender", "boy", "儿子 男的 男娃"),
    *rows("child_gender", NOT_UNDERSTOOD, "一儿一女 不是男孩"),
    *rows("company_size", "large", "大企业"),
    *rows("company_size", NOT_UNDERSTOOD, "中小企业 不是大企业"),
    *rows("subsistence_allowance", "none", "没领 不领 没领低保 没低保 没领过"),
    *rows("subsistence_allowance", "urban", "城镇低保"),
    *rows("subsistence_allowance", NOT_UNDERSTOOD, "没有办 以前领过"),
    *rows("layoffs", "none", "没有 没 没裁 没裁过人"),
    *rows("new_hires", [], "没招人 没有招"),
    *rows("new_hires", ["hard_to_employ", "certificate_holder", "other"], "都有 全部"),
    *rows("staff_training", ["new_hires", "online"], "都办了 两种都办了"),
    *rows("staff_training", NOT_UNDERSTOOD, "培训 三种都办了"),
]

TAKEN_UP = [
    # The verb that a question asks for is meant, at the time that it asks for.
    *rows("unemployment_registered", NOT_UNDERSTOOD, "在办 正在办"),
    *rows("unemployment_registered", True, "登记了 办了失业登记"),
    *rows("unemployment_registered", False, "没登记 没办失业登记"),
    *rows("hard_to_employ", NOT_UNDERSTOOD, "在办 困难 有困难 不困难"),
    *rows("hard_to_employ", False, "没认定"),
    *rows("local_training", NOT_UNDERSTOOD, "在上 不能"),
    *rows("claiming_skill_subsidy", NOT_UNDERSTOOD, "申请过 不能"),
    *rows("claiming_skill_subsidy", True, "在申请 申请了"),
    *rows("deferral_approved", NOT_UNDERSTOOD, "交了 没交 交过"),
    *rows("deferral_approved", True, "批准了 批了"),
    *rows("employment_registered", NOT_UNDERSTOOD, "招了 没招 在办"),
    *rows("employment_registered", True, "办了 登记了"),
    *rows("training_records", NOT_UNDERSTOOD, "上了 没上"),
    *rows("training_records", True, "留着 留了"),
    *rows("staff_recreation", NOT_UNDERSTOOD, "上了 没上 没办 没添"),
    *rows("honour_card", NOT_UNDERSTOOD, "留了 没留"),
    *rows("employer_holiday_benefits", NOT_UNDERSTOOD, "留了 没留 没发"),
    *rows("employer_holiday_benefits", True, "发了 管吃管住 发了红包"),
    *rows("employer_holiday_benefits", False, "没有 什么都没有"),
    *rows("seeking_work", NOT_UNDERSTOOD, "不想找工作 不想创业"),
    *rows("seeking_work", True, "俺想找活 在找工作"),
    *rows("job_loss_involuntary", True, "老板把俺开了 被炒鱿鱼了"),
    *rows("hiring_need", NOT_UNDERSTOOD, "招了"),
    *rows("hiring_need", True, "要招人 缺人"),
    *rows("family_support", NOT_UNDERSTOOD, "不能给钱"),
    *rows("family_support", False, "不能 帮不上"),
    *rows("unemployment_insured", True, "嗯嗯 对头 在交 没错"),
    *rows("unemployment_insured", None, "跳过 不想说 弗晓得"),
    *rows("job_loss_involuntary", NOT_UNDERSTOOD, "唔系 弗是 离职了"),
    *rows("stayed_spring_festival", True, "没回家 不回去 就地过年"),
    *rows("stayed_spring_festival", False, "回家了 没留"),
    *rows("on_duty_spring_festival", False, "放假了 没上班"),
    *rows("living_hardship", True, "吃住都成问题 很困难"),
    *rows("living_hardship", NOT_UNDERSTOOD, "什么都没有 啥也没有"),
]

MONTHS = "unemployment_insurance_months"
NUMBERS = [
    *rows(MONTHS, 12, "12 十二 12个月 一年 交了一年 一共12个月 我交了1年"),
    *rows(MONTHS, 18, "一年半 1.5年 1年6个月 一年零六个月"),
    *rows(MONTHS, 12, "刚好一年 一年整 加起来一年"),
    *rows(MONTHS, 6, "半年 6"),
    *rows(MONTHS, 2, "俩月"),
    *rows(MONTHS, 0, "0 没交 没交过 一个月都没交 从来没交过 没缴"),
    *rows(MONTHS, NOT_UNDERSTOOD, "22年3月 没交满"),
    *rows("employee_social_insurance_months", 0, "没交 没交社保"),
    *rows("employee_social_insurance_months", NOT_UNDERSTOOD, "没交够 没交满"),
    *rows(MONTHS, {"at_least": 6, "at_most": 12}, "半年多 大半年 半年到一年 6-12"),
    *rows(MONTHS, {"at_least": 3, "at_most": 4}, "三四个月 3到4 3个多月 三个半月"),
    *rows(MONTHS, {"at_least": 108, "at_most": 240}, "十来年 交了十来年"),
    *rows(MONTHS, {"at_least": 12, "at_most": 24}, "一年多 一年到两年"),
    *rows(MONTHS, {"at_least": 9, "at_most": 15}, "差不多一年 大概一年 我大概交了一年"),
    *rows(MONTHS, {"at_most": 11}, "不到一年 一年不到 快一年了"),
    *rows(MONTHS, {"at_most": 12}, "一年以下 最多一年"),
    *rows(MONTHS, {"at_least": 12}, "一年以上 满一年 至少一年"),
    *rows(
        MONTHS, None,
        "不清楚 记不得了 不知道交了几个月 记不清交了多久 具体交了几个月我忘了 交了几个月不知道",
    ),
    *rows(MONTHS, NOT_UNDERSTOOD, "三十五岁 500元 3月 还差3个月 6个月前 去年6月到现在 -3 没有"),
    *rows(MONTHS, NOT_UNDERSTOOD, "失业三个月 很久"),
    *rows(MONTHS, Unread.NOT_POSSIBLE, "700 9999 一百年"),
    *rows("labour_contract_months", 0, "没签 没签合同 0"),
    *rows("labour_contract_months", 999, "无固定期限 无固定期限的 999"),
    *rows("training_hours", 40, "40 40学时 四十个学时"),
    *rows("training_hours", NOT_UNDERSTOOD, "40小时 5天"),
    *rows("housing_area_per_capita", 13, "13 12.5 十二点五平 13平米"),
    *rows("housing_area_per_capita", NOT_UNDERSTOOD, "没有 三间"),
    *rows("child_birth_month", 4, "4 四月 4月份 2015年4月 4月15日"),
    *rows("child_birth_month", NOT_UNDERSTOOD, "农历四月 腊月"),
    *rows("child_birth_month", Unread.NOT_POSSIBLE, "13"),
]  # fmt: skip

DAYS = [
    *rows("job_loss_date", "2020-06-30", "2020年6月30日 去年6月30号 去年六月三十号没的工作"),
    *rows("job_loss_date", "2020-06-30", "2020-6-30 2020.6.30 20200630 20年6月30号"),
    *rows("job_loss_date", {"at_least": "2020-06-01", "at_most": "2020-06-30"}, "2020年6月"),
    *rows("job_loss_date", {"at_least": "2020-06-01", "at_most": "2020-06-30"}, "去年6月"),
    *rows("job_loss_date", {"at_least": "2020-06-01", "at_most": "2020-06-30"}, "去年6月底"),
    *rows("job_loss_date", {"at_least": "2021-01-01", "at_most": "2021-02-01"}, "今年 2021年"),
    *rows("job_loss_date", "2021-01-31", "昨天 上个月31号"),
    *rows("job_loss_date", {"at_least": "2021-01-01", "at_most": "2021-01-31"}, "上个月 上月底"),
    *rows("job_loss_date", {"at_least": "2020-12-01", "at_most": "2020-12-31"}, "上上个月"),
    *rows("job_loss_date", {"at_least": "2020-07-01", "at_most": "2020-12-31"}, "去年下半年"),
    *rows("job_loss_date", {"at_least": "1998-05-01", "at_most": "1998-05-31"}, "98年5月"),
    *rows("job_loss_date", Unread.YEAR_MISSING, "6月30号 6月30日 6.30 六月"),
    *rows("job_loss_date", Unread.NOT_YET, "今年6月30号 2025年1月1日"),
    *rows("job_loss_date", NOT_UNDERSTOOD, "2020年2月30日 2020年13月 35 半年前 去年夏天"),
    *rows("job_loss_date", NOT_UNDERSTOOD, "去年6月30号左右 农历六月"),
]  # fmt: skip


READ = YES_AND_NO + CHOICES + TURNED + TAKEN_UP + NUMBERS + DAYS


@pytest.mark.parametrize(("fact", "reply", "value"), READ)
def test_a_reply(library: Library, fact: str, reply: str, value: Any) -> None:
    assert read(library, fact, reply) == value


@pytest.mark.parametrize(
    ("region", "home", "value"),
    [
        ("石狮", "福建石狮", "local"),
        ("石家庄", "唐山", "same_province"),
        ("石家庄", "石家庄", NOT_UNDERSTOOD),  # which district isn't said
        ("衡水", "衡水本地", "local"),
        ("衡水", "衡水", NOT_UNDERSTOOD),
        ("石家庄", "鹿泉", NOT_UNDERSTOOD),
        ("石家庄", "河北", NOT_UNDERSTOOD),
        ("石家庄鹿泉区", "鹿泉", "local"),
        ("石家庄鹿泉区", "石家庄", NOT_UNDERSTOOD),
        ("石家庄鹿泉区", "山西", "other_province"),
        ("（未具名市）", "河南", NOT_UNDERSTOOD),  # it lies somewhere
    ],
)
def test_where_somebody_comes_from_depends_on_where_they_work(
    library: Library, region: str, home: str, value: Any
) -> None:
    assert read(library, "hukou_place", home, region) == value


def all_facts(library: Library) -> list[Fact]:
    return list(library.facts.values())


def test_every_number_that_is_offered_is_taken(library: Library) -> None:
    for fact in all_facts(library):
        for number in range(1, choices_of(fact) + 1):
            found = read(library, fact.id, str(number))
            assert not isinstance(found, Unread)
            unsure = number == choices_of(fact)
            assert (found is None) is unsure
        if choices_of(fact):
            assert read(library, fact.id, str(choices_of(fact) + 1)) is Unread.NO_SUCH_NUMBER


def test_every_option_is_read_by_its_own_words(library: Library) -> None:
    for fact in all_facts(library):
        for option in fact.options:
            found = read(library, fact.id, option.label)
            assert found in (option.value, [option.value], NOT_UNDERSTOOD), (fact.id, option.label)
    alike = [
        (fact.id, option.value)
        for fact in all_facts(library)
        if fact.type is FactType.CHOICE
        for option in fact.options
        if read(library, fact.id, option.label) is NOT_UNDERSTOOD
    ]
    assert alike == []


WORDS = st.text(
    "一二三十半几多来年月日个不没有冇是的了到去今前左右大概上班交办想我你吗，、。 0123456789.-",
    max_size=14,
)


@given(data=st.data())
def test_no_reply_is_a_fault_and_what_is_read_is_a_value(
    library: Library, data: st.DataObject
) -> None:
    fact = data.draw(st.sampled_from(all_facts(library)))
    reply = data.draw(st.text(max_size=80) | WORDS)
    region = data.draw(st.sampled_from(["石狮", "石家庄", "（未具名市）"]))
    found = read(library, fact.id, reply, region)
    if found is not None and not isinstance(found, Unread):
        read_value(fact, found, TODAY)


@given(months=st.integers(0, 600))
def test_months_are_the_same_however_they_are_written(library: Library, months: int) -> None:
    assert read(library, MONTHS, str(months)) == months
    assert read(library, MONTHS, f"{months}个月") == months
    if months >= 12 and months % 12:
        assert read(library, MONTHS, f"{months // 12}年{months % 12}个月") == months


@given(low=st.integers(0, 600), high=st.integers(0, 600))
def test_a_range_holds_what_lies_between(library: Library, low: int, high: int) -> None:
    found = read(library, MONTHS, f"{low}到{high}")
    if low > high:
        assert isinstance(found, Unread)
    elif low == high:
        assert found == low
    else:
        assert found == {"at_least": low, "at_most": high}


@given(day=st.dates(date(1950, 1, 1), TODAY))
def test_a_day_is_the_same_however_it_is_written(library: Library, day: date) -> None:
    written = (
        f"{day:%Y-%m-%d}", f"{day:%Y%m%d}", f"{day.year}年{day.month}月{day.day}日",
        f"{day.year}.{day.month}.{day.day}", f"{day.year}/{day.month}/{day.day}号",
    )  # fmt: skip
    for each in written:
        assert read(library, "job_loss_date", each) == day.isoformat()
    assert read(library, "job_loss_date", f"{day.month}月{day.day}日") is Unread.YEAR_MISSING


def test_a_story_is_no_answer_and_takes_no_time(library: Library) -> None:
    for filler in ("1", "一", "的", "交了", "第1个", "1 ", "不", "、", "月"):
        for fact in all_facts(library):
            assert read(library, fact.id, filler * 40 + "呃") is NOT_UNDERSTOOD
            assert read(library, fact.id, filler * 5000) in (NOT_UNDERSTOOD, Unread.NO_SUCH_NUMBER)


@pytest.mark.parametrize(
    ("fact", "reply", "value"),
    [
        ("job_loss_involuntary", "被老板辞了", True),
        ("job_loss_involuntary", "店里倒闭了", True),
        ("job_loss_involuntary", "我辞的职", False),
        ("cannot_find_work", "没活干", True),
        ("living_hardship", "没问题", False),
        ("stayed_spring_festival", "回老家了", False),
        ("labour_contract_months", "没签", 0),
        ("labour_contract_months", "无固定期限", 999),
    ],
)
def test_a_question_may_be_worded_anew_and_replies_mean_the_same(
    library: Library, fact: str, reply: str, value: Any
) -> None:
    reworded = library.facts[fact].model_copy(update={"question": "请问一下情况？"})
    found = read_answer(reply, Asked(reworded, TODAY, "石狮", library.regions))
    assert found == Read(value)
