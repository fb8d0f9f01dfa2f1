"""Which place binds from turn to turn: another town's money is never the answer."""

import pytest

from bot.answering import answer
from bot.answers import Context, Kind
from bot.retrieval.indexing import IndexedLibrary
from bot.words import firms
from tests.bot.asking import TODAY, ask


@pytest.mark.parametrize(
    "turns",
    [
        ["北京消费券", "多少钱"],
        ["衡水消费券多少", "那北京呢", "怎么领"],
        ["石狮创业补贴多少", "那晋江呢", "要什么条件"],
        ["我在石狮上班", "我现在到深圳了", "失业金怎么领"],
        ["从石狮去晋江打工，失业金怎么领"],
        ["石狮隔壁晋江有失业金吗"],
        ["石狮创业补贴多少", "不是石狮，我在晋江"],
    ],
)
def test_a_place_without_documents_is_declined_until_another_is_named(
    indexed: IndexedLibrary, turns: list[str]
) -> None:
    declined = ask(indexed, turns)
    assert declined.kind is Kind.DECLINE
    assert declined.reason.startswith("place-not-covered")
    assert not declined.measures


def test_the_chosen_place_does_not_come_back_for_one_that_was_declined(
    indexed: IndexedLibrary,
) -> None:
    assert ask(indexed, ["北京失业金", "多少钱"], "石狮").kind is Kind.DECLINE
    assert ask(indexed, ["北京失业金", "那石狮呢"]).measures[0] == "shishi-4a"


@pytest.mark.parametrize(
    "text",
    [
        "老板欠我工钱", "老板欠我三个月工钱咋办", "我的工资三个月没给了", "老板拖着我三个月的工资",
        "包工头欠我八千块", "半年工钱没给",
    ],
)  # fmt: skip
def test_who_is_owed_wages_asks_for_those_whatever_was_spoken_of(
    indexed: IndexedLibrary, text: str
) -> None:
    """The conditions of the unemployment benefit were told to them."""
    reply = ask(indexed, ["失业金怎么领", text], "石狮")
    assert reply.measures[0] == ask(indexed, [text], "石狮").measures[0] != "shishi-4a"


def test_a_denied_place_is_not_meant(indexed: IndexedLibrary) -> None:
    reply = ask(indexed, ["不是石狮，是沧州，过年红包多少"])
    assert reply.measures[0] == "hebei-cangzhou-1"


@pytest.mark.parametrize(
    "text",
    [
        "我被单位开除了石狮能领失业金吗",
        "合同解除了石狮有失业金吗",
        "公司把我裁了，在石狮，有钱领吗",
    ],
)
def test_who_lost_their_work_says_so_and_asks_for_themselves(
    indexed: IndexedLibrary, text: str
) -> None:
    assert ask(indexed, [text]).measures[0] == "shishi-4a"


def test_a_firm_that_keeps_its_people_asks_for_itself(indexed: IndexedLibrary) -> None:
    assert ask(indexed, ["我们公司没裁员，石狮有稳岗返还吗"]).measures[0] == "shishi-1a"


@pytest.mark.parametrize(
    ("text", "measure"),
    [
        ("石狮稳岗返还80%", "shishi-1a"),
        ("锦州返还90%吗", "jinzhou-4"),
        ("荔湾500元补贴", "liwan-8c"),
    ],
)
def test_a_wrong_sum_does_not_make_the_bot_deny_a_measure(
    indexed: IndexedLibrary, text: str, measure: str
) -> None:
    assert ask(indexed, [text]).measures[0] == measure


@pytest.mark.parametrize("text", ["张家口宣化区慰问金多少", "唐山丰南区饺子红包"])
def test_what_is_for_one_county_is_not_promised_to_its_sister(
    indexed: IndexedLibrary, text: str
) -> None:
    said = ask(indexed, [text]).reply
    assert "300元" not in said
    assert "饺子" not in said


def test_no_hotline_of_a_town_one_has_left(indexed: IndexedLibrary) -> None:
    assert "88712565" not in ask(indexed, ["石狮失业金", "我到北京了，不想活了"]).reply


def test_a_place_the_clause_speaks_of_is_part_of_the_subject(indexed: IndexedLibrary) -> None:
    assert ask(indexed, ["锦州有去敦煌的车吗"]).measures[0] == "jinzhou-2"


