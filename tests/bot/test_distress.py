"""Who cries for help is heard; who tells of an ordinary day is not taken for one who does."""

import pytest

from bot.answers import Context, Kind
from bot.retrieval.indexing import IndexedLibrary
from tests.bot.asking import ask

_EVERYDAY = """
买张乒乓球台让大家下班打打 我腰坏了扛不动活 我爸中风瘫了三年低保能办吗
五十多了身体扛不动了想干点小买卖
孩子不想上学整天锁在屋里 儿子天天关在房间里打游戏
我去问了他们说不办了 他们让我等 他吼我 求求你们了 我想走 我下班了 他说再等等
他让我明天去 孩子不听话 我走不动 厂里说我不干活就走人 我去窗口问了 他们叫我回去等消息
窗口的人让我下周再来 他说材料不齐 她让我重新填一张 我明天再去一趟 今天排队排了一上午
轮到我就下班了 他们周末不上班 我下夜班了 刚下班到家 我上中班 我明天休息 老板不同意
老板说下个月再看 老板让我自己去办 组长让我找人事 人事说不知道 人事让我等通知
厂里不给开证明 公司不肯盖章 他不给我签字 村里让我回县里办 社区说不归他们管
我打过电话了没人接 电话一直占线 我听不清 我看不太懂 我不认识字 我不会用手机 我不会弄
我忘了密码 我等了半个月 等了好久了 再等等吧 那我等着 那算了吧 我再想想 我想一下
我考虑考虑 我想回家 我想家了 我想换个厂 我不想干这个了 我想早点走 我准备走了 我走了啊
我先回去了 我回不去老家过年 今年不回家了 我爸来了 我妈来看我了 我爸回老家了
我妈走亲戚去了 老公去上班了 我老婆不在家 孩子在学校 孩子放假了 孩子不爱写作业
孩子不想起床 孩子挑食 孩子老看手机 孩子太皮了 孩子不肯去幼儿园 孩子没人接送
孩子他爸在外地 我家孩子小 我带着孩子上班 我刚生了二胎 我媳妇坐月子 我生完孩子想找活
奶粉太贵了 我怀孕了还在上班 他骂我 主管老骂人 组长嗓门大 他凶我 他不理我 他不讲理
他们笑话我 他瞪我一眼 他推来推去不办 两边都说不归他们管 说话不算数 求你了快点
求求你说清楚点 拜托了 帮帮忙 麻烦你帮个忙 帮我看看 快点行不行 急用 很急 我急死了 气死人
真气人 太气人了 烦死了 累死我了 好累啊 今天好累 我腿疼 我腰疼 我头疼 我感冒了 我有点发烧
我牙疼 我胃不舒服 我走累了 走不开 走不动路了想坐车去 我年纪大了 我眼睛花 我一个人在外面
我一个人住 我一个人带孩子 宿舍太挤 宿舍没热水 宿舍停电了 宿舍有蟑螂 房租太贵 房东要涨价
房东不退押金 我搬家了 我要搬走 我在找房子 我住厂里 我住工棚 今晚加班 晚上还要上班
天天加班 没加班费 工资太低 工资晚发了几天 这个月没钱了 钱不够花 没赚到钱 钱花完了
我欠了点钱 借了朋友的钱 信用卡还不上 我被辞退了 我被调岗了 不干活就走人
厂里说不来就算旷工 他让我自己辞职 我被扣了两百 我迟到了 我请了假 我受了点小伤
手划破了个口子 我摔了一跤没事 车坏在半路 手机没电了 手机摔了 我睡过头了 我昨晚没睡好
没睡醒 吃饭去了 还没吃饭 食堂难吃 没胃口 下雨了出不去 外面好冷 太热了 我害羞 不敢问
不好意思 我怕麻烦 我怕填错 我怕不批 我怕他们不认 门没开 大厅关门了 没人在 没人说过
他不在 她走了 人走了 他们都走了 都回去了 我还在路上 我迷路了 找不到地方 找不到那个楼
我在门口 我到门口了 我在他们楼下 我在窗口前面 我坐车去 我站着等 跟老板吵了一架
跟他说不通 两口子吵架了 我离婚了 我前妻带孩子 我爸住院了 我妈身体不好 我爷爷九十了
老人没人照顾 他喝酒去了 他喝多了睡了 老公爱打牌 老公打工去了 我弟不听话 我弟没工作
朋友骗我请客 我被他说了一顿 我被老板说了 我没办好 办不成 没办成 没用 白跑一趟 又白跑了
不去了 我哪也不去 去不了 来不及了 我不懂 不清楚 没听说 我不信 你说什么 你再说一遍
你慢点说 说重点
我打了老板十几个电话他都不接 我打了他三次电话都不接 孩子的入学申请一直没动静
老婆离家出走三年了，我一个人带孩子有补助吗 听说厂子让一把火烧光了，没活干了有补贴吗
我前阵子摔断腿家里紧巴巴的 救命，要填的表太多了 急诊挂号收不收费 冻死个人，宿舍暖气不热
饿死鬼投胎一样哈哈 可把我想死了，娃放寒假来找我 丢了活的补助能领几个月
中风能办残疾证吗 我爸脑梗瘫痪，家里没钱 嗓子冒烟了 热得冒烟 大火的店能领补贴吗
他打我小报告 我扛不动这箱子
加班加到快饿死了哈哈，食堂几点开 厂里缺几个手脚麻利的
我打了老板电话 我打了人社局电话 把他打了八折 把老板打了招呼 他们都是打工人 轮胎爆了
"""
_CRIES = """
我一分钱没有 我老公动手 他不让我走 他拦着我 没钱回家
我儿子没了 我爸没了 我老公没了 我怕他打我 他没气了 电到人了
闺女胳膊上全是她自己划的口子 我儿子把自己的手腕割开了 孩子腿上一条一条的都是小刀划的
发现女儿偷偷拿美工刀划自己 我妹用刀片割自己 孩子说活着没劲 女儿说想从楼上跳下去
我活不起了 我真活不成了 活着太没劲 这样活着有啥意思 真想一觉睡过去
人活到这份上还不如没了 我不想在这世上待了 给我一包老鼠药算了 我想跳楼 不想活 想去死
死了算球 我在天台 我在桥上想跳 我割腕了 真想睡死过去 我走了别找我 她手上有刀划的印子
孩子手上有刀划的印子 活不起了
我没地方住 没地方住了 我没有住的地方 我没地方去 今天晚上不知道睡哪里 我没有饭吃
我没吃的了 兜里就十块钱了 房东把门锁了我进不去 我和孩子在车站过夜 两天就吃了一个馒头
没饭吃 饿了两天 我睡桥洞 没钱吃饭 被赶出来了 我没地方住了
日子没法过了 这日子过不下去了 我过不下去了 谁来帮帮我 有没有人能帮帮我 我没办法了
实在没办法了 我没路走了 我整宿整宿睡不着 我心里堵得慌 我难受得想哭 我撑不住了 我要疯了
我好绝望 受不了了 没人管我 我好痛苦 过不下去了 日子过不下去了
老板打我 我真的扛不动了 老板让人打我 老板要我的身份证不还 我爸中风了说不出话
在电视台门口被人打 麻将馆老板打我 前台经理打我 吧台那个男的打我 老实说我扛不动了
五十岁了真扛不动了 我爸刚中风瘫在地上了 老公中风瘫倒了 我爸中风瘫了 我爸中风以后一直不醒
老公脑梗瘫了，家里没人怎么办 老公中风瘫了，家里就我一个 我爸中风瘫了，家里没钱送医院
孩子吃了药不动了 孩子发烧不动了 手机炸了伤了手 我老公拿着刀出去了 老板要走了我的身份证
我被老板打残了 保安打农民工 老板打工友 我爸躺地上不动 孩子在河里 胎动没了 电梯困住了 锅炉爆了
氨气漏了 闻到煤气味 房子要塌 发大水困屋顶 砖厂不让走 被跟踪 被偷拍了 宿舍被人闯进来
他又动手了 我男人打我打得鼻青脸肿 门打不开我被锁在里面 他们不让我出去
工头说要找人收拾我 有人一直跟着我 我不敢回家他要打我 他掐我脖子 我被关在屋里出不来
我要弄死那个包工头 我想拿刀捅了他 我真想把老板杀了 我恨不得一刀砍了他
我带了刀在他家楼下等他 再不给钱我就砍人 老公打我 他打我 他又打我了 他拿刀 他要杀我
有人砸门 他们把我关着 不放我走 他摸我 他强迫我 有人要打我 救我 快来人 他跟踪我 他们堵我
宿舍着火了 楼下起火了有烟 车间漏气了味道很大 车间有股刺鼻的气味大家头晕 他喘不上气了
我手被机器压了流血 我爸突然倒了叫不醒 孩子烧到四十度 我吃错药了 他昏了 他晕了 手指断了
流好多血 喘不上气 着火了 他不动了 我触电了 他掉下去了 他掉水里了 老婆要生了 我胸口疼
车间有毒气味
我孩子找不到了 我女儿没回家 孩子没人管 孩子在学校被人欺负 有个陌生人带走了我孩子
我娃被他后爸打 孩子丢了 娃不见了 孩子被打了 女儿失踪了 孩子还没回来
饭店着大火了 店里大火 充电器热得冒烟了 手压断了会不会残疾 煤气爆炸了 煤气罐炸了 燃气炸了
我妹妹割腕快死了 我女儿割腕差点死了
前阵子摔断的腿现在肿得厉害发高烧 救命，他要填土埋我 我快冻死了没地方去 我想死了
我快饿死了，三天没吃饭了哈哈 全家都要饿死了哈哈 我要饿死了嘿嘿没人管
老人在家快饿死了哈哈 冻死了哈哈没被子 手脚麻利不起来了，一边身子没感觉
我手脚麻，胸口疼 手脚发麻了说不出话
我妈走丢了 我老公两天没消息了 我爸找不到了 老婆联系不上
"""


