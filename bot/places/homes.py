"""Where somebody comes from, told by the name of a place: 河南, seen from 石狮, is 外省."""

import re

from bot.places.named import How, Mention, find_places
from knowledge.regions import Level, Regions

LOCAL = "local"
SAME_PROVINCE = "same_province"
OTHER_PROVINCE = "other_province"
ANSWERS = frozenset({LOCAL, "same_city", SAME_PROVINCE, OTHER_PROVINCE})
"""The options of a question for a place as it lies to the place of work."""
_FROM_THERE = re.compile("本地|当地|土生土长")


def home_of(text: str, work: str, regions: Regions) -> str | None:
    """Return how the one place that a normalised text names lies to the region `work`.

    None where that can't be told for sure: several places, none, or another part of the same city.
    """
    places = find_places(text, regions)
    named = (*places.covered, *places.uncovered, *places.origins, *places.unclear)
    if len(named) != 1 or named[0].choices or named[0].how is not How.EXACT:
        return None
    province = regions.path(work)[0]
    if regions.get(province).level is not Level.PROVINCE:
        return None
    theirs = _province(named[0], regions)
    if theirs != province:
        return OTHER_PROVINCE
    home = named[0].region
    if home == work:
        whole_city = regions.get(work).level is Level.CITY and not _FROM_THERE.search(text)
        # 广州 stands for more than 荔湾, and a whole city for all of its districts.
        return None if whole_city or named[0].note else LOCAL
    if not home or home == province or regions.path(home)[:2] == regions.path(work)[:2]:
        return None
    return SAME_PROVINCE


def _province(place: Mention, regions: Regions) -> str | None:
    """Return the id of the province, None for one of which nothing is covered."""
    known = place.region or next(iter(place.near), None)
    return regions.path(known)[0] if known else None
