"""Knowledge that is a list of small entries, as sheets of forms: one entry a form.

A sheet reads an entry out of a piece, and writes it back; what the form does not show stays.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from knowledge.faults import Location

NEW = "new"
"""The place of an entry that is not there yet."""
WHOLE = "all"
"""The key of a piece that is the only one of its kind."""


class Shape(StrEnum):
    """How a field is typed."""

    LINE = "line"
    TEXT = "text"
    LINES = "lines"
    CHOICE = "choice"
    YES = "yes"


@dataclass(frozen=True, slots=True)
class Field:
    """One field of an entry: its name in the data, what it is called, how it is typed."""

    name: str
    label: str
    shape: Shape = Shape.LINE
    hint: str = ""
    optional: bool = False
    options: tuple[tuple[str, str], ...] = ()
    blank: str | None = None
    """What is kept where nothing is typed."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry of a sheet: its place, how it is called in the list, and its fields as typed."""

    place: str
    title: str
    values: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Sheet:
    """Entries of one kind: pieces of their own (`part` empty), or a list or dict inside a piece."""

    name: str
    title: str
    kind: str
    part: str
    fields: tuple[Field, ...]
    note: str = ""
    can_add: bool = True

    @property
    def is_of_pieces(self) -> bool:
        """Whether each entry is a piece of its own."""
        return not self.part

    def key_of(self, place: str) -> str:
        """The key of the piece that holds the entry at a place."""
        return place if self.is_of_pieces else WHOLE

    def entries(self, content: Mapping[str, Any], key: str = WHOLE) -> Iterator[Entry]:
        """The entries of a piece, in order; what is half done is shown as far as it goes."""
        if self.is_of_pieces:
            yield self._entry(key, content)
            return
        held = content.get(self.part)
        if isinstance(held, Mapping):
            for name, text in held.items():
                yield Entry(str(name), str(text), {"text": text})
        elif isinstance(held, Sequence) and not isinstance(held, str):
            for number, each in enumerate(held):
                if self.kind == "places_not_covered":
                    if str(each).strip() and not str(each).startswith("#"):
                        yield _place_entry(number, str(each))
                else:
                    yield self._entry(str(number), each)

    def find(self, content: Mapping[str, Any], place: str, key: str = WHOLE) -> Entry | None:
        """The entry at a place, None where there is none."""
        return next((each for each in self.entries(content, key) if each.place == place), None)

    def put(
        self, content: Mapping[str, Any], place: str, typed: Mapping[str, Any]
    ) -> dict[str, Any]:
        """The piece with an entry as it was typed, at its place or behind the last one."""
        if self.is_of_pieces:
            return self._filled(content, {"id": place, **typed})
        made = deepcopy(dict(content))
        held = made.get(self.part)
        if isinstance(held, dict):
            held[place] = typed["text"]
            return made
        listed = list(held or ())
        number = int(place) if place.isdigit() and int(place) < len(listed) else len(listed)
        before = listed[number] if number < len(listed) else {}
        if self.kind == "places_not_covered":
            entry: Any = _place_line(typed)
        else:
            entry = self._filled(before if isinstance(before, Mapping) else {}, typed)
        listed[number : number + 1] = [entry]
        made[self.part] = listed
        return made

    def without(self, content: Mapping[str, Any], place: str) -> dict[str, Any]:
        """The piece without an entry of its list."""
        made = deepcopy(dict(content))
        listed = list(made.get(self.part) or ())
        if place.isdigit() and int(place) < len(listed):
            del listed[int(place)]
        made[self.part] = listed
        return made

    def field_of(self, location: Location, place: str) -> str | None:
        """The field that a trouble of the piece is about, '' for the entry; None: of another."""
        steps = list(location)
        if not self.is_of_pieces:
            if not steps:
                return ""
            if str(steps.pop(0)) != self.part or not steps or str(steps.pop(0)) != place:
                return None
            if self.kind == "places_not_covered":
                return "inside"
            if any(field.name == "text" for field in self.fields):
                return "text"
        named = next((str(s) for s in steps if isinstance(s, str)), "")
        return named if any(field.name == named for field in self.fields) else ""

    def _entry(self, place: str, content: Any) -> Entry:
        held = content if isinstance(content, Mapping) else {}
        values = {field.name: _typed(field, held.get(field.name)) for field in self.fields}
        said = [str(held.get(f.name) or "") for f in self.fields[:2] if f.shape is Shape.LINE]
        joint = " → " if self.kind == "lexicon" else "　"
        return Entry(place, joint.join(filter(None, said)) or place, values)

    def _filled(self, before: Mapping[str, Any], typed: Mapping[str, Any]) -> dict[str, Any]:
        blanks = {field.name: field.blank for field in self.fields}
        return {
            **before,
            **{name: blanks.get(name) if each == "" else each for name, each in typed.items()},
        }


def _typed(field: Field, value: Any) -> Any:
    if field.shape is Shape.YES:
        return value is True
    if field.shape is Shape.LINES:
        listed = value if isinstance(value, Sequence) and not isinstance(value, str) else ()
        return "\n".join(map(str, listed))
    return "" if value is None else str(value)


def _place_entry(number: int, line: str) -> Entry:
    cells = [*line.split("\t"), "", "", ""][:3]
    province, city, inside = (cell.strip() for cell in cells)
    names = (re.sub(r"[|?!-]|=.*", "", cell) for cell in (province, city) if cell != ".")
    shown = " ".join(filter(None, names))
    values = {
        "province": province,
        "city": "" if city == "." else city,
        "inside": "\n".join(inside.split()),
    }
    return Entry(str(number), shown, values)