def test_what_is_told_of_an_ordinary_day_is_no_cry_for_help(indexed: IndexedLibrary) -> None:
    heard = {text: ask(indexed, [text], "石狮").reason for text in _EVERYDAY.split()}
    assert {text for text, reason in heard.items() if reason.startswith("care:")} == set()


def test_no_cry_for_help_of_a_few_words_is_missed(indexed: IndexedLibrary) -> None:
    kinds = {text: ask(indexed, [text], "石狮").kind for text in _CRIES.split()}
    assert {text for text, kind in kinds.items() if kind is not Kind.HANDOFF} == set()


@pytest.mark.parametrize(
    ("said", "number", "words"),
    [
        ("我儿子割腕了", "120", "马上打急救电话"),
        ("我割腕了", "120", "请现在就打急救电话"),
        ("女儿腿上有她自己划的口子", "12356", "先陪着"),
        ("我老公说要去跳江", "110", "先陪着"),
        ("我不想活了", "12356", "你不用一个人扛"),
        ("宿舍着火了怎么办", "119", "先跑出来"),
        ("煤气中毒了怎么办", "120", "有风的地方"),
        ("有人晕倒了", "120", "先救人"),
        ("说实话我恨不得拿刀砍了老板", "12356", "先停一停"),
        ("老板说要砍死我", "110", "你现在的安全最要紧"),
        ("我孩子发烧不退，没钱看病怎么办", "120", "先救孩子"),
        ("孩子没人管", "110", "身边要有大人"),
        ("我孩子丢了", "110", "走丢"),
        ("我老公在工地出事走了", "12348", "请节哀"),
        ("我妈昨天去世了", "12345", "请节哀"),
        ("救命，杀人了", "110", "你现在的安全最要紧"),
        ("他喝多了，拿着刀堵在门口", "110", "你现在的安全最要紧"),
        ("房东要放火烧我们", "110", "你现在的安全最要紧"),
        ("我老公说要一把火烧了家", "110", "你现在的安全最要紧"),
        ("他要跟我同归于尽", "110", "你现在的安全最要紧"),
        ("一把火把厂子烧了算了", "12356", "先停一停"),
        ("拿刀捅了他算了", "12356", "先停一停"),
        ("老板欠钱不给，真想杀了他", "12356", "先停一停"),
        ("我孩子走丢了，他还发着烧", "110", "走丢"),
        ("有人下药把孩子抱走了", "110", "走丢"),
        ("孩子被后妈用烟头烫", "110", "受伤害"),
        ("女儿说要喝农药", "12356", "先陪着"),
        ("女儿喝了农药", "120", "马上打急救电话"),
        ("我妹妹老说要割腕", "12356", "先陪着"),
        ("老婆吵着要喝农药", "110", "先陪着"),
        ("我想割腕", "12356", "你不用一个人扛"),
        ("我把药都吃了", "120", "请现在就打急救电话"),
        ("孩子把老鼠药吃了", "120", "马上打急救电话"),
        ("我把人打伤了", "120", "先救人"),
        ("不小心把工友打伤了", "120", "自己别跑"),
        ("我打伤了老板怎么办", "120", "自己别跑"),
        ("我把前妻打了", "120", "自己别跑"),
        ("我一拳把他打倒了", "120", "自己别跑"),
        ("我动手打了老板", "120", "自己别跑"),
        ("俺把人家打得头破血流", "120", "自己别跑"),
        ("我推了他一把他摔死了", "120", "自己别跑"),
        ("不小心撞死人了", "120", "自己别跑"),
        ("工头把我老乡打死了", "110", "你现在的安全最要紧"),
        ("孩子从窗户掉下去", "120", "先救人"),
        ("我哥跳楼走了", "12345", "请节哀"),
        ("前夫说要拉着我同归于尽", "110", "你现在的安全最要紧"),
        ("他要与我同归于尽", "110", "你现在的安全最要紧"),
        ("老板说一把火烧了我家", "110", "你现在的安全最要紧"),
        ("鞭炮炸了手", "120", "先救人"),
        ("手机充电冒烟", "119", "先跑出来"),
        ("爸爸走了", "12345", "请节哀"),
        ("我妈刚走", "12345", "请节哀"),
        ("我妈在医院走了", "12345", "请节哀"),
        ("我老婆难产走了", "12345", "请节哀"),
        ("我孩子没保住", "12345", "请节哀"),
        ("丈夫离家出走两年", "110", "家里人联系不上"),
        ("老婆离家出走", "110", "家里人联系不上"),
        ("高压锅炸了烫伤了", "120", "先救人"),
        ("工友触电了，电线冒烟", "120", "先救人"),
        ("车间冒烟了", "119", "先跑出来"),
    ],
)
def test_the_number_that_is_most_urgent_comes_first_with_words_for_who_tells_it(
    indexed: IndexedLibrary, said: str, number: str, words: str
) -> None:
    told = ask(indexed, [said], "石狮")
    opening, first, *_ = told.reply.splitlines()
    assert told.kind is Kind.HANDOFF and words in opening and f"：{number}（" in first


