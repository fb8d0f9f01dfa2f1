"""What the bot answers, asks back, declines and hands over, turn by turn."""

from datetime import date

import pytest

from bot.answers import REPLY_BYTES, Answer, Context, Kind
from bot.retrieval.indexing import IndexedLibrary
from bot.retrieval.matching import candidates
from knowledge.regions import UnknownRegion
from tests.bot.asking import ask


def test_the_reply_says_first_what_was_asked_and_last_where_it_stands(
    indexed: IndexedLibrary,
) -> None:
    reply = ask(indexed, ["石狮新开店补多少钱"]).reply
    assert reply.startswith("最多10000元")
    assert reply.endswith("四③")
    assert "狮委办〔2022〕19号" in reply
    assert "2022年3月31日" in reply


def test_the_place_in_the_text_wins_over_the_place_chosen(indexed: IndexedLibrary) -> None:
    assert ask(indexed, ["衡水发的消费券怎么用"], "沧州").measures[0] == "hebei-hengshui-3"


def test_without_a_place_it_asks_once_with_numbered_choices(indexed: IndexedLibrary) -> None:
    asked = ask(indexed, ["失业金怎么领"])
    assert asked.kind is Kind.CLARIFY
    assert "1. " in asked.reply
    labels = [choice.label for choice in asked.choices]
    number = labels.index("石狮市") + 1
    picked = ask(indexed, ["失业金怎么领", str(number)])
    assert picked.kind is Kind.ANSWER
    assert picked.measures[0] == "shishi-4a"


def test_a_place_name_answers_the_question_back_as_well(indexed: IndexedLibrary) -> None:
    assert ask(indexed, ["失业金怎么领", "承德的"]).measures[0] == "hebei-chengde-5"


def test_a_number_without_choices_is_no_choice(indexed: IndexedLibrary) -> None:
    assert ask(indexed, ["3"]).kind is not Kind.ANSWER


def test_where_somebody_comes_from_is_not_the_place_asked_about(indexed: IndexedLibrary) -> None:
    answer = ask(indexed, ["我老家保定的，在石狮打工，被裁了有钱领吗"])
    assert answer.measures[0] == "shishi-4a"


def test_for_a_whole_town_each_district_is_named_with_its_sum(indexed: IndexedLibrary) -> None:
    reply = ask(indexed, ["石家庄留下过年给多少钱"]).reply
    assert "【石家庄鹿泉区】" in reply
    assert "500元" in reply
    assert "800元" in reply


def test_a_wider_name_is_answered_with_what_there_is_and_says_so(indexed: IndexedLibrary) -> None:
    reply = ask(indexed, ["广州学技术有补贴吗"]).reply
    assert "广州我只有荔湾区的文件" in reply


def test_a_measure_that_is_over_says_so_with_its_dates(indexed: IndexedLibrary) -> None:
    reply = ask(indexed, ["鹿泉留下过年发多少"]).reply
    assert "从2021年1月21日到2021年3月31日" in reply
    assert "已经结束" in reply


def test_the_same_measure_is_open_while_it_runs(indexed: IndexedLibrary) -> None:
    reply = ask(indexed, ["鹿泉留下过年发多少"], today=date(2021, 3, 31)).reply
    assert "已经结束" not in reply


def test_an_old_document_without_an_end_says_whom_to_ask(indexed: IndexedLibrary) -> None:
    assert "没写到哪天为止" in ask(indexed, ["石狮开小店补多少"]).reply
    assert "早年的文件" in ask(indexed, ["低保户水费减多少"]).reply


@pytest.mark.parametrize(
    ("turns", "aspect"),
    [
        (["石狮被裁了有钱领吗", "最多能领几个月"], "duration"),
        (["石狮失业金能不能在网上申请"], "online"),
        (["锦州社保缓交", "给我个电话"], "phone"),
        (["承德失业补助金一个月发多少钱"], "amount"),
    ],
)
def test_a_detail_that_is_not_stated_is_declined_with_what_is(
    indexed: IndexedLibrary, turns: list[str], aspect: str
) -> None:
    declined = ask(indexed, turns)
    assert declined.kind is Kind.DECLINE
    assert declined.reason == f"not-stated:{aspect}"
    assert "文件写了的" in declined.reply
    assert "88712565" not in declined.reply


