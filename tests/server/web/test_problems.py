"""The table of what is refused: what its statuses tell a phone that acts on them."""

from server.web.problems import _OF_ERROR

TRIED_AGAIN = {
    "busy",
    "material_away",
    "not_ready",
    "receiving_busy",
    "storage_full",
    "too_many",
    "too_many_uploads",
    "trial_failed",
    "wechat_away",
}
"""What a phone may send again as it is, a little later."""


def test_a_code_has_one_status() -> None:
    assert len({(each.code, each.status) for each in _OF_ERROR.values()}) == len(
        {each.code for each in _OF_ERROR.values()}
    )


def test_only_what_may_be_sent_again_as_it_is_says_so() -> None:
    said = {each.code for each in _OF_ERROR.values() if each.status in (429, 503)}
    assert said == TRIED_AGAIN


def test_what_is_unknown_is_not_there_unless_it_was_typed_into_a_field() -> None:
    unknown = {each.code for each in _OF_ERROR.values() if "unknown" in each.code}
    not_there = {each.code for each in _OF_ERROR.values() if each.status == 404}
    assert unknown - not_there == {"unknown_material_kind", "unknown_region"}
    assert not_there - unknown == {
        "edition_missing", "join_code_wrong", "not_taking_part", "profile_missing",
    }  # fmt: skip
