"""What is asked of the service itself, and what is only asked of a measure in such words."""

import pytest

from bot.answers import Kind
from bot.retrieval.indexing import IndexedLibrary
from tests.bot.asking import ask


@pytest.mark.parametrize(
    ("asked", "topic"),
    [
        ("我前天交的那个申请有没有批下来", "my_case"),
        ("你们不会把我的证件拿去干别的吧", "my_data"),
        ("我以前填的个人信息想全部删除", "my_erasure"),
        ("身份证照片一直上传不了", "my_photos"),
        ("用你们这个小程序要交钱不", "my_fees"),
        ("用这个问事花钱吗", "my_fees"),
        ("收费吗", "my_fees"),
        ("你们这里办事收手续费吗", "my_fees"),
        ("暖岗是免费的吗", "my_fees"),
        ("个人信息会不会泄漏", "my_data"),
        ("你答错了算谁的", "my_mistakes"),
        ("万一你说错了谁负责呢", "my_mistakes"),
        ("暖岗归谁管", "my_mistakes"),
        ("你咋知道这么多", "my_source"),
        ("你们的政策从哪来的", "my_source"),
        ("多久更新一回", "my_source"),
        ("你们这些资料过时了没", "my_source"),
        ("你们的消息是哪一年的", "my_source"),
        ("你们客服电话多少", "my_contact"),
        ("你们周末上班吗", "my_contact"),
        ("什么时候上班", "my_contact"),
        ("我的办件编号是A20931", "my_case"),
        ("交错照片了能换吗", "my_case"),
        ("我手机号换了，原来申请的那个还能查到不", "my_application"),
        ("我那个案子批了吗", "my_case"),
        ("多久能批下来", "my_case"),
        ("是谁在审我的申请", "my_officer"),
        ("我的案子归谁管", "my_officer"),
        ("经办人电话多少", "my_officer"),
        ("万一没批怎么办", "my_objection"),
        ("没通过能申诉吗", "my_objection"),
        ("在哪申诉", "my_objection"),
        ("对审核结果我不服", "my_objection"),
        ("审核人员是谁", "my_officer"),
        ("你敢保证不会错吗", "my_mistakes"),
    ],
)
def test_what_is_asked_of_the_service_itself_is_answered(
    indexed: IndexedLibrary, asked: str, topic: str
) -> None:
    told = ask(indexed, [asked])
    assert (told.kind, told.reply) == (Kind.CHAT, indexed.library.outside[topic].reply)
    assert not told.measures


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        ("申请点错了怎么撤回", "先撤回，再重新申请"),
        ("交上去了还能改不", "先撤回，再重新申请"),
        ("怎么撤回同意", "撤回同意"),
        ("不想再收你们的通知", "不收群发"),
        ("没有微信能用吗", "申请要用微信登录"),
        ("能替别人申请吗", "要填本人的资料"),
        ("聊天记录会给别人看吗", "不会告诉老板"),
    ],
)
def test_what_is_asked_of_the_service_is_what_is_told(
    indexed: IndexedLibrary, asked: str, told: str
) -> None:
    assert told in ask(indexed, [asked]).reply


@pytest.mark.parametrize(
    "said", ["真的假的", "你不是骗人吧", "那你说话算数不", "是不是骗子", "我不信", "你别糊弄我"]
)
def test_who_doubts_it_is_told_where_it_stands_and_can_go_on(
    indexed: IndexedLibrary, said: str
) -> None:
    told = ask(indexed, ["石狮失业金怎么领", said])
    assert (told.kind, told.reason) == (Kind.CHAT, "small-talk:doubt")
    assert ask(indexed, ["石狮失业金怎么领", said, "找谁"]).measures == ("shishi-4a",)


@pytest.mark.parametrize("said", ["网上刷单靠谱吗", "被骗了钱怎么办", "这个红包是真的吗，衡水发的"])
def test_who_asks_whether_something_else_is_true_does_not_doubt_it(
    indexed: IndexedLibrary, said: str
) -> None:
    assert ask(indexed, [said]).reason != "small-talk:doubt"


@pytest.mark.parametrize("said", ["你们这个要钱吗", "你们收费不", "要钱吗", "小程序申请要不要钱"])
def test_what_the_service_costs_is_told_first_of_all(indexed: IndexedLibrary, said: str) -> None:
    told = ask(indexed, [said], "石狮")
    assert told.reason == "outside:my_fees" and told.reply.startswith("不收钱")


def test_what_the_service_needs_is_told(indexed: IndexedLibrary) -> None:
    assert ask(indexed, ["我不会用手机"]).reason == "outside:my_application"


@pytest.mark.parametrize(
    ("turns", "region"),
    [
        (["锦州学技术有课吗", "要钱不"], None),
        (["衡水做核酸", "收费吗"], None),
        (["石狮失业金怎么领", "多久能批下来"], None),
        (["承德欠薪的案子查处了多少"], None),
        (["你们电话多少"], "石狮"),
        (["街道晚上有人吗"], "广州荔湾区"),
        (["企业没批下来的补贴怎么领"], "石狮"),
        (["我的案子法院判了不给钱"], "石狮"),
        (["发的书要不要自己出钱"], "广州荔湾区"),
        (["你们有哪些政策"], "石狮"),
        (["有哪些地方招工"], "石狮"),
        (["这个办法管哪些地方的人"], "石狮"),
    ],
)
def test_what_is_asked_of_a_measure_is_not_taken_for_the_service(
    indexed: IndexedLibrary, turns: list[str], region: str | None
) -> None:
    assert not ask(indexed, turns, region).reason.startswith("outside:my_")


@pytest.mark.parametrize("region", [None, "石狮"])
@pytest.mark.parametrize(
    "said",
    [
        "你管哪些地方",
        "都有哪些城市的政策",
        "你懂哪几个市的",
        "你们这里是哪个城市的",
        "暖岗有几个城市的文件",
    ],
)
def test_which_places_there_are_documents_of_is_told(
    indexed: IndexedLibrary, said: str, region: str | None
) -> None:
    told = ask(indexed, [said], region)
    assert told.reason == "outside:my_places"
    for named in ("石狮市", "石家庄市", "广州市荔湾区", "锦州市", "没写城市名"):
        assert named in told.reply
    assert "鹿泉" not in told.reply and "{" not in told.reply


def test_a_case_is_spoken_of_until_something_else_is(indexed: IndexedLibrary) -> None:
    said = ["我的案子编号是88231", "啥时候能批下来", "要是不批咋办", "谁在审"]
    told = [ask(indexed, said[: n + 1], "石狮").reason for n in range(len(said))]
    assert told == [f"outside:my_{of}" for of in ("case", "case", "objection", "officer")]


@pytest.mark.parametrize(
    "said", ["我没太看懂", "你能不能说简单一些", "麻烦再讲一遍", "这个太复杂了", "你说的啥我看不懂"]
)
def test_who_did_not_follow_is_told_how_to_ask_on_and_can_go_on(
    indexed: IndexedLibrary, said: str
) -> None:
    told = ask(indexed, ["石狮失业金怎么领", said])
    assert (told.kind, told.reason) == (Kind.CHAT, "small-talk:simpler")
    assert ask(indexed, ["石狮失业金怎么领", said, "找谁"]).measures == ("shishi-4a",)


@pytest.mark.parametrize("said", ["我不识字", "字太小了看不清", "我老花眼看不清字", "俺不认得字啊"])
def test_who_can_not_read_it_is_told_of_larger_letters(indexed: IndexedLibrary, said: str) -> None:
    assert "关怀模式" in ask(indexed, [said]).reply
