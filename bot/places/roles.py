"""What a place is to the person who names it: where they ask about, or where they come from."""

import re
from collections.abc import Sequence
from enum import Enum, auto

from bot.places.reading import Reading


class Role(Enum):
    """`PERHAPS_ORIGIN`: an origin, unless it is the only place there is."""

    PLACE = auto()
    ORIGIN = auto()
    PERHAPS_ORIGIN = auto()


_BOUNDARY = (
    r"(?=$|[^\w]|在|来|到|想|现在|今年|去年|刚|能|可|也|户口|呀|啊|哈|哦|呢|吧|嘛|啦|嘞|咯|跑|出来|过来|农村|农民"
    r"|外地人|外省|老乡|打工人)"
)
_STRONG_BEFORE = re.compile(
    "(?:老家(?:就|都)?(?:是|在)?|(?:户口|户籍)(?:地|还|都|就|也|本来|一直)?(?:是|在)?|籍贯(?:是|在)?|来自于?|出生在|生在"
    "|(?:外地|外省)[的人][, ]*是?)$"
)
_HOME_BEFORE = re.compile(
    r"(?:(?:我|俺|咱|们|^|\W)的?家(?:是|住|在|里在)?|(?<![国大厂商店专庄])家(?:是|住|在|里在))$"
)
_FAMILY_BEFORE = re.compile(
    "(?:家里|家人|家属|一家|全家|一大家子)(?:人|老人)?(?:都|也|全|还|现在|一直|目前)*(?:住|是|留)?在?$"
)
_FORMERLY = "(?:之前|以前|从前|原来|原先|早先|曾经|过去)(?:我|俺|一直|都|就|也|还|是|曾)*"
_FORMERLY_BEFORE = re.compile(f"{_FORMERLY}(?:在|去|到)$")
_ONCE_AFTER = re.compile("(?:那边|这边)?[^,。?!]{0,2}[做干开办打上待呆住交缴领签]过")
_AWAY_AFTER = re.compile("人?[^,。?!]{0,2}在外(?:地|面|省|头)")
_FROM_BEFORE = re.compile("(?:从|打从)$")
_FROM_AFTER = re.compile(
    "(?:那边|农村|老家|乡下)?(?:过来|出来|跑|坐|赶|来|到|上来|下来|[送接带搬](?:过|到)?[来这])"
)
_BACK_BEFORE = re.compile("(?:回|返回|回到|回去|回不了|回不去|返)(?:了|趟)?$")
_WORK_AFTER = re.compile(
    "(?:那边|这边)?(?:上班|返岗|复工|复产|打工|工作|干活|做工|进厂|厂里|务工|就业|找活|找工作|上工|开工|继续)"
)
_CAME_TO_WORK_AFTER = re.compile("来(?:这儿?|这边|这里|城里)?(?:打工|务工|干活|做工|上班|做事)的")
_ORIGIN_AFTER = re.compile("(?:那边|那儿|这边|农村|乡下)?(?:来的|过来的|出来的|老乡|籍|老家)")
_SOMEBODY_AFTER = re.compile(
    "(?:那边)?的?(?:大哥|大叔|大妈|大姐|大嫂|阿姨|小哥|妹子|姑娘|小伙子?|工友|同事|邻居|室友|兄弟|师傅)"
)
"""Whom one speaks of by where they are from: 对门的安徽大哥说他领了."""
_BY_BEFORE = re.compile("(?:按照?|依照?|照着?|参照|能用|可以用|套用|沿用|适用|享受)$")
_RULES_AFTER = re.compile("的?(?:办法|政策|规定|标准|文件|待遇|措施|条件|来|办|算|领|执行)")
_IN_FORCE_AFTER = re.compile(
    "的?(?:办法|政策|规定|标准|文件|措施)[^,。?!]{0,4}(?:能用|可以用|用得|能套|套用|适用|管用|算数|作数)"
)
_ASKS_IN_CLAUSE = re.compile("[^,。?!]*(?:[吗呢么?]|多少|怎么|有没有|能不能|什么)")
_FROM_THERE = re.compile("(?:离|(?:挨|靠|邻|贴|紧挨|紧靠|紧邻)着?|紧贴着?)$")
_HOW_FAR = re.compile("[^,。?!]{0,3}(?:近|远|[,。?! ]|$)")
_BESIDE_BEFORE = re.compile("(?:跟|和|与|同)$")
_BESIDE_AFTER = re.compile(
    "(?:也|都|就|是)*(?:紧?[挨靠邻连][着得]|紧挨|隔壁|旁边|边上|相邻|邻近|接壤|交界|不远|离得近|很近|同[省市城]|[1一]个[省市])"
)
_NEXT_AFTER = re.compile(
    "(?:的)?(?:隔壁|旁边|边上|边边)(?!的|那|这|[^,。?! ]{0,4}(?:厂|打工|上班|住))"
)
_BEYOND_AFTER = re.compile("以外|之外|外面")
_HUKOU_AFTER = re.compile("(?:农村|农业|城镇)?(?:户口|户籍)")
_PEOPLE_AFTER = re.compile(
    "人(?!社|力|才|事|民|口|大|家|行|员|多|少|工|均|数|群|道|生|身|寿|防|武|流|文)"
)
_NOT_PEOPLE_BEFORE = re.compile("(?:新|在|到|来|去|住|留)$")
_CAN_AFTER = re.compile("的(?:能|可|也|算|行|够)")
_LOCAL_AFTER = re.compile(rf"(?:本地|当地|土生土长)(?:人|户口|的{_BOUNDARY})")
_ME_BEFORE = re.compile(
    "(?:我|俺|咱|偶|本人|我们|俺们|咱们|老公|老婆|媳妇|对象|爸|妈|家里)(?:家|老家)?(?:是|就是|也是|都是|算是)?$|是$"
)
_SAYS_WHERE_FROM = re.compile(
    rf"(?:[那这](?:边|里|儿|头|1?块|片|1?带)|农村|乡下|附近|下面)?[的滴]{_BOUNDARY}"
)
_PRONOUN_BEFORE = re.compile(r"(?:^|\W)(?:我|俺|咱|偶|本人)$")
_END_AFTER = re.compile(r"$|[^\w]")
_WORKERS_AFTER = re.compile("的?(?:农民工|民工|工人|打工|外来|务工|小伙|妹子|大姐|老表|过来打工)")
_ON_THE_WAY = re.compile("(?:过|跑|出)?(?:来|到)(?:了)?")
_HERE_IT_BEGINS = re.compile("问的?(?:就|其实|主要)?是|[想要][帮替给][^,。]{1,4}问")
"""What stands before only tells of oneself: 我在石狮做鞋，想问的是我妈，她在康保."""
_NUMBER_AFTER = re.compile("的?(?:手机|电话)?(?:号(?!文|令|线|召)|卡|号段|车牌|牌照)")
_USING_BEFORE = re.compile("[用是办](?:的)?(?:是|的是)?$")
_LOCATED_BEFORE = re.compile("(?:在|到|来|去|留)$")