@pytest.mark.parametrize("number", ["第2个", "2", "二", "选2", "2。"])
def test_a_choice_may_be_written_in_many_ways(indexed: IndexedLibrary, number: str) -> None:
    second = ask(indexed, ["失业金怎么领"]).choices[1]
    assert ask(indexed, ["失业金怎么领", number]).region == second.region


@pytest.mark.parametrize("number", ["0", "99", "第一百个"])
def test_a_number_out_of_range_is_told_the_range(indexed: IndexedLibrary, number: str) -> None:
    asked = ask(indexed, ["失业金怎么领", number])
    assert asked.kind is Kind.CLARIFY
    assert "请回复1到" in asked.reply


def test_after_one_choice_another_can_be_picked(indexed: IndexedLibrary) -> None:
    first = ask(indexed, ["石狮有什么政策", "7"])
    second = ask(indexed, ["石狮有什么政策", "7", "8"])
    assert first.measures != second.measures


def test_an_overview_says_what_is_over_and_leaves_nothing_out(indexed: IndexedLibrary) -> None:
    assert "已结束" in ask(indexed, ["荔湾有什么政策"]).reply
    assert len(ask(indexed, ["石狮有什么政策"]).choices) == 19


def test_an_overview_of_a_part_lists_nothing_that_is_for_another_part(
    indexed: IndexedLibrary,
) -> None:
    assert "hebei-zjk-6b" in ask(indexed, ["张家口有什么政策"]).measures
    assert "hebei-zjk-6b" in ask(indexed, ["康保县有什么政策"]).measures
    assert "hebei-zjk-6b" not in ask(indexed, ["张家口宣化区有什么政策"]).measures


def test_places_that_have_no_room_are_named(indexed: IndexedLibrary) -> None:
    said = ask(indexed, ["河北哪些城市有过年红包"])
    assert said.reason == "several-places"
    last = said.reply.splitlines()[-1]
    assert "还有" in last and "石家庄鹿泉区" in last and "【石家庄鹿泉区】" not in said.reply
    assert ask(indexed, ["河北哪些城市有过年红包", "鹿泉"]).measures == ("hebei-sjz-luquan-1",)


def test_a_province_offers_only_its_own_towns(indexed: IndexedLibrary) -> None:
    labels = [choice.label for choice in ask(indexed, ["福建有什么政策"]).choices]
    assert labels == ["石狮市"]


@pytest.mark.parametrize("text", ["福建高新区补贴", "辽宁省化工园区招工", "河北", "石狮", "1"])
def test_a_bare_or_odd_place_breaks_nothing(indexed: IndexedLibrary, text: str) -> None:
    assert ask(indexed, [text]).reply


@pytest.mark.parametrize(
    ("asked", "kind"),
    [("哪些城市过年给流量、给免费快递", "answer"), ("过年的流量去哪个地方领", "answer"),
     ("过年给红包去哪个城市办", "clarify")],
)  # fmt: skip
def test_who_asks_which_places_have_it_is_not_asked_for_the_place(
    indexed: IndexedLibrary, asked: str, kind: str
) -> None:
    found = ask(indexed, [asked])
    assert found.kind == kind
    assert (found.reason == "which-place") == (kind == "clarify")


def test_where_one_is_registered_is_not_where_one_asks_about(indexed: IndexedLibrary) -> None:
    found = ask(indexed, ["鹿泉区过年留下来有补贴吗", "我户口就在石家庄市里，也有我的份吗"])
    assert found.measures == ("hebei-sjz-luquan-1",)


def test_a_name_that_is_also_a_word_is_a_place_where_it_stands_as_one(
    indexed: IndexedLibrary,
) -> None:
    assert ask(indexed, ["衡水过年给消费券吗", "那大同那边呢"]).kind == "decline"


def test_two_questions_about_one_place_get_two_answers(indexed: IndexedLibrary) -> None:
    found = ask(indexed, ["石狮失业金怎么领？新工人培训补贴给多少？"])
    assert found.measures == ("shishi-4a", "shishi-4b") and "500元" in found.reply
    assert found.reply.count("出处：") == 2
    assert len(ask(indexed, ["我在石狮被裁了，厂里没活。失业金怎么领？"]).measures) == 1


@pytest.mark.parametrize(
    ("second", "said"),
    [("租房有房租补贴吗", "石狮市的文件没有写这件事"), ("公积金怎么提", "石狮市的文件没有写")],
)
def test_of_two_questions_the_one_that_no_clause_answers_is_declined_and_takes_nothing_away(
    indexed: IndexedLibrary, second: str, said: str
) -> None:
    found = ask(indexed, [f"石狮失业金怎么领？{second}"])
    assert found.measures == ("shishi-4a",) and "失业登记" in found.reply
    assert f"【{second}】" in found.reply and said in found.reply


