"""Details that go by a name of their own: who asks for one is told it is not written, where the
clause has no word of it. 利息, 面额, 原价, 处分, 表格样本."""

import re
from typing import NamedTuple

from bot.stating import written
from knowledge.measures import Measure

_WHETHER_ONE_MUST = "(?:要不要|用不用|需不需要|得不得|是不是要|需要|要|得|用)"


class NamedDetail(NamedTuple):
    """Its name in the sentences, how it is asked for, and what a clause that tells of it has."""

    name: str
    asked: str
    written: str


DETAILS = (
    NamedDetail("interest", "利息|利率|[年月]息|几厘|几分利|贴息", "息|利率"),
    NamedDetail(
        "surety",
        f"担保人|保证人|反担保|{_WHETHER_ONE_MUST}[^,。?!]{{0,4}}(?:担保|抵押)|抵押什么",
        "担保人|保证人|抵押|反担保",
    ),
    NamedDetail(
        "face_value",
        "面[额值]|整张|几张(?:券|票|卡)|(?:分|拆)成?几张|[1一]张(?:是|值|有)?(?:多少|几)[块元钱]",
        "面[额值]|张",
    ),
    NamedDetail(
        "least_spent",
        "满减|满(?:多少|几)[^,。?!年月天]{0,3}(?:减|用|抵)|起用|最低消费|凑单|找零(?![工活])",
        "满减|满.{1,6}减",
    ),
    NamedDetail("full_price", "原价|原来要?(?:多少|几)|门市价|市场价|正价", "原价|市场价"),
    NamedDetail(
        "penalty",
        "处分|处罚|罚(?:多少|几|得)|罚款(?=多少|几|怎么)|判(?:刑|几年)|坐牢|拘留|抓(?:去|进|起来)|追责|吊销|黑名单",
        "处分|罚|判|拘|追责|吊销|黑名单",
    ),
    NamedDetail("penalty", "罚款|罚不罚|罚钱", "罚|滞纳金"),
    NamedDetail("late_fee", "滞纳金", "滞纳金"),
    NamedDetail("deposit", "[交收]不[交收](?:押金|定金|保证金)", "押金|定金|保证金"),
    NamedDetail("entrance", "门票|入场券|票价", "票|免费"),
    NamedDetail(
        "form",
        "表格?的?(?:模板|样板|样表|样本|范本|格式|电子版)|表格?[^,。?!]{0,4}下载|下载[^,。?!]{0,4}表",
        "下载|样表|模板",
    ),
    NamedDetail(
        "code", "验证码|密码|口令|(?:发|编辑|回)(?:个|条|什么|哪个?)*(?:短信|代码)", "短信|验证码"
    ),
    NamedDetail("excess", "用超|(?:券|流量|卡)超了|超出(?:的|部分|去)|超过的?部分", "超出|超过"),
    NamedDetail(
        "carried_over",
        "结转|攒(?:到|着|起来)|滚到|顺延|(?:留|转|接|挪)到(?:下|明年)|(?:抵|减)不完|没(?:用|抵|减)完"
        "|用不完[^,。?!]{0,6}(?:下|作废|退|留|清)|清零",
        "结转|顺延|清零",
    ),
    NamedDetail("advanced", "先垫|垫付|垫资|垫钱|先(?:自己|我们?|厂里|公司)(?:掏|出|交)", "垫"),
    NamedDetail("grades", "分(?:几)?[个]?(?:档|等|级别)|几等奖|头名|第1名|[123]等奖", "档|等奖"),
    NamedDetail("brand", "牌子|品牌|型号|尺码|多大码|口味|保质期|产地", "牌|型号|尺码"),
    NamedDetail("taxed", "(?:扣|交|缴|上)(?:不扣|不交|不上)?(?:个人所得|个)?税|个税|完税", "税"),
    NamedDetail(
        "for_another",
        "代领|代办|代取|(?:替|帮)(?:他|她|家里?人|别人|老人)+(?:领|取|办)|委托",
        "代领|代办|委托",
    ),
    NamedDetail(
        "handed_on",
        "转让|转(?:给|送)(?:别|旁|老乡|工友)|送给?(?:别|旁)人|卖给(?:别|旁|老乡|工友)|倒卖",
        "转让|转赠",
    ),
    NamedDetail(
        "together",
        "叠加|叠着|(?<!夫妻)(?<!夫妻俩)(?<!两口子)(?<!我们)(?<!我俩)(?:能|可以)[^,。?!]{0,14}(?:[一1](?:起|块儿?)|同时)(?:拿|领|用|享|申)"
        "|两样都(?:能|可以)?(?:拿|领)",
        "叠加|同时|另加|一并",
    ),
    NamedDetail(
        "given_back",
        f"{_WHETHER_ONE_MUST}(?:把钱|给|全)?退(?:钱|回去?|还)(?=[吗么不没]|$|[,。?! ])|倒退",
        "退[回还]|追回|返还",
    ),
    NamedDetail(
        "age",
        "(?:几|多少)(?:周)?岁|多大(?:年纪|岁数|年龄)|(?:年龄|岁数)(?:要求|限制|有|限|上|不)|超龄",
        "[0-9]岁|周岁|4050|年龄在",
    ),
    NamedDetail("booked", "预约|抢(?:光|完|票|券)|扫码", "预约|扫码"),
    NamedDetail("next_round", "(?:第?[2二]|下1?一?)(?:批|轮)", "[第分].{0,2}批"),
    NamedDetail("invoice", "发票|收据|票据|小票", "发票|收据|票据"),
    NamedDetail("exchanged", "退换|换货|能换(?:吗|不|么|成别)", "换"),
    NamedDetail(
        "schooling",
        "(?:什么|要|有|限|啥|不)(?:样的?)?(?:学历|文凭)|学历(?:要求|限制|有|要)",
        "学历",
    ),
    NamedDetail("kept_private", "泄露|隐私|保密|外传", "保密|隐私"),
    NamedDetail(
        "examined", f"{_WHETHER_ONE_MUST}[^,。?!]{{0,3}}(?:考试|考核)|补考|考不过", "考试|考核"
    ),
    NamedDetail(
        "board",
        "(?:包不包|管不管|包|管)(?:吃住?|住|饭|食宿|接送)(?:吗|不|么|没)|(?:包不包|管不管)(?:吃|住|饭|食|接)|误工费",
        "吃|住|餐|饭|食|接送|点对点",
    ),
    NamedDetail(
        "wage",
        "(?:工资|工钱|底薪|月薪|时薪|薪水|薪资)(?:开|给|是|有|能|大概|1个月|一个月|1天|一天)*(?:多少|几|高不高|怎么样)",
        "工资|薪",
    ),
    NamedDetail("last_bus", "[首末头尾]班", "[首末]班|运营时间"),
    NamedDetail("published", "公示|公布名单|名单[^,。?!]{0,4}(?:哪|公布|贴)", "公示|名单"),
)
_PATTERNS = tuple((d.name, re.compile(d.asked), re.compile(d.written)) for d in DETAILS)


def unwritten_detail(text: str, measure: Measure) -> str:
    """Name the first detail that a tidied question asks for and the clause has no word of."""
    asked = [(name, stands) for name, asks, stands in _PATTERNS if asks.search(text)]
    said = written(measure) if asked else ""
    return next((name for name, stands in asked if not stands.search(said)), "")
