"""What a question names: the tables read as question -> places."""

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.places.named import How, Mention, Places, find_places
from bot.question import tidy
from bot.words.normalising import normalise
from knowledge.library import Library, read_library
from knowledge.regions import Use

REGIONS = read_library().regions


def places(question: str) -> Places:
    return find_places(normalise(question), REGIONS)


def covered(question: str) -> list[str]:
    """Covered regions; a part without its own region after a slash."""
    found = places(question).covered
    return [f"{m.region}/{m.inside}" if m.inside else m.region for m in found]


def names(mentions: tuple[Mention, ...]) -> list[str]:
    return [mention.region or mention.name for mention in mentions]


COVERED = """
石狮被裁了有钱领吗 -> 石狮
请问石狮市总工会电话多少 -> 石狮
石狮市民能领吗 -> 石狮
福建石狮市 -> 石狮
泉州石狮 -> 石狮
石狮市宝盖镇的厂 -> 石狮/宝盖镇
石狮高新区 -> 石狮/高新区
我在石家庄鹿泉区打工过年有补贴吗 -> 石家庄鹿泉区
石家庄鹿泉 -> 石家庄鹿泉区
鹿泉过年给钱不 -> 石家庄鹿泉区
裕华那边有培训吗 -> 石家庄裕华区
高新区1000块 -> 石家庄高新区
石家庄，高新区 -> 石家庄高新区
化工园区800红包 -> 石家庄循环化工园区
循环园区留下过年 -> 石家庄循环化工园区
石家庄长安区有补贴吗 -> 石家庄/长安区
石家庄桥西 -> 石家庄/桥西区
石家庄开发区 -> 石家庄/开发区
石家庄辛集 -> 辛集
保定定州 -> 定州
唐山市内公交 -> 唐山
滦州红包 -> 唐山/滦州市
康保县慰问金 -> 张家口/康保县
桥东区人社局发电影票吗 -> 张家口/桥东区
我在沧州，新华区那边 -> 沧州/新华区
沧州黄骅 -> 沧州/黄骅市
容城有吗 -> 雄安新区/容城县
雄安新区容东 -> 雄安新区/容东片区
广州荔湾留岗红包 -> 广州荔湾区
广州有没有补贴 -> 广州荔湾区
荔湾（广州）有吗 -> 广州荔湾区
芳村有吗 -> 广州荔湾区/芳村
锦州凌海 -> 锦州/凌海市
锦州高新区 -> 锦州/高新区
没写名字的市低保 -> （未具名市）
（未具名市）低保 -> （未具名市）
河北省有什么政策 -> 河北
福建有啥 -> 福建
留衡过年有什么 -> 衡水
留承过年 -> 承德
在沧过年的红包 -> 沧州
在张过年 -> 张家口
留穗过年 -> 广州荔湾区
留石过年给钱吗 -> 石家庄
石狮和衡水哪个多 -> 石狮 衡水
石家庄和鹿泉哪个多 -> 石家庄 石家庄鹿泉区
我石狮的工资没发 -> 石狮
过完年回石狮上班 -> 石狮
不是石狮人能领吗 -> 石狮
户口不在石狮能领吗 -> 石狮
新石狮人 -> 石狮
石狮人社局电话 -> 石狮
"""

BY_SOUND = """
石师失业金怎么领 -> 石狮
横水打工的红包 -> 衡水
恒水 -> 衡水
成德有红包吗 -> 承德
承得有吗 -> 承德
苍州过年 -> 沧州
沧洲过年500块 -> 沧州
唐三招聘 -> 唐山
糖山 -> 唐山
定洲失业补助 -> 定州
新集失业补助 -> 辛集
雄鞍新区 -> 雄安新区
熊安建设者 -> 雄安新区
锦洲 -> 锦州
进州稳岗返还 -> 锦州
利湾区留岗 -> 广州荔湾区
丽湾街道 -> 广州荔湾区
荔弯 -> 广州荔湾区
张家扣慰问 -> 张家口
张加口 -> 张家口
石家装高新区 -> 石家庄高新区
石加庄工会 -> 石家庄
路泉500元 -> 石家庄鹿泉区
陆泉 -> 石家庄鹿泉区
鹿全 -> 石家庄鹿泉区
玉华区 -> 石家庄裕华区
育华区培训 -> 石家庄裕华区
"""

