"""The self-check in conversation: whole talks, and what every talk must hold to."""

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.answering import answer
from bot.answers import REPLY_BYTES, Answer, Check, Context, Input, Kind
from bot.check_wishes import wish
from bot.retrieval.indexing import IndexedLibrary
from bot.self_check.fact_answers import Asked, Read, read_answer
from knowledge.eligibility.asking import next_question
from knowledge.eligibility.facts import APPLICANT_ROLE, WORK_REGION, read_facts
from knowledge.eligibility.verdicts import Outcome, check
from knowledge.library import Library
from knowledge.measures import Audience
from tests.bot.asking import ask
from tests.bot.test_stored_questions import wrong_figures

SPRING_2022 = date(2022, 4, 10)
FEBRUARY_2021 = date(2021, 2, 1)
AUTUMN_2026 = date(2026, 11, 22)


class Talk:
    """One conversation; its context goes through plain data after every turn, as it is stored."""

    def __init__(
        self, indexed: IndexedLibrary, day: date = SPRING_2022, chosen: str | None = None
    ) -> None:
        self.indexed, self.day, self.chosen = indexed, day, chosen
        self.context = Context()

    def says(self, *messages: str) -> Answer:
        for message in messages:
            last = answer(message, self.indexed, self.context, today=self.day, chosen=self.chosen)
            self.context = Context.from_data(json.loads(json.dumps(last.context.as_data())))
            assert len(last.reply.encode()) <= REPLY_BYTES
        return last

    @property
    def given(self) -> dict[str, object]:
        """What has been answered so far."""
        check = self.context.check
        assert check is not None
        return {fact: json.loads(value) for fact, value in check.answers[check.fixed :]}


def unemployed(indexed: IndexedLibrary) -> Talk:
    """A talk in which a self-check for unemployment benefit has just begun."""
    talk = Talk(indexed)
    talk.says("石狮失业金怎么领", "我能领吗")
    return talk


# -- from the first question to the verdict -----------------------------------------------------


def test_who_meets_everything_is_told_so_with_the_clause_and_the_way(
    indexed: IndexedLibrary,
) -> None:
    talk = unemployed(indexed)
    assert talk.context.check and talk.context.check.measures == ("shishi-4a",)
    said = talk.says("想", "交了", "是单位把我辞了", "办了", "一年半")
    assert said.reason == "check-result" and said.measures == ("shishi-4a",)
    assert "你符合" in said.reply and "市人社局" in said.reply
    assert "狮委办〔2022〕19号" in said.reply and "审核" in said.reply
    assert talk.context.check is None


@pytest.mark.parametrize(
    ("months", "told"),
    [
        ("12", "你符合"), ("9", "还差3个月失业保险缴费"), ("不到一年", "不符合"),
        ("差不多一年", "还定不下来"), ("不清楚", "失业保险缴费月数"),
    ],
)  # fmt: skip
def test_the_last_answer_decides(indexed: IndexedLibrary, months: str, told: str) -> None:
    assert told in unemployed(indexed).says("1", "1", "1", "1", months).reply


def test_how_much_is_missing_is_not_said_where_it_is_not_known(indexed: IndexedLibrary) -> None:
    assert "还差" not in unemployed(indexed).says("1", "1", "1", "1", "不到一年").reply


def test_one_failed_condition_ends_it_with_its_words(indexed: IndexedLibrary) -> None:
    said = unemployed(indexed).says("1", "没交")
    assert said.reason == "check-result"
    assert "不符合" in said.reply and "参加了失业保险" in said.reply
    assert "原文：“按照规定参加失业保险”" in said.reply


def test_a_sum_that_hangs_on_something_unknown_is_not_added_up(indexed: IndexedLibrary) -> None:
    said = Talk(indexed).says("石狮稳岗返还", "我们厂能申请吗", "没裁人")
    assert "你符合" in said.reply
    assert "合起来" not in said.reply and "中小微企业按90%返还" in said.reply


def test_a_whole_place_ends_with_a_list_to_pick_from(indexed: IndexedLibrary) -> None:
    talk = Talk(indexed, FEBRUARY_2021, "沧州")
    said = talk.says("帮我查查", "我自己", "河南", "农村", "留了")
    while talk.context.check:
        said = talk.says("不清楚")
    assert said.reason == "check-result" and "hebei-cangzhou-1" in said.measures
    assert "符合条件的：" in said.reply
    number = said.measures.index("hebei-cangzhou-1") + 1
    assert "500元" in talk.says(str(number)).reply


