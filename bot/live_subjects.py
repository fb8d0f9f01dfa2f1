"""Questions after what is on today, which no document answers: vacancies, coaches, courses."""

import re
from enum import StrEnum

from bot.normalising import normalise


class LiveSubject(StrEnum):
    """What of the day somebody asks for."""

    WORK = "work"
    TRIP = "trip"
    COURSE = "course"
    ACTIVITY = "activity"


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


def live_subject(text: str) -> LiveSubject | None:
    """What of the day a message asks for, None where it is for the documents to answer."""
    plain = normalise(text)
    if _DOCUMENTS.search(plain):
        return None
    return next((subject for subject, asked in _SUBJECTS if asked.search(plain)), None)