@pytest.mark.parametrize(
    ("text", "measures"),
    [
        ("石狮失业金要什么条件，创业补贴又给多少", ("shishi-4a", "shishi-4c")),
        ("石狮被裁了，失业金怎么领、创业补贴多少", ("shishi-4a", "shishi-4c")),
        (
            "衡水过年消费券多少，房租减吗，停车免费吗",
            ("hebei-hengshui-3", "hebei-hengshui-4", "hebei-hengshui-8"),
        ),
    ],
)
def test_questions_of_their_own_are_parted_at_a_comma_as_well(
    indexed: IndexedLibrary, text: str, measures: tuple[str, ...]
) -> None:
    found = ask(indexed, [text])
    assert found.measures == measures and found.reply.count("出处：") == len(measures)


@pytest.mark.parametrize(
    ("text", "measures"),
    [
        ("石狮失业金怎么领创业补贴给多少", ("shishi-4a", "shishi-4c")),
        ("石狮机顶盒免费吗盲盒还有吗", ("shishi-8a", "shishi-5c")),
        ("石狮工会专线多少广电电话多少", ("shishi-7", "shishi-8a")),
        ("石狮培训补贴一个人多少钱稳岗返还返几成", ("shishi-4b", "shishi-1a")),
        (
            "衡水消费券多少房租减吗停车免费吗",
            ("hebei-hengshui-3", "hebei-hengshui-4", "hebei-hengshui-8"),
        ),
        ("衡水留下过年发多少钱公交要钱吗", ("hebei-hengshui-3", "hebei-hengshui-8")),
        ("锦州社保能缓到几月稳岗返还返多少", ("jinzhou-5b", "jinzhou-4")),
        ("承德企业发红包吗欠薪找谁", ("hebei-chengde-2", "hebei-chengde-4b")),
    ],
)
def test_questions_without_a_mark_between_are_parted_where_each_is_surely_of_its_own(
    indexed: IndexedLibrary, text: str, measures: tuple[str, ...]
) -> None:
    found = ask(indexed, [text])
    assert (found.reason, found.measures) == ("several-questions", measures)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("石狮失业金怎么领房租减吗", "【房租减吗】石狮市的文件没有写这件事"),
        ("石狮失业金多少过年红包多少", "【过年红包多少】石狮市的文件没有写这件事"),
        ("石狮失业金多少公积金怎么提", "【公积金怎么提】“住房公积金”这件事"),
        ("衡水消费券多少，失业金怎么领", "【失业金怎么领】衡水市的文件没有写这件事"),
    ],
)
def test_what_the_place_lacks_hides_no_other_question_without_a_mark_either(
    indexed: IndexedLibrary, text: str, said: str
) -> None:
    found = ask(indexed, [text])
    assert found.reason == "several-questions" and said in found.reply and len(found.measures) == 1


@pytest.mark.parametrize(
    ("asked", "place"),
    [("失业金怎么领？创业补贴多少？", "石狮"), ("失业金怎么领创业补贴多少", "在石狮打工的")],
)
def test_a_place_named_afterwards_gets_each_of_the_questions_put_before(
    indexed: IndexedLibrary, asked: str, place: str
) -> None:
    found = ask(indexed, [asked, place])
    assert (found.reason, found.measures) == ("several-questions", ("shishi-4a", "shishi-4c"))


@pytest.mark.parametrize(
    "text",
    [
        "石狮失业金怎么领孩子能领吗",
        "石狮失业金多少个体户能领吗",
        "石狮失业金怎么领没交社保能领吗",
        "石狮失业金多少，没工作的能申请吗",
        "石狮培训怎么报名补贴多少",
        "石狮急难型临时救助由哪一级、哪个部门实施",
        "石狮开展困难结对帮扶由哪家牵头、哪些单位配合",
        "衡水消费券多少在岗的多少",
        "衡水过年那几天老板能随便开除人不",
        "锦州社保缓缴能缓几个月缓多少",
    ],
)
def test_who_asks_how_and_with_whom_opens_no_question_of_its_own(
    indexed: IndexedLibrary, text: str
) -> None:
    assert ask(indexed, [text]).reason != "several-questions"