def test_follow_ups_keep_topic_or_place(indexed: IndexedLibrary) -> None:
    first = ["衡水留下过年发多少"]
    assert ask(indexed, [*first, "那沧州呢"]).measures[0] == "hebei-cangzhou-1"
    assert ask(indexed, [*first, "那能用到几号"]).measures[0] == "hebei-hengshui-3"
    assert ask(indexed, [*first, "停车要钱吗"]).measures[0] == "hebei-hengshui-8"


def test_a_clause_that_speaks_of_another_place_is_found_by_it(indexed: IndexedLibrary) -> None:
    assert ask(indexed, ["锦州到敦煌上班的工人坐什么车"]).measures[0] == "jinzhou-2"


@pytest.mark.parametrize(
    ("asked", "measure"),
    [
        ("锦州住宿业缓缴社保到几月", "jinzhou-5b"),
        ("锦州小企业缓缴社保到几月", "jinzhou-5a"),
    ],
)
def test_of_two_that_fit_alike_the_one_is_told_whose_clause_has_the_word(
    indexed: IndexedLibrary, asked: str, measure: str
) -> None:
    assert ask(indexed, [asked]).measures[0] == measure


@pytest.mark.parametrize(
    "asked", ["石狮稳岗返还要交什么材料", "石狮稳岗返还能在网上申请吗", "锦州稳岗返还能网上办吗"]
)
def test_who_need_not_apply_is_told_so_when_they_ask_what_to_bring(
    indexed: IndexedLibrary, asked: str
) -> None:
    said = ask(indexed, [asked])
    assert said.kind is Kind.ANSWER and "比对" in said.reply.splitlines()[0]


@pytest.mark.parametrize("asked", ["石狮那个88712565打不通咋办", "石狮广电电话一直占线"])
def test_whose_number_nobody_answers_gets_another(indexed: IndexedLibrary, asked: str) -> None:
    assert "12333" in ask(indexed, [asked]).reply


def test_by_what_standard_somebody_is_in_hardship_is_no_sum(indexed: IndexedLibrary) -> None:
    said = ask(indexed, ["意见里困难职工是啥标准"])
    assert said.kind is Kind.ANSWER and said.measures == ("opinion-2",)


def test_whom_a_present_goes_to_is_asked_of_people_not_of_an_account(
    indexed: IndexedLibrary,
) -> None:
    assert ask(indexed, ["荔湾的书送给谁"]).kind is Kind.ANSWER


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("12333是什么", "人力资源和社会保障咨询电话"),
        ("12351是干嘛的", "工会职工维权服务热线"),
        ("12345这个电话管什么的", "政务服务便民热线"),
        ("12348", "公共法律服务热线"),
    ],
)
def test_a_number_that_is_the_same_everywhere_is_explained(
    indexed: IndexedLibrary, text: str, told: str
) -> None:
    answer = ask(indexed, [text])
    assert answer.kind is Kind.ANSWER and answer.sources
    assert answer.reply.startswith(told)


def test_a_question_that_names_such_a_number_is_about_more(indexed: IndexedLibrary) -> None:
    assert not ask(indexed, ["被欠薪打12333有用吗"]).reason.startswith("helpline")


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "\x00",
        "\u200b\u202e",
        "😀😀",
        "？？？",
        "\ud800",
        "a" * 100_000,
        "钱" * 5000,
        "\n" * 50,
    ],
)
def test_no_message_breaks_it(indexed: IndexedLibrary, text: str) -> None:
    answer = ask(indexed, [text])
    assert 0 < len(answer.reply.encode()) <= REPLY_BYTES


def test_the_sum_of_some_money_that_the_clause_gives_is_told(indexed: IndexedLibrary) -> None:
    answer = ask(indexed, ["石狮工业救灾资金多少"])
    assert (answer.kind, answer.measures[0]) == (Kind.ANSWER, "shishi-1c")
    assert "100万元" in answer.reply
    # What one firm gets is another question.
    assert ask(indexed, ["石狮工业救灾资金每家企业多少"]).reason == "not-stated:amount"