def test_only_of_a_death_at_work_is_it_said_what_holds_of_one_at_work(
    indexed: IndexedLibrary,
) -> None:
    # Where it happened is not known: «出事» may be on the road.
    assert "要是干活的时候出的事" in ask(indexed, ["我爸出车祸走了，没人赔"]).reply


@pytest.mark.parametrize(
    "said",
    [
        "我老公病了，工作没了，有补助吗",
        "我妈病了，钱都没了",
        "孩子病了，钱花没了",
        "老公出事了，工作没了",
        "包工头他突然走了，工资没给",
        "工友突然走了没人干活",
        "我妈摔了一跤走了医保",
    ],
)
def test_nobody_is_consoled_for_work_or_money_that_is_gone(
    indexed: IndexedLibrary, said: str
) -> None:
    assert "节哀" not in ask(indexed, [said], "石狮").reply


@pytest.mark.parametrize(
    "said", ["我老公病了两年，人没了", "我爸抢救了三天还是走了", "工友出事走了"]
)
def test_a_death_is_heard_however_it_came(indexed: IndexedLibrary, said: str) -> None:
    assert "节哀" in ask(indexed, [said], "石狮").reply


@pytest.mark.parametrize(
    ("turns", "number"),
    [
        (["老板打我，不让我走", "我现在躲在宿舍", "在石狮"], "88712565"),
        (["老板把我们锁在厂里不让出去", "门打不开"], "110"),
        (["我孩子发烧不退，没钱看病怎么办", "在石狮"], "88712565"),
        (["有人晕倒了", "石狮"], "120"),
        (["煤气中毒了怎么办", "在衡水", "他醒了"], "120"),
        (["宿舍着火了", "没事了已经灭了"], "119"),
        (["我儿子割腕了", "学校欺负他"], "120"),
        (["我现在没钱吃饭了", "找谁"], "12345"),
        (["女儿说不想活了", "石狮有心理热线吗", "电话多少"], "12356"),
        (["我恨不得拿刀砍了老板", "他欠我八个月工资", "我就在他家门口", "你劝我也没用"], "12356"),
        (["我老公在工地出事走了", "两个孩子", "老板说赔8万"], "12348"),
    ],
)
def test_what_leans_on_a_cry_for_help_stays_with_it(
    indexed: IndexedLibrary, turns: list[str], number: str
) -> None:
    told = ask(indexed, turns)
    assert told.kind is Kind.HANDOFF and number in told.reply


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        ("石狮失业金怎么领", "measure:"),
        ("石狮有什么补贴", "overview"),
        ("谢谢", "small-talk:thanks"),
        ("好的", "small-talk:ok"),
        ("失业金", ""),
        ("石狮孩子上学有补助吗", "measure:"),
    ],
)
def test_a_new_question_after_a_cry_for_help_is_answered(
    indexed: IndexedLibrary, said: str, reason: str
) -> None:
    told = ask(indexed, ["我爸昏迷叫不醒", said])
    assert told.reason.startswith(reason) and told.kind is not Kind.HANDOFF


