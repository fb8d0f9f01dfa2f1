"""A first proposal for a document and its measures, to be completed by an editor.

Nothing is made up: what is proposed to be said is the clause's own words. What only a person can
decide, the conditions above all, is left so that the checks refuse it until somebody has.
"""

import re
from collections.abc import Iterable, Sequence
from datetime import date
from decimal import Decimal
from typing import Any

from knowledge.clauses import PREAMBLE, Clause, split_clauses, without_number
from knowledge.cleaning import clean
from knowledge.documents import Document
from knowledge.eligibility.sentences import sentences
from knowledge.figures import figures
from knowledge.measures import SELDOM_STATED, Aspect
from knowledge.periods import written_dates

_TITLE = 24
_SUMMARY = 150
_DOCUMENT_NUMBER = re.compile(r"[\u3400-\u9fff]{1,8}[〔\[（]\d{4}[〕\]）]\d{1,4}号")
_DATE = re.compile(
    r"(?:(?:\d{4}|[零〇○一二三四五六七八九]{4})年)?(?:\d{1,2}|[一二三四五六七八九十]{1,2})月"
    r"(?:\d{1,2}|[一二三四五六七八九十]{1,3})日|\d{4}(?P<mark>[-/.])\d{1,2}(?P=mark)\d{1,2}"
)
_PHONE = re.compile(r"(?<![\d-])(?:0\d{2,3}-\d{7,8}|1[0-9]{4}|[2-9]\d{6,7})(?![\d-])")
_CALLED = re.compile("电话|热线|拨打|专线|咨询")
_AMOUNT = re.compile(
    r"(?:每(?P<per>人每月|人每天|人|月|户|天|名))?[^。；，]{0,8}?"
    r"(?P<cap>最高|不超过|上限)?[^。；，\d]{0,6}"
    r"(?<![\d.,])(?P<value>\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?)(?P<unit>[百千]?万?元|%)"
)
_TIMES = {"百": 100, "千": 1000, "万": 10_000}
_UNIT_IN_CHARGE = re.compile(
    r"责任单位：(?P<lead>[^。；\n]+)|由(?P<by>[\u3400-\u9fff]{2,16}?)(?:负责|牵头)"
)
_AUDIENCES = (
    ("child", "子女|学生|儿童|孩子|入学|幼儿"),
    ("employer", "企业|用人单位|雇主|商户|厂家"),
    ("worker", "务工|职工|农民工|失业|劳动者|个人|人员|家庭|就业"),
)
_FORMS = (
    ("消费券", "消费券|优惠券"),
    ("返还", "返还|退还"),
    ("减免", "减免|减半|免收|免除|免费|半价|减征|缓缴|缓交"),
    ("贷款", "贷款|贴息"),
    ("保险待遇", "失业保险金|失业金|工伤待遇|养老保险"),
    ("现金", "补贴|补助|奖励|救助|发放.{0,6}元|慰问金"),
    ("实物", "礼包|物资|慰问品|粮油"),
    ("服务", "服务|培训|咨询|帮扶|援助|招聘|指导"),
    ("宣传", "宣传"),
)
_WORDS_OF = (
    (Aspect.MATERIALS, "材料|凭.{1,20}(?:申领|办理)|身份证|证明"),
    (Aspect.HOW, "申请|申报|申领|办理|登记|受理"),
    (Aspect.ONLINE, "线上|网上|微信|小程序|APP"),
    (Aspect.TIMING, "工作日内|个月内发放|按月发放"),
)
_OPTIONAL = SELDOM_STATED | {Aspect.DEADLINE}


def proposed_document(
    id: str, raw: str, *, title: str = "", today: date, skip: Sequence[str] = ()
) -> dict[str, Any]:
    """What is known of a page from the page itself, as a draft of a document."""
    text = clean(raw, skip=skip).text
    lines = [line.strip() for line in text.split("\n") if line.strip()]
    words = _date_words(text)
    dated = _day(words, today)
    number = _DOCUMENT_NUMBER.search(text)
    quote = words if words and words in text else ""
    return {
        "about": {
            "id": id,
            "title": title or (lines[0][:60] if lines else ""),
            "number": number.group() if number else None,
            "issuer": "",
            "dated": (dated or today).isoformat(),
            "dated_words": words,
            "about_date": "",
            "validity": {
                "from": dated.isoformat() if dated else None,
                "to": None,
                "locator": _locator_of(raw, quote, skip) if quote else PREAMBLE,
                "quote": quote,
                "note": "没有写到哪天为止",
            },
            "headings": [],
            "corrections": [],
            "skip": list(skip),
            "confirmed": [],
            "no_measure": [],
            "no_condition": [],
        },
        "raw": raw,
    }


