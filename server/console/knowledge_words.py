"""Words of the knowledge pages: kinds, fields, and what is wrong, as an editor understands it."""

import re
from collections.abc import Iterable

from bot.indexing import Shelf
from knowledge.drafting import Trouble
from knowledge.measures import Aspect, Audience, Uptake
from server.editing.reports import PieceTrouble
from server.editing.tables import Became, ProposalState
from server.problems import words_of_field

KINDS = {
    "measure": "政策措施",
    "document": "文件",
    "checklist": "要交的材料",
    "lexicon": "词表",
    "region": "地区",
    "helpline": "求助电话",
    "sentences": "固定句子",
    "places_not_covered": "没有文件的地方",
    "topic": "主题",
    "outside": "文件不管的话题",
    "fact": "自测问的事",
    "material": "材料种类",
    "care": "求助的识别",
    "care_sentences": "求助的说法",
    "small_talk": "寒暄",
    "aspects": "问到的方面",
}
AUDIENCES = {
    Audience.WORKER: "务工人员",
    Audience.CHILD: "孩子",
    Audience.EMPLOYER: "单位",
    Audience.GOVERNMENT: "政府部门自己的工作",
}
UPTAKES = {
    Uptake.APPLICATION: "要申请",
    Uptake.AUTOMATIC: "不用申请，符合的直接给",
    Uptake.OPEN: "不用申请，直接去、直接打",
}
ASPECTS = {
    Aspect.AMOUNT: "多少钱",
    Aspect.WHO: "谁能享受",
    Aspect.CONDITION: "条件",
    Aspect.PAYEE: "钱给谁",
    Aspect.HOW: "怎么办",
    Aspect.MATERIALS: "要什么材料",
    Aspect.ONLINE: "能不能网上办",
    Aspect.WHERE: "去哪里办",
    Aspect.PHONE: "电话",
    Aspect.DEADLINE: "截止到哪天",
    Aspect.DURATION: "给多久",
    Aspect.TIMING: "什么时候到账",
    Aspect.FREQUENCY: "能领几次",
    Aspect.USE: "能用在哪里",
    Aspect.FIGURES: "有多少人、多少家",
    Aspect.HOURS: "办公时间",
    Aspect.ADDRESS: "地址",
    Aspect.CONTENTS: "里面有什么",
    Aspect.PAYMENT: "钱怎么发",
    Aspect.COUNT: "里面有几样",
    Aspect.LENGTH: "一次多长时间",
    Aspect.OWN_SHARE: "自己要出多少",
    Aspect.REPLACEMENT: "丢了怎么补",
    Aspect.STOPPING: "什么时候会停",
}
FIELDS = {
    "id": "编号",
    "document": "文件",
    "region": "地区",
    "locator": "条款",
    "title": "名称",
    "audience": "给谁",
    "form": "怎么帮",
    "uptake": "要不要申请",
    "topics": "主题",
    "summary": "一句话说明",
    "grants": "给什么",
    "what": "给什么",
    "amount": "金额",
    "value": "数",
    "unit": "单位",
    "per": "每",
    "cap": "是上限",
    "quote": "原文",
    "quotes": "展示的原文",
    "rule": "条件",
    "answers": "各方面的回答",
    "say": "怎么说",
    "not_stated": "没有写的方面",
    "responsible": "责任单位",
    "lead": "牵头单位",
    "phones": "电话",
    "number": "号码",
    "of": "谁的电话",
    "validity": "有效期",
    "application": "申请时间",
    "from": "从哪天起",
    "to": "到哪天止",
    "note": "说明",
    "question": "标准问题",
    "similar": "相似问法",
    "negative": "容易混淆的问题",
    "unanswered": "条款没写的问题",
    "advice": "提醒",
    "if_unmet": "不符合某一条时的提醒",
    "readings": "有歧义的地方",
    "about": "文件情况",
    "raw": "原文全文",
    "issuer": "发文单位",
    "dated": "日期",
    "dated_words": "写日期的原话",
    "about_date": "是什么日期",
    "called": "大家怎么叫它",
    "states": "整份文件写明的",
    "no_measure": "不给待遇的条款",
    "no_condition": "不是条件的句子",
    "confirmed": "确认过的改动",
    "usual": "通常要交的",
    "stated": "文件写明要交的",
    "fact": "事实",
}
STATES = {
    ProposalState.PROPOSED: "等人发布",
    ProposalState.PUBLISHED: "已发布",
    ProposalState.REFUSED: "没有同意",
    ProposalState.WITHDRAWN: "已撤回",
}
BECAME = {
    Became.SIMILAR: "加成相似问法",
    Became.DRAFT: "写一项新政策",
    Became.NEGATIVE: "加成容易混淆的问题",
    Became.LEXICON: "加进词表",
    Became.NOT_OURS: "不归我们答",
}
SORTS = {"new": "新增", "gone": "去掉", "changed": "修改"}
STEPS = {
    "too_long": "太长",
    "distress": "求助",
    "wish_for_person": "要找人",
    "answer_to_question": "自测的回答",
    "empty": "空消息",
    "small_talk": "寒暄",
    "helpline": "问全国的电话",
    "number_out_of_range": "选的号码",
    "start": "开始自测",
    "sounds_like_distress": "听起来像求助",
    "place_not_covered": "没有文件的地方",
    "several_places": "问了几个地方",
    "no_words": "不成话的字母",
    "clause_asked_for": "问第几条",
    "document_asked_for": "问文件本身",
    "overview": "列出有什么政策",
    "no_subject": "没说问什么",
    "several_questions": "一次问了几件事",
    "outside": "文件不管的事",
    "not_understood": "没看懂",
    "which_place": "问是哪个地方",
    "not_in_this_place": "这个地方没有",
    "aspect_not_stated": "这一点没写",
    "start_for_subject": "自测这一项",
    "from_the_documents": "按文件回答",
    "no_answer": "最后的答复",
}
RIVALS = {
    Shelf.TOPIC: "主题",
    Shelf.OUTSIDE: "文件不管的话题",
    Shelf.CARE: "求助：",
    Shelf.ORDINARY: "普通的话",
}
GATES = {
    "": "用来回答",
    "region": "不是这个地方的",
    "score": "不够像",
    "rank": "有更像的",
}
_OF_CODE = {
    "missing": "这一项要填。",
    "string_too_short": "这一项不能空着。",
    "too_short": "这里至少要有一条。",
    "extra_forbidden": "没有这一项，请看看是不是写错了名字。",
    "enum": "请从列表里选一个。",
    "rule": "请选这条条件怎么判断。",
    "string_too_long": "太长了，请写短一点。",
    "date_from_datetime_parsing": "日期要写成 2022-03-31 这样。",
    "date_from_datetime_inexact": "日期要写成 2022-03-31 这样。",
    "date_parsing": "日期要写成 2022-03-31 这样。",
    "float_parsing": "这里要填数字。",
    "greater_than": "要比 0 大。",
    "bool_parsing": "这里只能写是或者不是。",
    "bool_type": "这里只能写是或者不是。",
    "string_type": "这里要写文字。",
    "model_type": "这里要分项填，不能只写一句话。",
    "dict_type": "这里要分项填，不能只写一句话。",
    "int_parsing": "这里要填整数，比如 12。",
    "int_type": "这里要填整数，比如 12。",
    "list_type": "这里要一条一条地列。",
    "tuple_type": "这里要一条一条地列。",
}
_OF_PATTERN = {
    "id": "编号用小写字母、数字、短横或者下划线，比如 shishi-4a、wage_arrears，不能有空格和汉字。",
    "number": "号码只写数字，比如 12333；区号后面用短横，比如 0595-88712565。",
    "checked_on": "日期要写成 2022-03-31 这样。",
    "initials": "拼音首字母用小写，至少三个，比如 sjz。",
    "short": "简称只写一个字，比如“衡”。",
    "topics": "请从列表里选一个主题。",
}
"""What would be right, by the field whose text has not the form that it needs."""
_FORM = "string_pattern_mismatch"
_WHAT = {
    "region": "地区",
    "topic": "主题",
    "document": "文件",
    "measure": "政策措施",
    "material": "材料",
    "helpline": "求助电话",
    "fact": "自测问的事",
    "kind": "类别",
}
_REASONS: tuple[tuple[re.Pattern[str], str], ...] = tuple(
    (re.compile(pattern, re.S), words)
    for pattern, words in (
        (r"(?:[^:]*: )+?(\S+) is not in the clause: (.*)", "数字“{0}”条款里没有：{1}"),
        (r"(?:[^:]*: )?not in clause (.+?): (.*)", "条款“{0}”里找不到这句原文：{1}"),
        (r"stand twice: (.*)", "这些写法有两条：{0}"),
        (r"(\S+) is replaced by itself", "换成的和原来的一样：{0}"),
        (r"lies in itself", "上一级绕回到了它自己，请重新选上一级。"),
        (r"(?:\w+: )?(\{\w+\}) is missing.*", "这句话里要有{0}，花括号和里面的字都不能改。"),
        (
            r"(?:\w+: )?(\{\w+\}) is not filled in.*",
            "{0}没有内容可以填，请去掉，或者改回原来的写法。",
        ),
        (r"(?:\w+: )?only plain names may stand in braces", "花括号里只能是原来的字。"),
        (r"\w+: .*(?:single|unmatched|expected|[Ff]ormat).*", "花括号要成对：一个“{{”配一个“}}”。"),
        (r"not a province or city: '?(.*?)'?", "省和市写成“河北|省”这样：{0}不对。"),
        (r"not a place: (.*)", "这些地方的写法不对，要写成“正定|县”这样：{0}"),
        (r"\d+ columns, not 3", "省、市、里面的地方要分开填。"),
        (r"there is no place", "一个地方都没有了，至少要留一个。"),
        (r"not a regular expression: (.*)", "识别的写法不对：{0}"),
        (r"has no list of materials", "还没有写要交什么材料（没有也要写明没有）。"),
        (r"(?:grants|phones): (.+?) is not in (.*)", "“{0}”不在引用的原文里：{1}"),
        (r"validity: nothing gives (\S+) as the first day: (.*)", "引用的原文没有写从{0}开始：{1}"),
        (r"validity: nothing gives (\S+) as the last day: (.*)", "引用的原文没有写到{0}为止：{1}"),
        (r"validity: (\S+) lies more than .*", "{0}离文件的日期太远，请核对。"),
        (r"(.+?): read neither way: (.*)", "条款“{0}”的这一句，还没有说明是不是条件：{1}"),
        (
            r"(.+?): no condition, but a rule rests on it: (.*)",
            "这一句既写成了条件，又写成不是条件：{1}",
        ),
        (
            r"(.+?): not in one sentence but in (\d+): (.*)",
            "这几个字应当只在一句话里，现在有{1}句：{2}",
        ),
        (
            r"clause (.+?) belongs to no measure and is not marked",
            "条款“{0}”没有对应的政策，也没有注明不给待遇。",
        ),
        (
            r"clause (.+?) is marked as no measure but has one",
            "条款“{0}”注明了不给待遇，却有政策用它。",
        ),
        (r"marked clause (.+?) does not exist", "没有条款“{0}”。"),
        (r".* has no clause (.+)", "文件里没有条款“{0}”。"),
        (r"the date's words '(.*)' are not in the page", "原文里找不到写日期的这几个字：{0}"),
        (r"(\S+) is not the date of '(.*)'", "“{1}”说的不是{0}这一天。"),
        (r"the same question stands at each: (.*)", "同一个地方的另一项政策也有这个问法：{0}"),
        (r"a lost character is left at (\d+)", "第{0}个字还是乱码，请写一条更正。"),
        (r"(?:rule|grants\.when): contradicts itself.*", "条件互相矛盾，没有人能满足。"),
        (r"(?:rule|grants\.when): says nothing.*", "这些条件谁都满足，等于没有写。"),
        (r"(?:rule|grants\.when): no fact (.+)", "没有“{0}”这个自测问题。"),
        (r"(?:rule|grants\.when): (.*)", "条件有问题：{0}"),
        (r"a measure for the government has no rule", "政府自己的工作不写条件。"),
        (r"if_unmet: the rule asks nothing of (.*)", "条件里没有用到“{0}”，提醒没处说。"),
        (r"excludes: no other measure (.*)", "没有政策“{0}”。"),
        (r"is called (.*), not (.*)", "编号应当是“{1}”，不能改成“{0}”。"),
        (
            r".*neither stated nor marked not stated: (.*)",
            "还有几个方面没有回答，也没有勾“没有写”：{0}",
        ),
        (r".*both stated and not stated: (.*)", "这几个方面又回答了、又勾了“没有写”：{0}"),
        (r".*validity ends before it begins", "结束的日期比开始的早。"),
        (r".*compare in one way.*", "每条条件只用一种比法。"),
        (r".*the bounds are of different types", "上下限要么都是数，要么都是日期。"),
        (r".*at_least is more than at_most", "下限比上限大。"),
        (r".*everyone is true or not written", "“谁都可以”只能是“是”。"),
        (r".*changed by cleaning and not confirmed: (.*)", "清理前后不一样，还没有确认：{0}"),
        (r"'?(.*?)'? stands (\d+) times, not once", "更正的这几个字在文中有{1}处，不是一处：{0}"),
    )
)