@pytest.mark.parametrize(
    ("turns", "measure"),
    [
        (["老板打我", "失业金怎么领", "石狮"], "shishi-4a"),
        (["我不想活了", "失业金怎么领", "石狮"], "shishi-4a"),
        (["老板打我", "石狮失业金我够不够条件", "不想", "去哪办"], "shishi-4a"),
        (["有人要我报验证码", "失业金怎么领", "石狮"], "shishi-4a"),
    ],
)
def test_what_answers_a_later_question_is_no_more_of_the_cry(
    indexed: IndexedLibrary, turns: list[str], measure: str
) -> None:
    told = ask(indexed, turns)
    assert (told.kind, told.measures[0]) == (Kind.ANSWER, measure)


def test_that_it_is_over_is_heard(indexed: IndexedLibrary) -> None:
    assert ask(indexed, ["宿舍着火了", "没事了已经灭了"]).reply.startswith("那就好")
    assert not ask(indexed, ["宿舍着火了", "好像还没灭"]).reply.startswith("那就好")


@pytest.mark.parametrize(
    "turns",
    [
        ["孩子丢了", "报警了"],
        ["孩子不见了", "警察来了"],
        ["我爸联系不上了", "已经报警了"],
        ["老公打我", "我在医院"],
        ["要工资被保安打伤了", "送医院了"],
        ["我老婆喝农药了", "人在医院"],
    ],
)
def test_that_help_is_there_is_not_the_end_of_it(indexed: IndexedLibrary, turns: list[str]) -> None:
    told = ask(indexed, turns)
    assert told.kind is Kind.HANDOFF and told.reply.startswith("好，先听医生、警察的安排")


