"""Joint reports over the API: passed on by a code, joined once, handed in, told to each."""

from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING, Any

import pytest

from tests.casework import Phone, introduced

if TYPE_CHECKING:
    from flask.testing import FlaskClient

    from server.web.resources import Resources

OWED: dict[str, Any] = {
    "region": "石狮",
    "employer": "石狮市宏达建筑工程有限公司",
    "place": "宝盖镇工地，老板电话13800138000",
    "first_month": "2025-11",
    "last_month": "2026-01",
    "amount_fen": 1_234_567,
    "agreed": True,
}


@pytest.fixture
def meet(client: "FlaskClient", resources: "Resources", now: datetime) -> Callable[[int], Phone]:
    return lambda number: introduced(client, resources, now, f"worker{number}", number)


def joined(phone: Phone, code: str, amount_fen: int = 100, **more: Any) -> Any:
    body = {"code": code, "amount_fen": amount_fen, "agreed": True}
    return phone.post("/joint-reports/join", body, **more)


def test_a_report_goes_from_the_first_phone_to_the_officer(
    meet: Callable[[int], Phone], resources: "Resources"
) -> None:
    alice, bob, carol = meet(1), meet(2), meet(3)
    made = alice.post("/joint-reports", OWED).json
    # Somebody's number is nobody's business, here as in the chat.
    assert "13800138000" not in made["place"]
    invite = made["invite"]
    assert invite["link"].endswith(f"/#join/{invite['code']}")
    assert invite["image"].startswith("data:image/svg+xml")
    found = bob.post("/joint-reports/lookup", {"code": invite["code"]}).json
    assert (found["people"], found["open"], found["joined"]) == (1, True, None)
    assert "total_fen" not in found
    once = joined(bob, invite["code"], 200, key="the-same-key")
    again = joined(bob, invite["code"], 200, key="the-same-key")
    assert (once.status_code, again.json) == (201, once.json)
    assert once.json["invite"] is None and once.json["total_fen"] is None
    assert joined(carol, invite["code"], 300).json["total_fen"] is None
    twice = joined(bob, invite["code"])
    assert (twice.status_code, twice.json["joint_report"]) == (409, made["id"])
    path = f"/joint-reports/{made['id']}"
    assert bob.post(f"{path}/hand-in", None).json["code"] == "only_starter"
    handed = alice.post(f"{path}/hand-in", None).json
    assert (handed["state"], handed["due_on"]) == ("handed_in", "2026-03-06")
    assert handed["total_fen"] == 1_234_567 + 500
    late = bob.send("PUT", f"{path}/part", {"amount_fen": 5, "version": 1})
    assert (late.status_code, late.json["code"]) == (409, "joint_report_handed_in")
    told = resources.database.fetch("SELECT count(*) FROM notice WHERE kind = 'arrears'")
    assert told == (3,)
    mine = carol.get("/joint-reports").json["joint_reports"]
    assert [(each["people"], each["amount_fen"]) for each in mine] == [(3, 300)]
    assert [step["move"] for step in mine[0]["steps"]] == ["start", "hand_in"]
    (message,) = carol.get("/messages").json["messages"]
    assert (message["about"], message["id"]) == ("joint_report", made["id"])


def test_codes_cannot_be_tried_one_after_the_other(meet: Callable[[int], Phone]) -> None:
    alice, guesser = meet(1), meet(2)
    code = alice.post("/joint-reports", OWED).json["invite"]["code"]
    found = [
        guesser.post("/joint-reports/lookup", {"code": f"{code[:6]}{n:02}"}).status_code
        for n in range(40)
    ]
    assert set(found) == {404, 429} and found.count(404) <= 20
    # Whoever guesses does not get in by being right at last; others do.
    assert joined(guesser, code).status_code == 429
    assert joined(meet(3), code).status_code == 201


def test_without_a_yes_nothing_is_reported(meet: Callable[[int], Phone]) -> None:
    alice = meet(1)
    for wrong in (
        {**OWED, "agreed": False},
        {**OWED, "first_month": "2026-02"},
        {**OWED, "amount_fen": 0},
        {**OWED, "employer": ""},
    ):
        refused = alice.post("/joint-reports", wrong)
        assert refused.status_code == 422, refused.json
    assert alice.get("/joint-reports").json["joint_reports"] == []


def test_a_part_is_corrected_withdrawn_and_exported_with_the_rest(
    meet: Callable[[int], Phone],
) -> None:
    alice = meet(1)
    made = alice.post("/joint-reports", OWED).json
    path = f"/joint-reports/{made['id']}"
    changed = alice.send("PUT", f"{path}/part", {"amount_fen": 99, "version": 1}).json
    assert (changed["amount_fen"], changed["version"]) == (99, 2)
    exported = alice.get("/me/export").json["holdings"]
    (part,) = next(each["rows"] for each in exported if each["table"] == "joint_part")
    assert (part["amount_fen"], part["sealed_person"]["name"]) == (99, "王小明")
    refused = alice.send("DELETE", "/me")
    assert refused.json["code"] == "still_under_way"
    assert refused.json["errors"] == [{"field": made["id"], "detail": f"{made['id']}正在办。"}]
    assert alice.send("DELETE", f"{path}/part").status_code == 204
    assert alice.get(path).status_code == 404
    assert alice.send("DELETE", "/me").status_code == 200