@pytest.mark.parametrize(
    ("text", "measure"),
    [
        ("石狮创业补贴", "shishi-4c"),
        ("荔湾生活费补贴", "liwan-8c"),
        ("沧州红包", "hebei-cangzhou-1"),
        ("衡水消费券", "hebei-hengshui-3"),
        ("定州免费食宿", "hebei-dingzhou-5"),
    ],
)
@pytest.mark.parametrize("asks", ["要什么材料", "需要什么证件", "多少钱要什么材料去哪办"])
def test_the_measure_is_told_by_what_it_is_called_not_by_the_words_that_ask(
    indexed: IndexedLibrary, text: str, measure: str, asks: str
) -> None:
    assert ask(indexed, [f"{text}{asks}"]).measures[0] == measure


@pytest.mark.parametrize(
    ("text", "first"),
    [
        ("低保孩子考上民办高中补多少", "条件：要计划内录取，学校是公办高中"),
        ("低保孩子考上公办高中补多少", "一次性补助2000元"),
        ("锦州大型企业能缓缴社保吗", "条件：受疫情影响经营困难"),
        ("外地城镇户口的在沧州过年给500不", "条件：要是外地农民工"),
    ],
)
def test_who_names_what_a_condition_refuses_is_told_the_condition_first(
    indexed: IndexedLibrary, text: str, first: str
) -> None:
    assert ask(indexed, [text]).reply.startswith(first)


def test_what_is_not_understood_is_not_found_rather_than_not_written(
    indexed: IndexedLibrary,
) -> None:
    reply = ask(indexed, ["石狮每周几报送情况给总工会"]).reply
    assert "没找到" in reply and "没有写" not in reply


def test_the_same_question_always_gets_the_same_answer(indexed: IndexedLibrary) -> None:
    assert ask(indexed, ["没活干了有钱领吗"]) == ask(indexed, ["没活干了有钱领吗"])


def test_an_unknown_chosen_place_is_an_error(indexed: IndexedLibrary) -> None:
    with pytest.raises(UnknownRegion):
        ask(indexed, ["失业金"], "火星")


def test_a_context_survives_storing(indexed: IndexedLibrary) -> None:
    context = ask(indexed, ["失业金怎么领"]).context
    assert Context.from_data(context.as_data()) == context


@pytest.mark.parametrize(
    "text",
    [
        "石師裁員有錢領冇",
        "shi shi bei cai le you qian ling ma",
        "I lost my job in Shishi, any unemployment benefit?",
        "石狮失叶金",
        "那个我想问一下就是说我在石狮这边厂里干了两年多了然后厂子倒了我被辞退了现在没活干有没有什么失业的钱可以领啊",
    ],
)
def test_it_stands_dialect_typing_and_rambling(indexed: IndexedLibrary, text: str) -> None:
    answer: Answer = ask(indexed, [text])
    assert answer.measures[0] == "shishi-4a"


def test_the_place_is_asked_once_then_each_place_is_answered_shortly(
    indexed: IndexedLibrary,
) -> None:
    first = ask(indexed, ["失业金怎么领"])
    again = ask(indexed, ["失业金怎么领", "被厂里辞退了有没有失业金"])
    assert first.kind is Kind.CLARIFY
    assert again.kind is Kind.ANSWER
    assert len(set(again.measures)) > 1


def test_a_message_without_a_subject_is_asked_what_it_is_about(indexed: IndexedLibrary) -> None:
    asked = ask(indexed, ["能补多少啊"])
    assert asked.kind is Kind.CLARIFY
    assert len(asked.choices) > 3


def test_in_speech_a_like_sound_counts_for_more(indexed: IndexedLibrary) -> None:
    misheard, right = "师业金怎么令", "失业金怎么领"
    near = {
        (text, spoken): candidates(text, indexed, spoken=spoken).ranked[0].near
        for text in (misheard, right)
        for spoken in (False, True)
    }
    assert near[misheard, True] > near[misheard, False] + 0.05
    assert near[right, True] == near[right, False]


@pytest.mark.parametrize(
    "asked",
    ["我被开了能拿多少钱 石狮", "老板把我开了，石狮能领多少", "石狮的失业金政策还有效吗"],
)
def test_who_lost_their_work_gets_no_answer_meant_for_firms(
    indexed: IndexedLibrary, asked: str
) -> None:
    assert ask(indexed, [asked]).measures[0] == "shishi-4a"


