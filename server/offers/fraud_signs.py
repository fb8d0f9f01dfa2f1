"""Signs that a vacancy is after the workers' money: no honest employer is paid for a job.

劳动合同法 第九条: an employer may not keep identity papers, nor ask for a deposit or other money.
"""

import re

_FEES = "(?:报名|培训|服装|工装|工服|制服|体检|中介|建档|资料|办卡|手续|介绍)费"
# What may be denied begins with the last group of a pattern: 需 in 无需 belongs to the denial.
_SIGNS: tuple[tuple[str, re.Pattern[str]], ...] = (
    ("要押金或保证金", re.compile(r"押金|保证金|定金|抵押")),
    (
        "要先交钱",
        re.compile(
            r"(?:先|需|要|须|得|提前)[^，。；,;不]{0,6}((?:交|缴|付|转|垫)[^，。；,;]{0,4}(?:费|钱|款|元))"
            rf"|{_FEES}(?!用?(?:由|全)?"
            r"(?:公司|单位|厂|企业|我们|我方)|报销|全免|免)"
        ),
    ),
    (
        "要扣身份证",
        re.compile(
            r"(?:扣|押|留存|上交|收取)[^，。；,;]{0,3}(?:身份证|证件)原?件?"
            r"|(?:身份证|证件)(?:原件)?(?:统一|暂时|先|须|要|需)?"
            r"(?:由|交|放|存|归|留)(?!本人|自己|员工|个人)[^，。；,;不]{0,6}(?:保管|代管|抵押)"
        ),
    ),
    ("要刷单或转账", re.compile(r"刷单|刷信誉|走流水|垫付|银行卡出租|出借银行卡|代收款")),
    (
        "只留私人联系方式",
        re.compile(r"(?:加(?!班|提成)|＋|\+)[^，。；,;]{0,4}(?:微信|QQ|qq|v信|薇)|私聊|扣扣"),
    ),
)
_ANY = "任何人?|一切|各种|其他|员工|求职者"
# Between a denial and what it denies: a verb, others of its kind; no 经验 before the 押金.
_DENIED = re.compile(
    r"(?:不(?:用|要|需要?|须|会|得|必)?|无[需须]?|没有|免|谨防|拒绝|严禁|禁止)"
    rf"(?:{_ANY}|向|以|要|需|先|提前){{0,4}}(?:收取?|交|缴纳?|扣|押|付)?(?:{_ANY}){{0,2}}的?"
    rf"(?:(?:押金|保证金|定金|{_FEES}用?|费用|身份证|证件)(?:、|/|和|以?及|或者?|与)(?:{_ANY})?){{0,8}}$"
)


def fraud_signs(text: str) -> tuple[str, ...]:
    """What in a vacancy's words tells of fraud, each once, in the order of the list."""
    return tuple(
        sign
        for sign, pattern in _SIGNS
        if any(
            not _DENIED.search(text[: found.start(found.lastindex or 0)])
            for found in pattern.finditer(text)
        )
    )
