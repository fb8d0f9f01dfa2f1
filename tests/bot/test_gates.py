"""What is declined however well something elsewhere fits: not served, not here, nobody's."""

import pytest

from bot.answers import Kind
from bot.retrieval.indexing import IndexedLibrary
from tests.bot.asking import ask


@pytest.mark.parametrize("place", ["深圳", "保定", "晋江", "shen zhen", "大连"])
def test_a_place_that_is_not_covered_is_declined(indexed: IndexedLibrary, place: str) -> None:
    declined = ask(indexed, [f"{place}过年不回家发多少钱"])
    assert declined.kind is Kind.DECLINE
    assert not declined.measures
    assert "500" not in declined.reply


def test_a_part_of_town_never_gets_a_sister_districts_money(indexed: IndexedLibrary) -> None:
    answer = ask(indexed, ["石家庄长安区留下过年给多少钱"])
    assert not {"hebei-sjz-luquan-1", "hebei-sjz-huagong-2"} & set(answer.measures)
    assert "500元" not in answer.reply


def test_what_only_another_town_has_is_declined_without_its_figures(
    indexed: IndexedLibrary,
) -> None:
    declined = ask(indexed, ["房租能减半吗"], "唐山")
    assert declined.kind is Kind.DECLINE
    assert "衡水" in declined.reply


@pytest.mark.parametrize("text", ["石狮住院能报销几成", "公积金怎么提取", "今天下雨吗", "asdfgh"])
def test_what_no_document_covers_is_declined(indexed: IndexedLibrary, text: str) -> None:
    assert ask(indexed, [text]).kind is Kind.DECLINE


def test_of_many_other_places_that_have_it_some_are_named(indexed: IndexedLibrary) -> None:
    reply = ask(indexed, ["石狮有过年红包吗"]).reply
    named = reply.partition("写了这类事的是：")[2].partition("。")[0]
    assert len(named.split("、")) == 6 and named.endswith("等")


@pytest.mark.parametrize(
    ("text", "measure"),
    [
        ("老板拖欠工资 衡水", "hebei-hengshui-7"),
        ("承德慰问品打哪个电话", "hebei-chengde-2"),
        ("衡水住房补助要什么材料", "hebei-hengshui-4"),
        ("滦州工会发啥", "hebei-tangshan-3"),
        ("石狮志愿助学要什么条件", "shishi-6a"),
    ],
)
def test_what_the_place_has_is_not_said_to_be_missing_there(
    indexed: IndexedLibrary, text: str, measure: str
) -> None:
    assert ask(indexed, [text]).measures[0] == measure


@pytest.mark.parametrize(
    "text", ["留岗红包多少钱", "留岗红包", "企业留岗红包", "有没有留岗红包，多少钱", "留岗红包有吗"]
)
def test_a_kind_of_help_that_the_place_has_is_found_however_it_is_asked_for(
    indexed: IndexedLibrary, text: str
) -> None:
    answered = ask(indexed, [text], "石家庄")
    assert answered.kind is Kind.ANSWER
    assert {indexed.library.measures[id].region[:3] for id in answered.measures} == {"石家庄"}


@pytest.mark.parametrize("asked", ["{}", "{}有吗", "{}多少钱", "有没有{}，多少钱", "我能领{}吗"])
def test_what_a_measure_gives_is_never_said_to_be_missing_where_it_is_given(
    indexed: IndexedLibrary, asked: str
) -> None:
    given = {
        (grant.what, measure.region)
        for measure in indexed.library.measures.values()
        for grant in measure.grants
        if len(grant.what) <= 16
    }
    assert len(given) > 100
    reasons = {(what, where): ask(indexed, [asked.format(what)], where).reason
               for what, where in given}  # fmt: skip
    missing = ("not-in-this-place", "not-understood", "outside:", "care:")
    assert {what: why for what, why in reasons.items() if why.startswith(missing)} == {}


@pytest.mark.parametrize(
    ("text", "where"), [("人社局几点上班", "石狮"), ("发补贴的人社局几点上班", "沧州")]
)
def test_no_place_is_named_for_what_its_own_document_leaves_open(
    indexed: IndexedLibrary, text: str, where: str
) -> None:
    said = ask(indexed, [text], where)
    assert said.kind is Kind.DECLINE and "写了这类事" not in said.reply