@pytest.mark.parametrize("said", ["人在医院", "报警了", "他回来了"])
def test_a_death_is_never_over(indexed: IndexedLibrary, said: str) -> None:
    assert ask(indexed, ["我爸去世了", said]).reply.startswith("我在听")


@pytest.mark.parametrize(
    "said", ["回来了", "醒了", "他回来了", "他出来了", "他醒了", "我老公回来了", "他们又回来了"]
)
def test_that_who_hurts_somebody_is_there_is_not_the_end_of_it(
    indexed: IndexedLibrary, said: str
) -> None:
    told = ask(indexed, ["老公喝酒打我", said])
    assert told.reason == "care:violence" and not told.reply.startswith("那就好")
    assert ask(indexed, ["老公喝酒打我", "我跑出来了"]).reply.startswith("那就好")


@pytest.mark.parametrize(
    "turns",
    [
        ["政府补贴是不是要先交手续费500"],
        ["失业金怎么领", "有个人加我微信说帮我办失业金收20%"],
        ["他要我身份证和银行卡密码"],
        ["有人说交300块钱就能帮我领失业金，真的吗", "我已经转了钱", "这是骗子吧"],
        ["人社局打电话要我的身份证号，能给吗"],
        ["我把密码告诉他了"],
        ["群里发的补贴二维码能扫吗"],
        ["加微信说能多领一万"],
        ["收到短信说有补贴让我填银行卡", "要不要填", "填了会怎样"],
        ["他说给他300就帮我办"],
        ["他说给200元就能领失业金"],
        ["有人说先交会费才给补贴"],
    ],
)
def test_who_deals_with_a_swindler_is_warned(indexed: IndexedLibrary, turns: list[str]) -> None:
    told = ask(indexed, turns, "石狮")
    assert told.kind is Kind.DECLINE and "先别交钱" in told.reply


