"""Words of who is owed wages, and of who lost their work."""

import re

ARREARS = "欠薪"
"""What both the people and the documents call it."""
_NOT_THERE = "(?:没到(?:[账卡手]|(?=$|[,。?! ]))|不到账|没收到|没进账|没打过来|卡里没有?)"
_OWING = "(?:欠|拖|没发|不发|没给|不给|没结|不结|要不回|要不到|拿不到|没拿[到着]|没领[到着]|讨)"
_WAGES = "(?:工钱|工资|薪水?|血汗钱|加班[费钱])"
_WAGES_OWED = re.compile(
    f"{_OWING}[^,。?!]{{0,8}}{_WAGES}|{_WAGES}[^,。?!]{{0,8}}{_OWING}"
    f"|{ARREARS}|{_WAGES}(?:该|应该|得|要)?(?:找谁|问谁|跟谁|向谁|去?哪里?|怎么)去?[要讨]|(?:讨回?|要回|追回?){_WAGES}"
    f"|{_WAGES}(?!卡)(?:(?!按时|照发|(?<![现奖])金|[补券]|红包)[^?!。]){{0,12}}{_NOT_THERE}|加班(?:都|也|又)?(?:不|没)(?:给|发|算)(?:加班)?[费钱]"
)
_MONEY = "(?:钱|块|万|元|[0-9]{3})"
_GONE = "(?:老板|包工头|工头)[^,。?!]{0,4}(?:跑了|跑路|失联|失踪|不见了)"
_MONEY_OWED = re.compile(
    "(?:老板|包工头|工头|公司|厂里|工厂|单位|工地)[^,。?!]{0,6}"
    f"(?:欠|不给|没给|赖)(?![^,。?!]{{0,4}}[交缴买保补假])[^,。?!]{{0,8}}{_MONEY}"
    f"|{_GONE}[^。?!]{{0,14}}{_WAGES}|{_GONE}[, ]{{0,2}}[^,。?!]{{0,4}}欠[^,。?!]{{0,8}}{_MONEY}"
)
"""The same where it is not called wages: 老板欠我们十几个人的钱."""
_SAID_TO_BE_PAID = re.compile(
    "^(?!.*(?:申请|补贴|补助|返还|红包|券|礼包|流量|慰问|材料|保险|社保|[送赠发]书|图书|体检|课|培训|[车机门]票|物资))"
    f".*(?:老板|包工头|工头|厂里|工厂)[^。?!]{{0,8}}(?:钱|发|打|转|结)[^。?!]{{0,12}}{_NOT_THERE}"
)
_FIRM_IS_GONE = re.compile(
    "(?:厂子?|工厂|公司|企业|单位|店)(?:都|也|就|已经)?(?:倒闭|破产|关门|关停|垮|黄)了?[, ]*"
)
_LOST_WORK = re.compile(
    "[我俺](?:们|现在|刚|也|都|是|已经|去年|今年|昨天|上个?月|这个?月)*(?:被|失业|下岗|没了?工作|丢了|没活|没班)"
    "|把[我俺]们?(?:都|也|给)*(?:辞|炒|裁|开)|[我俺].{0,6}被(?:辞|炒|裁|开除|解雇)|失业金(?!返还)|失业保险金"
)

_WORK_IS_GONE = re.compile(
    "(?:厂子?|工厂|公司|企业|单位|店|车间|工地)里?(?:[一早全]?都|也|就|已经|突然|说|现在|这)*"
    "(?:倒闭|破产|关门|关停|停工|停产|停业|停|垮|黄|倒|关|散伙|解散)(?:掉|闭)?了"
    "|(?:没有?|没了|丢了|丢掉)(?:了)?(?:工作|活儿?干?|班上|饭碗)|活儿?(?:都|也)?没了"
)


def are_owed(text: str) -> bool:
    """Tell whether somebody asks for wages, or other money, that a firm owes them."""
    return bool(_WAGES_OWED.search(text) or _MONEY_OWED.search(text))


def are_said_to_be_paid(text: str) -> bool:
    """The same where the boss says they paid: 老板说打了没到账."""
    return bool(_SAID_TO_BE_PAID.search(text))


def asked_for(text: str) -> str:
    """The text as one that asks for wages: closed or not, it is them that somebody asks for."""
    return f"{_FIRM_IS_GONE.sub('', text)} {ARREARS}"


def lost_work(text: str) -> bool:
    """Tell whether somebody says that they lost their own work."""
    return bool(_LOST_WORK.search(text))


def work_is_gone(text: str) -> bool:
    """Tell whether somebody says that they lost their work, or that there is none where it was."""
    return lost_work(text) or bool(_WORK_IS_GONE.search(text))
