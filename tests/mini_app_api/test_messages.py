"""What a worker is told of cases and requests, in sentences."""

from datetime import datetime
from typing import TYPE_CHECKING

from mini_app_api.telling import MOVED, what_next
from server.casework.moves import Move, State
from server.casework.standing import STANDING
from tests import casework
from tests.casework import ELIGIBLE, MEASURE, introduced
from tests.mini_app_api.conftest import Office

if TYPE_CHECKING:
    from flask.testing import FlaskClient

    from server.web.resources import Resources


def test_every_move_and_every_state_has_its_words() -> None:
    assert set(MOVED) == set(Move)
    assert set(STANDING) == set(State)
    assert all(what_next(state, None).endswith("。") for state in State)


def test_what_is_lacking_and_whom_to_ask_is_named() -> None:
    assert what_next(State.SUBMITTED, None, lacking=["身份证", "失业登记"]).endswith(
        "经办人一般会问你要：身份证、失业登记，先准备好。"
    )
    assert "不用做什么" in what_next(State.SUBMITTED, None, lacking=[])
    assert "不用做什么" not in what_next(State.SUBMITTED, None)
    assert "问市人社局，也可以打12333。" in what_next(State.PAID, None, unit="市人社局")
    assert what_next(State.PAID, None, unit="市总工会").endswith("没收到的话，问市总工会。")


def test_what_an_officer_asks_for_is_a_message(
    client: "FlaskClient", resources: "Resources", now: datetime
) -> None:
    library = resources.serving.current().library
    casework.publish(resources.database, library, now=now)
    phone = introduced(client, resources, now, "alice", 1)
    made = phone.post("/applications", {"measure": MEASURE, "facts": ELIGIBLE}).json
    assert made["standing"] == "已经提交" and "最晚2026年3月4日" in made["next"]
    # Nothing was handed in with it.
    first_asked = library.materials[next(iter(library.checklists[MEASURE].kinds()))].title
    assert f"经办人一般会问你要：{first_asked}" in made["next"]
    assert phone.get(f"/applications/{made['id']}").json["next"] == made["next"]
    (receipt,) = phone.get("/messages").json["messages"]
    assert receipt["said"].startswith("已收到你的申请") and receipt["id"] == made["id"]
    Office(resources, now).request_material(made["id"])
    newest, first, last = phone.get("/messages").json["messages"]
    assert newest["said"] == "经办人要你补材料。" and newest["id"] == made["id"]
    assert first["said"] == "经办人接手了，开始审核。"
    assert last == receipt
    case_now = phone.get(f"/applications/{made['id']}").json
    assert case_now["standing"] == "要你补材料"
    assert case_now["requested"][0]["title"] == library.materials["dismissal_notice"].title
    assert case_now["history"][0]["said"] == "你提交了申请。"