# -- how it starts ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "words",
    ["我够不够条件", "我能领吗", "帮我查查", "我符不符合条件", "自测", "帮我查查够不够条件",
     "我能不能申请", "像我这样的能领吗", "够不够", "那我够不", "我这样符合不", "我符合条件吗"],
)  # fmt: skip
def test_words_that_start_it(indexed: IndexedLibrary, words: str) -> None:
    talk = Talk(indexed)
    assert talk.says("石狮失业金怎么领", words).reason == "check-question"


@pytest.mark.parametrize(
    ("words", "measure"),
    [
        ("失业金我能领吗", "shishi-4a"), ("我能领失业金吗", "shishi-4a"),
        ("开店补贴我能不能拿", "shishi-4c"), ("帮我查开店补贴我够不够", "shishi-4c"),
        ("那我可以申请急难救助吗", "shishi-3a"), ("失业金俺够不够条件", "shishi-4a"),
    ],
)  # fmt: skip
def test_whether_i_get_what_is_named_starts_it_with_what_that_is(
    indexed: IndexedLibrary, library: Library, words: str, measure: str
) -> None:
    said = Talk(indexed, chosen="石狮").says(words)
    assert (said.kind, said.reason, said.measures) == (Kind.ANSWER, "check-question", (measure,))
    assert "够不够条件" in words or library.measures[measure].summary in said.reply


@pytest.mark.parametrize(
    "words",
    ["稳岗返还我能领吗", "保险就交过三个月我能领吗", "我能领几个月失业金", "我能领到什么补贴",
     "失业金怎么我领不了", "热线我能打吗", "我能领低保吗"],
)  # fmt: skip
def test_what_asks_for_more_than_whether_i_get_it_is_answered(
    indexed: IndexedLibrary, words: str
) -> None:
    assert not Talk(indexed, chosen="石狮").says(words).reason.startswith("check")


def test_what_is_over_is_told_of_in_full_to_who_asks_whether_they_get_it(
    indexed: IndexedLibrary,
) -> None:
    said = Talk(indexed, AUTUMN_2026, "衡水").says("消费券我能领吗")
    assert said.reason.startswith("measure") and "已经结束" in said.reply


def test_whether_i_get_it_is_checked_once_the_place_is_told(indexed: IndexedLibrary) -> None:
    for picked in (False, True):
        talk = Talk(indexed)
        asked = talk.says("失业金我能领吗")
        assert asked.reason == "which-place"
        labels = [choice.label for choice in asked.choices]
        said = talk.says(str(labels.index("石狮市") + 1) if picked else "石狮")
        assert (said.reason, said.measures) == ("check-question", ("shishi-4a",))


@pytest.mark.parametrize(
    ("measure", "words", "roles"),
    [
        ("石狮失业金怎么领", "我老公能领吗", ["worker"]),
        ("石狮孩子生日礼物", "我家娃能领吗", ["child"]),
        ("石狮稳岗返还", "我们厂能申请吗", ["employer"]),
        ("石狮稳岗返还", "我能领吗", None),
        ("石狮失业金怎么领", "我们厂能领吗", None),
    ],
)
def test_for_whom_it_is_asked_is_taken_from_the_words_or_asked(
    indexed: IndexedLibrary, measure: str, words: str, roles: list[str] | None
) -> None:
    talk = Talk(indexed)
    talk.says(measure, words)
    assert talk.context.check
    known = {fact: json.loads(value) for fact, value in talk.context.check.answers}
    assert known.get(APPLICANT_ROLE) == roles
    assert (talk.context.check.asked == APPLICANT_ROLE) is (roles is None)


@pytest.mark.parametrize(
    ("words", "region", "roles"),
    [
        ("春蕾计划我女儿够不够条件", None, ["child"]),
        ("稳岗返还我们公司够不够条件", "石狮", ["employer"]),
        ("我们厂够不够条件", "石狮", ["employer"]),
        ("我家娃符不符合条件", "石狮", ["child"]),
        ("失业金我老公有没有资格", "石狮", ["worker"]),
        ("帮我查查公司够不够条件", "石狮", ["employer"]),
        ("帮我妈查查", "石狮", ["worker"]),
        ("帮我查查我老伴够不够条件", "石狮", ["worker"]),
    ],
)
def test_for_whom_it_is_asked_is_read_beside_every_wish_for_a_check(
    indexed: IndexedLibrary, words: str, region: str | None, roles: list[str]
) -> None:
    talk = Talk(indexed, chosen=region)
    talk.says(words)
    assert talk.context.check
    assert dict(talk.context.check.answers)[APPLICANT_ROLE] == json.dumps(roles)


