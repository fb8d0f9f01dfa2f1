"""A general Chinese question list of any size, and questions asked of it in several manners.

Nothing here comes from a real service. Every entry is one thing to do with one object under one
aspect and one circumstance, so its neighbours differ from it in a single word: a hard list.
"""

import itertools
import random
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml
from pypinyin import lazy_pinyin

_NO_MARKS = str.maketrans("", "", "，？")
STYLES = ("clean", "typo", "homophone", "reordered", "shortened", "mixed")


@dataclass(frozen=True, slots=True)
class Entry:
    key: str
    text: str
    group: int
    thing: int
    action: int
    aspect: int
    circumstance: int


@dataclass(frozen=True, slots=True)
class Query:
    key: str
    text: str
    style: str


@cache
def words() -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load(
        Path(__file__).with_name("faq_words.yaml").read_text("utf-8")
    )
    return loaded


def entries(size: int, seed: int = 7) -> list[Entry]:
    """The first `size` entries of the shuffled list; a smaller list is part of a larger one."""
    chance = random.Random(seed)
    data = words()
    places = [
        combination
        for group, content in enumerate(data["groups"])
        for combination in itertools.product(
            [group],
            range(len(content["objects"])),
            range(len(content["actions"])),
            range(len(data["aspects"])),
            range(1, len(data["qualifiers"])),
        )
    ]
    chance.shuffle(places)
    return [
        Entry(f"q{number}", _entry_text(place, chance), *place)
        for number, place in enumerate(places[:size])
    ]


def _entry_text(place: tuple[int, ...], chance: random.Random) -> str:
    group, thing, action, aspect, circumstance = place
    data = words()
    template = chance.choice(data["aspects"][aspect]["entry"])
    content = data["groups"][group]
    said = template.format(o=content["objects"][thing][0], v=content["actions"][action][0])
    return _joined(data["qualifiers"][circumstance][0], said, chance)


def _joined(circumstance: str, said: str, chance: random.Random) -> str:
    if not circumstance:
        return said
    return chance.choice(["{c}{s}", "{c}，{s}", "{c}的话{s}"]).format(c=circumstance, s=said)


def queries(listed: list[Entry], style: str, count: int, seed: int = 11) -> list[Query]:
    """Questions of one style, each with the one entry it asks for."""
    chance = random.Random(f"{seed}{style}{len(listed)}")
    chosen = [chance.choice(listed) for _ in range(count)]
    asked: dict[str, Callable[[Entry, random.Random], str]] = {
        "clean": paraphrase,
        "typo": lambda entry, r: with_typos(paraphrase(entry, r, 0.3), r),
        "homophone": lambda entry, r: with_homophones(paraphrase(entry, r, 0.3), r),
        "reordered": reordered,
        "shortened": shortened,
        "mixed": mixed,
    }
    return [Query(entry.key, asked[style](entry, chance), style) for entry in chosen]


def _forms(entry: Entry, chance: random.Random, other: float) -> tuple[str, str, str]:
    """Object, action and circumstance; each in another form with this probability."""
    data = words()
    content = data["groups"][entry.group]
    lists = (
        content["objects"][entry.thing],
        content["actions"][entry.action],
        data["qualifiers"][entry.circumstance],
    )
    thing, action, circumstance = (
        chance.choice(forms[1:]) if len(forms) > 1 and chance.random() < other else forms[0]
        for forms in lists
    )
    return thing, action, circumstance


def paraphrase(entry: Entry, chance: random.Random, other: float = 0.35) -> str:
    """Another wording of the same question."""
    thing, action, circumstance = _forms(entry, chance, other)
    aspect = words()["aspects"][entry.aspect]
    template = chance.choice(
        [t for t in aspect["entry"] + aspect["asked"] if t.format(o=thing, v=action) != entry.text]
    )
    return _joined(circumstance, template.format(o=thing, v=action), chance)


def with_typos(text: str, chance: random.Random, count: int = 2) -> str:
    """Characters dropped, doubled, swapped or mistaken for others by eye."""
    look_alike = words()["look_alike"]
    for _ in range(count):
        at = chance.randrange(len(text) - 1) if len(text) > 2 else 0
        kind = chance.choice(["drop", "double", "swap", "look", "look"])
        if kind == "look":
            alike = [i for i, c in enumerate(text) if c in look_alike]
            if alike:
                at = chance.choice(alike)
                text = text[:at] + look_alike[text[at]] + text[at + 1 :]
                continue
            kind = "drop"
        if kind == "drop":
            text = text[:at] + text[at + 1 :]
        elif kind == "double":
            text = text[:at] + text[at] + text[at:]
        else:
            text = text[:at] + text[at + 1 : at + 2] + text[at] + text[at + 2 :]
    return text


@cache
def sounding_alike() -> dict[str, list[str]]:
    """The 3,755 most common characters by syllable without tone."""
    common = [
        bytes([high, low]).decode("gb2312")
        for high in range(0xB0, 0xD8)
        for low in range(0xA1, 0xFF)
        if (high, low) <= (0xD7, 0xF9)
    ]
    by_sound: dict[str, list[str]] = {}
    for character, sound in zip(common, lazy_pinyin(common), strict=True):
        by_sound.setdefault(sound, []).append(character)
    return by_sound


def with_homophones(text: str, chance: random.Random, share: float = 0.25) -> str:
    """This share of the characters (two at least) as a keyboard would mistake them by sound."""
    chinese = [i for i, c in enumerate(text) if "\u4e00" <= c <= "\u9fff"]
    # A list for what has no reading keeps one item for each character.
    spoken = lazy_pinyin(text, errors=list)  # type: ignore[arg-type]
    count = min(len(chinese), max(2, round(share * len(chinese))))
    characters = list(text)
    for at in chance.sample(chinese, count):
        others = [c for c in sounding_alike().get(spoken[at], []) if c != characters[at]]
        if others:
            characters[at] = chance.choice(others)
    return "".join(characters)


def reordered(entry: Entry, chance: random.Random) -> str:
    thing, action, circumstance = _forms(entry, chance, 0.2)
    aspect = words()["aspects"][entry.aspect]
    rest = chance.choice(aspect["entry"]).format(o="", v="").strip("？")
    parts = [part for part in (thing, action, circumstance, rest) if part]
    chance.shuffle(parts)
    return chance.choice(["", "，", " "]).join(parts)


def shortened(entry: Entry, chance: random.Random) -> str:
    thing, action, circumstance = _forms(entry, chance, 0.2)
    said: str = chance.choice(words()["aspects"][entry.aspect]["short"])
    return circumstance + said.format(o=thing, v=action)


def mixed(entry: Entry, chance: random.Random) -> str:
    """Small talk around it, no punctuation, one slip of the hand, some of the ear."""
    fillers = words()["fillers"]
    said = paraphrase(entry, chance, 0.3)
    said = with_homophones(with_typos(said, chance, 1), chance, 0.12)
    return "".join(
        [
            chance.choice(fillers["before"]),
            *said.translate(_NO_MARKS),
            chance.choice(fillers["after"]),
        ]
    )