@pytest.mark.parametrize(
    ("asked", "measure"),
    [("石狮企业不裁员返还多少", "shishi-1a"), ("我们公司失业金返还多少，石狮", "shishi-1a")],
)
def test_a_firm_is_answered_as_one(indexed: IndexedLibrary, asked: str, measure: str) -> None:
    assert ask(indexed, [asked]).measures[0] == measure


@pytest.mark.parametrize(
    ("asked", "measure"),
    [
        ("承德老板没发工资", "hebei-chengde-4b"),
        ("石狮 我在饭店端盘子没签合同 工资找谁要", "shishi-7"),
        ("承德包工头不给我那两万块钱", "hebei-chengde-4b"),
        # Money that is owed, and is no wage.
        ("衡水厂里没给我那500块消费券", "hebei-hengshui-3"),
        ("沧州厂里没给我发那500元红包", "hebei-cangzhou-1"),
    ],
)
def test_wages_owed_are_told_from_other_money(
    indexed: IndexedLibrary, asked: str, measure: str
) -> None:
    assert ask(indexed, [asked]).measures[:1] == (measure,)


@pytest.mark.parametrize(
    ("asked", "begins"),
    [
        ("石狮培训一个月给多少", "每人500元"),
        ("锦州驾照过期了咋整", "“驾照、车辆和交通违章”"),
        ("沧州离婚抚养费一个月给多少", "“结婚、离婚和抚养”"),
    ],
)
def test_the_words_for_an_aspect_alone_choose_no_subject(
    indexed: IndexedLibrary, asked: str, begins: str
) -> None:
    assert ask(indexed, [asked]).reply.startswith(begins)


@pytest.mark.parametrize(
    ("turns", "kind"),
    [
        (["低保户水费每月减多少", "燃气也减？"], Kind.ANSWER),
        (["张家口桥东区给留下过年的发什么", "那蒙牛的呢"], Kind.ANSWER),
        (["拿优惠证能贷点款", "要不要找人担保"], Kind.DECLINE),
    ],
)
def test_what_else_the_clause_names_is_answered_when_it_is_asked_for(
    indexed: IndexedLibrary, turns: list[str], kind: Kind
) -> None:
    place = None if "张家口" in turns[0] else "（未具名市）"
    assert ask(indexed, turns, place).kind is kind


def test_a_plural_of_places_asks_which_they_are(indexed: IndexedLibrary) -> None:
    listed = ask(indexed, ["哪些地方能领失业补助金"])
    assert listed.kind is Kind.ANSWER
    assert all(f"【{place}" in listed.reply for place in ("承德市", "定州市", "辛集市"))


def test_who_asks_whether_it_still_runs_is_told_whom_to_ask(indexed: IndexedLibrary) -> None:
    for question in ("石狮失业金现在还能办吗", "石狮临时救助现在还办吗"):
        said = ask(indexed, [question])
        assert said.kind is Kind.ANSWER
        assert said.reply.startswith("这份文件的日期是2022年3月31日")
        assert "请先问市" in said.reply.splitlines()[0]


def test_a_contract_that_ends_is_no_deadline(indexed: IndexedLibrary) -> None:
    assert ask(indexed, ["合同到期没续签，石狮能领失业金吗"]).reply.startswith("参加了失业保险")


def test_money_named_is_not_a_count_of_people(indexed: IndexedLibrary) -> None:
    said = ask(indexed, ["石狮是不是发1000元留岗红包？朋友说的"])
    assert "shishi-5b" not in said.measures  # 千名


def test_who_is_owed_wages_is_told_whom_to_turn_to(indexed: IndexedLibrary) -> None:
    assert "88712565" in ask(indexed, ["石狮的厂倒闭了，欠我两个月工资"]).reply
    over = ask(indexed, ["我在承德被欠薪八个月了找谁"])
    assert "已经结束" in over.reply and "12333" in over.reply


@pytest.mark.parametrize("text", ["雄安口罩涨价找谁", "雄安包裹找谁领", "辛集失业补助金去哪办"])
def test_who_asks_whom_to_turn_to_is_told_that_it_is_not_written_and_whom_to_ask(
    indexed: IndexedLibrary, text: str
) -> None:
    answer = ask(indexed, [text])
    assert "没有写找谁、去哪里办。" in answer.reply and "12333" in answer.reply
    assert any(source.locator == "12333" for source in answer.sources)