def test_a_word_for_somebody_within_the_subject_is_nobody() -> None:
    read = wish("帮扶对象够不够条件")
    assert read and (read.who, read.subject) == ("", "帮扶对象")


@pytest.mark.parametrize(
    ("words", "measure"),
    [("专线我够不够条件", "shishi-7"), ("福袋我够不够条件", "shishi-5b"),
     ("盲盒我够不够条件", "shishi-5c")],
)  # fmt: skip
def test_a_subject_of_two_characters_is_one(
    indexed: IndexedLibrary, words: str, measure: str
) -> None:
    assert Talk(indexed, chosen="石狮").says(words).measures == (measure,)


def test_a_subject_that_the_place_has_not_is_said_to_be_missing(indexed: IndexedLibrary) -> None:
    said = Talk(indexed, chosen="石狮").says("低保我够不够条件")
    assert said.reason == "not-in-this-place" and "石狮市的文件没有写这件事" in said.reply


@pytest.mark.parametrize(
    "words", ["补贴我够不够条件", "帮我查查政策", "我这种外地人够不够条件", "你看看我够条件吗"]
)
def test_words_for_any_help_or_for_oneself_are_no_subject(
    indexed: IndexedLibrary, words: str
) -> None:
    said = Talk(indexed, chosen="石狮").says(words)
    assert said.reason == "check-question" and said.measures == ()


def test_what_explains_a_condition_is_told_where_it_is_not_met_and_nowhere_else(
    indexed: IndexedLibrary,
) -> None:
    unclear = "2020年3月以前没了工作、没领过的，文件没有写清楚算不算"
    asked = ("定州失业补助金怎么领", "我能领吗", "失业", "1")
    lost_before = Talk(indexed, date(2021, 2, 20)).says(*asked, "2019年5月").reply
    assert "不符合" in lost_before and unclear in lost_before and "下岗了" not in lost_before
    assert unclear not in Talk(indexed, date(2021, 2, 20)).says(*asked, "2021年1月15日").reply


def test_a_condition_that_can_be_met_in_several_ways_is_named_whole(
    indexed: IndexedLibrary,
) -> None:
    asked = ("定州失业补助金怎么领", "我能领吗", "失业", "1", "2019年5月")
    told = Talk(indexed, date(2021, 2, 20)).says(*asked).reply
    assert "2021年1月1日以后没了工作，或者2020年3月至12月没了工作" in told


def test_a_check_says_that_it_goes_by_how_the_clause_is_read(indexed: IndexedLibrary) -> None:
    begun = Talk(indexed).says("石狮专线我够不够条件").reply
    assert "我们按这样的理解来查：户口不在石狮。" in begun and "\n条件：" not in begun


def test_after_a_dead_end_there_is_a_way_back(indexed: IndexedLibrary) -> None:
    talk = Talk(indexed)
    assert "帮我查查" in talk.says("石狮稳岗返还够不够条件", "1").reply
    assert talk.says("帮我查查").measures == ("shishi-1a",)
    assert "帮我查查" in unemployed(indexed).says("1", "没交").reply


def test_who_is_told_it_is_for_others_is_told_what_is_said_along_with_it(
    indexed: IndexedLibrary,
) -> None:
    said = Talk(indexed, FEBRUARY_2021).says("衡水房租减半我们公司够不够条件", "3")
    assert "减给单位的" in said.reply


def test_what_is_meant_for_others_is_said_to_be(indexed: IndexedLibrary) -> None:
    said = Talk(indexed).says("石狮稳岗返还", "我能领吗", "1")
    assert "是给单位的" in said.reply


def test_without_a_place_it_asks_for_the_place_first(indexed: IndexedLibrary) -> None:
    for place in ("1", "石狮", "我在石狮"):
        talk = Talk(indexed)
        assert talk.says("我够不够条件").reason == "which-place"
        assert talk.says(place).reason == "check-question"
        assert talk.context.check and talk.context.check.region == "石狮"