@pytest.mark.parametrize(
    ("turns", "given"),
    [
        (["有人说交300块钱就能帮我领失业金", "我已经转了钱"], True),
        (["他要我身份证和银行卡密码", "我给他了"], True),
        (["他要我身份证和银行卡密码", "给了会怎样"], False),
    ],
)
def test_who_has_paid_or_told_already_is_sent_to_the_bank_first(
    indexed: IndexedLibrary, turns: list[str], given: bool
) -> None:
    assert ask(indexed, turns, "石狮").reply.startswith("钱已经转了") is given


@pytest.mark.parametrize(
    "asked",
    [
        "登录要验证码收不到怎么办",
        "忘了密码怎么办",
        "他们要我身份证复印件干什么",
        "灵活就业交500块社保能领补贴吗",
        "租房要先交押金吗",
        "微信扫码怎么领补贴",
        "创业补贴要交手续费吗",
        "填银行卡号会不会被骗",
        "听他们说政府给500元怎么领",
        "老乡说留在这里过年给500元怎么申请",
        "朋友说他们厂给300元",
        "加入工会要先交会费吗",
        "去人社局办失业金，他们要我的身份证和银行卡，正常吗",
        "暖岗微信上帮我办申请收手续费吗",
    ],
)
def test_who_asks_of_papers_and_codes_is_not_warned(indexed: IndexedLibrary, asked: str) -> None:
    assert ask(indexed, [asked], "石狮").reason != "outside:fraud"


def test_whom_to_ask_is_told_again_of_what_no_document_covers(indexed: IndexedLibrary) -> None:
    told = ask(indexed, ["算工伤吗", "找谁"], "石狮")
    assert told.reason == "outside:work_injury"


@pytest.mark.parametrize(
    "said",
    [
        "我是哑巴，打不了电话，能发短信吗",
        "他不会打电话，有没有别的办法联系",
        "我打不了电话",
        "我是聋哑人",
    ],
)
def test_who_cannot_call_is_told_other_ways(indexed: IndexedLibrary, said: str) -> None:
    assert ask(indexed, [said], "石狮").reason == "outside:without_phone"