@pytest.mark.parametrize(
    ("text", "measures"),
    [
        ("石狮失业金怎么领？孩子盲盒还有吗？", ("shishi-4a", "shishi-5c")),
        (
            "石狮失业金怎么领，孩子盲盒还有没有，机顶盒免费吗",
            ("shishi-4a", "shishi-5c", "shishi-8a"),
        ),
        (
            "我在衡水过年留下了，500有没有，公交免不免，流量送不送",
            ("hebei-hengshui-3", "hebei-hengshui-8", "hebei-hengshui-5"),
        ),
        ("石狮，我想问下失业金，另外培训补贴多少钱", ("shishi-4a", "shishi-4b")),
        ("①石狮失业金怎么领②石狮福袋怎么领", ("shishi-4a", "shishi-5b")),
        ("1、石狮失业金怎么领 2、石狮福袋怎么领", ("shishi-4a", "shishi-5b")),
        ("1.石狮失业金怎么领2.石狮培训补贴多少", ("shishi-4a", "shishi-4b")),
        ("锦州社保能缓到3月底吗？旅游企业能缓到6月底吗？", ("jinzhou-5a", "jinzhou-5b")),
    ],
)
def test_of_several_questions_in_one_message_none_is_dropped(
    indexed: IndexedLibrary, text: str, measures: tuple[str, ...]
) -> None:
    said = ask(indexed, [text])
    assert (said.reason, said.measures) == ("several-questions", measures)


def test_of_several_questions_the_one_that_was_not_understood_is_named(
    indexed: IndexedLibrary,
) -> None:
    said = ask(indexed, ["石狮失业金怎么领？创业补贴多少？火星上能钓鱼吗？"]).reply
    assert "【火星上能钓鱼吗】" in said


@pytest.mark.parametrize(
    ("text", "left"),
    [
        (
            "衡水消费券多少？房租减吗？停车免费吗？流量送几个g？口罩发吗？",
            "“流量送几个g”、“口罩发吗”",
        ),
        ("衡水消费券多少房租减吗停车免费吗流量送几个g口罩发吗", "“流量送几个g”、“口罩发吗”"),
        (
            "锦州社保能缓到几月？稳岗返还返多少？培训补贴怎么领？失业金多少人领？",
            "“失业金多少人领”",
        ),
        ("锦州红包多少？失业金多少？培训补贴多少？社保缓交要什么材料？", "“社保缓交要什么材料”"),
        (
            "石狮失业金怎么领？创业补贴多少？培训补贴多少？盲盒还有吗？福袋怎么领？红包多少？",
            "“福袋怎么领”",
        ),
    ],
)
def test_a_question_that_a_message_has_no_room_for_is_named_and_none_is_cut_off(
    indexed: IndexedLibrary, text: str, left: str
) -> None:
    """No figure without its source, nor without that it is over."""
    said = ask(indexed, [text])
    cited = [source.measure for source in said.sources if source.measure is not None]
    assert said.reply.count("出处：") == len(said.measures) and tuple(cited) == said.measures
    assert said.reply.endswith(f"还没答的：{left}。请再问一次。")


@pytest.mark.parametrize(
    ("text", "districts"),
    [
        ("石家庄红包多少？话费多少？", ("石家庄循环化工园区", "石家庄高新区")),
        ("石家庄红包多少慰问金多少", ("石家庄循环化工园区", "石家庄高新区")),
        (
            "石家庄过年发多少钱？培训多少人？",
            ("石家庄高新区", "石家庄循环化工园区", "石家庄裕华区"),
        ),
    ],
)
def test_what_a_part_of_a_town_gives_is_said_to_be_that_parts(
    indexed: IndexedLibrary, text: str, districts: tuple[str, ...]
) -> None:
    said = ask(indexed, [text])
    assert said.reason == "several-questions" and len(said.measures) == len(districts)
    assert all(f"【{district}：" in said.reply for district in districts)


def test_of_several_questions_that_are_not_written_each_is_declined(
    indexed: IndexedLibrary,
) -> None:
    said = ask(indexed, ["石狮失业金多少？福袋里有什么？"])
    assert (said.kind, said.measures) == (Kind.DECLINE, ("shishi-4a", "shishi-5b"))
    assert said.reply.count("出处：") == 2


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("石狮失业金多少？过年红包多少？", 2),
        ("石狮红包多少？房租减吗？", 2),
        ("石狮有红包吗？红包多少？", 0),
    ],
)
def test_what_the_place_lacks_hides_no_other_question(
    indexed: IndexedLibrary, text: str, named: int
) -> None:
    said = ask(indexed, [text])
    assert said.kind is Kind.DECLINE and said.reply.count("【") == named