def test_every_place_that_has_it_is_named_where_no_detail_is_asked(
    indexed: IndexedLibrary,
) -> None:
    reply = ask(indexed, ["失业金"], "雄安新区").reply
    assert all(place in reply for place in ("石狮市", "承德市", "锦州市", "定州市", "辛集市"))
    assert "写了这类事的是：张家口市、石狮市" in ask(indexed, ["临时救助"], "锦州").reply


def test_a_neighbouring_kind_of_help_is_not_handed_out_as_the_one_asked_for(
    indexed: IndexedLibrary,
) -> None:
    assert ask(indexed, ["社保补贴"], "广州荔湾区").kind is Kind.DECLINE


@pytest.mark.parametrize("text", ["医药费能报多少", "2万块医药费能报多少", "医药费能报吗"])
def test_what_is_outside_is_named_by_the_words_that_ask_as_well(
    indexed: IndexedLibrary, text: str
) -> None:
    assert ask(indexed, [text], "石狮").reason == "outside:medical_insurance"


def test_a_firms_money_is_no_answer_to_a_worker_who_asks_for_another_kind(
    indexed: IndexedLibrary,
) -> None:
    for text in ("我考了高级工证，能领多少钱", "我考了电工证，能领多少钱"):
        said = ask(indexed, [text], "石狮")
        assert said.kind is Kind.DECLINE and not said.reply.startswith("每人")


@pytest.mark.parametrize(
    ("text", "also"),
    [
        ("稳岗返还80%", "石狮市"),
        ("欠薪4558人讨回6285万", "广州市荔湾区"),
        ("单位把我开了，我能去领点啥", "定州市"),
    ],
)
def test_a_place_is_not_called_the_only_one_where_another_has_the_like(
    indexed: IndexedLibrary, text: str, also: str
) -> None:
    reply = ask(indexed, [text]).reply
    noted = next(line for line in reply.split("\n") if line.startswith("写了这类事的还有"))
    assert also in noted and "我这里的文件，只有" not in reply


def test_a_place_is_called_the_only_one_where_no_other_speaks_of_it(
    indexed: IndexedLibrary,
) -> None:
    reply = ask(indexed, ["零利润工程说的是哪样工程"]).reply
    assert "我这里的文件，只有某市" in reply


@pytest.mark.parametrize("typed", ["asdfgh", "alert(1)", "<script>alert(1)</script>", "qwrt zxcv"])
def test_letters_that_are_no_words_are_not_understood(indexed: IndexedLibrary, typed: str) -> None:
    said = ask(indexed, [typed])
    assert said.kind is Kind.DECLINE and said.reason == "not-understood"


@pytest.mark.parametrize(
    "turns",
    [
        ["失业金在石狮怎么领", "南安呢"],
        ["晋江能按石狮的办法来吗"],
        ["晋江呢？离石狮那么近，能按石狮的来吗"],
    ],
)
def test_a_neighbour_never_gets_the_towns_own_money(
    indexed: IndexedLibrary, turns: list[str]
) -> None:
    declined = ask(indexed, turns)
    assert declined.kind is Kind.DECLINE and not declined.measures
    assert declined.reason.startswith("place-not-covered")


def test_only_places_whose_documents_have_it_are_named(indexed: IndexedLibrary) -> None:
    reply = ask(indexed, ["石狮有没有过年红包"]).reply
    assert "沧州市" in reply and "循环化工园区" in reply and "雄安" not in reply


def test_a_district_without_a_document_is_not_said_to_have_one(indexed: IndexedLibrary) -> None:
    reply = ask(indexed, ["石家庄长安区留下过年有红包吗"]).reply
    assert reply.startswith("我这里石家庄市的文件没有写到长安区。")
    assert "长安区的文件" not in reply
    assert "“双节”送温暖慰问" in reply


def test_the_towns_own_districts_are_not_called_elsewhere(indexed: IndexedLibrary) -> None:
    lines = ask(indexed, ["石家庄桥西区留下过年有补贴吗"]).reply.splitlines()
    (in_town,) = [line for line in lines if line.startswith("同在石家庄市")]
    (elsewhere,) = [line for line in lines if "别处" in line]
    assert "石家庄鹿泉区" in in_town and "石家庄" not in elsewhere.partition("。")[0]


def test_the_sum_of_one_allowance_is_not_given_for_another(indexed: IndexedLibrary) -> None:
    for asked in ("学技术的补贴能给多少", "上培训班一个人补多少"):
        assert ask(indexed, [asked], "广州荔湾区").reason == "not-stated:amount"
    told = ask(indexed, ["残疾人学手艺补多少"], "广州荔湾区").reply
    assert told.startswith("技能培训生活费补贴是一次性500元") and "补贴本身给多少没有写" in told


