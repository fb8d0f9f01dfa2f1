"""A spreadsheet of helpers says what it says: the rest stays as it stands."""

from dataclasses import replace

import pytest

from knowledge.eligibility.sheets import Row
from server.pairing import helper_sheets, helping
from server.pairing.helper_sheets import Found, HelperFate
from server.pairing.helping import Known
from server.pairing.tables import Helper
from server.register.sheets import Bad, Fault
from tests.server.pairing.conftest import CADRE, Pairs

HEADER = "姓名,类别,单位"
LINE = "林书记,党员干部,市总工会"


def entered(pairs: Pairs, *lines: str) -> Found:
    """Read the lines of a table and enter them."""
    book = pairs.ledger
    rows = [Row(number, line.split(",")) for number, line in enumerate(lines, 1)]
    mine = {region: region for region in book.clerk.regions}
    with book.database.begin() as session:
        found = helper_sheets.read(
            session, book.safe, rows, region=min(book.clerk.regions), regions=mine
        )
        helper_sheets.enter(
            session, book.safe, book.library.regions, found, by=book.clerk, now=book.now
        )
    return found


def standing(pairs: Pairs, helper: Helper) -> Known:
    with pairs.ledger.database.read() as session:
        return helping.opened(pairs.ledger.safe, session.get_one(Helper, helper.id))


@pytest.mark.parametrize(
    ("header", "line", "changed"),
    [
        ("", "", {}),
        (",职级,能帮几户", ",副县（处）级以上,5", {"capacity": 5}),
        (",手机号,能帮什么,地区", ",13905950111,,", {"phone": "13905950111"}),
        (",地区", ",石家庄", {"region": "石家庄"}),
    ],
)
def test_a_table_of_helpers_changes_nothing_that_it_has_no_word_of(
    pairs: Pairs, header: str, line: str, changed: dict[str, object]
) -> None:
    helper = pairs.helper()
    wide = replace(pairs.ledger.clerk, regions=frozenset({"石狮", "石家庄"}))
    found = entered(pairs.by(wide), HEADER + header, LINE + line)
    assert found.counts == {HelperFate.UPDATE if changed else HelperFate.SAME: 1}
    assert standing(pairs, helper).told == CADRE.model_copy(update=changed)


def test_a_helper_of_another_region_is_named_and_stops_no_other_line(pairs: Pairs) -> None:
    helper = pairs.helper()
    elsewhere = pairs.by(replace(pairs.ledger.clerk, regions=frozenset({"石家庄"})))
    found = entered(elsewhere, f"{HEADER},职级", f"{LINE},科级", "王书记,党员干部,市总工会,科级")
    assert found.counts == {HelperFate.ELSEWHERE: 1, HelperFate.NEW: 1}
    assert found.bad == [Bad(2, "姓名", Fault.ELSEWHERE)]
    assert standing(pairs, helper).told == CADRE
