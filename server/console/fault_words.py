"""What is wrong with knowledge, as an editor understands it: the words of every code."""

from collections.abc import Mapping

from bot.answers import Kind
from knowledge.consistency import PERSON
from knowledge.faults import Code, Fault, Trouble, Value
from knowledge.files import Problem
from server.console.knowledge_words import ASPECTS, KINDS, place_of
from server.console.sheets import WHOLE
from server.web.problems import words_of_field

OF_CODE: Mapping[str, str] = {
    Code.UNFORESEEN: "这里不对，请找管理员看看。程序的原话是：{error}",
    # Whether the pieces of a library fit together.
    Code.NO_SUCH_KIND: "没有“{kind}”这一类知识。",
    Code.NAMED_OTHERWISE: "编号应当是“{key}”，不能改成“{named}”。",
    Code.NO_PIECE: "“{kind}”一项也没有了，至少要留一项。",
    Code.NO_WHOLE: "缺少“{kind}”。",
    Code.NO_ENTRY: "缺少“{entry}”这一项。",
    Code.NO_DISTRESS: "求助的情形一种也没有了，至少要留一种。",
    Code.NO_WORDS_OF_DISTRESS: "求助的说法一句也没有了，至少要留一句。",
    Code.NOT_THERE: "没有这个{what}：{name}",
    Code.LIES_IN_ITSELF: "上一级绕回到了它自己，请重新选上一级。",
    Code.NO_PLACE: "一个地方都没有了，至少要留一个。",
    Code.NOT_THREE_COLUMNS: "省、市、里面的地方要分开填。",
    Code.NOT_A_CITY: "省和市写成“河北|省”这样：{place}不对。",
    Code.NOT_A_PLACE: "这些地方的写法不对，要写成“正定|县”这样：{places}",
    Code.CORRECTION_MISSES: "更正的这几个字在文中有{count}处，不是一处：{before}",
    # The bot's fixed sentences.
    Code.NO_SENTENCE: "缺少“{sentence}”这一句。",
    Code.NO_NAME: "“{detail}”还没有叫法。",
    Code.NO_FIRST_TOPICS: "先给人看的主题，至少要有一个。",
    Code.LONE_BRACE: "花括号要成对：一个“{{”配一个“}}”。",
    Code.NOT_A_PLAIN_NAME: "花括号里只能是原来的字。",
    Code.GAP_MISSING: "这句话里要有{missing}，花括号和里面的字都不能改。",
    Code.GAP_NOT_FILLED: "{odd}没有内容可以填，请去掉，或者改回原来的写法。",
    Code.GAP_OTHERWISE: "{odd}没有内容可以填，请改回原来的写法：这句话里要有{missing}。",
    # Rules.
    Code.RULE_OF_GOVERNMENT: "政府自己的工作不写条件。",
    Code.NO_RULE: "还没有写条件。",
    Code.NO_FACT: "没有“{fact}”这个自测问题。",
    Code.NO_OPTION: "“{fact}”没有这个选项：{options}",
    Code.NO_SUCH_BOUNDS: "“{fact}”不能这样比大小。",
    Code.NOT_YES_OR_NO: "“{fact}”只能答是或者不是。",
    Code.NOT_COMPARED_SO: "“{fact}”不能这样比，请换一种比法。",
    Code.MEETS_NOTHING: "政策“{measure}”没有条件可以照用。",
    Code.RESTS_ON_ITSELF: "照用“{measure}”的条件，绕回到了它自己。",
    Code.EVERYONE_BESIDE_OTHERS: "“谁都可以”不能和别的条件写在一起。",
    Code.NOBODY: "这样写，谁都不符合。",
    Code.CONTRADICTS_ITSELF: "条件互相矛盾，没有人能满足。",
    Code.SAYS_NOTHING: "这些条件谁都满足，等于没有写。",
    Code.TOO_BRANCHED: "条件的分支太多（{count}种），请写简单一点。",
    Code.NO_OTHER_MEASURE: "没有政策“{measure}”。",
    # Whether what is written is what the documents say.
    Code.CHARACTER_LOST: "第{at}个字还是乱码，请写一条更正。",
    Code.DATE_WORDS_MISSING: "原文里找不到写日期的这几个字：{words}",
    Code.NOT_THE_DATE: "“{words}”说的不是{date}这一天。",
    Code.STATES_UNQUOTED: "条款“{clause}”里找不到这句原文：{quote}",
    Code.STATES_UNSTATED: "数字“{figure}”条款里没有。",
    Code.NO_CLAUSE: "文件里没有条款“{clause}”。",
    Code.CLAUSE_TWICE: "有两处都叫“{clause}”，引用时分不清，请给其中一处写上标题。",
    Code.MARKED_WITHOUT_CLAUSE: "没有条款“{clause}”。",
    Code.MARKED_WITH_MEASURE: "条款“{clause}”注明了不给待遇，却有政策用它。",
    Code.NOBODYS_CLAUSE: "条款“{clause}”没有对应的政策，也没有注明不给待遇。",
    Code.NOT_IN_CLAUSE: "条款“{clause}”里找不到这句原文：{quote}",
    Code.FIGURE_NOT_IN_CLAUSE: "数字“{figure}”条款里没有：{text}",
    Code.NOT_IN_QUOTE: "“{words}”不在引用的原文里：{quote}",
    Code.NOT_THE_FIRST_DAY: "引用的原文没有写从{day}开始：{quote}",
    Code.NOT_THE_LAST_DAY: "引用的原文没有写到{day}为止：{quote}",
    Code.DAY_FAR_AWAY: "{day}离文件的日期太远，请核对。",
    Code.ADVICE_ON_NOTHING: "条件里没有用到“{fact}”，提醒没处说。",
    Code.READ_NEITHER_WAY: "条款“{clause}”的这一句，还没有说明是不是条件：{sentence}",
    Code.NO_CONDITION_IN_RULE: "这一句既写成了条件，又写成不是条件：{sentence}",
    Code.NOT_ONE_SENTENCE: "这几个字应当只在一句话里，现在有{count}句：{words}",
    Code.NO_CHECKLIST: "还没有写要交什么材料（没有也要写明没有）。",
    Code.SAME_QUESTION: "同一个地方的另一项政策也有这个问法：{question}",
    Code.NOT_CONFIRMED: "清理前后不一样，还没有确认：{words} {context}",
    Code.CATALOGUE_MISSES_IT: "目录里没有这一项。",
    Code.MISSES_OF_CATALOGUE: "目录里有这一项，这里没有。",
    Code.CATALOGUE_SAYS: "和目录不一样：这里是“{value}”，目录是“{listed}”。",
    # What validators refuse in one piece by itself.
    Code.PATTERN_BROKEN: "识别的写法不对：{error}",
    Code.PATTERN_FITS_ALL: "这样写，什么话都算，一个字没有也算：{pattern}",
    Code.PATTERN_ENDLESS: "这样写，有的话要找很久，会卡住别人："
    "同一段话有几种拼法都算（比如“快要”，又是“快”加“要”），只留一种。{pattern}",
    Code.NO_FILE_NAME: "地区的编号里不能有斜杠，也不能超过64个字：{id}",
    Code.STAND_TWICE: "这些写法有两条：{forms}",
    Code.REPLACED_BY_ITSELF: "换成的和原来的一样：{form}",
    Code.ASK_OR_REPLY: "“该问谁”和“直接回答”，填一个，也只填一个。",
    Code.ENDS_BEFORE_IT_BEGINS: "结束的日期比开始的早。",
    Code.STATED_AND_NOT_STATED: "这几个方面又回答了、又勾了“没有写”：{aspects}",
    Code.NEITHER_STATED_NOR_NOT: "还有几个方面没有回答，也没有勾“没有写”：{aspects}",
    Code.NO_KIND_OF_RULE: "请选这条条件怎么判断。",
    Code.NOT_COMPARED_IN_ONE_WAY: "每条条件只用一种比法。",
    Code.BOUNDS_OF_TWO_TYPES: "上下限要么都是数，要么都是日期。",
    Code.BOUNDS_REVERSED: "下限比上限大。",
    Code.EVERYONE_DENIED: "“谁都可以”只能是“是”。",
    Code.MATERIAL_TWICE: "同一种材料写了两次。",
    Code.COUNTS_REVERSED: "最少的份数比最多的还多。",
    Code.OPTIONS_UNFIT: "选择题要有选项，别的题不能有。",
    Code.OPTION_TWICE: "有一个选项写了两次。",
    Code.LIMITS_UNFIT: "填数字的要写最小和最大，别的题不能写。",
    Code.YES_AND_NO_UNFIT: "只有答是不是的题，才有说是、说不是的话。",
    Code.NUMBERS_UNFIT: "只有填数字的题，才有代表数字的话。",
    Code.NUMBER_IMPOSSIBLE: "有一句话代表的数，超出了最小和最大。",
    Code.NOT_A_FACT: "“{fact}”是自测那一天，不能当成要问的事。",
    # Files that can't be read.
    Code.NOT_YAML: "这里的写法不对：{error}",
    Code.KEY_NOT_PLAIN: "冒号前面的名称只能是普通的文字。",
    Code.KEY_TWICE: "“{key}”写了两次。",
    Code.NOT_READ_AS: "这里读不出来，请看看是不是日期或者数字写错了。",
    Code.REFERS_ELSEWHERE: "不能用 * 引用别处，请把内容写全。",
    Code.NESTED_TOO_DEEPLY: "一层套一层，套得太深了。",
    Code.FILE_UNREADABLE: "这里读不出来：{error}",
    Code.FILE_EMPTY: "文件是空的。",
    Code.NO_FILES: "这里一个yaml文件也没有。",
    Code.NOTHING_ABOUT_IT: "旁边没有{file}，这份文件没有读。",
    Code.ID_TWICE: "“{id}”写了两次。",
    Code.NO_KNOWLEDGE_FILE: "这不是知识的文件，请拿掉。",
    Code.FILE_CUT: "文件不完整，请重新下载一次再传。",
    Code.FILE_TWICE: "有一个文件在里面放了两次。",
    Code.ZIP_BROKEN: "zip文件坏了，打不开。请重新下载一次再传。",
    Code.TOO_MANY_FILES: "文件太多，有{count}个，最多{most}个。",
    Code.UNPACKED_TOO_LARGE: "解开以后太大了，知识不会这么多。",
    Code.UPLOAD_TOO_LARGE: "文件太大了，知识不会这么多。",
    Code.TOO_HARD_TO_READ: "读这个文件花的时间太长，没有读完。",
    # What a reply or a verdict is, where another would be right.
    Code.OTHER_KIND: "{answered}",
    Code.NO_MEASURES: "没有用任何政策回答",
    Code.OTHER_MEASURES: "用了别的政策：{measures}",
    Code.NOT_SAID: "没有说到“{words}”",
    Code.OTHER_VERDICT: "{part}：{found}，应当是{wanted}",
    Code.TOLD_EARLIER: "{words}",
}
"""The words of every code; their gaps are of its values."""
OF_PYDANTIC: Mapping[str, str] = {
    "missing": "这一项要填。",
    "string_too_short": "这一项不能空着。",
    "too_short": "这里至少要有一条。",
    "extra_forbidden": "没有这一项，请看看是不是写错了名字。",
    "enum": "请从列表里选一个。",
    "string_too_long": "太长了，请写短一点。",
    "date_from_datetime_parsing": "日期要写成 2022-03-31 这样。",
    "date_from_datetime_inexact": "日期要写成 2022-03-31 这样。",
    "date_parsing": "日期要写成 2022-03-31 这样。",
    "float_parsing": "这里要填数字。",
    "float_type": "这里要填数字。",
    "finite_number": "这里要填数字。",
    "greater_than": "要比 0 大。",
    "bool_parsing": "这里只能写是或者不是。",
    "bool_type": "这里只能写是或者不是。",
    "string_type": "这里要写文字。",
    "model_type": "这里要分项填，不能只写一句话。",
    "dict_type": "这里要分项填，不能只写一句话。",
    "int_parsing": "这里要填整数，比如 12。",
    "int_type": "这里要填整数，比如 12。",
    "int_from_float": "这里要填整数，比如 12。",
    "list_type": "这里要一条一条地列。",
    "tuple_type": "这里要一条一条地列。",
}
"""Of what Pydantic finds, where the words of a form would not do."""
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
_ASPECTS = {aspect.value: words for aspect, words in ASPECTS.items()}
_VERDICTS = {
    "eligible": "够条件",
    "ineligible": "不够",
    "undetermined": "还不知道",
    "True": "是",
    "False": "不是",
    "nothing": "没有",
}
_SAID: Mapping[str, Mapping[str, str]] = {
    "aspects": _ASPECTS,
    "detail": _ASPECTS,
    "kind": KINDS,
    "entry": {PERSON: "要找人"},
    "what": {
        "region": "地区",
        "topic": "主题",
        "document": "文件",
        "measure": "政策措施",
        "material": "材料",
        "helpline": "求助电话",
        "kind": "类别",
    },
    "answered": {
        Kind.ANSWER: "按文件答了",
        Kind.CLARIFY: "反问了",
        Kind.DECLINE: "说没有写",
        Kind.HANDOFF: "转给了人",
        Kind.CHAT: "当成寒暄",
    },
    "part": {"outcome": "结果", "missing": "还缺的事", "open": "在不在有效期里"},
    "found": _VERDICTS,
    "wanted": _VERDICTS,
}
"""How values that are names of the program's are called, by the gap they stand in."""