def test_who_tells_of_asking_others_asks_one_thing(indexed: IndexedLibrary) -> None:
    assert ask(indexed, ["石狮，我问过社区了。失业金怎么领？"]).measures == ("shishi-4a",)


def test_what_two_questions_ask_of_one_measure_is_told_of_it(indexed: IndexedLibrary) -> None:
    said = ask(indexed, ["石狮失业金怎么领？失业金要什么条件？创业补贴多少？"])
    assert said.measures == ("shishi-4a", "shishi-4c")
    assert "要先办失业登记" in said.reply and "单位和本人缴失业保险满一年" in said.reply


@pytest.mark.parametrize(
    "text",
    [
        "石狮急难型临时救助由哪一级、哪个部门实施？",
        "石狮厂里外地工人多，想弄个乒乓台啥的，政府给报几成",
    ],
)
def test_what_goes_on_about_the_same_is_not_parted_at_its_comma(
    indexed: IndexedLibrary, text: str
) -> None:
    assert ask(indexed, [text]).reason.startswith("measure:")


def test_each_of_two_answers_says_whether_it_still_applies(indexed: IndexedLibrary) -> None:
    found = ask(indexed, ["石狮失业金怎么领？新工人培训补贴给多少？"])
    assert found.reply.count("现在还办不办") == 2


def test_what_is_set_aside_is_not_asked(indexed: IndexedLibrary) -> None:
    turns = ["循环化工园区留下过年给多少", "红包先不提，过年想打球有场地开放没"]
    assert ask(indexed, turns).measures[0] == "hebei-sjz-huagong-1"


def test_a_message_tells_of_oneself_and_asks_for_another(indexed: IndexedLibrary) -> None:
    found = ask(indexed, ["我在石狮打工，想问的是我弟，他在衡水留下过年，给多少消费券"])
    assert found.region == "衡水"


def test_whose_number_it_is_is_no_place(indexed: IndexedLibrary) -> None:
    turns = ["衡水留下过年送流量吗", "我办的是西安的卡，行不行"]
    assert ask(indexed, turns).region == "衡水"


def test_another_kind_of_help_is_not_taken_for_what_the_place_lacks(
    indexed: IndexedLibrary,
) -> None:
    assert ask(indexed, ["石狮租房有房租补贴拿吗"]).kind == "decline"


@pytest.mark.parametrize(
    ("asked", "detail"),
    [("衡水发的光荣卡找不着了，还能补吗", "replacement"),
     ("石狮的福袋里是衣服还是吃的", "contents"), ("雄安防疫包里面有几个口罩", "count"),
     ("衡水体检打完半价自己要付多少", "own_share"),
     ("石狮失业金，干几天临时工会不会停发", "stopping"), ("石狮申请失业金要交钱吗", "fee"),
     ("石狮专线打过去要不要钱", "fee"),
     ("石狮培训要自己交钱吗", "fee"), ("石狮失业金申请，要不要给手续费", "fee"),
     ("石狮新员工培训去哪家机构上课", "address")],
)  # fmt: skip
def test_a_detail_that_the_clause_leaves_open_is_said_to_be_open(
    indexed: IndexedLibrary, asked: str, detail: str
) -> None:
    assert ask(indexed, [asked]).reason == f"not-stated:{detail}"


@pytest.mark.parametrize("asked", ["收费吗", "要交钱吗", "办这个要不要手续费", "要交押金吗"])
def test_whether_it_costs_anything_is_asked_of_what_was_spoken_of(
    indexed: IndexedLibrary, asked: str
) -> None:
    reply = ask(indexed, ["石狮失业金怎么领", asked])
    assert reply.reason == "not-stated:fee" and reply.measures == ("shishi-4a",)
    assert ask(indexed, ["衡水体检有优惠吗", asked]).reply.startswith("挂号费不收；")
    assert ask(indexed, [asked], "石狮").kind != "answer"


def test_what_is_free_is_said_to_be_free(indexed: IndexedLibrary) -> None:
    assert "赠书不收钱" in ask(indexed, ["荔湾赠书要钱吗"]).reply
    assert "杂费" in ask(indexed, ["孩子上学要钱吗"], "（未具名市）").reply.splitlines()[0]


