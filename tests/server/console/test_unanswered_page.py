"""What the bot could not answer, as editors see it and deal with it."""

import re

from server.casework.officers import Role
from server.editing import drafts
from tests.server.console.conftest import Staff, text_of
from tests.server.console.editing import ask_in_vain


def article(page: str, question: str) -> str:
    """The part of the page that is about a question."""
    parts = re.findall(r"(?s)<article.*?</article>", page)
    return next(part for part in parts if question in part)


def test_a_measure_is_proposed_only_of_the_place_that_was_asked_about(staff: Staff) -> None:
    ask_in_vain(staff, "社保能不能晚点交", "锦州")
    ask_in_vain(staff, "厂车几点发车", "石狮")
    ask_in_vain(staff, "有没有班车坐", "石狮")
    ask_in_vain(staff, "有没有班车坐", "锦州")
    page = staff.desk(Role.EDITOR, where=("石狮", "锦州")).get("/knowledge/unanswered/").text
    assert 'name="measure" maxlength="100" value="jinzhou-' in article(page, "社保能不能晚点交")
    for question in ("厂车几点发车", "有没有班车坐"):
        (given,) = re.findall(r'name="measure"[^>]*value="([^"]*)"', article(page, question))
        assert given == "" or given.startswith("shishi-"), question
    (given,) = re.findall(r'name="measure"[^>]*value="([^"]*)"', article(page, "有没有班车坐"))
    assert given == "", "asked in two places"


def test_what_is_wrong_stands_beside_the_field_of_its_question(staff: Staff) -> None:
    ask_in_vain(staff, "厂车几点发车")
    key = ask_in_vain(staff, "宿舍能装空调吗")
    desk = staff.desk(Role.EDITOR)
    form = {"fingerprint": key, "became": "similar", "measure": "没有这个", "text": "装空调"}
    wrong = desk.post("/knowledge/unanswered/settle", form)
    assert wrong.status_code == 422
    mine, other = article(wrong.text, "宿舍能装空调吗"), article(wrong.text, "厂车几点发车")
    assert "没有这项政策" in text_of(mine) and 'value="装空调"' in mine
    assert "没有这项政策" not in other
    (link,) = re.findall(r'href="#(measure-\d+)"', wrong.text)
    assert f'id="{link}"' in mine


def test_a_press_makes_it_a_similar_question_in_a_draft(staff: Staff) -> None:
    key = ask_in_vain(staff, "厂里倒了能拿啥钱")
    desk = staff.desk(Role.EDITOR)
    form = {"fingerprint": key, "became": "similar", "measure": "shishi-4a", "text": ""}
    done = desk.post("/knowledge/unanswered/settle", form)
    assert done.headers["Location"].endswith("/knowledge/measures/shishi-4a")
    with staff.resources.database.read() as session:
        content = drafts.find(session, "measure", "shishi-4a").content
    assert content is not None and content["similar"][-1] == "厂里倒了能拿啥钱"
    assert "厂里倒了能拿啥钱" not in desk.get("/knowledge/unanswered/").text


def test_who_edits_for_one_place_sees_and_answers_nobody_of_another(staff: Staff) -> None:
    ask_in_vain(staff, "厂车几点发车", "石狮")
    key = ask_in_vain(staff, "宿舍能装空调吗", "锦州")
    desk = staff.desk(Role.EDITOR)
    shown = desk.get("/knowledge/unanswered/").text
    assert "厂车几点发车" in shown and "宿舍能装空调吗" not in shown
    answer = {"fingerprint": key, "reply": "可以装。"}
    assert desk.post("/knowledge/unanswered/reply", answer).status_code == 422
    settle = {"fingerprint": key, "became": "not_ours"}
    assert desk.post("/knowledge/unanswered/settle", settle).status_code == 422
    theirs = staff.desk(Role.EDITOR, where=("锦州",)).get("/knowledge/unanswered/").text
    assert "宿舍能装空调吗" in theirs