def proposed_measure(
    document: Document, locator: str, *, id: str, region: str, topics: Iterable[str]
) -> dict[str, Any]:
    """What a clause seems to grant, as a draft of a measure; raises `UnknownClause`."""
    clause = document.clause(locator)
    said = sentences(clause.text)
    title = _title(clause)
    telling = [s for s in said if figures(s)] or said[:1]
    quotes = [_bare(s) for s in telling] or [_bare(clause.text)]
    answers = _answers(said)
    responsible = _responsible(clause.text)
    phones = _phones(said)
    covered = {Aspect(name) for name in answers} | _OPTIONAL
    if responsible["lead"]:
        covered.add(Aspect.WHERE)
    if phones:
        covered.add(Aspect.PHONE)
    about = document.entry
    return {
        "id": id,
        "document": about.id,
        "region": region,
        "locator": locator,
        "title": title,
        "audience": next((who for who, words in _AUDIENCES if re.search(words, clause.text)), ""),
        "form": next((form for form, words in _FORMS if re.search(words, clause.text)), ""),
        "topics": list(topics),
        "summary": "".join(quotes)[:_SUMMARY],
        "grants": _grants(title, said, quotes),
        "rule": None,
        "answers": answers,
        "not_stated": [aspect.value for aspect in Aspect if aspect not in covered],
        "responsible": responsible,
        "phones": phones,
        "validity": about.validity.model_dump(mode="json", by_alias=True),
        "quotes": quotes,
        "question": "",
        "similar": [],
        "negative": [],
    }


def _title(clause: Clause) -> str:
    first = without_number(clause.text.split("\n")[0])
    return re.split(r"[。；：，]", first)[0][:_TITLE]


def _bare(sentence: str) -> str:
    """A sentence as it is quoted: without its number and its last mark."""
    return without_number(sentence).strip().rstrip("。；")


def _grants(title: str, said: Sequence[str], quotes: Sequence[str]) -> list[dict[str, Any]]:
    found = []
    for sentence in said:
        amount = _AMOUNT.search(sentence)
        if amount is None:
            continue
        # Decimals: 1.1 times ten thousand is 11,000, and not nearly.
        value, unit = Decimal(amount["value"].replace(",", "")), amount["unit"]
        for char in unit[:-1]:
            value *= _TIMES[char]
        written = {
            "value": float(value), "unit": unit[-1], "per": amount["per"],
            "cap": bool(amount["cap"]),
        }  # fmt: skip
        found.append({"what": title, "amount": written, "quote": _bare(sentence)})
    return found or [{"what": title, "amount": None, "quote": quotes[0]}]


def _answers(said: Sequence[str]) -> dict[str, dict[str, str]]:
    found: dict[str, dict[str, str]] = {}
    for sentence in said:
        quoted = {"say": _bare(sentence) + "。", "quote": _bare(sentence)}
        if _AMOUNT.search(sentence):
            found.setdefault(Aspect.AMOUNT.value, quoted)
        for aspect, words in _WORDS_OF:
            if re.search(words, sentence):
                found.setdefault(aspect.value, quoted)
    return found


def _responsible(text: str) -> dict[str, Any]:
    found = _UNIT_IN_CHARGE.search(text)
    if found is None:
        return {"lead": [], "cooperating": [], "quote": None}
    units = re.split("[、，]", found["lead"] or found["by"])
    return {"lead": [unit.strip() for unit in units], "cooperating": [], "quote": found.group()}


def _phones(said: Sequence[str]) -> list[dict[str, str]]:
    return [
        {"number": number, "of": "", "quote": _bare(sentence)}
        for sentence in said
        if _CALLED.search(sentence)
        for number in _PHONE.findall(sentence)
    ]


def _date_words(text: str) -> str:
    """The words that seem to give the day of a text: a whole date, the last one there is."""
    dates = [found.group() for found in _DATE.finditer(text)]
    whole = [found for found in dates if "年" in found or "月" not in found]
    return (whole or dates or [""])[-1]


def _day(words: str, today: date) -> date | None:
    for written in written_dates(words):
        if day := written.first(today.year):
            return day
    return None


def _locator_of(raw: str, quote: str, skip: Sequence[str]) -> str:
    for clause in split_clauses(clean(raw, skip=skip).text):
        if quote in clause.text:
            return clause.locator
    return PREAMBLE