def test_who_cannot_call_asks_of_a_benefit_all_the_same(indexed: IndexedLibrary) -> None:
    assert ask(indexed, ["我弟弟是聋人，失业金能领吗"], "石狮").measures == ("shishi-4a",)


@pytest.mark.parametrize("said", ["我不识字怎么办", "能说话吗，我不识字"])
def test_who_cannot_read_is_told_how_it_is_read_out(indexed: IndexedLibrary, said: str) -> None:
    assert ask(indexed, [said]).reason == "small-talk:larger"


@pytest.mark.parametrize("said", ["有心理热线吗", "心理热线电话多少"])
def test_a_hotline_whose_number_is_not_written_has_one_beside_it(
    indexed: IndexedLibrary, said: str
) -> None:
    assert "12356" in ask(indexed, [said], "石狮").reply


def test_what_was_cried_for_survives_storing(indexed: IndexedLibrary) -> None:
    kept = ask(indexed, ["宿舍着火了"]).context
    assert kept.about == "care:medical" and kept.helplines == ("fire", "ambulance")
    assert Context.from_data(kept.as_data()) == kept


@pytest.mark.parametrize(
    "asked",
    [
        "老婆从老家来看我 没地方睡 厂里管不管",
        "孩子寒假来看我 没地方睡 政府管吗",
        "老公来看我 宿舍不让住 没地方去 单位给找住处吗",
        "娘俩来看我 晚上没地方住 厂里安排住吗",
        "爸妈来看孙子，没地方睡，给补房租吗",
    ],
)
def test_who_asks_where_their_family_may_stay_is_told_so(
    indexed: IndexedLibrary, asked: str
) -> None:
    assert ask(indexed, [asked], "衡水").measures == ("hebei-hengshui-4",)


@pytest.mark.parametrize(
    "said",
    [
        "我带着娃没地方睡 公家管不管",
        "媳妇跟我吵架 我没地方睡 厂里管不管",
        "老婆孩子来找我 我们没地方睡 今晚咋办",
        "老婆来看我 被房东赶出来了 没地方睡 厂里管不管",
        "媳妇带娃来看我 钱丢了 没地方睡 厂里管不管住",
        "来看我的老乡走了 我没地方睡了 厂里管吗",
        "妈来看我 没地方睡 都饿了一天了 政府管吗",
        "三天没吃饭了 老婆来看我没地方睡 厂里管不管住",
        "今晚老婆来看我没地方睡 厂里管不管",
    ],
)
def test_a_family_without_a_roof_is_heard_all_the_same(indexed: IndexedLibrary, said: str) -> None:
    assert ask(indexed, [said], "衡水").reason.startswith("care:destitute")


@pytest.mark.parametrize(
    "asked",
    [
        "私立诊所也不收吗",
        "村里诊所不收吧",
        "小诊所也不收？",
        "药店诊所收不收",
        "所有医院都不收？",
        "外地医院不收吗",
    ],
)
def test_where_a_fee_is_waived_is_asked_on_without_a_cry(
    indexed: IndexedLibrary, asked: str
) -> None:
    assert ask(indexed, ["衡水看病不收挂号费吗", asked]).measures == ("hebei-hengshui-6",)


@pytest.mark.parametrize(
    "turns",
    [
        ["小诊所也不收？"],
        ["石狮失业金怎么领", "小诊所也不收？"],
        ["我爸晕倒了", "小诊所也不收？"],
        ["人昏过去了", "外地医院不收吗"],
        ["衡水看病不收挂号费", "诊所也不收"],
        ["衡水看病不收挂号费", "我爸昏过去了医院不收"],
        ["衡水看病不收挂号费", "我爸昏过去了医院不收", "小诊所也不收？"],
        ["衡水看病不收挂号费", "流血了小诊所不收吗"],
        ["衡水看病不收挂号费", "孩子发高烧小诊所也不收？"],
        ["衡水看病不收挂号费", "医院不收我"],
    ],
)
def test_who_is_turned_away_by_a_hospital_is_heard(
    indexed: IndexedLibrary, turns: list[str]
) -> None:
    assert ask(indexed, turns).reason.startswith("care:medical")