@pytest.mark.parametrize("told", ["中介收我300报名费", "招工的要我先交押金", "老板要我交押金"])
def test_who_is_asked_for_money_by_a_recruiter_is_warned(
    indexed: IndexedLibrary, told: str
) -> None:
    assert ask(indexed, [told], "石狮").reply.startswith("先别交钱")


@pytest.mark.parametrize(
    "told", ["工会叫我去填银行卡号", "民政局让我提供银行卡号", "社区要我的身份证号，给不给"]
)
def test_whose_number_is_asked_for_by_an_office_is_told_what_never_to_give(
    indexed: IndexedLibrary, told: str
) -> None:
    reply = ask(indexed, [told], "石狮").reply
    assert "密码、短信验证码，谁要都别给" in reply and "都加密保存" not in reply
    assert ask(indexed, [f"{told[:2]}要我的银行卡密码"], "石狮").reply.startswith("先别交钱")


@pytest.mark.parametrize(
    "told", ["街道通知我带身份证", "社区通知我去拿身份证", "街道叫我补办身份证"]
)
def test_who_is_told_to_bring_or_fetch_a_card_is_not_asked_for_its_number(
    indexed: IndexedLibrary, told: str
) -> None:
    assert ask(indexed, [told], "石狮").reason != "outside:asked_for_card"


@pytest.mark.parametrize(
    ("asked", "measure"),
    [
        ("那鹿泉呢 我是小超市收银的 湖北人", "hebei-sjz-luquan-1"),
        ("鹿泉呢，我在工地干活", "hebei-sjz-luquan-1"),
        ("那沧州呢，我老家四川", "hebei-cangzhou-1"),
    ],
)
def test_the_same_is_asked_of_another_place_whatever_one_tells_of_oneself(
    indexed: IndexedLibrary, asked: str, measure: str
) -> None:
    reply = ask(indexed, ["石家庄循环化工园区外地人留下给八百", asked])
    assert reply.measures[0] == measure


def test_what_is_asked_of_another_place_anew_is_answered(indexed: IndexedLibrary) -> None:
    turns = ["石家庄循环化工园区外地人留下给八百", "那沧州呢，工资拖欠找谁"]
    assert "hebei-cangzhou-1" not in ask(indexed, turns).measures


@pytest.mark.parametrize("place", ["承德", "唐山", "沧州", "石狮"])
def test_vouchers_are_not_made_of_another_kind_of_money(
    indexed: IndexedLibrary, place: str
) -> None:
    assert ask(indexed, ["留下的给不给购物券"], place).kind == "decline"
    assert ask(indexed, ["留下的给不给购物券"], "衡水").measures[0] == "hebei-hengshui-3"


def test_pinyin_with_its_spaces_in_the_wrong_places_is_read(indexed: IndexedLibrary) -> None:
    found = ask(indexed, ["cang zhouliu xia guon ian gei duos hao"])
    assert found.region == "沧州" and found.kind == "answer"


def test_many_places_are_answered_each_with_its_source(indexed: IndexedLibrary) -> None:
    reply = ask(indexed, ["衡水、沧州、石家庄高新区、鹿泉、循环化工园区、承德过年给多少"])
    assert reply.reply.count("出处：") == len(reply.measures)


@pytest.mark.parametrize("denial", ["我不在石狮", "不是石狮"])
def test_a_place_that_is_denied_binds_no_longer(indexed: IndexedLibrary, denial: str) -> None:
    reply = ask(indexed, ["石狮失业金", denial, "失业金要什么条件"])
    assert reply.region != "石狮"
    assert reply.kind is not Kind.ANSWER or len(set(reply.measures)) > 1


@pytest.mark.parametrize(
    "before",
    [["有什么补贴"], ["有什么补贴", "3"], ["石狮稳岗返还退几成"], ["失业金怎么领"]],
)
def test_another_place_chosen_in_the_app_binds_from_then_on(
    indexed: IndexedLibrary, before: list[str]
) -> None:
    context = Context()
    for message in before:
        said = answer(message, indexed, context, today=TODAY, chosen="石狮")
        context = said.context
    last = answer("稳岗返还退几成", indexed, context, today=TODAY, chosen="锦州")
    assert last.measures[0] == "jinzhou-4"
    assert "90%" not in last.reply


def test_what_was_said_after_choosing_wins_over_the_choice(indexed: IndexedLibrary) -> None:
    assert ask(indexed, ["石狮失业金", "那承德呢", "要什么条件"], "石狮").region == "承德"