def test_the_unit_whose_number_is_not_written_is_named(indexed: IndexedLibrary) -> None:
    reply = ask(indexed, ["石狮人社局电话多少"]).reply
    assert "没有写人社局的电话号码。" in reply and "88712565" in reply


def test_a_number_asked_for_is_no_sum(indexed: IndexedLibrary) -> None:
    assert "具体给多少" not in ask(indexed, ["荔湾失业金的电话号码是多少"]).reply


@pytest.mark.parametrize("text", ["衡水送流量吗", "衡水体检半价吗", "荔湾吸纳就业补贴多少钱"])
def test_days_that_are_those_of_an_action_are_said_to_be_its(
    indexed: IndexedLibrary, text: str
) -> None:
    reply = ask(indexed, [text]).reply
    assert "专项行动里的，行动从2021年1月21日到2021年3月31日，现在已经结束了。" in reply
    assert "这项措施从" not in reply


def test_days_of_its_own_are_those_of_the_measure(indexed: IndexedLibrary) -> None:
    reply = ask(indexed, ["衡水消费券多少钱"]).reply
    assert "这项措施从2021年1月21日到2021年3月8日，现在已经结束了。" in reply


@pytest.mark.parametrize(
    ("text", "lasting"),
    [
        ("承德现在节假日加班还有加班费吗", "这是法律规定的，现在也一样"),
        ("衡水老板违法解除合同怎么办", "这些是法律规定的，现在也一样"),
        ("荔湾法律援助现在还有吗", "平时还有没有，请问区司法局"),
        ("雄安价格监管还管吗", "可以问当地市场监管部门"),
        ("衡水公交还免费吗", "请问衡水当地的公交公司"),
    ],
)
def test_what_outlasts_an_action_is_said_where_it_is_over(
    indexed: IndexedLibrary, text: str, lasting: str
) -> None:
    reply = ask(indexed, [text]).reply
    assert "已经结束了。" in reply and lasting in reply
    assert lasting not in ask(indexed, [text], today=date(2021, 2, 12)).reply


def test_a_part_whose_days_are_over_is_said_to_be_over(indexed: IndexedLibrary) -> None:
    asked, over = ["石狮机顶盒欠费停机还能免费看吗"], "“欠费停机的机顶盒免费开机收视”已经过了时间"
    assert over in ask(indexed, asked).reply
    assert over not in ask(indexed, asked, today=date(2022, 6, 30)).reply


@pytest.mark.parametrize(
    ("text", "kind", "said"),
    [
        ("衡水消费券在哪领", Kind.ANSWER, "去哪里领没有写"),
        ("锦州去敦煌的大巴什么时候发车", Kind.ANSWER, "几点发车没有写"),
        ("荔湾候鸟儿童怎么报名", Kind.DECLINE, "怎么报名、怎么参加没有写"),
        ("石狮裁了百分之几算少裁员", Kind.DECLINE, "裁多少算少，没有写"),
    ],
)
def test_what_another_part_of_the_clause_says_is_no_answer(
    indexed: IndexedLibrary, text: str, kind: Kind, said: str
) -> None:
    answer = ask(indexed, [text])
    assert answer.kind is kind
    assert said in answer.reply


def test_an_article_is_not_cited_by_the_number_of_what_it_reports(indexed: IndexedLibrary) -> None:
    reply = ask(indexed, ["衡水消费券多少钱"]).reply
    assert "（河北新闻网，2021年2月12日，讲的是衡新疫防指办〔2021〕132号）" in reply


@pytest.mark.parametrize(
    ("asked", "figure"),
    [
        ("石狮工会经费退的专款有多大", "500万元"),
        ("石狮工业救灾资金总盘子多大", "100万元"),
        ("承德追讨工资的金额和人数", "6285万元"),
        ("承德帮人追讨工资多少", "6285万元"),
        ("雄安岗位多不多", "1000多个"),
        ("唐山招工的岗位有个数吗", "5948个"),
        ("锦州复工几成了", "85%"),
    ],
)
def test_who_asks_for_the_sum_of_all_is_given_it(
    indexed: IndexedLibrary, asked: str, figure: str
) -> None:
    answer = ask(indexed, [asked])
    assert answer.kind is Kind.ANSWER
    assert figure in answer.reply