def test_a_district_is_checked_with_what_its_town_has(indexed: IndexedLibrary) -> None:
    talk = Talk(indexed, FEBRUARY_2021)
    talk.says("鹿泉我够不够条件")
    assert talk.context.check and talk.context.check.region == "石家庄鹿泉区"


def test_where_districts_differ_it_asks_which_one(indexed: IndexedLibrary) -> None:
    talk = Talk(indexed, FEBRUARY_2021)
    said = talk.says("石家庄过年红包", "我能领吗")
    assert said.kind is Kind.CLARIFY
    number = next(n for n, c in enumerate(said.choices, 1) if "鹿泉" in c.label)
    talk.says(str(number))
    assert talk.context.check and talk.context.check.region == "石家庄鹿泉区"


def test_a_place_without_documents_is_not_checked(indexed: IndexedLibrary) -> None:
    assert Talk(indexed).says("保定我够不够条件").kind is Kind.DECLINE


@pytest.mark.parametrize("day", [date(2020, 12, 1), AUTUMN_2026])
def test_what_is_not_open_is_not_checked_and_not_said_to_be_over_before_it_began(
    indexed: IndexedLibrary, day: date
) -> None:
    said = Talk(indexed, day, "沧州").says("帮我查查")
    assert said.reason == "check-nothing-open" and "结束" not in said.reply
    said = Talk(indexed, day).says("沧州红包多少钱", "我能领吗")
    assert said.reason == "check-not-open"
    assert ("还没到时间" if day.year == 2020 else "已经结束") in said.reply
    assert "留在沧州过年" in said.reply


def test_it_can_be_started_in_every_place(indexed: IndexedLibrary, library: Library) -> None:
    for region in library.regions.covered:
        for day in (FEBRUARY_2021, SPRING_2022, AUTUMN_2026):
            said = Talk(indexed, day, region).says("帮我查查")
            assert said.reason in ("check-question", "check-nothing-open")


def test_an_answer_from_an_open_measure_suggests_it_and_no_other(indexed: IndexedLibrary) -> None:
    words = "帮我查查够不够条件"
    talk = Talk(indexed)
    assert words in talk.says("石狮失业金怎么领").suggestions
    assert talk.says(words).reason == "check-question"
    assert words not in Talk(indexed, AUTUMN_2026).says("沧州红包多少钱").suggestions


@pytest.mark.parametrize("asked", ["给多少钱", "批多久", "要居住证不", "咋整", "打哪个电话"])
def test_a_question_needs_no_question_mark_to_be_one(indexed: IndexedLibrary, asked: str) -> None:
    talk = unemployed(indexed)
    said = talk.says(asked)
    assert not said.reason.startswith("check") and "继续" in said.reply
    assert "第1题" in talk.says("继续").reply


# -- on the way ---------------------------------------------------------------------------------


def test_going_back_takes_answers_away_one_by_one(indexed: IndexedLibrary) -> None:
    talk = unemployed(indexed)
    talk.says("1", "1", "1")
    assert len(talk.given) == 3
    for left in (2, 1, 0):
        talk.says("返回")
        assert len(talk.given) == left
    assert "第一题" in talk.says("返回").reply
    talk.says("2")
    assert talk.context.check is None


def test_starting_over_forgets_the_answers(indexed: IndexedLibrary) -> None:
    for words in ("重来", "重新开始", "从头来"):
        talk = unemployed(indexed)
        talk.says("1", "1", words)
        assert talk.given == {}


def test_stopping_tells_what_is_known_so_far(indexed: IndexedLibrary) -> None:
    talk = unemployed(indexed)
    said = talk.says("1", "1", "停")
    assert talk.context.check is None
    assert said.reason == "check-result" and "失业登记" in said.reply
    assert unemployed(indexed).says("停").reason == "check-left"


@pytest.mark.parametrize(
    ("reply", "told"),
    [
        ("哗啦哗啦", "没看懂"), ("", "没看懂"), ("  ", "没看懂"), ("三十五岁", "没看懂"),
        ("9", "1到3之间"), ("8" * 60, "1到3之间"), ("啥意思", "有求职要求"),
        ("为什么问这个", "有求职要求"),
        ("继续", "第1题"), ("好的", "第1题"),
    ],
)  # fmt: skip
def test_what_is_no_answer_brings_the_question_again(
    indexed: IndexedLibrary, reply: str, told: str
) -> None:
    talk = unemployed(indexed)
    said = talk.says(reply)
    assert said.reason == "check-question" and told in said.reply
    assert "第1题" in said.reply and talk.given == {}