def words_of(trouble: Trouble) -> str:
    """What is wrong, in plain Chinese; what has no words yet is shown as it is."""
    code = trouble.fault.code
    if code == _FORM:
        field = next((s for s in reversed(trouble.location) if isinstance(s, str)), "")
        return _OF_PATTERN.get(field, _OF_PATTERN["id"])
    if code in OF_PYDANTIC:
        return OF_PYDANTIC[code]
    if code in OF_CODE:
        return words_of_fault(trouble.fault)
    known = words_of_field(code)
    if known != words_of_field(""):
        return known
    return OF_CODE[Code.UNFORESEEN].format(error=trouble.fault)


def words_of_problem(problem: Problem) -> str:
    """What is wrong at a line of a file, behind the piece and the place inside it."""
    trouble = problem.trouble
    piece = "" if trouble.key == WHOLE else trouble.key
    place = "" if trouble.location == ("id",) else place_of(trouble.location)
    named = "·".join(filter(None, (piece, place)))
    return f"{named}：{words_of(trouble)}" if named else words_of(trouble)


def words_of_fault(fault: Fault | None) -> str:
    """The same of what is in no piece, '' where nothing is wrong."""
    if fault is None:
        return ""
    values = {name: _shown(name, value) for name, value in fault.values.items()}
    return OF_CODE[fault.code].format(**values)


def _shown(name: str, value: Value) -> str:
    called = _SAID.get(name, {})
    parts = map(str, value if isinstance(value, tuple) else (value,))
    return "、".join(called.get(part, part) for part in parts)
