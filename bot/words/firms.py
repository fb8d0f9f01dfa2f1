"""Words for firms and for whoever runs them, as people call them."""

import re

NAMES = "厂[子里]?|工厂|公司|单位|企业|店[里铺]?|铺子|老板"
"""A pattern for the name of a kind of firm."""
_ASK = re.compile(
    # A firm that did it to them doesn't ask: «被公司辞退», «公司把我裁了», «单位倒闭».
    "(?<!被)(?<!被我们)(?<!被原)(?:企业|公司|单位|老板)"
    "(?!.{0,3}(?:把[我俺]|不要|不给|不发|欠|拖|倒|黄|关[了门停]|跑|[裁辞]|解散|没了|垮))"
    "|我们?厂|本厂|厂里能|用人|招[工人用]|返还|稳岗|开厂|办厂|雇"
)


_HIRE = re.compile(
    f"(?:{NAMES}|饭[馆店]|超市|商场|商贸)[^,。?!;]{{0,6}}(?:招|录用|雇)(?![聘商])"
    "|(?:^|[,。?!; ])(?:我们?|俺们?|咱们?)?(?:新|又|要|想|再|已经)*"
    "招(?:了|到|个|用|收|录|(?:1个)?人|持|下岗|再就业|有证|[0-9两仨俩几])"
)


def hire(text: str) -> bool:
    """Tell whether a text speaks of a firm that takes people on."""
    return bool(_HIRE.search(text))


def ask(text: str) -> bool:
    """Tell whether a text is what a firm would ask, or somebody for it."""
    return bool(_ASK.search(text))