def role_of(text: str, reading: Reading, readings: Sequence[Reading]) -> Role:
    """Tell the role of a reading from the words around it.

    A place without documents that is where somebody comes from stays that, however often it is
    named beside the place they are at, unless something is asked of it: 户口山东，家里人都在山东.
    """
    role = _role_by_itself(text, reading, readings)
    if role is not Role.PLACE or any(place.region for place in reading.places):
        return role
    again = any(
        other.places == reading.places and _role_by_itself(text, other, readings) is Role.ORIGIN
        for other in readings
        if other is not reading
    )
    return Role.ORIGIN if again and not _ASKS_IN_CLAUSE.match(text, reading.end) else role


def _role_by_itself(text: str, reading: Reading, readings: Sequence[Reading]) -> Role:
    before = text[max(0, reading.start - 12) : reading.start]
    after = text[reading.end : reading.end + 12]
    covered = any(place.region for place in reading.places)
    softly = Role.PERHAPS_ORIGIN if covered else Role.ORIGIN
    if _tells_of_oneself(text, reading, readings):
        return softly
    if not covered and _USING_BEFORE.search(before) and _NUMBER_AFTER.match(after):
        return Role.ORIGIN
    if covered and _is_taken_as_a_rule(before, after, readings):
        return Role.ORIGIN
    if covered and _is_wished_for(text, after, readings):
        return Role.ORIGIN
    if _BEYOND_AFTER.match(after):
        return Role.PERHAPS_ORIGIN if covered else Role.ORIGIN
    if _STRONG_BEFORE.search(before):
        return Role.ORIGIN
    if _BACK_BEFORE.search(before):
        return Role.PLACE if _WORK_AFTER.match(after) else softly
    if _FROM_BEFORE.search(before):
        return Role.ORIGIN if _FROM_AFTER.match(after) else Role.PLACE
    if _is_left_behind(before, after):
        return softly
    if _LOCATED_BEFORE.search(before) and not _HOME_BEFORE.search(before):
        return Role.PLACE
    if _ORIGIN_AFTER.match(after):
        return Role.ORIGIN
    if not covered and (_CAME_TO_WORK_AFTER.match(after) or _SOMEBODY_AFTER.match(after)):
        return Role.ORIGIN
    if _AWAY_AFTER.match(after):
        return Role.ORIGIN
    if _is_softly_origin(before, after, covered) or _is_whose_province(before, after, reading):
        return softly
    return softly if _goes_elsewhere(text, reading, readings, after, covered) else Role.PLACE


def _is_taken_as_a_rule(before: str, after: str, readings: Sequence[Reading]) -> bool:
    """晋江能按石狮的办法来吗, 晋江离石狮那么近: asked for is the other place, not covered."""
    uncovered = any(not place.region for other in readings for place in other.places)
    by = _BY_BEFORE.search(before) and _RULES_AFTER.match(after)
    return uncovered and bool(by or _is_next_door(before, after))


def _is_next_door(before: str, after: str) -> bool:
    """晋江的电话多少，跟石狮挨着应该一样吧: how far it is from the place asked about."""
    if _FROM_THERE.search(before) and _HOW_FAR.match(after):
        return True
    if _BESIDE_BEFORE.search(before) and _BESIDE_AFTER.match(after):
        return True
    return bool(_NEXT_AFTER.match(after) and not _LOCATED_BEFORE.search(before))