def test_what_one_firm_gets_is_not_the_sum_of_all(indexed: IndexedLibrary) -> None:
    assert ask(indexed, ["石狮救灾资金每家企业给多少"]).kind is Kind.DECLINE


@pytest.mark.parametrize("used_to", ["我以前在石狮，", "原来在石狮上班，"])
def test_where_one_used_to_be_leaves_nothing_of_the_question_open(
    indexed: IndexedLibrary, used_to: str
) -> None:
    told = ask(indexed, [f"{used_to}现在在承德，失业了能领失业金吗"])
    assert (told.kind, told.region) == (Kind.ANSWER, "承德")


def test_how_long_a_course_has_to_be_is_not_called_open_where_it_is_written(
    indexed: IndexedLibrary,
) -> None:
    told = ask(indexed, ["技能培训要多少学时，补给谁，多少钱"], "石狮")
    assert told.measures == ("shishi-4b",)
    assert told.reply.startswith("培训不低于20学时。") and "没有写" not in told.reply


def test_what_may_be_meant_as_well_is_told_where_a_detail_is_declined(
    indexed: IndexedLibrary,
) -> None:
    said = ask(indexed, ["锦州社保能缓交吗，给个电话"])
    assert said.kind is Kind.DECLINE and said.reason == "not-stated:phone"
    assert {"jinzhou-5a", "jinzhou-5b"} == set(said.measures)
    assert "3月底" in said.reply and "6月底" in said.reply and "没有写电话号码" in said.reply


@pytest.mark.parametrize(
    "asked",
    [
        "欠薪欠到我吐血，荔湾有没有人管",
        "荔湾的电话都打爆了，培训补贴到底补给谁",
        "锦州我们店快断气了，社保费能缓吗",
        "招工成本高得扛不住，锦州稳岗返还几成",
        "石狮的事麻烦得要死，创业补贴找谁",
        "老板把我撵了，石狮失业金怎么领",
        "在石狮做人工客服的工资低，有培训补贴吗",
        "零活有啥用，石狮打零活能交社保吗",
        "石狮这活有什么意思，有没有别的工作",
        "工友去世了，骨灰怎么送回老家，石狮有补助吗",
        "工作要是没了，石狮能领什么钱",
        "我接到你们工作人员通知要补材料，石狮创业补贴补什么",
    ],
)
def test_what_is_only_said_strongly_is_answered(indexed: IndexedLibrary, asked: str) -> None:
    assert ask(indexed, [asked]).kind is not Kind.HANDOFF


@pytest.mark.parametrize("asked", ["那个到底给多少", "要准备点啥材料", "这个我符不符合"])
def test_where_only_the_place_is_known_it_is_asked_what_it_is_about(
    indexed: IndexedLibrary, asked: str
) -> None:
    said = ask(indexed, [asked], region="石狮")
    assert said.reason == "no-subject" and said.choices
    for choice in said.choices:
        found = ask(indexed, [choice.question], region="石狮")
        assert found.reason != "not-in-this-place"


def test_the_place_that_somebody_corrects_themselves_to_is_meant(indexed: IndexedLibrary) -> None:
    asked = "我在沧州，说错了，是衡水，过年发啥"
    assert ask(indexed, [asked]).region == "衡水"
    assert ask(indexed, ["石狮不是有失业金吗"]).region == "石狮"
    assert ask(indexed, ["沧州不对外地人发补贴吗，衡水呢"]).reason == "several-places"


def test_a_worker_who_was_laid_off_is_no_firm_that_laid_off_nobody(
    indexed: IndexedLibrary,
) -> None:
    said = ask(indexed, ["i was laid off nobody helps me in shishi what money can i get"])
    assert said.measures[0] == "shishi-4a"


def test_the_government_of_a_place_names_the_place(indexed: IndexedLibrary) -> None:
    assert ask(indexed, ["定州政府的失业补助金几个月"]).measures == ("hebei-dingzhou-2",)


