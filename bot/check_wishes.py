"""Words that ask for a self-check, for whom it is asked, and what is left of the message."""

import re
from dataclasses import dataclass

from bot.question import content
from bot.words import firms

SMALL = "娃儿?|孩子|小孩|崽"
CHILD = f"{SMALL}|儿子|女儿|闺女"
GROWN_UP = (
    "老公|丈夫|老婆|媳妇|老伴|爱人|对象|爸爸?妈?妈?|妈妈?|父母|爹|娘|哥哥?|姐姐?|弟弟?|妹妹?"
    "|亲戚|老乡|工友|朋友|邻居|同事|室友"
)
KIN = f"{CHILD}|{GROWN_UP}"
_MINE = "你?(?:看看?)?(?:我们?|俺们?|咱们?|我家|俺家)(?:这[种样个些])?(?:家|的)?"
_LIKE_ME = "(?:外地|本地|外来|打工|务工|农民工)(?:务工)?(?:人员?|的|员工)?"


def _who(name: str, before: str = "") -> str:
    """Whoever it is about, as a group of this name: 你看我们家孩子, 我这种外地人.

    Without 我 before it a word for somebody has to stand behind `before`: 帮扶对象 is nobody's.
    """
    return f"(?:(?:{_MINE}|{before})(?P<{name}>{KIN}|{firms.NAMES})|(?:{_MINE})?(?:{_LIKE_ME})?)"


_ASKS = re.compile(
    f"请?(?:你)?(?:帮|给|替){_who('asked')}(?:查查|查一?查|查一下|看看(?![病牙眼房书戏])|看一下|算算|测测|测一下)"
    f"|{_who('meets', '^')}(?:到底)?(?:够不够|符不符合|符合不符合|够得上|满不满足|够)"
    "(?:这个|那个|申请|领取?|享受)?的?(?:条件|资格|标准)(?:吗|么|不)?"
    f"|{_who('fits', '^')}符合(?:这个|申请|领取?)?的?(?:条件|资格)(?:吗|么|不)"
    f"|{_who('has', '^')}(?:有没有|有无)(?:这个|申请|领取?)?的?资格"
    "|自测|资格自查|查(?:一查|查|一下)?(?:我的)?资格"
)
"""Words that ask for a check, whatever else a message says."""
_ASKS_ALONE = re.compile(
    f"(?:那|像)?{_who('alone')}(?:这样的?|这种情况)?(?:也|都)?(?:能不能|可不可以|可以|能|该)?"
    "(?:领|拿|申请|享受|办)(?:到|得到|取)?(?:吗|么|不|没|嘛)?"
    "|(?:那|像)?我?(?:们)?(?:这样的?|这种情况|这)?(?:够不够?|够了?[吗么]|符不符合|符合[吗么不])"
)
"""Words that ask for one where they are the whole message."""
_ASKS_FOR_KIN = re.compile(
    f"(?:那|像)?(?:{_MINE}|(?:你|她|他)的?)?(?P<kin>{KIN})(?:(?:[和跟、]|还有)?(?:{KIN}))?"
    "(?:[, ]+[他她]们?)?"
    "(?:(?<!^对象)呢|(?:也|都|还)?(?:(?:能不能|可不可以|可以|能|该|有没有|行不行|给不给|算不算)"
    "(?:领|拿|申请|享受|办)?(?:到|得到)?(?:的?份|一份)? ?(?:吗|么|不|没有?|嘛)?"
    "|(?:有|行|给|算)(?:的?份|一份)?(?:吗|么|不|没有?|嘛)))"
)
"""The same of what was just spoken of, for somebody else: 我老伴呢, 孩子有没有."""
_SUBJECT = "[^,，、。?？!！;；\\s我俺咱你他她它多少几哪谁怎什啥了没过不被]{2,12}"
_OURS = f"(?:{_MINE})(?:{_LIKE_ME})?(?:{KIN}|{firms.NAMES})?(?:自己|这样的?|这种情况)?"
_CAN = "(?:能不能|可不可以|可以|能)"
_GET = "(?:领|拿|申请|享受)(?:到|得到|取)?"
_ASKS_OF = tuple(
    re.compile(pattern)
    for pattern in (
        f"(?P<subject>{_SUBJECT})(?P<whose>{_OURS})(?:{_CAN}{_GET}|够不够|够)(?:吗|么|不|没|嘛|呢)*",
        f"(?:那|像)?(?P<whose>{_OURS}){_CAN}{_GET}(?P<subject>{_SUBJECT}?)(?:吗|么|不|没|嘛|呢)*",
        f"请?你?(?:帮|给|替)(?:我|俺)们?查(?P<subject>{_SUBJECT}?)(?P<whose>(?:{_OURS})?)"
        f"(?:够不够|{_CAN}{_GET})(?:吗|么|不|没|嘛|呢)*",
    )
)
"""Words that ask whether somebody gets what they name: 失业金我能领吗."""
_A_QUESTION = re.compile("能不能|可不可以|够不够|[吗么不没嘛]呢?$")
_ANY_HELP = re.compile("(?:各种|这些|惠民|优惠|帮扶)*(?:政策|补贴|补助|福利|好处|待遇|措施)")
"""Words for what there is, whatever it is."""


@dataclass(frozen=True, slots=True)
class Wish:
    """A wish for a self-check: for whom, of what, '' for all that there is."""

    who: str
    subject: str
    alone: bool
    """The message is nothing but words that may ask for it: 我能领吗."""
    of_kin: bool = False
    """It asks whether somebody else gets it, too."""


def wish(text: str) -> Wish | None:
    """Read the wish for a check; None where a message asks for none."""
    bare = text.strip(" ?？。!！")
    if alone := _ASKS_ALONE.fullmatch(bare):
        return Wish(alone["alone"] or "", "", alone=True)
    if of_kin := _ASKS_FOR_KIN.fullmatch(bare):
        return Wish(of_kin["kin"], "", alone=True, of_kin=True)
    if not _ASKS.search(text):
        return None
    named = (who for each in _ASKS.finditer(text) for who in each.groupdict().values())
    who = next(filter(None, named), "")
    subject = _ASKS.sub("", text)
    if not who and (left := grown_up(subject) or named_firm(subject)):
        return Wish(left, "", alone=False)  # 帮我查查公司够不够条件
    return Wish(who, subject if content(_ANY_HELP.sub("", subject)) else "", alone=False)


def whether_one_gets(text: str) -> Wish | None:
    """Read a message that asks no more than whether one gets what it names; else None."""
    bare = text.strip(" ?？。!！")
    found = next(filter(None, (pattern.fullmatch(bare) for pattern in _ASKS_OF)), None)
    if found is None or not _A_QUESTION.search(bare):
        return None
    subject, whose = found["subject"], found["whose"]
    if not content(_ANY_HELP.sub("", subject)):
        return None
    who = re.search(f"(?:{KIN}|{firms.NAMES})", whose)
    return Wish(who[0] if who else "", subject, alone=False)


def grown_up(text: str) -> str:
    """Whom a text names that is nothing but a word for somebody grown up, '' for nobody: 我妈."""
    found = re.fullmatch(
        f"[替帮给]?(?:{_MINE})?(?P<who>{GROWN_UP})(?:问|查|看)?的?", text.strip(" ,，。.!！")
    )
    return found["who"] if found else ""


def named_firm(text: str) -> str:
    """The same for a firm."""
    found = re.fullmatch(f"(?:{_MINE})?(?P<who>{firms.NAMES})", text.strip(" ,，。.!！"))
    return found["who"] if found else ""