def test_a_place_that_speaks_of_the_subject_is_not_said_to_have_nothing(
    indexed: IndexedLibrary,
) -> None:
    declined = ask(indexed, ["失业金怎么领"], "锦州")
    assert "没有写这件事" not in declined.reply
    assert declined.measures[0] == "jinzhou-5c"


def test_districts_nobody_asked_for_are_not_said_to_have_nothing(indexed: IndexedLibrary) -> None:
    assert "文件里没有写这件事" not in ask(indexed, ["石家庄800元红包"]).reply


@pytest.mark.parametrize("text", ["企业有什么补贴", "老板能享受什么政策", "我们厂有什么补贴"])
def test_a_firm_is_known_by_how_it_asks(text: str) -> None:
    assert firms.ask(text)


@pytest.mark.parametrize("text", ["被公司辞退了", "老板跑了", "老板欠我工资", "公司把我裁了"])
def test_who_tells_of_a_firm_that_did_it_to_them_is_none(text: str) -> None:
    assert not firms.ask(text)


@pytest.mark.parametrize(
    ("asked", "for_them", "told"),
    [
        ("衡水过年给多少消费券", "孩子有没有", "给谁：留在衡水过年的外地务工人员"),
        ("石狮稳岗返还几成", "我老公呢", "给谁：不裁员、少裁员的企业"),
        ("石狮失业金怎么领", "替我老婆问的", "给谁：参加失业保险"),
        ("石狮创业补贴多少", "我儿子也行吗", "给谁：就业困难人员"),
    ],
)
def test_who_asks_for_somebody_else_is_told_whom_it_is_for(
    indexed: IndexedLibrary, asked: str, for_them: str, told: str
) -> None:
    first = ask(indexed, [asked])
    said = ask(indexed, [asked, for_them])
    assert (said.kind, said.measures[0]) == (Kind.ANSWER, first.measures[0])
    assert told in said.reply


@pytest.mark.parametrize("for_them", ["我老婆也能领吗", "那俺老伴呢", "老婆孩子也有吗"])
def test_what_is_for_workers_is_checked_for_whoever_it_is_asked_for(
    indexed: IndexedLibrary, for_them: str
) -> None:
    said = ask(indexed, ["石狮失业金怎么领", for_them])
    assert said.reason == "check-question" and "的情况答" in said.reply
    assert ask(indexed, ["衡水过年给多少消费券", for_them]).reason == "check-not-open"


def test_who_asks_for_more_is_shown_all_there_is(indexed: IndexedLibrary) -> None:
    for more in ("还有别的没", "还有啥", "还有其他的不"):
        assert ask(indexed, ["石狮有什么政策", more]).reason == "overview"


@pytest.mark.parametrize(
    "more",
    [
        "除了这个还有别的吗",
        "除了失业金还有什么补贴",
        "除了失业金以外还能领什么",
        "除了这个还有什么",
        "还有别的救助吗",
        "还有没有别的路",
        "那有没有别的补助",
    ],
)
def test_who_asks_for_something_else_behind_an_answer_is_not_told_the_same_again(
    indexed: IndexedLibrary, more: str
) -> None:
    said = ask(indexed, ["石狮失业金怎么领", "我没交过社保", more])
    assert said.reason == "overview" and len(said.choices) > 5
    assert "shishi-4a" not in said.measures and "shishi-3a" in said.measures
    taken = ask(indexed, ["石狮失业金怎么领", "我没交过社保", more, "1"])
    assert taken.measures[0] == said.measures[0]


@pytest.mark.parametrize("more", ["除了身份证还有别的吗", "除了去窗口还有别的办法吗"])
def test_who_asks_for_another_paper_or_way_asks_for_no_other_help(
    indexed: IndexedLibrary, more: str
) -> None:
    assert ask(indexed, ["石狮失业金要什么材料", more]).measures == ("shishi-4a",)


def test_who_got_nothing_is_shown_what_there_is_when_they_ask_for_another_way(
    indexed: IndexedLibrary,
) -> None:
    said = ask(indexed, ["公积金怎么提", "还有没有别的路"], "石狮")
    assert said.reason == "overview" and len(said.choices) > 5


def test_of_what_else_there_is_the_akin_comes_first(indexed: IndexedLibrary) -> None:
    said = ask(indexed, ["石狮过生日有礼物吗", "除了这个还有别的没"])
    assert "shishi-5b" in said.measures[:2]