def test_whether_there_is_a_hotline_is_no_question_for_its_number(indexed: IndexedLibrary) -> None:
    for text in ("石狮给学生开没开心理热线", "石狮有没有心理热线", "石狮有心理热线吗"):
        assert ask(indexed, [text]).kind is Kind.ANSWER
    for text in ("石狮心理热线电话多少", "石狮有没有心理热线，号码多少"):
        assert ask(indexed, [text]).kind is Kind.DECLINE


@pytest.mark.parametrize(
    ("said", "region"),
    [
        ("电子厂夜班，一个月才休两天，这合法吗", "广州荔湾区"),
        ("一天干十四个小时合法吗", "石狮"),
        ("厂里从来没有双休", "锦州"),
    ],
)
def test_hours_and_days_off_are_no_wages(indexed: IndexedLibrary, said: str, region: str) -> None:
    assert ask(indexed, [said], region).reason == "outside:working_hours"
    assert ask(indexed, ["春节在岗加班费怎么算"], "衡水").measures == ("hebei-hengshui-7",)


@pytest.mark.parametrize(
    ("said", "region", "measure"),
    [
        ("高三孩子考上一本给多少", "（未具名市）", "opinion-3-edu-c"),
        ("儿子被一本录取了给多少", "（未具名市）", "opinion-3-edu-c"),
        ("过年给几百", "石家庄高新区", "hebei-sjz-gaoxin-1"),
    ],
)
def test_a_sum_is_told_however_it_is_asked_for(
    indexed: IndexedLibrary, said: str, region: str, measure: str
) -> None:
    told = ask(indexed, [said], region)
    assert (told.kind, told.measures[0]) == (Kind.ANSWER, measure)


def test_a_place_after_another_is_read_from_its_sound(indexed: IndexedLibrary) -> None:
    turns = ["xinji shiye buzhu ling ji ge yue", "na dingzhou ne"]
    assert ask(indexed, turns).measures == ("hebei-dingzhou-2",)


@pytest.mark.parametrize(
    ("said", "owed"),
    [
        ("老板说钱打到卡上了没到账", True),
        ("老板说钱打卡里了一直没到", True),
        ("工资到现在没到账", True),
        ("加班不给钱", True),
        ("加班费没发", True),
        ("厂里说发了，我卡里没有", True),
        ("公司帮我申请的补贴还没到账", False),
        ("消费券厂里说发了我没收到", False),
    ],
)
def test_what_a_boss_was_to_pay_is_wages_and_what_was_applied_for_is_a_case(
    indexed: IndexedLibrary, said: str, owed: bool
) -> None:
    told = ask(indexed, [said], "石狮")
    assert (told.measures[:1] == ("shishi-7",)) is owed


@pytest.mark.parametrize(
    ("asked", "measure"),
    [
        ("石狮有没有困难补助", "shishi-3a"),
        ("石狮困难补贴有没有", "shishi-3a"),
        ("石狮困难职工补助", "shishi-3b"),
        ("石狮困难学生有没有补助", "shishi-6b"),
        ("张家口有没有困难补助", "hebei-zjk-6c"),
        ("沧州有没有困难补助", "hebei-cangzhou-3"),
    ],
)
def test_who_asks_for_help_in_hardship_is_told_of_relief(
    indexed: IndexedLibrary, asked: str, measure: str
) -> None:
    told = ask(indexed, [asked])
    assert (told.kind, told.measures[0]) == (Kind.ANSWER, measure)


@pytest.mark.parametrize("asked", ["衡水过年发啥", "衡水留下过年给点啥"])
def test_what_is_given_is_what_the_clause_says(indexed: IndexedLibrary, asked: str) -> None:
    told = ask(indexed, [asked])
    assert (told.kind, told.measures[0]) == (Kind.ANSWER, "hebei-hengshui-3")


def test_of_a_province_that_is_chosen_it_is_said_which_part_is_meant(
    indexed: IndexedLibrary,
) -> None:
    told = ask(indexed, ["失业金怎么领"], "河北").reply
    assert "河北省的文件，我这里只有承德市的" in told
    assert "我这里只有" not in ask(indexed, ["失业金怎么领"], "承德").reply


