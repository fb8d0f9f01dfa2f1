"""Distress is recognised in every wording collected here; ordinary questions are left alone."""

import time

import pytest
from pydantic import ValidationError

from bot.words.normalising import normalise, with_arabic_numerals
from knowledge.care import CareEntry, Helpline, SmallTalk
from knowledge.entries import Entry
from knowledge.files import read_yaml
from knowledge.lexicon import Lexicon, LexiconEntry
from knowledge.library import DATA
from knowledge.topics import OutsideTopic, Topic
from tests.verifying import within

CARE = {entry.id: entry for entry in read_yaml(DATA / "care.yaml", list[CareEntry])}
SMALL_TALK = {entry.id: entry for entry in read_yaml(DATA / "small_talk.yaml", list[SmallTalk])}
HELPLINES = {line.id: line for line in read_yaml(DATA / "helplines.yaml", list[Helpline])}
LEXICON = Lexicon(read_yaml(DATA / "lexicon.yaml", LexiconEntry))
TOPICS = read_yaml(DATA / "topics.yaml", list[Topic])
OUTSIDE = read_yaml(DATA / "outside.yaml", list[OutsideTopic])

CARE_EXAMPLES = [(e.id, text) for e in CARE.values() for text in e.examples]


class Sentences(Entry):
    heard: dict[str, list[str]]
    ordinary: list[str]


SENTENCES = read_yaml(DATA / "care_sentences.yaml", Sentences)
HEARD = [(kind, text) for kind, texts in SENTENCES.heard.items() for text in texts]
TALK_EXAMPLES = [(e.id, text) for e in SMALL_TALK.values() for text in e.examples]

# Questions that only sound like distress, a wish for a person or small talk.
_NEVER = """
带我干活的老乡失联了，欠我两万工资
我们跟老乡干的，老乡失踪了，二十多人工资没给
带班的老乡不见了，我们二十个人工资没拿到
包工头跑了，他人找不到了，工钱咋办
老板他已经10天不接电话，工资怎么要
工头欠我们钱，他三天不接电话
他欠我三万工钱失联了
我们老板他三天没消息了
他们说审核7天没消息怎么办
他们说5天办好，8天了没消息，怎么办
办事员说3天，他5天没消息
社保局电话打了，他三天不接电话
我去社保局三次，他找不到人
哥，你给的电话三天联系不上
我老公两个星期没回家了，一直在工地加班，有加班费吗
我老婆十天没回来了，回老家带孩子去了
老乡都十几天没回家了，厂里不放假
尘肺病吃了很多药，怎么办
我妈生病吃了好多药，怎么办，没钱了
我妈生病吃了好多药。有补助吗
孩子感冒吃了不少药
腰疼吃了好多药，怎么办
我妈把药都吃了，还是疼
老婆在医院吃了很多药。现在没钱了
我砖厂烧了40年窑，有养老金吗
我妈一辈子烧锅炉，烧了42年
孩子发烧40多块药费谁出
烧了40吨煤
讨债守门口三天了老板不出来
去老板家要债进门就被赶出来
生活困难怎么申请救助
工伤怎么赔
没钱了有没有补贴
失业了怎么办
累死了想问下有补贴没
笑死
气死我了工资还没发
死工资不够花有没有补贴
打电话问哪里
在外打工有什么补贴
老板不打卡
打疫苗去哪
老板打电话让我回去上班
上班打卡没打上扣钱
被打回来的申请怎么办
申请被打回了要补什么材料
打工人有什么福利
老板让打工的留下过年
厂子快撑不下去了有什么政策
公司快活不下去了能缓缴社保吗
企业资金链崩溃了怎么办
小店坚持不下去了有补贴吗
系统崩溃了登不上
厂里招人手有补贴吗
人工智能培训有吗
人工成本补贴怎么申请
我想找人干活
要招二十个工人找谁
找工作去哪里
怎么投诉老板不发工资
我要投诉老板拖欠工资
跳楼价的东西
手机流量断了怎么领
收入断了怎么申请救助
家里断了收入怎么办
压了三个月工资怎么要
压岁钱怎么领
食物中毒算工伤吗
中暑算工伤吗
手指断了算几级伤残怎么赔偿标准
过年食堂没饭吃怎么办
火车站附近租房有补贴吗
孩子打疫苗去哪里
孩子作业丢了
儿子找不到工作
弟弟找不到活干
孩子学习焦虑怎么办
孩子想家闹情绪有心理热线吗
一个人过年有点孤单
心情不好想找人聊聊心理咨询
外地打工压力大睡不着
热得受不了了有高温补贴吗
过年不让走有什么补贴
疫情不让出门工资怎么发
企业用工服务专员是什么
扣身份证押金合法吗
房租交不起能减免吗
房东涨房租怎么办
快递不打烊吗
培训班打烊了吗
赶出口罩订单有奖励吗
家里穷孩子上不起学
生活过不下去了有什么救助
日子过不下去了能申请低保吗
吃饭都困难能申请什么
活不好干有补贴吗
没活干了能领什么
找不到活干
工资不够活
要生二胎有补贴吗
困难职工救助款没到手
低保断了怎么办
防火培训有补贴吗
救命钱能申请吗
急救培训课有补贴吗
救护员证考了有补贴吗
有流浪猫怎么办
桥东区有什么补贴
我老公失业了怎么办
老婆怀孕了能领什么
他们厂给打了1000元补贴
补贴打了吗
工资被打到别人卡上
钱打到哪张卡
失业金打到哪里
抗击疫情光荣卡怎么办
机器换人有补贴吗
客服岗位招聘吗
想做客服工作有招聘吗
社区工作人员说能领补贴
工会负责人说有慰问品
留下过年给不给人发红包
家里没人挣钱怎么办
"""

