"""Where a question ends and another may begin, with a mark between or none: 失业金多少福袋多少.

By the words alone: whether what stands on either side has a subject of its own, others tell.
"""

import re
from itertools import pairwise

_TRAILING = "[啊呀呢啦嘛哦哈噢]?"
_WHOLE = (
    r"(?<!干)[吗嘛]|(?<![什怎那这多要])么"
    r"|(?<!没)(?<!没有)(?<!不管)多少(?:块?钱|元|个?g|兆|个?月|[天年人户家次场号岁斤]|个?学时)?"
    r"(?:每?[1每](?:个?[月人]|[天年户家次张份]))?"
    r"|几点(?:开门|关门|有人)"
    r"|(?<![十好第前头那这没\d])几(?:个?[人g]|个?月份?|[天年次回场号折成倍方张]|块钱?|[百千万]块?钱?|个?小时|个?学时)"
    r"|(?:多久|多长时间)(?:的?(?:保险|社保|时间))?"
    r"|找(?:谁|哪个?(?:部门|单位|局))|(?:哪个|什么)(?:电话|热线|号)(?:问|咨询)?"
    r"|(?<!为)什么(?:材料|条件|手续|证件|资料|要求)|什么时候(?:截止|结束|到期|到账)"
    r"|(?:要钱不要|收费不收|免费不免)[钱费]|(?:要不要|收不收)[钱费]|免不免费"
    r"|(?:免费|要钱|收费|收钱|[能给有让收][^,，。 不没吗了]{0,4}(?P<last>[^,，。 不没吗了]))不"
    r"(?!(?P=last)|[了是会免收得到想敢够用准该需必])"
    r"|有[^,，。 不没吗]{1,5}没(?![了钱人工活])|有什么用|什么意思"
    r"|(?:归|由)?(?:谁|哪个?(?:部门|单位|局))(?:管|负责)"
)
"""Ends a question whatever follows."""
_TAKES_MORE = (
    "(?:怎么|如何)(?:才能)?(?:申请|申领|领取?|报名?|办理?|拿|用|算|交|坐|补|退|提取?|取|查|转)"
    r"|(?P<verb>[^\W\d_a-z能可是会要该用需])[不没](?P=verb)[钱费]?|能不能(?:申请|领|报|办|用)"
    "|(?:[在去到上]哪里?|哪里)(?:能|可以)?(?:申请|领取?|报名?|办理?|拿|用|交|坐|打)"
    "|什么时候(?:能|才能|可以)?(?:发|领|给|开|办|申请)"
)
"""Ends a question only where what it is about stands before it: 怎么领 | 失业金 is one."""
_ENDS = re.compile(f"(?:(?P<whole>{_WHOLE})|{_TAKES_MORE}){_TRAILING}")
_THING = (
    "(?:失业金|低保金?|红包|慰问金|生活费|加班费|[学书杂水电气暖热租经路](?:暖|热)?费|房租|话费|流量|消费券|购物券|书本?费|[福盲礼][袋盒包]"
    "|机顶盒|包裹|图书馆?|文化馆|体育场|光荣卡|连心卡|优惠证|体检|挂号|核酸|公交|停车|专车|大巴|车票|返岗|食堂|年夜饭|快递"
    "|廉租房|公租房|社保|保险费|工会经费|税|返还|培训|招聘会?|欠薪|工资|救助|援助|资助|助学|贷款|热线|专线|广电|电视|礼物|燃气|煤气|自来水|酒精|消毒液|口罩|志愿者|慰问信|班车|出租|菜价|岗位|短工|心理|创业|慰问品?"
    "|(?<=[^的个些么有没点种样\\W]{2})(?:补贴|补助|津贴|奖励|[金券包袋盒费款卡奖]))"
)
"""How what is asked for is called. 补贴 alone names none, nor does who asks: 孩子能领吗."""
_NAMED = re.compile(f"{_THING}(?![户人的者]|家庭|对象|期间|时候)")
_HAS_IT = re.compile("(?:有|吃|(?<![能以想])[领拿]|持|交|用|是)(?:着|了|到|过|的)?[^,，。 ]{0,3}$")
"""Who has a thing asks for another with it: 吃低保怎么申请 | 廉租房."""
_ASKED_FOR = re.compile("[吗么没不嘛呢]|$")
_RIGHT_BEFORE = re.compile("(?:的话?|都|又|还|到底|现在|今年|该|是|能|要|可以|我们?)*")
_GOES_ON = re.compile(
    "(?!有没有)(?:[的了地得才就都也以之可能和跟与或时后前内吧呗算够起左为再又则是要去找拿有给发补办领报缴交住做干满到个份件套条名位笔种]"
    "|[吗么呢]|[但不可]是|申请|1[个次年天户]|每[人户月年天])"
)
"""What follows so goes on with the question."""
_MARK = re.compile("[,，、 ]+")


def pieces(text: str) -> list[str]:
    """Cut a tidied text at its marks and behind each question; joined the pieces are the text."""
    ends = {found.end() for found in _MARK.finditer(text)}
    begin = 0
    for found in _ENDS.finditer(text):
        before = text[max([begin, *(e for e in ends if e <= found.start())]) : found.start()]
        if not _goes_on(text[found.end() :]) and (found["whole"] or _asks_of_it(before)):
            ends.add(begin := found.end())
    cuts = [0, *sorted(ends - {0, len(text)}), len(text)]
    return [text[start:end] for start, end in pairwise(cuts)]


def names_a_thing(piece: str) -> bool:
    """Tell whether a piece names what it asks for, and not only who asks or what they have."""
    return any(_is_asked_for(piece, found) for found in _NAMED.finditer(piece))


def _is_asked_for(text: str, thing: re.Match[str]) -> bool:
    had = _HAS_IT.search(text[: thing.start()])
    return not had or bool(_ASKED_FOR.match(text, thing.end()))


def _goes_on(rest: str) -> bool:
    return not rest or bool(_MARK.match(rest) or _GOES_ON.match(rest))


def _asks_of_it(before: str) -> bool:
    """Tell whether what is asked about stands right before the words that ask."""
    *_, last = [None, *_NAMED.finditer(before)]
    if last is None or _HAS_IT.search(before[: last.start()]):
        return False
    return _RIGHT_BEFORE.fullmatch(before, last.end()) is not None
