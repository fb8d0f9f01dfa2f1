"""WeChat's XML: fields under `<xml>`, read strictly, written so that they stay valid."""

import re
from collections.abc import Mapping
from xml.parsers.expat import ExpatError, ParserCreate

from server.web.problems.requests import MalformedXml

_MOST_ELEMENTS = 200
_DEEPEST = 8
# What XML 1.0 forbids; a lone half of a character stands in the same row.
_FORBIDDEN = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def read_fields(body: bytes) -> dict[str, str]:
    """The fields of a message by name; what lies deeper in them is left out.

    Raises `MalformedXml`, also for a document type: without one no entity can be declared, and so
    none can grow or reach outside.
    """
    reading = _Reading()
    parser = ParserCreate("UTF-8")
    parser.buffer_text = True
    parser.StartDoctypeDeclHandler = reading.refuse
    parser.StartElementHandler = reading.open
    parser.EndElementHandler = reading.close
    parser.CharacterDataHandler = reading.take
    try:
        parser.Parse(body, True)
    except ExpatError as error:
        raise MalformedXml from error
    return reading.fields


def write_fields(fields: Mapping[str, str | int]) -> str:
    """A message of these fields: numbers bare, texts as character data, whatever they hold."""
    written = (
        f"<{name}>{value if isinstance(value, int) else _character_data(value)}</{name}>"
        for name, value in fields.items()
    )
    return f"<xml>{''.join(written)}</xml>"


def clean(text: str) -> str:
    """`text` without the characters that XML cannot hold."""
    return _FORBIDDEN.sub("", text)


def _character_data(text: str) -> str:
    # A text that holds the end mark goes on in a second section.
    return f"<![CDATA[{clean(text).replace(']]>', ']]]]><![CDATA[>')}]]>"


class _Reading:
    """What was read so far."""

    def __init__(self) -> None:
        self.fields: dict[str, str] = {}
        self._depth = 0
        self._elements = 0
        self._name = ""
        self._text: list[str] = []

    def refuse(self, *_: object) -> None:
        raise MalformedXml

    def open(self, name: str, attributes: Mapping[str, str]) -> None:
        self._depth += 1
        self._elements += 1
        if attributes or self._depth > _DEEPEST or self._elements > _MOST_ELEMENTS:
            raise MalformedXml
        if self._depth == 1 and name != "xml":
            raise MalformedXml
        if self._depth == 2:
            if name in self.fields:
                raise MalformedXml
            self._name, self._text = name, []

    def close(self, _: str) -> None:
        if self._depth == 2:
            self.fields[self._name] = "".join(self._text)
        self._depth -= 1

    def take(self, text: str) -> None:
        if self._depth == 2:
            self._text.append(text)
        elif self._depth == 1 and not text.isspace():
            raise MalformedXml