_NOT_ONLY_SMALL_TALK = """
你好,石狮失业金多少
谢谢,那培训补贴呢
在吗想问下失业金
好的那怎么申请
你好请问有红包吗
有补贴吗
可以网上办吗
能领多少
有什么补贴
你知道失业金多少吗
工会
石狮
好像有补贴
早餐店补贴
太贵了有优惠吗
没有工作怎么办
没有社保能领吗
什么条件
要什么材料
怎么申请
哪里领
多少钱
电话多少
是
不是
企业
"""


def fired(text: str) -> set[str]:
    """Return what fires on the text as it is searched: rewritten."""
    return {entry.id for entry in CARE.values() if entry.fires(LEXICON.rewrite(text))}


def fired_as_asked(text: str) -> set[str]:
    """Return what fires on a message as it comes in: normalised, rewritten, with numerals."""
    asked = with_arabic_numerals(LEXICON.rewrite(normalise(text)))
    return {entry.id for entry in CARE.values() if entry.fires(asked)}


def talk(text: str) -> list[str]:
    return [entry.id for entry in SMALL_TALK.values() if entry.fires(LEXICON.rewrite(text))]


@pytest.mark.parametrize(("name", "text"), CARE_EXAMPLES)
def test_every_cry_for_help_is_heard(name: str, text: str) -> None:
    assert name in fired(text)
    assert name in fired(f"你好,我在厂里上班,{text},怎么办,有补贴吗")


@pytest.mark.parametrize(("kind", "text"), HEARD)
def test_no_cry_for_help_of_the_collection_is_missed(kind: str, text: str) -> None:
    # Which kind is heard may differ (a child that fell: child or medical); that one is may not.
    heard = fired_as_asked(text)
    assert "person" in heard if kind == "person" else heard - {"person"}


@pytest.mark.parametrize("text", SENTENCES.ordinary)
def test_no_ordinary_sentence_of_the_collection_is_taken_for_distress(text: str) -> None:
    assert fired_as_asked(text) == set()


@pytest.mark.parametrize("text", _NEVER.split())
def test_ordinary_questions_are_not_taken_for_distress(text: str) -> None:
    assert fired(text) == set()


@pytest.mark.parametrize(
    "text", [q for t in TOPICS for q in t.questions] + [q for t in OUTSIDE for q in t.questions]
)
def test_no_question_of_a_topic_is_taken_for_distress_or_small_talk(text: str) -> None:
    assert fired(text) == set()
    assert talk(text) == []


@pytest.mark.parametrize(("name", "text"), TALK_EXAMPLES)
def test_small_talk_is_recognised(name: str, text: str) -> None:
    assert talk(text)[:1] == [name]
    assert talk(f" {text}!")[:1] == [name]
    assert fired(text) == set()


@pytest.mark.parametrize("text", _NOT_ONLY_SMALL_TALK.split())
def test_a_question_with_a_greeting_goes_on(text: str) -> None:
    assert talk(text) == []


def test_every_helpline_exists_and_says_where_its_number_comes_from() -> None:
    assert {h for entry in CARE.values() for h in entry.helplines} <= set(HELPLINES)
    assert len({line.number for line in HELPLINES.values()}) == len(HELPLINES)


def test_topics_and_what_is_outside_share_no_name_and_no_question() -> None:
    assert not {t.id for t in TOPICS} & {t.id for t in OUTSIDE}
    questions = [q for t in TOPICS for q in t.questions] + [q for t in OUTSIDE for q in t.questions]
    assert len(questions) == len(set(questions))


@pytest.mark.parametrize(
    "text", ["哈" * 2000, "好" * 1999 + "x", "谢谢你们" * 500, "打我了没" * 500]
)
def test_no_message_makes_the_patterns_slow(text: str) -> None:
    start = time.process_time()
    talk(text)
    fired(text)
    assert time.process_time() - start < 0.5


@pytest.mark.parametrize("piece", ["我被人", "就都才能", "孩子", "睡在到了着", "1", " "])
def test_two_thousand_characters_are_searched_within_fifty_milliseconds(piece: str) -> None:
    text = (piece * 2000)[:2000]
    fired(piece)
    spent = []
    for _ in range(3):
        start = time.process_time()
        for entry in CARE.values():
            entry.fires(text)
        spent.append(time.process_time() - start)
    assert min(spent) < within(0.05)


@pytest.mark.parametrize("field", ["patterns", "exceptions"])
def test_no_pattern_fits_every_message(field: str) -> None:
    entry = next(iter(CARE.values())).model_dump(by_alias=True)
    with pytest.raises(ValidationError, match="found in every text"):
        CareEntry.model_validate({**entry, field: ["想死|"]})