def test_of_what_is_over_it_is_said_first_when_this_year_is_asked_for(
    indexed: IndexedLibrary,
) -> None:
    said = ask(indexed, ["沧州过年红包多少", "那今年呢"]).reply
    assert "已经结束了" in said.splitlines()[0]


@pytest.mark.parametrize(
    "turns",
    [
        ["我在饭店端盘子", "过年三天都上班", "老板没给加班钱 这咋算"],
        ["上个月厂里把我辞了", "社保交了两年", "我能去领啥钱"],
        ["我是开厂的", "没裁人", "能给啥"],
    ],
)
def test_who_was_told_of_several_towns_has_named_none_of_them(
    indexed: IndexedLibrary, turns: list[str]
) -> None:
    assert ask(indexed, turns).reason == "which-place"


@pytest.mark.parametrize(
    ("told", "measures"),
    [
        (
            "我在石狮工地干活，女儿四月过生日，听说有礼物，还有福袋，咋领",
            ("shishi-5c", "shishi-5b"),
        ),
        ("衡水过年留下有消费券还有流量，都咋领", ("hebei-hengshui-3", "hebei-hengshui-5")),
        ("在石狮，孩子四月生日，老公被裁了", ("shishi-5c", "shishi-4a")),
        ("在石狮，我没活干了，孩子上学也没钱", ("shishi-6b", "shishi-4a")),
    ],
)
def test_of_several_events_in_one_story_none_is_dropped(
    indexed: IndexedLibrary, told: str, measures: tuple[str, ...]
) -> None:
    said = ask(indexed, [told])
    assert said.measures == measures and "你还说到的：" in said.reply
    assert all(indexed.library.measures[id].summary in said.reply for id in measures)


@pytest.mark.parametrize(
    "told",
    [
        "吃低保的，暖气费是不是一分不用交",
        "衡水看病，我有光荣卡，挂号钱还收不收",
        "我在石狮打工，孩子四月过生日有礼物吗",
        "我是残疾工人，家里困难，残联能帮上啥",
        "石狮失业金要什么材料，去哪里办",
    ],
)
def test_a_circumstance_is_no_event_of_its_own(indexed: IndexedLibrary, told: str) -> None:
    assert "你还说到的：" not in ask(indexed, [told]).reply


def test_what_is_told_on_of_oneself_is_no_subject_that_the_place_lacks(
    indexed: IndexedLibrary,
) -> None:
    turns = ["我在鹿泉工地干活，过年没走，给500吗", "租的房子在鹿泉住了三年"]
    assert ask(indexed, turns, "石家庄").measures == ("hebei-sjz-luquan-1",)
    assert ask(indexed, [*turns, "高新区呢"], "石家庄").measures[0] == "hebei-sjz-gaoxin-1"
    another = ask(indexed, ["石狮创业补贴多少", "我被厂里辞退了"])
    assert another.measures[0] == "shishi-4a"


@pytest.mark.parametrize(
    ("asked", "first"),
    [
        ("沧州，我是任丘的，过年没走，有500吗", True),
        ("我是沧州任丘人，过年没走，有红包吗", True),
        ("我是保定的，在任丘打工过年，有500吗", False),
        ("我不是沧州人，过年没走，有红包吗", False),
    ],
)
def test_who_is_of_the_town_is_told_first_that_it_is_for_those_of_elsewhere(
    indexed: IndexedLibrary, asked: str, first: bool
) -> None:
    said = ask(indexed, [asked], "沧州").reply.splitlines()[0]
    assert said.startswith("条件：要是外地农民工") == first


def test_what_firms_give_is_not_said_to_be_given_to_whom_the_town_helps(
    indexed: IndexedLibrary,
) -> None:
    said = ask(indexed, ["石狮粮油企业捐东西给谁"]).reply
    assert "保障困难群众，没写发给哪些人" in said.splitlines()[0]
    assert "去哪里领没有写" in ask(indexed, ["石狮粮油企业捐东西给谁", "我去哪领米"]).reply


def test_what_is_added_in_a_word_is_asked_of_what_was_told(indexed: IndexedLibrary) -> None:
    """It was told of college where high school had been asked for."""
    said = ask(indexed, ["低保家孩子考上高中有补助吧", "民办的也给不"], "（未具名市）")
    assert said.measures[:1] == ("opinion-3-edu-b",)