IN_LATIN = """
shishi失业金 -> 石狮
zai shi shi zhao bu dao huo -> 石狮
wo zai shi shi da gong -> 石狮
zaishishizhaobudaohuo -> 石狮
zhangjiakou you shen me bu tie -> 张家口
hengshui you xiaofeiquan ma -> 衡水
wozaihengshuidagong -> 衡水
Shijiazhuang Luquan -> 石家庄鹿泉区
guangzhou liwan -> 广州荔湾区
liwanqu -> 广州荔湾区
jinzhou -> 锦州
sjz高新区 -> 石家庄高新区
zjk有啥 -> 张家口
I work in Shishi, any subsidy? -> 石狮
how to apply in Guangzhou -> 广州荔湾区
"""


def table(text: str) -> list[tuple[str, list[str]]]:
    rows = (line.split(" -> ") for line in text.strip().splitlines())
    return [(question, wanted.split()) for question, wanted in rows]


@pytest.mark.parametrize(("question", "wanted"), table(COVERED))
def test_covered_places_are_found(question: str, wanted: list[str]) -> None:
    found = places(question)
    assert covered(question) == wanted
    assert found.uncovered == () and found.unclear == ()


@pytest.mark.parametrize(("question", "wanted"), table(BY_SOUND))
def test_places_written_by_their_sound(question: str, wanted: list[str]) -> None:
    assert covered(question) == wanted
    assert places(question).covered[0].how is How.HOMOPHONE


@pytest.mark.parametrize(("question", "wanted"), table(IN_LATIN))
def test_places_in_latin_letters(question: str, wanted: list[str]) -> None:
    assert covered(question) == wanted
    assert places(question).covered[0].how in (How.PINYIN, How.LATIN)


UNCOVERED = """
深圳有失业金吗 -> 深圳
广州天河有补贴吗 -> 广州天河区
深圳南山 -> 深圳南山区
上海浦东 -> 上海浦东新区
深圳高新区 -> 深圳
晋江失业金 -> 晋江市
泉州 -> 泉州
固安打工 -> 固安县
河北保定 -> 保定
秦皇岛市 -> 秦皇岛
邢台威县 -> 威县
大连有吗 -> 大连
西安长安区 -> 西安长安区
在中山打工 -> 中山
海南省 -> 海南
海南有没有 -> 海南
内蒙古包头 -> 包头
吉林市 -> 吉林
朝阳区 -> 朝阳区
俺在保定 -> 保定
香港 -> 香港
qinhuangdao -> 秦皇岛
baoding hongbao -> 保定
shen zhen you ma -> 深圳
xi'an -> 西安
在hongkong打工 -> 香港
"""


@pytest.mark.parametrize(("question", "wanted"), table(UNCOVERED))
def test_places_without_documents(question: str, wanted: list[str]) -> None:
    found = places(question)
    assert names(found.uncovered) == wanted
    assert found.covered == () and found.origins == ()


