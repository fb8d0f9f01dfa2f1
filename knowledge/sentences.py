"""The bot's fixed sentences: which there must be, and what each of them is filled with."""

from collections.abc import Iterator, Mapping
from string import Formatter

from knowledge.entries import Entry, Text
from knowledge.faults import Code, Fault, Location
from knowledge.measures import Aspect

PLACEHOLDERS: dict[str, tuple[str, ...]] = {
    "empty": (),
    "too_long": (),
    "who": ("who",),
    "conditions": ("conditions",),
    "where": ("units",),
    "units": ("units",),
    "phone": ("phones",),
    "closed": ("span",),
    "closed_action": ("action", "span"),
    "until_action": ("action", "span"),
    "deadline_closed_action": ("action", "span"),
    "part_closed": ("what",),
    "not_yet": ("from",),
    "until": ("span",),
    "open_ended": ("dated", "about", "ask"),
    "open_ended_undated": ("dated", "ask"),
    "deadline_closed": ("span",),
    "deadline_open": ("span",),
    "deadline_from": ("from",),
    "deadline_unknown": (),
    "also": ("summary", "source"),
    "told_of_too": ("summary", "source"),
    "good_for": ("summary", "source"),
    "quote": ("quote",),
    "source": ("source",),
    "document": ("document",),
    "issued": ("issuer",),
    "document_number": ("number",),
    "number_told_of": ("number",),
    "no_document_number": (),
    "units_of_all": ("region", "units"),
    "only_here": ("region",),
    "also_elsewhere": ("regions",),
    "part_covered": ("place", "region"),
    "in_region": ("region", "text"),
    "none_in_region": ("region",),
    "also_in": ("regions",),
    "not_answered_yet": ("questions",),
    "not_covered_too": ("places",),
    "which_place": (),
    "which_one": (),
    "choice": ("number", "label"),
    "elsewhere": (),
    "number_range": ("last",),
    "number_alone": (),
    "over": (),
    "place_not_covered": ("place",),
    "place_near": ("regions",),
    "ask_locally": ("name", "number"),
    "outside": ("topic", "ask"),
    "outside_region": ("topic", "region", "ask"),
    "not_in_region": ("region",),
    "not_found_in_region": ("region",),
    "part_not_named": ("region", "part"),
    "part_without_this": ("region", "part"),
    "town_has": ("region", "titles"),
    "sisters_have": ("region", "regions"),
    "elsewhere_has": ("regions", "region"),
    "not_stated": ("region", "aspect"),
    "claim_not_written": (),
    "claim_of_something_else": (),
    "number_not_written": (),
    "known_nearby": ("summary",),
    "not_understood": (),
    "not_understood_help": (),
    "ask_unit": ("unit",),
    "helpline": ("name", "number", "for"),
    "helpline_source": ("source",),
    "care_goes_on": (),
    "care_over": (),
    "care_help_is_there": (),
    "local_hotline": ("region", "of", "number", "source"),
    "overview": ("region",),
    "no_such_clause": ("region",),
    "clause_without_help": (),
    "check_suggestion": (),
    "check_start": ("title",),
    "check_goes_by": ("conditions",),
    "check_start_region": ("region",),
    "check_for_other": ("who",),
    "check_help": (),
    "check_still": ("region",),
    "check_question": ("number", "left", "question"),
    "check_question_of_many": ("number", "left", "question"),
    "check_yes": (),
    "check_no": (),
    "check_unsure": (),
    "check_none_of_these": (),
    "check_back": (),
    "check_stop": (),
    "check_go_on": (),
    "check_several": (),
    "check_several_or_none": (),
    "check_number": (),
    "check_month": (),
    "check_day": (),
    "check_not_read": (),
    "check_number_range": ("last",),
    "check_not_possible": (),
    "check_year_missing": (),
    "check_not_yet": (),
    "check_noted": ("words", "question", "answer"),
    "check_take_back": (),
    "check_not_sure": (),
    "check_later": (),
    "check_left_to_ask": ("labels",),
    "check_word": ("quote",),
    "check_why": ("quote",),
    "check_why_of_many": ("titles",),
    "check_first": (),
    "check_paused": (),
    "check_stopped": (),
    "check_left": (),
    "check_region": ("region",),
    "check_eligible": ("title",),
    "check_ineligible": ("title",),
    "check_only_worker": ("title",),
    "check_only_child": ("title",),
    "check_only_employer": ("title",),
    "check_again": (),
    "check_failed": ("condition",),
    "check_change": ("changes",),
    "check_needed": ("condition",),
    "check_undetermined": ("title", "labels"),
    "check_assessed": ("title",),
    "check_assessed_note": (),
    "check_verify": ("conditions",),
    "check_reviewed": (),
    "check_amount": ("amounts",),
    "check_up_to": ("sum",),
    "check_nothing_open": ("region",),
    "check_not_open": ("title",),
    "check_group_eligible": (),
    "check_group_near": (),
    "check_group_unknown": (),
    "check_group_failed": ("count",),
    "check_group_over": ("count",),
    "check_missing": ("labels",),
    "check_not_listed": ("count",),
    "check_more": (),
    "check_no_end": (),
    "check_nothing": (),
}
"""Every sentence that the bot says, with the names in braces that must stand in it."""

DETAILS = ("detail", *(aspect.value for aspect in Aspect))
"""What a clause can leave open; `detail` where it is none of the aspects."""

NAMED_LATER = frozenset({Aspect.COUNT, Aspect.LENGTH, Aspect.OWN_SHARE, Aspect.REPLACEMENT,
                         Aspect.STOPPING, Aspect.FEE, Aspect.CAP, Aspect.APPLY_BY,
                         Aspect.AFTERWARDS})  # fmt: skip
