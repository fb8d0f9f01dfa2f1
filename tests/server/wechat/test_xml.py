"""Fields in and out: whatever a text holds, the XML is valid and gives it back."""

from xml.etree import ElementTree

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from wechatpy.replies import TextReply

from server.web.problems.requests import MalformedXml
from server.wechat.xml import clean, read_fields, write_fields

NASTY = (
    "]]>",
    "a]]>b]]>",
    "]]",
    "<![CDATA[",
    "&amp;",
    "\x00\x01\x0b",
    "\ud800",
    "\ufffe",
    "🙂\r\n",
)


@given(st.text())
@example("".join(NASTY))
def test_what_is_written_is_valid_and_reads_the_same(text: str) -> None:
    written = write_fields({"Content": text, "CreateTime": 7})
    parsed = ElementTree.fromstring(written)
    # XML itself makes one line end of two.
    expected = clean(text).replace("\r\n", "\n").replace("\r", "\n")
    assert (parsed.findtext("Content") or "") == expected
    assert read_fields(written.encode()) == {"Content": expected, "CreateTime": "7"}


@pytest.mark.parametrize("text", ["]]>", "\x08"])
def test_the_library_alone_writes_what_nobody_can_read(text: str) -> None:
    """The control."""
    reply = TextReply(source="a", target="b", content=text, time=1).render()
    with pytest.raises(ElementTree.ParseError):
        ElementTree.fromstring(reply)


@given(st.binary())
def test_reading_gives_fields_or_says_that_there_are_none(body: bytes) -> None:
    try:
        fields = read_fields(body)
    except MalformedXml:
        return
    assert isinstance(fields, dict)


def test_what_lies_deeper_is_left_out() -> None:
    body = "<xml><ScanCodeInfo><Type>qr</Type></ScanCodeInfo><Event>scan</Event></xml>"
    assert read_fields(body.encode()) == {"ScanCodeInfo": "", "Event": "scan"}