@pytest.mark.parametrize(
    ("question", "origins", "asked"),
    [
        ("我是衡水的，在石狮打工", ["衡水"], ["石狮"]),
        ("老家四川的，在唐山上班", ["四川"], ["唐山"]),
        ("我户口在安徽，石狮打工", ["安徽"], ["石狮"]),
        ("从四川到石狮打工", ["四川"], ["石狮"]),
        ("从石狮回贵州过年", ["贵州"], ["石狮"]),
        ("安徽农民工在石狮能领吗", ["安徽"], ["石狮"]),
        ("外地的，贵州来石狮打工", ["贵州"], ["石狮"]),
        ("我老公江西人，我们在雄安", ["江西"], ["雄安新区"]),
        ("家在四川，人在锦州", ["四川"], ["锦州"]),
        ("我石家庄的，在鹿泉上班", ["石家庄"], ["石家庄鹿泉区"]),
        ("老家衡水 在沧州干活", ["衡水"], ["沧州"]),
        ("我是衡水的，在高新区打工", ["衡水"], ["石家庄高新区"]),
        ("湖南 唐山打工", ["湖南"], ["唐山"]),
        ("人在鹿泉家在保定", ["保定"], ["石家庄鹿泉区"]),
        ("在石狮的湖北人", ["湖北"], ["石狮"]),
        ("老板是温州的，在石狮开厂", ["温州"], ["石狮"]),
        ("衡水人在外地打工", ["衡水"], []),
        ("衡水籍的农民工", ["衡水"], []),
        ("老家在石狮", ["石狮"], []),
        ("俺安徽来的能领吗", ["安徽"], []),
        ("我黑龙江的", ["黑龙江"], []),
        ("江西人", ["江西"], []),
        ("安徽的能领不", ["安徽"], []),
        ("回四川老家", ["四川"], []),
        ("来自云南", ["云南"], []),
        ("我从贵州来", ["贵州"], []),
        ("鹿泉工地上干活的，户口山东，家里人都在山东", ["山东", "山东"], ["石家庄鹿泉区"]),
        ("老家四川的，在石狮干活，四川那边也交社保", ["四川", "四川"], ["石狮"]),
        ("户籍保定，在鹿泉上班，家里也在保定", ["保定", "保定"], ["石家庄鹿泉区"]),
        ("石狮创业补贴我之前在晋江开过店还能领吗", ["晋江市"], ["石狮"]),
        ("我在深圳交过社保，石狮能领吗", ["深圳"], ["石狮"]),
        ("我是保定那边的嘛，过年没走", ["保定"], []),
        ("以前在石狮打工，失业金能领吗", [], ["石狮"]),
        ("我衡水本地的有消费券吗", [], ["衡水"]),
        ("我是石狮的", [], ["石狮"]),
        ("石狮人", [], ["石狮"]),
        ("对门的安徽大哥说他领了五百，我能领吗", ["安徽"], []),
        ("沧州大哥能领红包吗", [], ["沧州"]),
        ("沧州户口的人有没有红包", [], ["沧州"]),
    ],
)
def test_where_people_come_from_is_not_where_they_ask_about(
    question: str, origins: list[str], asked: list[str]
) -> None:
    found = places(question)
    assert names(found.origins) == origins
    assert names(found.covered) == asked
    assert found.uncovered == ()


@pytest.mark.parametrize(
    "question",
    ["我在晋江，石狮的办法能用吗", "晋江能用石狮的办法吗", "我户口晋江，晋江失业金能领吗"],
)
def test_who_is_or_asks_elsewhere_is_not_given_the_rules_of_another_place(question: str) -> None:
    found = places(question)
    assert (names(found.uncovered), found.covered) == (["晋江市"], ())


def test_a_covered_and_an_uncovered_place_are_both_told() -> None:
    found = places("我在晋江上班住石狮")
    assert (names(found.covered), names(found.uncovered)) == (["石狮"], ["晋江市"])


@pytest.mark.parametrize(
    ("question", "choices"),
    [
        ("新华区有红包吗", ("石家庄", "沧州")),
        ("桥西区", ("石家庄", "张家口")),
        ("长安区有吗", ("石家庄",)),
    ],
)
def test_a_district_name_of_several_cities_is_unclear(
    question: str, choices: tuple[str, ...]
) -> None:
    found = places(question)
    assert [mention.choices for mention in found.unclear] == [choices]
    assert found.covered == () and found.uncovered == ()


def test_a_part_without_measures_warns_of_the_measures_of_other_parts() -> None:
    assert places("石家庄长安区").covered[0].no_own_measures
    assert not places("石家庄鹿泉区").covered[0].no_own_measures
    assert not places("张家口康保县").covered[0].no_own_measures


def test_a_name_for_more_than_the_region_carries_a_note() -> None:
    assert "荔湾" in (places("广州有补贴吗").covered[0].note or "")
    assert places("广州荔湾有补贴吗").covered[0].note is None


@pytest.mark.parametrize(
    "question, wanted",
    [
        ("蒙牛过年留岗发多少", ["张家口"]),
        ("格力留下过年给钱吗", ["石家庄高新区"]),
        ("石家庄的格力发钱没", ["石家庄高新区"]),
        ("塞北现代牧业管饭吗", ["张家口/塞北管理区"]),
        ("格力跟鹿泉区哪个给得多", ["石家庄高新区", "石家庄鹿泉区"]),
        ("蒙牛和格力谁给得多", ["张家口", "石家庄高新区"]),
        ("保定格力发钱吗", []),
        ("衡水的蒙牛发钱吗", ["衡水"]),
        ("补贴的规格力度大吗", []),
    ],
)
def test_a_firm_of_a_clause_stands_for_its_place_unless_another_is_named(
    question: str, wanted: list[str]
) -> None:
    assert covered(question) == wanted
    firms = [m.words for m in places(question).covered if m.landmark]
    assert all(words in places(question).rest for words in firms)