@pytest.mark.parametrize(
    ("asked", "region", "first"),
    [("单位里谁能帮一把，家里快揭不开锅了", "石狮", "找工会"),
     ("荔湾过年不返乡的倡议书，边个公众号有", None, "倡议书和政策解读可以在"),
     ("欠费停机的电视白看几个月", "石狮", "免费3个月"),
     ("蒙牛的红包按多少给", "张家口", "蒙牛发1000元"),
     ("那个券几号就不能用了", "衡水", "从发放那天起用到3月8日")],
)  # fmt: skip
def test_what_was_asked_comes_first_however_it_is_worded(
    indexed: IndexedLibrary, asked: str, region: str | None, first: str
) -> None:
    assert ask(indexed, [asked], region).reply.startswith(first)


@pytest.mark.parametrize(
    ("asked", "measure"),
    [("棉州稳岗返还几成", "jinzhou-4"), ("衡水除夕在岗的，券总共多少", "hebei-hengshui-3"),
     ("低保家的孩子考上985奖多少", "opinion-3-edu-c")],
)  # fmt: skip
def test_what_is_meant_is_known_by_other_names_too(
    indexed: IndexedLibrary, asked: str, measure: str
) -> None:
    assert ask(indexed, [asked]).measures[0] == measure


def test_whom_to_call_is_said_to_be_unwritten_beside_whom_to_ask(indexed: IndexedLibrary) -> None:
    told = ask(indexed, ["鹿泉五百块问谁要，电话来一个"]).reply
    assert "没有写电话号码" in told and "找谁：鹿泉区人社局" in told


@pytest.mark.parametrize(
    ("asked", "region", "takes"),
    [("培训只有18个课时，能拿五百吗", "石狮", "不低于20学时"),
     ("交了8个月保险，领得到失业金吗", "石狮", "满一年"),
     ("网店开了四个月，能拿一万不", "石狮", "6个月以上"),
     ("人均15平米，低保户能住廉租不", "（未具名市）", "12平方米")],
)  # fmt: skip
def test_who_tells_how_long_it_was_is_told_first_how_long_it_takes(
    indexed: IndexedLibrary, asked: str, region: str, takes: str
) -> None:
    first, *_ = ask(indexed, [asked], region).reply.split("\n")
    assert first.startswith("条件：") and takes in first


@pytest.mark.parametrize(
    "asked",
    [
        "我没失业，也没困难，就问孩子上学能帮忙吗",
        "不是问失业金，我问孩子生日礼物",
        "我不失业，我问电视免费的事",
    ],
)
def test_nobody_is_told_too_of_what_they_said_is_not_so(
    indexed: IndexedLibrary, asked: str
) -> None:
    assert "失业金" not in ask(indexed, [asked], "石狮").reply


def test_a_number_that_is_not_written_is_said_of_its_office_and_the_hotline_is_told(
    indexed: IndexedLibrary,
) -> None:
    found = ask(indexed, ["失业金怎么领", "电话给一下"], "石狮")
    assert found.reason == "not-stated:phone"
    assert "没有写市人社局的电话号码" in found.reply and "88712565" in found.reply


@pytest.mark.parametrize("asked", ["失业金要办多久", "失业登记办几天", "创业补贴得办多久"])
def test_how_long_it_takes_is_a_question_of_its_own_also_with_a_must(
    indexed: IndexedLibrary, asked: str
) -> None:
    assert ask(indexed, [asked], "石狮").reason == "not-stated:timing"


@pytest.mark.parametrize(
    "said",
    [
        "老板不给交社保",
        "老板不给交社保 找谁",
        "厂里没给上保险，有没有人管",
        "社保老板一直不给缴怎么办",
    ],
)
@pytest.mark.parametrize("region", ["石狮", "锦州", None])
def test_whose_firm_pays_no_insurance_is_told_of_no_firms_subsidy(
    indexed: IndexedLibrary, said: str, region: str | None
) -> None:
    answer = ask(indexed, [said], region=region)
    assert (answer.kind, answer.reason) == (Kind.DECLINE, "outside:unpaid_insurance")


@pytest.mark.parametrize(
    "said",
    [
        "我家收入高了低保线几十块 算困难职工吗",
        "多大的干部要结对帮困难职工",
        "帮扶的钱让人截了 归谁查",
    ],
)
def test_a_sum_or_size_that_is_said_asks_for_no_amount(indexed: IndexedLibrary, said: str) -> None:
    assert ask(indexed, [said], region="（未具名市）").kind is Kind.ANSWER