def words_of(trouble: Trouble | PieceTrouble) -> str:
    """What is wrong, in plain Chinese; what has no words yet is shown as it is."""
    if trouble.code == _FORM:
        field = next((s for s in reversed(trouble.location) if isinstance(s, str)), "")
        return _OF_PATTERN.get(field, _OF_PATTERN["id"])
    if found := _OF_CODE.get(trouble.code):
        return found
    if named := re.fullmatch(r"no ([a-z]+) (.*)", trouble.reason):
        return f"没有这个{_WHAT.get(named[1], named[1])}：{named[2]}"
    reason = trouble.reason.removeprefix("Value error, ")
    for pattern, words in _REASONS:
        if match := pattern.fullmatch(reason):
            return words.format(*map(_named, match.groups()))
    known = words_of_field(trouble.code)
    if known != words_of_field("") and trouble.code != "value_error":
        return known
    return f"这里不对，请找管理员看看。程序的原话是：{trouble.reason}"


_MISSES: tuple[tuple[re.Pattern[str], str], ...] = tuple(
    (re.compile(pattern, re.S), words)
    for pattern, words in (
        (r"measures none", "没有用任何政策回答"),
        (r"measures (.*)", "用了别的政策：{0}"),
        (r"lacks (.*)", "没有说到“{0}”"),
        (r"(.*): (.*), not (.*)", "{0}：{1}，应当是{2}"),
    )
)
_ANSWERED = {
    "answer": "按文件答了",
    "clarify": "反问了",
    "decline": "说没有写",
    "handoff": "转给了人",
    "chat": "当成寒暄",
}
_TOLD = {
    "outcome": "结果",
    "missing": "还缺的事",
    "open": "在不在有效期里",
    "eligible": "够条件",
    "ineligible": "不够",
    "undetermined": "还不知道",
    "True": "是",
    "False": "不是",
    "None": "没有",
}


