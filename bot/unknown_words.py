"""How a message that names its subject first asks on: in words that the measure knows, or not."""

import re

from bot.question import content
from bot.stating import written
from bot.words import wording
from knowledge.measures import Measure

_PAUSE = re.compile("[,。?!;、 ]+")
_ASKS = re.compile(r"[吗呢么几谁哪怎何]|[不没]$|([^\W\d_a-z])[不没]\1|能否|多少|什么|还是")
_A_WORD = 2
_SEVERAL = 2
_MOST = 0.6


def asks_on_in_unknown_words(text: str, measure: Measure) -> bool:
    """Tell whether most words of the part that asks are none of the measure's, nor its questions'.

    A message of one part has its subject in it, which people call by many names.
    """
    *before, asking = [part for part in _PAUSE.split(text) if part] or [""]
    if not before or not _ASKS.search(asking):
        return False
    words = [w for w in wording.words(asking) if len(w) >= _A_WORD and content(w)]
    known = written(measure) + "".join(measure.similar)
    unknown = sum(word not in known for word in words)
    return unknown >= max(_SEVERAL, _MOST * len(words))