def test_near_places_of_an_uncovered_one() -> None:
    assert places("晋江").uncovered[0].near == ("石狮",)
    assert "石家庄" in places("保定").uncovered[0].near
    assert places("成都").uncovered[0].near == ()


NO_PLACE = """
这个东西安全吗
大理石厂
一定周六来
提高要求
我想试试看
老师试试
事实是这样
就是事实
实施细则
市失业科
这是市里的吗
是是是
逝世了怎么办
历史诗词
十几个石匠
门口的石狮子
更新集体户口
工程的钱
办成的
县城的厂
很水的培训
喝水
心急
我女儿叫玉华
雨花石
中山路
裕华路
我们在合作开发
我想和平解决
平安保险
平安到家
安定下来
长安汽车厂
不大方便
大同小异
日照时间
住宿迁移
沙县小吃店能申请创业补贴吗
北京时间8点
粤菜师傅广东技工
辽宁省远程培训系统是啥
我和县里说过
应县里要求
在承包工地
高新技术企业
制造业大厂招下岗工人
开发区
shi ye jin zen me ling
gong shi shi shen me
wo xiang shi shi
zai shi shi kan
shi shi zhe ge
gong cheng de qian
wo xin ji
fu jian zai na li
what is the subsidy
"""


@pytest.mark.parametrize("sentence", NO_PLACE.strip().splitlines())
def test_ordinary_sentences_name_no_place(sentence: str) -> None:
    assert places(sentence) == Places(rest=normalise(sentence))


@pytest.mark.parametrize(
    ("question", "rest"),
    [
        ("石狮被裁了有钱领吗", "被裁了有钱领吗"),
        ("我在石家庄鹿泉区打工过年有补贴吗", "我 打工过年有补贴吗"),
        ("雄安的工地", "工地"),
        ("唐山这边的招聘会", "招聘会"),
        ("失业金石狮怎么领", "失业金 怎么领"),
        ("老家四川的，在唐山上班", "上班"),
        ("石狮", ""),
        ("zai shi shi zhao bu dao huo", "zhao bu dao huo"),
        ("我现在石狮", "我现在"),
        ("留衡过年有什么", "留 过年有什么"),
    ],
)
def test_what_is_left_of_the_question(question: str, rest: str) -> None:
    assert places(question).rest == rest


soup = st.text(
    "石狮家庄衡水承德沧州唐山张口定辛集雄安荔湾广锦鹿泉裕华高新区市县省"
    "的在从来回人户籍老家留我是,， ()shizhengdaw'",
    max_size=60,
)


@settings(max_examples=200, deadline=None)
@given(st.one_of(st.text(max_size=60), soup))
def test_any_text_is_read_and_spans_lie_inside(text: str) -> None:
    for form in (text, normalise(text)):
        found = find_places(form, REGIONS)
        for mention in (*found.covered, *found.uncovered, *found.origins, *found.unclear):
            assert 0 <= mention.start < mention.end <= len(form)
            assert form[mention.start : mention.end] == mention.words
            assert not mention.region or mention.region in REGIONS


def test_long_texts_are_read_in_time() -> None:
    for unit in ("石狮失业金怎么领", "石", "shi shi ", "朝阳区", "xian", "从四川来"):
        text = (unit * 500)[:500]
        find_places(text, REGIONS)
        start = time.thread_time()
        find_places(text, REGIONS)
        assert time.thread_time() - start < 0.1


@pytest.mark.parametrize(
    "asked", ["{}呢", "那{}呢", "我在{}", "{}过年有补贴吗", "在{}打工失业了怎么办"]
)
def test_every_place_is_found_by_its_name(library: Library, asked: str) -> None:
    lost = []
    for name in library.regions.names:
        if name.use is Use.FREE and len(name.words) > 1:
            words = tidy(name.words, library)
            found = find_places(tidy(asked.format(name.words), library), library.regions)
            mentions = (*found.covered, *found.uncovered, *found.unclear, *found.origins)
            if not any(m.words in words or words in m.words for m in mentions):
                lost.append(name.words)
    assert not lost


@pytest.mark.parametrize("question", ["桥东那边给没回家的买电影票吗", "我在桥东打工"])
def test_a_district_that_only_one_town_has_is_heard_by_its_short_name(question: str) -> None:
    found = places(question)
    assert [(m.region, m.inside) for m in found.covered] == [("张家口", "桥东区")]