def test_a_month_without_its_year_is_asked_for_the_year(indexed: IndexedLibrary) -> None:
    talk = Talk(indexed, date(2021, 2, 20))
    talk.says("定州失业补助金怎么领", "我能领吗", "失业", "1")
    assert "年份" in talk.says("6月30号").reply
    assert "还没到" in talk.says("2022年1月").reply
    talk.says("去年6月30号")
    assert talk.given["job_loss_date"] == "2020-06-30"


def test_another_question_is_answered_and_the_check_goes_on(indexed: IndexedLibrary) -> None:
    talk = unemployed(indexed)
    talk.says("1")
    said = talk.says("被欠工资了找谁")
    assert "88712565" in said.reply and "继续" in said.reply
    assert said.suggestions == ("继续", "停")
    assert "第2题" in talk.says("继续").reply
    assert talk.given == {"seeking_work": True}


def test_a_number_after_another_question_picks_what_that_offered(indexed: IndexedLibrary) -> None:
    talk = unemployed(indexed)
    talk.says("1")
    assert talk.says("石狮有哪些政策可以领？").reason == "overview"
    assert talk.says("1").measures[0] == "shishi-3a"
    assert talk.given == {"seeking_work": True}
    assert "第2题" in talk.says("继续").reply


def test_distress_hands_over_and_says_nothing_of_the_check(indexed: IndexedLibrary) -> None:
    talk = unemployed(indexed)
    said = talk.says("1", "我不想活了")
    assert said.kind is Kind.HANDOFF and "自测" not in said.reply
    assert "第2题" in talk.says("继续").reply


def test_a_son_to_check_for_is_no_child_in_danger(indexed: IndexedLibrary) -> None:
    assert Talk(indexed, chosen="石狮").says("帮我儿子查查").reason == "check-question"


def test_another_place_named_on_the_way_changes_nothing(indexed: IndexedLibrary) -> None:
    talk = unemployed(indexed)
    talk.says("1")
    assert "自测还没做完" in talk.says("鹿泉的呢").reply
    talk.says("继续")
    assert talk.context.check and talk.context.check.region == "石狮"


def test_the_name_of_the_place_that_is_checked_is_no_other_question(
    indexed: IndexedLibrary,
) -> None:
    for words in ("石狮本地", "石狮"):
        said = Talk(indexed, chosen="石狮").says("帮我查查", words)
        assert said.reason == "check-question" and "没看懂" in said.reply


def test_a_bare_word_after_a_check_does_not_list_what_a_place_has(indexed: IndexedLibrary) -> None:
    for word in ("有", "吗", "的"):
        assert Talk(indexed, chosen="石狮").says("帮我查查", "停", word).reason == "no-subject"
    for words in ("还有吗", "有什么", "别的呢", "都有哪些"):
        assert Talk(indexed, chosen="石狮").says("帮我查查", "停", words).reason == "overview"


def test_a_place_chosen_anew_is_told_and_the_check_stays_where_it_was(
    indexed: IndexedLibrary,
) -> None:
    talk = Talk(indexed, chosen="石狮")
    talk.says("帮我查查")
    talk.chosen = "锦州"
    assert "还是石狮市的" in talk.says("1").reply
    assert "还是石狮市的" not in talk.says("4").reply
    talk.says("停")
    talk.says("帮我查查")
    assert talk.context.check and talk.context.check.region == "锦州"


def test_the_ways_to_answer_are_offered(indexed: IndexedLibrary) -> None:
    talk = Talk(indexed, chosen="石狮")
    said = talk.says("帮我查查")
    assert said.input is Input.SEVERAL and said.choices[-1].label == "不清楚"
    assert said.suggestions == ("返回", "停")
    talk.says("2", "4")
    said = talk.says("继续")
    assert (said.input, said.choices) == (Input.NUMBER, ())
    assert said.suggestions == ("不清楚", "返回", "停")


@pytest.mark.parametrize(
    "words",
    ["改一下刚才的", "改一下", "前面答错了", "我想改上一题", "刚才那个不对", "上一题说错了"],
)
def test_the_last_answer_is_asked_for_again_however_that_is_said(
    indexed: IndexedLibrary, words: str
) -> None:
    talk = unemployed(indexed)
    talk.says("想", "交了", words)
    assert talk.context.check and talk.context.check.asked == "unemployment_insured"
    assert talk.given == {"seeking_work": True}