def words_of_miss(told: str) -> str:
    """What is wrong with an answer or a verdict of a trial, '' where nothing is."""
    if told.startswith("kind "):
        return _ANSWERED.get(told.removeprefix("kind "), told)
    for pattern, words in _MISSES:
        if match := pattern.fullmatch(told):
            return words.format(*(_TOLD.get(part, part) for part in match.groups()))
    return told


_NOTES = (
    (re.compile(r"files of the program \w+"), "程序自带的知识"),
    (re.compile("import"), "导入"),
)


def note_of(note: str) -> str:
    """What was noted of a release, where the program noted it, in Chinese."""
    return next((words for pattern, words in _NOTES if pattern.fullmatch(note)), note)


def _named(text: str | None) -> str:
    """Names of aspects in a list become words."""
    parts = (text or "").split(", ")
    if all(part in list(Aspect) for part in parts):
        return "、".join(ASPECTS[Aspect(part)] for part in parts)
    return text or ""


def place_of(location: Iterable[int | str]) -> str:
    """Where something stands in a piece: 给什么·第2条·原文."""
    steps = []
    for step in location:
        if isinstance(step, int):
            steps.append(f"第{step + 1}条")
        elif step in set(Aspect):
            steps.append(ASPECTS[Aspect(step)])
        else:
            steps.append(FIELDS.get(step, step))
    return "·".join(steps)


def kind_of(kind: str) -> str:
    """What a kind of knowledge is called."""
    return KINDS.get(kind, kind)


def gate_of(gate: str) -> str:
    """Why a candidate is not the answer."""
    if gate.startswith("aspect:"):
        name = gate.removeprefix("aspect:")
        return f"条款没有写：{ASPECTS[Aspect(name)] if name in set(Aspect) else '这个细节'}"
    return GATES.get(gate, gate)
