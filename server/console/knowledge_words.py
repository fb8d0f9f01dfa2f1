"""Words of the knowledge pages: kinds, fields, states, steps, as an editor understands them."""

from collections.abc import Iterable

from bot.retrieval.indexing import Shelf
from knowledge.measures import Aspect, Audience, Uptake
from server.editing.tables import Became, ProposalState
from server.published import releases

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
    Aspect.FEE: "要不要交钱",
    Aspect.CAP: "最多给多少",
    Aspect.APPLY_BY: "最晚什么时候申请",
    Aspect.AFTERWARDS: "期满以后",
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
    "ask": "该问谁",
    "reply": "直接回答",
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
    "surely_outside": "骗局和打不了电话",
    "goes_on": "接着求助或提醒说",
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
    "service_asked_for": "问暖岗自己的事",
    "something_else": "问还有没有别的",
    "overview": "列出有什么政策",
    "no_subject": "没说问什么",
    "several_questions": "一次问了几件事",
    "outside": "文件不管的事",
    "help_for_lost_work": "工作没了，问有什么政策",
    "any_help_after_a_story": "说了情况，问有什么政策",
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


def note_of(note: str) -> str:
    """What was noted of a release, where the program noted it, in Chinese."""
    if note.startswith(releases.OWN_NOTE):
        return "程序自带的知识"
    return "导入" if note == releases.IMPORT_NOTE else note


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