@pytest.mark.parametrize(
    "words", ["刚才说错了，没交", "上一题改成2", "前面那题应该是没交", "改成没交"]
)
def test_the_last_answer_is_put_right_in_one_message(indexed: IndexedLibrary, words: str) -> None:
    said = unemployed(indexed).says("想", "交了", words)
    assert said.reason == "check-result" and "参加了失业保险" in said.reply


@pytest.mark.parametrize("words", ["前面那家厂倒闭了吧大概", "上个月厂里改了班次"])
def test_what_only_speaks_of_the_past_puts_no_answer_right(
    indexed: IndexedLibrary, words: str
) -> None:
    talk = unemployed(indexed)
    talk.says("想", "交了", words)
    assert talk.given == {"seeking_work": True, "unemployment_insured": True}


def test_an_answer_in_dialect_is_read_in_standard_words(indexed: IndexedLibrary) -> None:
    talk = unemployed(indexed)
    talk.says("想", "交咗")
    assert talk.given["unemployment_insured"] is True


# -- what is told of before it is asked for ------------------------------------------------------

ALLOWANCE = ("定州失业补助金怎么领", "我能领吗")


@pytest.mark.parametrize(
    ("begun", "reply", "given"),
    [
        ((), "没登记", {"unemployment_registered": False}),
        ((), "还没去登记呢", {"unemployment_registered": False}),
        ((), "是厂里不要我的", {"job_loss_involuntary": True}),
        ((), "被辞退的", {"job_loss_involuntary": True}),
        ((), "参保了", {"unemployment_insured": True}),
        ((), "想找，交了两年", {"seeking_work": True, "unemployment_insured": True,
                            "unemployment_insurance_months": 24}),
        ((), "厂里裁员，已经登记了，想再找活干",
         {"job_loss_involuntary": True, "unemployment_registered": True, "seeking_work": True}),
        (("石狮开店补贴", "我能领吗"), "店开了八个月", {"business_months_operating": 8}),
        ((), "还没办登记，也没参保",
         {"unemployment_registered": False, "unemployment_insured": False}),
        ((), "交了，但是忘了多久", {"unemployment_insured": True}),
        (ALLOWANCE, "2020年6月没的工作", {"job_loss_date": {"at_least": "2020-06-01",
                                                      "at_most": "2020-06-30"}}),
        (ALLOWANCE, "补助金没领过", {}),
        (ALLOWANCE, "没领过", {"unemployment_allowance_claimed": False}),
        (("石狮临时救助", "我能领吗"), "吃饭都难", {"living_hardship": True}),
        (("石狮临时救助", "我能领吗"), "我是外省的", {"hukou_place": "other_province"}),
    ],
)  # fmt: skip
def test_what_answers_a_question_to_come_is_noted_and_said_to_be(
    indexed: IndexedLibrary, begun: tuple[str, ...], reply: str, given: dict[str, object]
) -> None:
    talk = Talk(indexed, date(2021, 2, 20)) if begun == ALLOWANCE else Talk(indexed)
    talk.says(*(begun or ("石狮失业金怎么领", "我能领吗")))
    said = talk.says(reply)
    if talk.context.check is None:
        assert said.reason == "check-result" and False in given.values()
    else:
        assert talk.given == given
    assert ("记下了" in said.reply) is bool(set(given) - {"seeking_work"})


@pytest.mark.parametrize(
    "reply",
    [
        "好像交过", "应该登记了吧", "大概一年吧", "交了大概一年", "一年", "没有", "交过的吧",
        "可能是被辞退的", "我不知道登记没登记", "难", "没交", "12", "外省", "交了有没有两年",
        "想找又不想找",
    ],
)  # fmt: skip
def test_what_may_be_meant_otherwise_or_is_only_supposed_is_never_noted(
    indexed: IndexedLibrary, reply: str
) -> None:
    talk = unemployed(indexed)
    said = talk.says(reply)
    if reply == "没有":
        assert said.reason == "check-result"  # it answers the question that was put
    else:
        assert talk.given == {} and said.reason == "check-question"


