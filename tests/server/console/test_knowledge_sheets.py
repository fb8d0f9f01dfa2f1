"""Words, places, telephones and sentences, each entry in a form of its own."""

import re
from typing import TYPE_CHECKING, Any

import pytest

from server.casework.officers import Role
from server.console.sheets import NEW, SHEETS, Shape, Sheet
from server.editing import drafts
from tests.server.console.conftest import Desk, Staff, text_of

if TYPE_CHECKING:
    from knowledge.library import Library

_MOST = 40
"""Entries of a list that are put back; what is wrong with one is wrong with its like."""
SHEET_OF = [pytest.param(sheet, id=sheet.name) for sheet in SHEETS.values()]


def typed(sheet: Sheet, values: Any) -> dict[str, Any]:
    """The values of an entry as the form sends them."""
    return {
        f.name: values[f.name].splitlines() if f.shape is Shape.LINES else values[f.name]
        for f in sheet.fields
    }


@pytest.mark.parametrize("sheet", SHEET_OF)
def test_every_entry_in_force_survives_its_form(sheet: Sheet, library: "Library") -> None:
    seen = 0
    for kind, key, content in library.editions:
        if kind != sheet.kind:
            continue
        made = content
        entries = list(sheet.entries(content, key))
        for entry in entries[:: 1 + len(entries) // _MOST]:
            made = sheet.put(made, entry.place, typed(sheet, entry.values))
            seen += 1
        if kind == "places_not_covered":
            # Blanks at the end of a line say nothing.
            assert [*map(str.split, made["lines"])] == [*map(str.split, content["lines"])]
        else:
            assert made == content
    assert seen > 5


def test_an_entry_can_be_added_and_taken_out() -> None:
    sheet = SHEETS["terms"]
    content = {"rewrites": [], "terms": [{"term": "失业保险金", "forms": ["失业金"]}]}
    more = sheet.put(content, NEW, {"term": "稳岗返还", "forms": ["退社保钱"]})
    assert more["terms"][1] == {"term": "稳岗返还", "forms": ["退社保钱"]}
    assert sheet.without(more, "0")["terms"] == [more["terms"][1]]
    assert content["terms"] == [{"term": "失业保险金", "forms": ["失业金"]}]


@pytest.mark.parametrize(
    ("name", "location", "place", "field"),
    [
        ("helplines", ("number",), "labour", "number"),
        ("words", ("rewrites", 3, "kind"), "3", "kind"),
        ("words", ("rewrites", 4, "kind"), "3", None),
        ("words", (), "3", ""),
        ("terms", ("rewrites", 3), "3", None),
        ("sentences", ("text", "empty"), "empty", "text"),
        ("sentences", ("text", "empty"), "over", None),
        ("places", ("lines", 7), "7", "inside"),
    ],
)
def test_a_trouble_is_told_beside_its_field(
    name: str, location: tuple[str | int, ...], place: str, field: str | None
) -> None:
    assert SHEETS[name].field_of(location, place) == field


@pytest.fixture
def editor(staff: Staff) -> Desk:
    return staff.desk(Role.EDITOR)


def kept(staff: Staff, kind: str, key: str) -> Any:
    with staff.resources.database.read() as session:
        return drafts.find(session, kind, key).content


def test_a_wrong_number_is_told_beside_it_and_mended(staff: Staff, editor: Desk) -> None:
    path = "/knowledge/sheets/helplines/labour"
    page = editor.get(path).text
    assert 'value="12333"' in page
    line = {"number": "一二三", "name": "热线", "for": "问政策", "source": "", "checked_on": "2026"}
    empty = editor.post(path, line)
    assert empty.status_code == 422 and 'id="f-source-error"' in empty.text
    assert "“依据”不能空着" in empty.text
    line["source"] = "人社部公告"
    assert editor.post(path, line).status_code == 303
    wrong = editor.get(path).text
    assert 'id="f-number-error"' in wrong and "号码只写数字" in wrong
    assert 'id="f-checked_on-error"' in wrong and "2022-03-31" in wrong
    right = {**line, "number": "12333", "checked_on": "2026-03-01", "version": 1}
    assert editor.post(path, right).status_code == 303
    assert "这一条检查通过了" in editor.get(path).text
    assert kept(staff, "helpline", "labour")["number"] == "12333"


def test_a_sentence_keeps_what_is_filled_in(staff: Staff, editor: Desk) -> None:
    path = "/knowledge/sheets/sentences/who"
    editor.post(path, {"text": "给哪些人：{whom}"})
    told = text_of(editor.get(path).text)
    assert "{whom}没有内容可以填" in told or "要有{who}" in told
    editor.post(path, {"text": "给哪些人：{who}", "version": 1})
    assert "这一条检查通过了" in editor.get(path).text
    assert "给谁：{who}" in editor.get(path).text, "what is in force stands beside it"


def test_the_second_editor_of_a_list_is_told_and_overwrites_nothing(
    staff: Staff, editor: Desk
) -> None:
    word = {"form": "俾埋我", "to": "也给我", "kind": "cantonese"}
    assert editor.post("/knowledge/sheets/words/new", word).status_code == 303
    other = staff.desk(Role.EDITOR, name="林写")
    late = other.post("/knowledge/sheets/words/new", {**word, "form": "冇眼睇"})
    assert late.status_code == 409 and "改过这份草稿" in late.text
    assert "冇眼睇" in late.text, "what was typed is not lost"
    forms = [each["form"] for each in kept(staff, "lexicon", "all")["rewrites"]]
    assert forms[-1] == "俾埋我" and "冇眼睇" not in forms
    page = editor.get("/knowledge/sheets/words?q=俾埋我").text
    assert "共1条" in text_of(page)


def test_an_entry_that_is_none_is_none(editor: Desk) -> None:
    for path in ("words/99999", "sentences/new", "helplines/nobody", "nothing", "nothing/1"):
        assert editor.get(f"/knowledge/sheets/{path}").status_code == 404


def test_places_are_told_apart_in_the_list(library: "Library") -> None:
    content = next(c for kind, _, c in library.editions if kind == "places_not_covered")
    titles = [entry.title for entry in SHEETS["places"].entries(content)]
    assert "内蒙古自治区 呼和浩特市" in titles and "内蒙古自治区" in titles
    assert len(titles) == len(set(titles))


def test_the_overview_counts_as_the_pages_count_and_nothing_is_without_a_name(
    staff: Staff, library: "Library"
) -> None:
    desk = staff.desk(Role.EDITOR)
    told = text_of(desk.get("/knowledge/").text)
    contents = {kind: content for kind, _, content in library.editions}
    counts = {
        name: len(list(SHEETS[name].entries(contents[SHEETS[name].kind])))
        for name in ("words", "terms", "sentences", "details", "places")
    }
    assert f"词表 {counts['words']:,} + {counts['terms']:,}" in told
    assert f"固定句子 {counts['sentences']:,} + {counts['details']:,}" in told
    assert f"没有文件的地方 {counts['places']:,}" in told
    for kind in {kind for kind, _, _ in library.editions}:
        rows = re.findall(
            r"<tr><td><a[^>]*>([^<]*)</a></td><td>([^<]*)</td>",
            desk.get(f"/knowledge/pieces/{kind}").text,
        )
        assert rows and all(title.strip() for _, title in rows), kind