@pytest.mark.parametrize(
    "typed",
    [
        "zhangjiakou qiaodong guonian song shenme",
        "zhangjiakou qiaodong fa shenme dongxi",
        "zhangjiakou qiaodong gongren guonian you shenme",
    ],
)
def test_a_part_of_a_town_in_pinyin_is_no_bridge(indexed: IndexedLibrary, typed: str) -> None:
    assert ask(indexed, [typed]).measures == ("hebei-zjk-4",)


@pytest.mark.parametrize(
    "typed",
    [
        "shui qiaodong",
        "wo zhu qiaodong",
        "zhangjiakou shui qiaodong li",
        "zhangjiakou qiaodong li shui le san tian",
        "zhangjiakou qiaodong shui le yi ye",
        "zhangjiakou qiaodong xia guoye",
        "wo zai zhangjiakou zhu qiaodong meiyou qian",
        "mei di fang zhu shui qiaodong",
        "jin wan zhi neng shui qiaodong",
        "张家口桥洞里睡了三天",
    ],
)
def test_who_sleeps_under_a_bridge_is_heard_in_pinyin_too(
    indexed: IndexedLibrary, typed: str
) -> None:
    assert ask(indexed, [typed]).reason.startswith("care:destitute")


@pytest.mark.parametrize(
    "text",
    [
        "老婆孩子没地方住了怎么办",
        "一家四口没地方住，政府管不管",
        "老公把我和孩子关在门外了，没地方住，有人管吗",
        "孩子和我妈没地方住，天这么冷，有没有地方收留",
        "房子烧了，老婆孩子没地方住，厂里管不管",
    ],
)
def test_a_family_without_a_roof_is_heard(indexed: IndexedLibrary, text: str) -> None:
    assert ask(indexed, [text], "衡水").kind is Kind.HANDOFF


@pytest.mark.parametrize(
    ("text", "region"),
    [
        ("老婆孩子过年来看我，没地方住咋办", "衡水"),
        ("老家来人没地方住，给补贴不", "衡水"),
        ("一家三口没房子住，能申请廉租房吗", "（未具名市）"),
    ],
)
def test_who_asks_where_visitors_live_or_for_a_flat_is_answered(
    indexed: IndexedLibrary, text: str, region: str
) -> None:
    assert ask(indexed, [text], region).kind is Kind.ANSWER


@pytest.mark.parametrize(
    "text",
    [
        "打死我也不挤火车回老家了，沧州给留下的外地农民工发多少",
        "我打死也不回老家过年，沧州给留下的发多少",
        "工头打了我三个电话催我回去，沧州给留下的外地农民工发多少",
        "我快被娃的网课作业逼疯了，石狮有没有线上辅导",
        "石狮家里着火烧没了，民政能给救急钱吗",
    ],
)
def test_what_only_sounds_like_danger_is_answered(indexed: IndexedLibrary, text: str) -> None:
    assert ask(indexed, [text]).kind is Kind.ANSWER


@pytest.mark.parametrize(
    "text",
    [
        "他要打死我也不让我走",
        "老板打死我也不放我走",
        "工头打了我三个耳光，又打了我三个电话威胁我",
        "房子着火烧光了，孩子还在里头，政府快救救",
        "我妈没出来，房子着火烧光了，求政府救助",
        "着火烧没了，人也伤了，有没有救助",
        "被作业逼疯了，我不想活了",
    ],
)
def test_danger_in_the_same_words_is_heard(indexed: IndexedLibrary, text: str) -> None:
    assert ask(indexed, [text], "石狮").kind is Kind.HANDOFF


def test_who_wants_to_be_rung_up_wants_a_person(indexed: IndexedLibrary) -> None:
    assert ask(indexed, ["能不能让客服给我打个电话说"]).reason.startswith("care:person")