def _is_wished_for(text: str, after: str, readings: Sequence[Reading]) -> bool:
    """我在晋江，石狮的办法能用吗: who is elsewhere would like to have these rules."""
    return bool(_IN_FORCE_AFTER.match(after)) and any(
        not any(place.region for place in other.places)
        and _role_by_itself(text, other, readings) is Role.PLACE
        for other in readings
    )


def _is_left_behind(before: str, after: str) -> bool:
    """家里人都在山东, 之前在晋江开过店: where the family is, or where one used to be."""
    if _FAMILY_BEFORE.search(before):
        return not _WORK_AFTER.match(after)
    located = _LOCATED_BEFORE.search(before)
    return bool(_FORMERLY_BEFORE.search(before) or (located and _ONCE_AFTER.match(after)))


def _tells_of_oneself(text: str, reading: Reading, readings: Sequence[Reading]) -> bool:
    begins = _HERE_IT_BEGINS.search(text, reading.end)
    return begins is not None and any(other.start >= begins.end() for other in readings)


def _is_softly_origin(before: str, after: str, covered: bool) -> bool:
    if _HOME_BEFORE.search(before) or _HUKOU_AFTER.match(after) or _LOCAL_AFTER.match(after):
        return True
    if _PEOPLE_AFTER.match(after) and not _NOT_PEOPLE_BEFORE.search(before):
        return True
    if _ME_BEFORE.search(before) and _SAYS_WHERE_FROM.match(after):
        return True
    return not covered and bool(_PRONOUN_BEFORE.search(before) and _END_AFTER.match(after))


def _is_whose_province(before: str, after: str, reading: Reading) -> bool:
    """安徽的能领不: who names no more than a province says where they are from."""
    alone = all(len(place.path) == 1 and not place.region for place in reading.places)
    return alone and not before.rstrip(" ,。?!") and bool(_CAN_AFTER.match(after))


def _goes_elsewhere(
    text: str, reading: Reading, readings: Sequence[Reading], after: str, covered: bool
) -> bool:
    """Tell whether the words go on to another place, the one that is asked about."""
    others = [other for other in readings if other is not reading]
    following = next((other for other in others if other.start >= reading.end), None)
    if following and _ON_THE_WAY.fullmatch(text[reading.end : following.start]):
        return True
    province = not covered and all(len(place.path) == 1 for place in reading.places)
    elsewhere = any(place.region for other in others for place in other.places)
    if province and elsewhere and re.match(r"[\s,]", after):
        return True
    located = any(_LOCATED_BEFORE.search(text, 0, other.start) for other in others)
    if located and _SAYS_WHERE_FROM.match(after):
        return True
    return located and not covered and bool(_WORKERS_AFTER.match(after))


# --- what is left -----------------------------------------------------------------------------

_DANGLING_BEFORE = re.compile("(?:(?<!现)(?<!正)(?<!存)(?<!实)在|位于)$")
_DANGLING_AFTER = re.compile(
    "(?:这边|那边|这里|那里|这儿|那儿|这块|这地方|当地|本地|市区|市里|境内)?的?"
)
_ORIGIN_WORDS_BEFORE = re.compile(
    f"(?:(?:老家|籍贯|来自于?|从)?(?:就)?(?:是|在)?|{_FORMERLY}(?:在|去|到))$"
)
_ORIGIN_WORDS_AFTER = re.compile(
    "(?:那边|那里|农村|乡下)?(?:过来的|出来的|来的|老家|老乡|本地人|当地人|人|籍)?的?"
)
_LATIN_BEFORE = re.compile(r"\b(?:zai|in|at|to|from) $")
_LATIN_AFTER = re.compile(r" (?:de|zhe bian|shi(?! ?ye))\b")


def without(text: str, found: Sequence[tuple[Reading, Role]]) -> str:
    """Return the text without its places and the small words that hang on them."""
    pieces, at = [], 0
    for reading, role in found:
        start, end = _stretch(text, reading, role)
        pieces.append(text[at : max(at, start)])
        at = max(at, end)
    pieces.append(text[at:])
    kept = (piece.strip(" ,，、") for piece in pieces)
    rest = " ".join(piece for piece in kept if piece)
    return rest.strip(" ,，、。.;；:：")


def _stretch(text: str, reading: Reading, role: Role) -> tuple[int, int]:
    start, end = reading.start, reading.end
    place = role is Role.PLACE
    before = _DANGLING_BEFORE if place else _ORIGIN_WORDS_BEFORE
    after = _DANGLING_AFTER if place else _ORIGIN_WORDS_AFTER
    if hanging := before.search(text, max(0, start - 12), start):
        start = hanging.start()
    if trailing := after.match(text, end):
        end = trailing.end()
    if hanging := _LATIN_BEFORE.search(text, max(0, start - 12), start):
        start = hanging.start()
    if trailing := _LATIN_AFTER.match(text, end):
        end = trailing.end()
    return start, end
