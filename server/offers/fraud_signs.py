"""Signs that a vacancy is after the workers' money: no honest employer is paid for a job.

劳动合同法 第九条: an employer may not keep identity papers, nor ask for a deposit or other money.
"""

import re

_SIGNS: tuple[tuple[str, re.Pattern[str]], ...] = (
    ("要押金或保证金", re.compile(r"押金|保证金|定金|抵押")),
    (
        "要先交钱",
        re.compile(
            r"(?:先|需|要|须|得|提前)[^，。；,;不]{0,6}(?:交|缴|付|转|垫)[^，。；,;]{0,4}(?:费|钱|款|元)"
            r"|(?:报名|培训|服装|工装|体检|中介|建档|资料|办卡|手续|介绍)费(?!用?(?:由|全)?"
            r"(?:公司|单位|厂|企业|我们|我方)|报销|全免|免)"
        ),
    ),
    ("要扣身份证", re.compile(r"(?:扣|押|留存|上交|收取)[^，。；,;]{0,3}(?:身份证|证件)原?件?")),
    ("要刷单或转账", re.compile(r"刷单|刷信誉|走流水|垫付|银行卡出租|出借银行卡|代收款")),
    ("只留私人联系方式", re.compile(r"(?:加|＋|\+)(?:微信|QQ|qq|v信|薇)|私聊|扣扣")),
)
_DENIED = re.compile(
    r"(?:不(?:收|交|用交|需要?交?|要|扣|押)|无(?:需)?|没有|免|谨防|拒绝|严禁|禁止)"
    r"(?:任何|一切|各种|员工)?(?:的)?[^，。；,;！!]{0,10}$"
)


def fraud_signs(text: str) -> tuple[str, ...]:
    """What in a vacancy's words tells of fraud, each once, in the order of the list."""
    return tuple(
        sign
        for sign, pattern in _SIGNS
        if any(not _DENIED.search(text[: found.start()]) for found in pattern.finditer(text))
    )