def test_a_place_of_which_the_clause_of_the_chosen_place_speaks_is_none_of_its_own(
    indexed: IndexedLibrary,
) -> None:
    asked = "去敦煌那趟大巴坐了几个人"
    assert ask(indexed, [asked], "锦州").measures == ("jinzhou-2",)
    assert ask(indexed, ["锦州送人返岗的车有吗", asked]).measures == ("jinzhou-2",)
    assert ask(indexed, [asked], "石狮").reason == "place-not-covered:敦煌市"


@pytest.mark.parametrize(
    "asked",
    [
        ["我在敦煌打工，有什么补贴"],
        ["我现在在敦煌，失业了怎么办"],
        ["敦煌这边发不发钱"],
        ["敦煌有没有失业金"],
        ["我现在在甘肃打工，失业金怎么领"],
        ["失业金多少", "我现在到甘肃了，有补贴吗"],
        ["我去甘肃干活了，那边有补贴吗"],
    ],
)
def test_who_is_where_a_clause_of_the_chosen_place_sends_people_is_not_told_of_that_place(
    indexed: IndexedLibrary, asked: list[str]
) -> None:
    assert str(ask(indexed, asked, "锦州").reason).startswith("place-not-covered:")


@pytest.mark.parametrize("asked", ["石狮有培训吗", "石狮培训有没有", "石狮哪里能学技术"])
def test_a_place_that_pays_firms_for_training_is_not_said_to_write_nothing_of_it(
    indexed: IndexedLibrary, asked: str
) -> None:
    assert ask(indexed, [asked]).measures[:1] == ("shishi-4b",)


@pytest.mark.parametrize("asked", ["绵州失业金怎么领", "四川绵州的补贴", "绵阳失业金怎么领"])
def test_what_is_written_like_a_place_and_is_another_gets_nothing_of_it(
    indexed: IndexedLibrary, asked: str
) -> None:
    """绵州 is what 绵阳 was called."""
    found = ask(indexed, [asked])
    assert found.kind is not Kind.ANSWER and found.region != "锦州"


@pytest.mark.parametrize(
    ("region", "asked", "measure"),
    [
        # What a firm says it gives is help where the document states it, and wages where not.
        ("沧州", ["厂里说发500没收到"], "hebei-cangzhou-1"),
        ("石家庄循环化工园区", ["厂里说发800没收到"], "hebei-sjz-huagong-2"),
        ("石家庄鹿泉区", ["500块说打工资卡里，到现在没到账"], "hebei-sjz-luquan-1"),
        ("广州荔湾区", ["厂里说发书，没收到"], "liwan-1"),
        ("衡水", ["厂里说发的体检没收到"], "hebei-hengshui-6"),
        ("承德", ["工资按时发，过年红包没收到"], "hebei-chengde-2"),
        ("承德", ["我工资三千多，失业金没到账"], "hebei-chengde-5"),
        ("石狮", ["老板说钱打卡里了一直没到"], "shishi-7"),
        ("石狮", ["带班的老乡不见了，我们二十个人工资没拿到"], "shishi-7"),
        ("石狮", ["包工头跑了，工钱咋办"], "shishi-7"),
        ("石狮", ["工资说好现金发，到现在没到账"], "shishi-7"),
        ("石狮", ["老板说发支票，钱没收到"], "shishi-7"),
        # A number is no university.
        ("（未具名市）", ["我1985年出生，低保怎么申请"], "opinion-3-civil"),
        ("（未具名市）", ["我每月211块，怎么申请低保"], "opinion-3-civil"),
        ("（未具名市）", ["考上985给多少"], "opinion-3-edu-c"),
        # A telephone number without a subject is that of the town's hotline.
        ("石狮", ["电话给一下"], "shishi-7"),
        ("石狮", ["失业金多少", "还能领吗"], "shishi-4a"),
        ("石狮", ["热线电话多少", "我老婆呢"], "shishi-7"),
        ("广州荔湾区", ["招聘会办几天"], "liwan-7"),
        ("唐山", ["招聘会办多久"], "hebei-tangshan-2"),
    ],
)
def test_words_that_stand_for_something_else_elsewhere_are_read_as_they_stand(
    indexed: IndexedLibrary, region: str, asked: list[str], measure: str
) -> None:
    found = ask(indexed, asked, region)
    assert found.measures[:1] == (measure,)
    assert not found.reason.startswith(("check", "care"))