@pytest.mark.parametrize(
    ("replies", "told"),
    [
        (("想", "好像交过"), "拿不准"), (("想", "应该是交了"), "拿不准"),
        (("大概一年吧",), "问到那一题"), (("好像交过",), "问到那一题"),
    ],
)  # fmt: skip
def test_who_only_supposes_it_is_asked_whether_they_are_sure(
    indexed: IndexedLibrary, replies: tuple[str, ...], told: str
) -> None:
    talk = unemployed(indexed)
    said = talk.says(*replies)
    assert told in said.reply and len(talk.given) == len(replies) - 1


def test_what_was_noted_ahead_is_taken_back_like_every_answer(indexed: IndexedLibrary) -> None:
    talk = unemployed(indexed)
    talk.says("参保了", "返回")
    assert talk.given == {} and talk.context.check
    assert talk.context.check.asked == "unemployment_insured"


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        ("失业登记是啥意思", "已办理失业登记"), ("登记是什么", "已办理失业登记"),
        ("还差什么", "办过失业登记"), ("结果呢", "还没答完"), ("还有几题", "还没答完"),
    ],
)  # fmt: skip
def test_what_is_asked_of_the_check_itself_is_told(
    indexed: IndexedLibrary, asked: str, told: str
) -> None:
    talk = unemployed(indexed)
    said = talk.says(asked)
    assert said.reason == "check-question" and told in said.reply and talk.given == {}


@pytest.mark.parametrize("told", ["参保了，交了14个月", "交了14个月"])
def test_who_says_for_how_long_is_not_asked_for_it_again(
    indexed: IndexedLibrary, told: str
) -> None:
    talk = unemployed(indexed)
    talk.says("想", told)
    assert talk.given["unemployment_insured"] is True
    assert talk.given["unemployment_insurance_months"] == 14


def test_what_is_asked_of_the_service_meanwhile_is_answered(indexed: IndexedLibrary) -> None:
    talk = Talk(indexed, chosen="石狮")
    said = talk.says("失业金我够不够条件", "收费吗")
    assert said.reply.startswith("不收钱") and "继续" in said.reply
    assert talk.says("继续").reason == "check-question"


def test_what_is_asked_meanwhile_is_asked_of_what_is_checked(indexed: IndexedLibrary) -> None:
    talk = Talk(indexed, chosen="石狮")
    said = talk.says("失业金我够不够条件", "去哪办？")
    assert said.reply.startswith("找谁：市人社局") and "继续" in said.reply
    assert talk.says("继续").reason == "check-question"


def test_who_tells_of_a_swindler_meanwhile_is_warned(indexed: IndexedLibrary) -> None:
    talk = Talk(indexed, chosen="石狮")
    said = talk.says("失业金我够不够条件", "有人要我报验证码")
    assert said.reason == "outside:fraud" and talk.given.keys() <= {APPLICANT_ROLE}
    assert talk.says("继续").reason == "check-question"


@pytest.mark.parametrize("words", ["我们厂能领失业金吗", "我妈能领福袋吗", "我孩子能领失业金吗"])
def test_what_is_not_for_such_as_them_is_told_and_not_checked(
    indexed: IndexedLibrary, words: str
) -> None:
    said = Talk(indexed, chosen="石狮").says(words)
    assert said.kind is Kind.ANSWER and said.reason.startswith("measure:")


def test_who_does_not_know_and_lets_it_be_does_not_know(indexed: IndexedLibrary) -> None:
    talk = unemployed(indexed)
    talk.says("算了不知道")
    assert talk.given == {"seeking_work": None}


@pytest.mark.parametrize("said", ["交了", "一年半", "没登记"])
def test_what_is_told_after_the_result_is_of_what_was_checked(
    indexed: IndexedLibrary, said: str
) -> None:
    talk = unemployed(indexed)
    assert talk.says("不想").reason == "check-result"
    assert talk.says(said).measures[:1] == ("shishi-4a",)


@pytest.mark.parametrize("said", ["残疾人", "没有", "不知道"])
def test_what_is_told_after_what_is_not_open_is_of_that(indexed: IndexedLibrary, said: str) -> None:
    talk = Talk(indexed, AUTUMN_2026, "广州荔湾区")
    assert talk.says("500元生活费补贴我够不够条件").reason == "check-not-open"
    assert talk.says(said).measures[:1] == ("liwan-8c",)


def test_who_names_somebody_as_whom_it_is_for_is_understood(indexed: IndexedLibrary) -> None:
    talk = Talk(indexed, chosen="石狮")
    assert "按你妈的情况答" in talk.says("帮我查查", "我妈").reply
    assert "按你老婆的情况答" in talk.says("帮我查查", "替我老婆问的").reply
    assert talk.given == {APPLICANT_ROLE: ["worker"]}


