"""Scenes: what a QR code says of the place where it hangs."""

from bot.places.named import Mention, find_places
from bot.words.normalising import normalise
from knowledge.regions import UnknownRegion
from server.chat.serving import Served

_PLACE = "place:"
_NEW = "qrscene_"
_LONGEST = 64


class SceneTooLong(ValueError):
    """WeChat takes scenes of at most 64 characters."""


def scene_of(place: str) -> str:
    """The scene of a place; raises `SceneTooLong`."""
    scene = _PLACE + place
    if len(scene) > _LONGEST:
        raise SceneTooLong(place)
    return scene


def place_of(event_key: str) -> str:
    """The place of a scene as an event names it, '' where the scene is none of ours."""
    scene = event_key.removeprefix(_NEW)
    return scene.removeprefix(_PLACE) if scene.startswith(_PLACE) else ""


def region_of_scene(scene: str, served: Served) -> str | None:
    """The covered region that a scene names, with or without what scenes of places begin with."""
    place = place_of(scene) or scene
    return region_of(place[:_LONGEST], served) if place else None


def region_of(place: str, served: Served) -> str | None:
    """The covered region that a place is or lies in, None where none is surely meant."""
    try:
        return served.region(place)
    except UnknownRegion:
        found = mention_of(place, served)
        return found.region or None if found is not None else None


def mention_of(address: str, served: Served) -> Mention | None:
    """The place that an address names, first the covered ones."""
    places = find_places(normalise(address), served.library.regions)
    return next(iter((*places.covered, *places.uncovered, *places.unclear)), None)
