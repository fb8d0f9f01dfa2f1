"""What no document answers: what is on today, and that somebody wants no more messages."""

import re
from enum import StrEnum

from bot.words.normalising import normalise


class LiveSubject(StrEnum):
    """What of the day somebody asks for."""

    WORK = "work"
    TRIP = "trip"
    COURSE = "course"
    ACTIVITY = "activity"
    VOUCHER = "voucher"
    """The asker's own."""
    PROGRESS = "progress"
    """How the asker's own cases stand."""
    NO_LETTERS = "no_letters"
    """No question: they want no more messages of campaigns."""
    LETTERS = "letters"
    """They want them again."""
    ARREARS = "arrears"
    """Several people whom one employer owes wages, who could report it together."""


# A question for what a document grants, or for its terms, is the documents' to answer.
_DOCUMENTS = re.compile(
    r"补[贴助]|红包|政策|条件|文件|规定|多少钱|奖励|返还|措施|给钱|免费吗|待遇|资格|报销|失业金|怎么办理"
)
_ASKS = (
    r"(?:有没有|有什么|有啥|有哪些|有哪|哪里有|哪有|哪儿有|哪个|哪些|还有"
    r"|最近|附近|现在|今天|这两天|想找|帮我找|推荐)"
)
_DAY = r"(?:哪天|几号|什么时候|啥时候|几点|哪日)"

_SUBJECTS: tuple[tuple[LiveSubject, re.Pattern[str]], ...] = (
    (
        LiveSubject.TRIP,
        re.compile(
            rf"(?:{_DAY}|{_ASKS}).{{0,8}}(?:专车|大巴|包车|班车|拼车|返乡车|返岗车|有车|的车)"
        ),
    ),
    (
        LiveSubject.COURSE,
        re.compile(rf"(?:{_DAY}|{_ASKS}).{{0,8}}(?:培训班|培训课|课程|上课|开课|开班)"),
    ),
    (
        LiveSubject.WORK,
        re.compile(
            rf"{_ASKS}.{{0,8}}(?:招聘|招工|招人|岗位|厂招|缺人|工作(?!站|日|单位|人员|时间)|活干|活儿|活做)"
            r"|哪.{0,4}(?:招人|招工|在招|缺人)"
        ),
    ),
    (LiveSubject.ACTIVITY, re.compile(rf"{_ASKS}.{{0,6}}活动(?!资金|经费)")),
)

_OWN_VOUCHERS = re.compile(
    r"我(?:们)?(?:的|那|这|手里|手上|手机里|有|还有|还剩)[^，。？]{0,8}"
    r"(?:券(?!商)|光荣卡|福利卡|服务卡)[^，。]{0,8}(?:能用|用吗|好用|有效|过期|到期|用到|作废|余额|剩|用完|还有|几张|哪里用|哪儿用|在哪|吗|没)"
    r"|我(?:还有|还剩|有)(?:多少|几张|什么|哪些)[^，。]{0,4}券"
)

_PROGRESS = re.compile(
    r"^(?:查(?:一下|询)?|看看?|我的)?(?:办件|办事|申请|审核|审批)?进[度展](?:查询|怎么样|呢)?$|^我的办件$"
    r"|查(?:一?下|询)?我?的?(?:办件|办事|申请|审核)(?:的)?(?:进[度展]|情况)"
    r"|我(?:的|那个?|这个?|交的?|提的?|报的?|申请的?|上次的?|前几天的?){1,2}[^，。？]{0,10}(?:申请|办件|材料|单子|事|件|补贴|钱)"
    r"[^，。？]{0,6}(?:到哪(?:里|儿)?(?:一?步)?|走到哪|进[度展]|(?:审|批)(?:到|好|完|过|下来|了)|通过了?没|有结果|有消息|有信儿|办得怎么样|怎么样了|好了没)"
)

_SEVERAL = (
    r"(?:我们|咱们|俺们|大家|大伙|工友|工人们|一帮|一群|[几十百两二三四五六七八九\d]+(?:多|来)?(?:个|号|位)"
    r"(?:工)?人|[几十百两二三四五六七八九\d]+(?:多)?人)"
)
_WAGES = r"(?:工钱|工资|薪水|薪资|薪|血汗钱|工程款|人工钱)"
_OWED = r"(?:拖欠|欠着|欠|没发|不发|没给|不给(?!交)|不结|没结|拿不到|要不到|要不回|讨|赖)"
_TOGETHER = re.compile(
    rf"(?:{_SEVERAL}[^，。]{{0,12}}{_OWED}|{_OWED}[^，。]{{0,6}}{_SEVERAL})[^，。]{{0,10}}{_WAGES}"
    rf"|{_SEVERAL}[^，。]{{0,8}}{_WAGES}[^，。]{{0,10}}{_OWED}"
)


# Word for word: "怎么退订保险" is none of ours.
_NO_LETTERS = re.compile(
    r"(?:我要)?(?:退订|td|拒收)|(?:退订|不要|别)(?:再)?(?:群发|发|收)?(?:的)?(?:通知|消息|短信)(?:了)?"
)
_LETTERS = re.compile(r"(?:我要)?(?:恢复订阅|恢复通知|取消退订)")


def live_subject(text: str) -> LiveSubject | None:
    """What of the day a message asks for, None where it is for the documents to answer."""
    plain = normalise(text)
    if _NO_LETTERS.fullmatch(plain.strip(" 。！!.")):
        return LiveSubject.NO_LETTERS
    if _LETTERS.fullmatch(plain.strip(" 。！!.")):
        return LiveSubject.LETTERS
    if _OWN_VOUCHERS.search(plain):
        return LiveSubject.VOUCHER
    if _PROGRESS.search(plain.strip(" 。！!.?？")):
        return LiveSubject.PROGRESS
    if _TOGETHER.search(plain):
        return LiveSubject.ARREARS
    if _DOCUMENTS.search(plain):
        return None
    return next((subject for subject, asked in _SUBJECTS if asked.search(plain)), None)