# -- what always holds --------------------------------------------------------------------------


def test_what_no_longer_fits_the_knowledge_is_dropped(indexed: IndexedLibrary) -> None:
    begun = unemployed(indexed).context
    assert begun.check
    gone: list[Check] = [
        replace(begun.check, measures=("gone",)),
        replace(begun.check, asked="gone"),
        replace(begun.check, region="gone"),
        replace(begun.check, answers=(("gone", "true"),)),
        replace(begun.check, answers=(("seeking_work", "5"),)),
    ]
    for damaged in gone:
        talk = Talk(indexed)
        talk.context = replace(begun, check=damaged)
        talk.says("1")
        assert talk.context.check is None


@settings(max_examples=60)
@given(data=st.data())
def test_the_talk_and_the_rules_say_the_same(
    indexed: IndexedLibrary, library: Library, data: st.DataObject
) -> None:
    region = data.draw(st.sampled_from(library.regions.covered))
    day = data.draw(st.sampled_from([FEBRUARY_2021, date(2021, 3, 20), SPRING_2022]))
    talk = Talk(indexed, day, region)
    said = talk.says("帮我查查")
    facts: dict[str, object] = {WORK_REGION: region}
    while talk.context.check:
        fact = library.facts[talk.context.check.asked]
        assert fact.id not in facts, "nothing is asked twice"
        reply = str(data.draw(st.integers(1, len(said.choices) or 12)))
        if said.input is Input.DAY:
            reply = f"2020年{reply}月"
        read = read_answer(reply, Asked(fact, day, region, library.regions))
        assert isinstance(read, Read)
        facts[fact.id] = read.value
        said = talk.says(reply)
    results = check(library.rules, region, read_facts(facts, library.facts, day), day)
    assert next_question(results, read_facts(facts, library.facts, day), library.rules) is None
    eligible = [r.criteria.measure.id for r in results if r.open and r.outcome is Outcome.ELIGIBLE]
    assert said.measures[: len(eligible)] == tuple(eligible[:12])


def verdicts(indexed: IndexedLibrary) -> Iterator[Answer]:
    """The end of a check of every measure, for somebody who says yes to everything."""
    for measure in indexed.library.measures.values():
        if measure.audience is Audience.GOVERNMENT:
            continue
        talk = Talk(indexed, measure.validity.from_ or SPRING_2022, measure.region)
        talk.context = Context(measures=(measure.id,), chosen=measure.region)
        said = talk.says("我能领吗")
        while talk.context.check:
            roles = {Audience.WORKER: "1", Audience.CHILD: "2", Audience.EMPLOYER: "3"}
            role = talk.context.check.asked == APPLICANT_ROLE
            said = talk.says(roles[measure.audience] if role else "1" if said.choices else "不清楚")
        yield said


def test_no_verdict_states_a_figure_that_its_source_does_not(indexed: IndexedLibrary) -> None:
    told = list(verdicts(indexed))
    assert {said.reason for said in told} == {"check-result", "check-not-open"}
    assert sum("你符合" in said.reply for said in told) > 20
    for said in told:
        assert not wrong_figures(indexed, said), said.reply
    wrong = replace(told[0], reply=told[0].reply + "\n每人8765元。")
    assert wrong_figures(indexed, wrong) == {"8765元"}


def test_a_check_of_one_measure_begins_though_its_clause_leaves_much_open(
    indexed: IndexedLibrary,
) -> None:
    begun = ask(indexed, ["帮我查查临时救助够不够"], "石狮")
    assert begun.context.check is not None and "急难型临时救助" in begun.reply


def test_what_is_typed_as_the_button_says_is_read(indexed: IndexedLibrary) -> None:
    asked = ask(indexed, ["帮我查查失业保险金够不够", "是的"], "石狮")
    assert "不，没有" in asked.reply and asked.context.check is not None
    refused = ask(indexed, ["帮我查查失业保险金够不够", "是的", "不，没有"], "石狮")
    assert "不符合" in refused.reply


def test_what_is_missing_is_named_as_workers_say_it(indexed: IndexedLibrary) -> None:
    stopped = ask(indexed, ["帮我查查临时救助够不够", "是的", "停"], "石狮")
    assert "家里人的帮助" in stopped.reply and "有家庭支持" not in stopped.reply
