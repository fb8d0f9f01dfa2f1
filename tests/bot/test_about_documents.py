"""Questions about a document itself get its date, its number, and whether it still holds."""

import pytest

from bot.answers import Kind
from bot.indexing import IndexedLibrary
from tests.bot.asking import ask


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        ("石狮八条是哪年的", "2022年3月31日"),
        ("石狮的政策是什么时候出的", "狮委办〔2022〕19号"),
        ("唐山这个通知是谁发的", "唐人社字[2021]9号"),
        ("荔湾的文件现在还有效吗", "已经结束了"),
        ("锦州的办法还算数吗", "没写到哪天为止"),
    ],
)
def test_a_document_is_named_with_its_day(indexed: IndexedLibrary, asked: str, told: str) -> None:
    said = ask(indexed, [asked])
    assert said.kind is Kind.ANSWER and said.reason == "about-document"
    assert told in said.reply and said.sources


def test_without_a_place_it_is_asked_for(indexed: IndexedLibrary) -> None:
    said = ask(indexed, ["这些政策是哪一年的"])
    assert said.kind is Kind.CLARIFY and said.choices


@pytest.mark.parametrize(
    "asked",
    ["石狮失业金什么时候发", "石狮稳岗返还政策还有效吗", "石狮有什么政策"],
)
def test_what_a_document_grants_is_another_question(indexed: IndexedLibrary, asked: str) -> None:
    assert ask(indexed, [asked]).reason != "about-document"
