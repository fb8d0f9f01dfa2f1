"""Drafts stand apart from what is in force, and nobody overwrites anybody."""

from typing import Any

import pytest

from server.editing import drafts
from server.editing.drafts import DraftChanged, PieceUnedited, PieceUnfit
from server.published import releases
from tests.server.editing.conftest import Desk

MEASURE = ("measure", "shishi-4a")


def save(desk: Desk, content: dict[str, Any] | None, version: int, officer: int) -> drafts.Draft:
    with desk.database.begin() as session:
        return drafts.save(
            session,
            kind=MEASURE[0],
            key=MEASURE[1],
            content=content,
            version=version,
            officer_id=officer,
            now=desk.now,
        )


def test_a_draft_changes_nothing_that_is_in_force(desk: Desk) -> None:
    before = desk.content(*MEASURE)
    begun = save(desk, {**before, "title": "别的名字"}, 0, desk.anna)
    assert begun.version == 1
    assert desk.content(*MEASURE) == before
    with desk.database.read() as session:
        assert releases.current_id(session) == desk.release
        assert drafts.piece(session, *MEASURE)[1] == begun


def test_the_second_editor_is_told_who_was_first_and_overwrites_nothing(desk: Desk) -> None:
    save(desk, {"title": "第一稿"}, 0, desk.anna)
    with pytest.raises(DraftChanged) as refused:
        save(desk, {"title": "我不知道有人在改"}, 0, desk.bert)
    assert (refused.value.officer_id, refused.value.version) == (desk.anna, 1)
    second = save(desk, {"title": "接着改"}, 1, desk.bert)
    assert (second.version, second.authors) == (2, {desk.anna, desk.bert})
    with pytest.raises(DraftChanged) as refused:
        save(desk, {"title": "还以为是第一稿"}, 1, desk.anna)
    assert (refused.value.officer_id, refused.value.version) == (desk.bert, 2)
    with desk.database.read() as session:
        assert drafts.find(session, *MEASURE).content == {"title": "接着改"}


def test_whatever_is_half_done_can_be_kept(desk: Desk) -> None:
    kept = save(desk, {"rule": {"nonsense": [1, None, "\ud800"]}, "title": ""}, 0, desk.anna)
    assert kept.content is not None and kept.content["title"] == ""


def test_a_draft_that_was_discarded_is_gone_and_says_so(desk: Desk) -> None:
    save(desk, None, 0, desk.anna)
    with desk.database.begin() as session, pytest.raises(DraftChanged):
        drafts.discard(session, kind=MEASURE[0], key=MEASURE[1], version=7)
    with desk.database.begin() as session:
        drafts.discard(session, kind=MEASURE[0], key=MEASURE[1], version=1)
    with desk.database.read() as session, pytest.raises(PieceUnedited):
        drafts.find(session, *MEASURE)
    with pytest.raises(DraftChanged) as refused:
        save(desk, {}, 1, desk.anna)
    assert refused.value.version == 0


def test_a_draft_of_what_was_published_meanwhile_is_stale(desk: Desk) -> None:
    begun = save(desk, {"title": "x"}, 0, desk.anna)
    with desk.database.begin() as session:
        assert not drafts.stale(session, begun)
        found = releases.current(session)
        assert found is not None
        changed = [
            (kind, key, {**content, "title": "新名字"} if (kind, key) == MEASURE else content)
            for kind, key, content in found[1]
        ]
        releases.publish(session, changed, note="another", now=desk.now)
        assert drafts.stale(session, begun)


@pytest.mark.parametrize(
    ("kind", "key", "content"),
    [
        ("case", "x", {}),
        ("measure", "", {}),
        ("measure", "x" * 129, {}),
        ("measure", "a\nb", {}),
        ("measure", "shishi-9", {"title": "长" * (drafts.LONGEST_DRAFT + 1)}),
    ],
)
def test_what_is_no_piece_of_knowledge_is_refused(
    desk: Desk, kind: str, key: str, content: dict[str, Any]
) -> None:
    with desk.database.begin() as session, pytest.raises(PieceUnfit):
        drafts.save(
            session,
            kind=kind,
            key=key,
            content=content,
            version=0,
            officer_id=desk.anna,
            now=desk.now,
        )