def _place_line(typed: Mapping[str, Any]) -> str:
    inside = " ".join(" ".join(typed["inside"]).split())
    return "\t".join((str(typed["province"]), str(typed["city"]) or ".", inside))


_SPEECH = (
    ("cantonese", "粤语"), ("minnan", "闽南话"), ("northern", "北方话"), ("southwest", "西南话"),
    ("wu", "吴语"), ("english", "英语"), ("slang", "网络话"), ("typo", "错别字"),
    ("pinyin", "拼音"),
)  # fmt: skip
_LEVELS = (
    ("province", "省"), ("city", "市"), ("county", "县、县级市"), ("district", "区"),
    ("zone", "开发区、新区"),
)  # fmt: skip
_ONE_A_LINE = "一行一个"
_MARKED = (
    "一行一个。竖线前面是简称：“正定|县”。问号：只在“在、到、去、来”后面才算。"
    "短横：简称要跟在上级地名后面才算。感叹号：全名也要跟在上级地名后面。"
)

SHEETS: Mapping[str, Sheet] = {
    sheet.name: sheet
    for sheet in (
        Sheet(
            "words",
            "词表：换成普通话",
            "lexicon",
            "rewrites",
            (
                Field("form", "人们的写法", hint="简体、小写、半角"),
                Field("to", "换成", hint="空着就是去掉", optional=True, blank=""),
                Field("kind", "哪里的话", Shape.CHOICE, options=_SPEECH),
                Field("not_after", "前面是这些字就不换", hint="字连着写", optional=True),
                Field("not_before", "后面是这些字就不换", hint="字连着写", optional=True),
                Field("at_end", "只在句末才换", Shape.YES, optional=True),
            ),
            "方言、外语、网络话和错别字，先换成普通话再去找政策。",
        ),
        Sheet(
            "terms",
            "词表：口语说的政策词",
            "lexicon",
            "terms",
            (
                Field("term", "政策里的词"),
                Field("forms", "口语的说法", Shape.LINES, hint=_ONE_A_LINE),
            ),
            "人们这样说的时候，意思就是政策里的这个词。",
        ),
        Sheet(
            "regions",
            "地区",
            "region",
            "",
            (
                Field("label", "全名", hint="回答里这样叫"),
                Field("level", "是什么", Shape.CHOICE, options=_LEVELS),
                Field("parent", "上一级", hint="上一级地区的编号，比如“河北”", optional=True),
                Field("city", "属于哪个市", hint="地图上的地级市", optional=True),
                Field("own", "自己有政策", Shape.YES, optional=True),
                Field("zones", "里面的开发区也算它", Shape.YES, optional=True),
                Field("aliases", "别的名字", Shape.LINES, hint=_ONE_A_LINE, optional=True),
                Field(
                    "spoken", "听错、打错的写法", Shape.LINES, hint=_ONE_A_LINE, optional=True
                ),
                Field(
                    "initials", "拼音首字母", Shape.LINES, optional=True,
                    hint="小写，至少三个字母，一行一个",
                ),
                Field("short", "简称", hint="一个字，比如“留衡”的“衡”", optional=True),
                Field("generic", "各地都有的叫法", Shape.LINES, hint=_ONE_A_LINE, optional=True),
                Field("inside", "里面的街道和镇", Shape.LINES, hint=_MARKED, optional=True),
                Field(
                    "landmarks", "只在这里的企业和工程", Shape.LINES, hint=_ONE_A_LINE,
                    optional=True,
                ),
            ),
        ),
        Sheet(
            "helplines",
            "求助电话",
            "helpline",
            "",
            (
                Field("number", "号码", hint="只写数字，比如 12333"),
                Field("name", "叫什么"),
                Field("for", "什么时候打", Shape.TEXT),
                Field("source", "依据", Shape.TEXT, hint="哪个文件或者公告写的"),
                Field("checked_on", "哪天核对过", hint="写成 2026-03-31"),
                Field("note", "说明", Shape.TEXT, optional=True),
            ),
            "全国统一的电话，有人求助时给出。每个都要有依据。",
        ),
        Sheet(
            "sentences",
            "固定句子",
            "sentences",
            "text",
            (Field("text", "句子", Shape.TEXT, hint="花括号和里面的字要原样留着"),),
            "机器人的固定句子。花括号里会填进内容。",
            can_add=False,
        ),
        Sheet(
            "details",
            "细节的叫法",
            "sentences",
            "detail_names",
            (Field("text", "叫法"),),
            "“文件没有写……”后面，细节这样叫。",
            can_add=False,
        ),
        Sheet(
            "places",
            "没有文件的地方",
            "places_not_covered",
            "lines",
            (
                Field("province", "省", hint="简称和全名，比如“河北|省”"),
                Field("city", "市", hint="比如“邯郸|市”；直接在省下面就空着", optional=True),
                Field("inside", "里面的地方", Shape.LINES, hint=_MARKED, optional=True),
            ),
            "问到这些地方，机器人会说没有那里的文件。",
        ),
    )
}  # fmt: skip


def sheets_of(kind: str) -> list[Sheet]:
    """The sheets of a kind of knowledge."""
    return [sheet for sheet in SHEETS.values() if sheet.kind == kind]