"""A release that was stored before one could ask for these has no names for them, and goes on being
served; files that are published anew have to name them (`knowledge.checking`)."""

SAID_LATER: Mapping[str, str] = {
    "told_of_too": "你还说到的：{summary}（{source}）",
    "good_for": "它的用处，另一条写了：{summary}（{source}）",
    "issued": "谁发的：{issuer}。",
    "document_number": "文号：{number}。",
    "number_told_of": "里面讲的文件，文号是{number}。",
    "no_document_number": "文号没有写。",
    "no_such_clause": "{region}的文件里没有这一条。",
    "clause_without_help": "这一条没有写给人的待遇或者帮助，原文是这样的：",
    "units": "责任单位：{units}。",
    "units_of_all": "{region}的文件写的责任单位有：{units}。哪件事找谁，说出是什么事我再告诉你。",
    "also_in": "有相近措施的还有：{regions}。想看哪里的，回复地名。",
    "not_answered_yet": "一条消息写不下，还没答的：{questions}。请再问一次。",
    "claim_not_written": "关于这件事，文件没有写你说的这个数。",
    "claim_of_something_else": "你说的这个数文件里有，说的是另一回事。",
    "number_not_written": "你说的这个号码，文件没有写。",
    "care_goes_on": "先顾这件事，别等。把你刚才说的，告诉接电话的人：",
    "care_help_is_there": "好，先听医生、警察的安排。"
    "要是情况变了，或者人还没到，马上再打下面的电话。",
    "care_over": "那就好。要是又不对劲，马上打下面的电话。想问补助、工资，接着问我。",
    "check_goes_by": "我们按这样的理解来查：{conditions}。",
    "check_again": "要是答错了，或者想替别人问，回复“帮我查查”重新来。",
    "closed_action": "注意：这是{action}里的，行动{span}，现在已经结束了。",
    "until_action": "这是{action}里的，行动{span}。",
    "deadline_closed_action": "这是{action}里的，行动{span}，现在已经结束了。",
    "part_closed": "注意：其中“{what}”已经过了时间，现在没有了。",
    "not_found_in_region": "{region}的文件里，我没找到这件事。",
    "also_elsewhere": "写了这类事的还有{regions}，各地的办法不一样。",
    "part_not_named": "我这里{region}的文件没有写到{part}。",
    "part_without_this": "我这里{region}的文件没有写{part}有这件事。",
    "town_has": "{region}的文件写了的有：{titles}。",
    "sisters_have": "同在{region}，写了这类事的有：{regions}。那是给那里的人的。",
    "check_noted": "“{words}”记下了，算这一题的回答：{question}{answer}。",
    "check_take_back": "不对就回复“返回”。",
    "check_not_sure": "听起来你拿不准，我先不记。能肯定就再说一遍；说不准，就回复“不清楚”。",
    "check_later": "这个你拿不准，我先不记，问到那一题再答。",
    "check_left_to_ask": "还没答完。还要问的有：{labels}。想看到现在为止的结果，回复“停”。",
    "check_word": "文件里的原话是：“{quote}”。还是不懂，可以问收材料的窗口，或者发“转人工”。",
}
"""The same of sentences: what is said where a release has none of its own. It is edited and
published on; the program's files have them all."""


class Sentences(Entry):
    """The bot's fixed sentences; names in braces are filled in."""

    text: dict[str, Text]
    detail_names: dict[Text, Text]
    default_unit: Text
    general_helpline: Text
    first_topics: tuple[Text, ...]
    """What is offered to somebody who hasn't said what it is about."""
    examples: tuple[Text, ...]
    """Questions that show a newcomer what can be asked."""

    def said(self, name: str) -> str:
        """Return a sentence with its gaps."""
        return self.text.get(name) or SAID_LATER[name]

    def name_of(self, detail: str) -> str:
        """What a detail is called that a clause leaves open; one without a name is just that."""
        return self.detail_names.get(detail, self.detail_names["detail"])

    def faults(self) -> Iterator[tuple[Location, Fault]]:
        """Yield what the bot would stumble over: where in the file, and what is wrong."""
        for name, wanted in PLACEHOLDERS.items():
            if name not in self.text and name in SAID_LATER:
                continue
            if name not in self.text:
                yield ("text",), Fault(Code.NO_SENTENCE, {"sentence": name})
            elif fault := _misfit(name, self.text[name], wanted):
                yield ("text", name), fault
        for detail in DETAILS:
            if detail not in self.detail_names and detail not in NAMED_LATER:
                yield ("detail_names",), Fault(Code.NO_NAME, {"detail": detail})
        if not self.first_topics:
            yield ("first_topics",), Fault(Code.NO_FIRST_TOPICS)


def _misfit(name: str, sentence: str, wanted: tuple[str, ...]) -> Fault | None:
    try:
        fields = [field for field in Formatter().parse(sentence) if field[1] is not None]
    except ValueError as error:
        return Fault(Code.LONE_BRACE, {"sentence": name, "error": str(error)})
    if any(spec or conversion for _, _, spec, conversion in fields):
        return Fault(Code.NOT_A_PLAIN_NAME, {"sentence": name})
    given = {str(gap) for _, gap, _, _ in fields}
    odd = tuple(f"{{{gap}}}" for gap in sorted(given - set(wanted)))
    missing = tuple(f"{{{gap}}}" for gap in wanted if gap not in given)
    if odd and missing:
        return Fault(Code.GAP_OTHERWISE, {"sentence": name, "odd": odd, "missing": missing})
    if odd:
        return Fault(Code.GAP_NOT_FILLED, {"sentence": name, "odd": odd})
    return Fault(Code.GAP_MISSING, {"sentence": name, "missing": missing}) if missing else None
