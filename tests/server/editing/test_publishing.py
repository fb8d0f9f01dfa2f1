"""What is published was tried as it is, by a second person, whole; and one press takes it back."""

import json
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import update

from bot.evaluation import Gold
from knowledge.faults import Code, Fault
from server.casework.officers import SecondOfficerNeeded
from server.chat.serving import Serving
from server.database.tables import CurrentRelease, Release
from server.editing import drafts, gold, publishing, trials
from server.editing.publishing import (
    GateClosed,
    NoEarlierRelease,
    ProposalDecided,
    ReleaseMoved,
    WorseWithoutReason,
)
from server.editing.reports import QuestionResult, Report
from server.editing.tables import ProposalState
from server.editing.trials import DraftsMoved, Trial
from server.published import releases
from server.published.kept_indexes import KeptIndexes
from tests.overlapping import let_come
from tests.server.editing.conftest import Desk

MEASURE = ("measure", "shishi-4a")
GOLD = Gold.model_validate(
    {
        "id": "held",
        "turns": ["失业保险金怎么领"],
        "region": "石狮",
        "kind": "answer",
        "measures": ["shishi-4a"],
    }
)


def edit(desk: Desk, changes: dict[str, Any], officer: int | None = None) -> trials.DraftVersion:
    with desk.database.begin() as session:
        found = drafts.save(
            session,
            kind=MEASURE[0],
            key=MEASURE[1],
            content={**desk.content(*MEASURE), **changes},
            version=0,
            officer_id=officer or desk.anna,
            now=desk.now,
        )
    return (*MEASURE, found.version)


def tried(desk: Desk, *chosen: trials.DraftVersion, inside: bool = True) -> Trial:
    """Try drafts; inside this process, where it is the trial that counts and not the process."""
    asked = desk.order(drafts=chosen)
    if not inside:
        return trials.run(asked)
    told = trials.attempt(asked)
    if told is None:
        raise DraftsMoved
    return trials.read(told, asked)


def propose(desk: Desk, trial: Trial, officer: int | None = None) -> int:
    with desk.database.begin() as session:
        return publishing.propose(
            session, trial, note="试一试", officer_id=officer or desk.anna, now=desk.now
        )


def publish(desk: Desk, proposal: int, officer: int, reason: str = "") -> int:
    with desk.database.begin() as session:
        return publishing.publish(
            session, proposal, officer_id=officer, reason=reason, now=desk.now
        )


def test_a_draft_goes_into_force_by_a_second_person_and_back_by_one_press(desk: Desk) -> None:
    trial = tried(desk, edit(desk, {"advice": ["请先打电话问一问。"]}), inside=False)
    assert [(c.sort, c.kind, c.key) for c in trial.report.changed] == [("changed", *MEASURE)]
    assert trial.report.swapped > 0 and not trial.report.borrowed
    proposal = propose(desk, trial)
    with pytest.raises(SecondOfficerNeeded):
        publish(desk, proposal, desk.anna)
    with desk.database.read() as session:
        assert releases.current_id(session) == desk.release
    release = publish(desk, proposal, desk.bert)
    assert desk.content(*MEASURE)["advice"] == ["请先打电话问一问。"]
    with desk.database.read() as session:
        assert drafts.listed(session) == []
    with pytest.raises(ProposalDecided) as twice:
        publish(desk, proposal, desk.carla)
    assert (twice.value.state, twice.value.officer_id) == (ProposalState.PUBLISHED, desk.bert)
    # The index was made by the trial: whoever serves it reads what is kept.
    kept = KeptIndexes(desk.settings.data_dir / "indexes", b"k" * 32)
    with desk.database.read() as session:
        assert kept.get(releases.fingerprint(session, release)) is not None
    serving = Serving(desk.database, kept)
    assert serving.current().release == release
    with desk.database.begin() as session:
        assert publishing.roll_back(session, now=desk.now) == desk.release
    serving.look()
    assert serving.current().release == desk.release
    serving.close()
    with desk.database.begin() as session, pytest.raises(NoEarlierRelease):
        publishing.roll_back(session, now=desk.now)


def test_what_is_dishonest_is_never_stored(desk: Desk) -> None:
    trial = tried(desk, edit(desk, {"summary": "每月领9876元。"}))
    assert any("9876元 is not in the clause" in str(t) for t in trial.report.troubles)
    assert trial.editions is None
    with pytest.raises(GateClosed):
        propose(desk, trial)
    assert len(history(desk)) == 1


def test_what_has_not_the_shape_is_told_by_its_place(desk: Desk) -> None:
    trial = tried(desk, edit(desk, {"grants": [{"what": "钱"}], "colour": "red"}))
    places = {(t.location, t.fault.code) for t in trial.report.troubles}
    assert (("grants", 0, "quote"), "missing") in places
    assert (("colour",), "extra_forbidden") in places


@pytest.mark.parametrize(
    ("kind", "key", "name", "pattern"),
    [
        ("small_talk", "help", "patterns", "(?:快|要|快要|要快)+呀"),
        ("care", "violence", "patterns", "(?:打|我|打我)*救命"),
        ("fact", "seeking_work", "says_yes", "(?:在|找|在找)+<firm>"),
    ],
)
def test_a_pattern_that_would_search_for_ever_is_never_stored(
    desk: Desk, kind: str, key: str, name: str, pattern: str
) -> None:
    content = desk.content(kind, key)
    for written, stops in ((pattern, True), (pattern.replace(")", ")+", 1), False)):
        several = isinstance(content[name], list)
        changed = {**content, name: [*content[name], written] if several else written}
        with desk.database.begin() as session:
            known = drafts.piece(session, kind, key)[1]
            version = drafts.save(
                session, kind=kind, key=key, content=changed, officer_id=desk.anna, now=desk.now,
                version=known.version if known else 0,
            ).version  # fmt: skip
        trial = tried(desk, (kind, key, version))
        found = {(t.kind, t.key, t.fault.code) for t in trial.report.troubles}
        assert ((kind, key, Code.PATTERN_ENDLESS) in found) is stops


def test_a_pattern_put_together_of_words_that_change_is_tried_anew(desk: Desk) -> None:
    content = desk.content("aspects", "all")
    rule = {**content["rules"][0], "patterns": [*content["rules"][0]["patterns"], "<often>领"]}
    for often, stops in (("(?:再)++", False), ("(?:再|三|再三)+", True)):
        words = {**content["words"], "often": often}
        changed = {**content, "words": words, "rules": [rule, *content["rules"][1:]]}
        with desk.database.begin() as session:
            known = drafts.piece(session, "aspects", "all")[1]
            version = drafts.save(
                session, kind="aspects", key="all", content=changed, officer_id=desk.anna,
                now=desk.now, version=known.version if known else 0,
            ).version  # fmt: skip
        troubles = tried(desk, ("aspects", "all", version)).report.troubles
        assert (Code.PATTERN_ENDLESS in {t.fault.code for t in troubles}) is stops


def test_every_author_is_kept_from_publishing(desk: Desk) -> None:
    _, _, version = edit(desk, {"advice": ["一"]})
    with desk.database.begin() as session:
        drafts.save(
            session,
            kind=MEASURE[0],
            key=MEASURE[1],
            content={**desk.content(*MEASURE), "advice": ["两句话。"]},
            version=version,
            officer_id=desk.bert,
            now=desk.now,
        )
    proposal = propose(desk, tried(desk, (*MEASURE, version + 1)), desk.anna)
    for author in (desk.anna, desk.bert):
        with pytest.raises(SecondOfficerNeeded):
            publish(desk, proposal, author)
    publish(desk, proposal, desk.carla)


def test_a_question_that_was_answered_right_before_needs_a_reason(desk: Desk) -> None:
    with desk.database.begin() as session:
        assert gold.add_question(session, GOLD, officer_id=None, now=desk.now)
        assert gold.add_question(session, GOLD, officer_id=None, now=desk.now) is None
    others = {"similar": ["石狮老年大学怎么报名"], "question": "老年大学怎么报名？"}
    others |= {"title": "老年大学", "negative": [GOLD.turns[0], "失业保险金怎么领"]}
    trial = tried(desk, edit(desk, others))
    assert [(w.id, w.before) for w in trial.report.worse] == [("held", None)]
    assert trial.report.worse[0].after and trial.report.worse[0].reply
    proposal = propose(desk, trial)
    with pytest.raises(WorseWithoutReason):
        publish(desk, proposal, desk.bert, "  ")
    publish(desk, proposal, desk.bert, "这项改名了")
    with desk.database.read() as session:
        assert publishing.decided(session)[0].reason == "这项改名了"


def test_a_question_that_was_taken_out_is_told_to_who_publishes(desk: Desk) -> None:
    with desk.database.begin() as session:
        gold.add_question(session, GOLD, officer_id=None, now=desk.now)
        gold.add_question(
            session, GOLD.model_copy(update={"id": "other"}), officer_id=None, now=desk.now
        )
        assert gold.take_out(session, "held", officer_id=desk.anna, now=desk.now)
        assert not gold.take_out(session, "held", officer_id=desk.anna, now=desk.now)
        assert [each.id for each in gold.questions(session)] == ["other"]
    trial = tried(desk, edit(desk, {"advice": ["请先打电话问一问。"]}))
    assert [(each.id, each.turns) for each in trial.report.taken_out] == [("held", GOLD.turns)]
    assert trial.report.asked == 1 and not trial.report.worse
    proposal = propose(desk, trial)
    with pytest.raises(WorseWithoutReason):
        publish(desk, proposal, desk.carla)
    publish(desk, proposal, desk.carla, reason="问题写错了")
    with desk.database.begin() as session:
        # Whoever publishes next was told by the last; stored again it is asked again.
        later = gold.told_until(session) + timedelta(seconds=1)
        assert gold.taken_out_since(session, later) == []
        assert gold.add_question(session, GOLD, officer_id=desk.anna, now=desk.now) == "held"
        assert len(gold.questions(session)) == 2
        assert gold.taken_out_since(session, desk.now - timedelta(days=1)) == []


def test_a_question_that_was_taken_out_is_told_also_after_a_rollback(desk: Desk) -> None:
    """What came in between was not published by anybody who was told."""
    out, later = (desk.now + timedelta(hours=n) for n in (1, 2))
    with desk.database.begin() as session:
        gold.add_question(session, GOLD, officer_id=None, now=desk.now)
    proposal = propose(desk, tried(desk, edit(desk, {"advice": ["一"]})))
    with desk.database.begin() as session:
        gold.take_out(session, "held", officer_id=desk.anna, now=out)
        # Tried before that: who publishes it now is not told.
        publishing.publish(session, proposal, officer_id=desk.bert, now=later)
        own: list[Any] = releases.editions_of(session, desk.release)
        releases.publish(session, own, note=releases.OWN_NOTE, now=later)
        publishing.roll_back(session, now=later)
        told = [each.id for each in gold.taken_out_since(session, gold.told_until(session))]
        assert told == ["held"]
        releases.publish(session, own, note="import", now=later)
        assert gold.taken_out_since(session, gold.told_until(session)) == []


def test_a_persona_who_no_longer_comes_out_right_needs_a_reason(desk: Desk) -> None:
    line = (
        '{"id":"p","story":"","region":"石狮","as_of":"2022-04-10",'
        '"facts":{"applicant_role":["worker"],"unemployment_insured":false},'
        '"expect":{"shishi-4a":"ineligible"}}'
    )
    with desk.database.begin() as session:
        gold.add_persona(session, "p", line, officer_id=None, now=desk.now)
    rule = {"everyone": True, "say": "谁都可以", "quote": "有求职要求的人员"}
    trial = tried(desk, edit(desk, {"rule": rule}))
    worse = [(w.id, w.measure) for w in trial.report.persons_worse]
    assert worse == [("p", "shishi-4a")] or trial.report.troubles


def test_a_report_comes_back_as_it_was_stored_and_one_of_earlier_in_its_own_words() -> None:
    wrong = Fault(Code.OTHER_MEASURES, {"measures": ("liwan-2", "liwan-3")})
    held = {"id": "held", "turns": ("失业保险金怎么领",), "reply": "没有。"}
    report = Report(worse=(QuestionResult(before=None, after=wrong, **held),))
    assert Report.model_validate_json(report.model_dump_json()) == report
    (read_before,) = json.loads(report.model_dump_json())["worse"]
    # The version before knows texts only, and '' where nothing is wrong.
    assert read_before["before"] == "" and "liwan-2" in read_before["after"]
    assert isinstance(read_before["after"], str)
    stored = {"worse": [{**held, "before": "", "after": "kind decline"}]}
    (earlier,) = Report.model_validate_json(json.dumps(stored)).worse
    assert (earlier.before, str(earlier.after)) == (None, "kind decline")


def test_what_changed_since_it_was_tried_is_tried_again(desk: Desk) -> None:
    chosen = edit(desk, {"advice": ["一"]})
    trial = tried(desk, chosen)
    with desk.database.begin() as session:
        found = drafts.find(session, *MEASURE)
        drafts.save(
            session,
            kind=MEASURE[0],
            key=MEASURE[1],
            content=found.content,
            version=found.version,
            officer_id=desk.anna,
            now=desk.now,
        )
    with pytest.raises(DraftsMoved):
        propose(desk, trial)
    with pytest.raises(DraftsMoved):
        tried(desk, chosen)


def test_a_proposal_over_an_older_release_is_not_published(desk: Desk) -> None:
    chosen = edit(desk, {"advice": ["一"]})
    one, other = propose(desk, tried(desk, chosen)), propose(desk, tried(desk, chosen))
    publish(desk, one, desk.bert)
    with pytest.raises(ReleaseMoved):
        publish(desk, other, desk.bert)
    with desk.database.begin() as session:
        publishing.refuse(session, other, officer_id=desk.bert, reason="过时了", now=desk.now)
        assert publishing.find(session, other).state is ProposalState.REFUSED
        assert publishing.waiting(session) == []


def test_of_two_who_publish_at_once_the_second_finds_that_it_has_moved(desk: Desk) -> None:
    trial = tried(desk, edit(desk, {"advice": ["一"]}))
    one, other = propose(desk, trial), propose(desk, trial)
    with ThreadPoolExecutor(1) as hand:
        with desk.database.begin() as session:
            release = publishing.publish(session, one, officer_id=desk.bert, now=desk.now)
            second = hand.submit(publish, desk, other, desk.carla)
            let_come(desk.database, second)
        with pytest.raises(ReleaseMoved):
            second.result()
    with desk.database.read() as session:
        assert releases.current_id(session) == release


def test_what_nobody_proposed_comes_in_force_over_what_it_was_tried_over_alone(desk: Desk) -> None:
    trial = tried(desk, edit(desk, {"advice": ["一"]}))
    with desk.database.begin() as session:
        stored = releases.add(session, trial.editions or (), note="import", now=desk.now)
    other = publish(desk, propose(desk, trial), desk.bert)
    with desk.database.begin() as session, pytest.raises(ReleaseMoved):
        publishing.put_in_force(session, stored, seen=desk.release, now=desk.now)
    with desk.database.begin() as session:
        assert releases.current_id(session) == other
        publishing.put_in_force(session, stored, seen=other, now=desk.now)
        assert releases.current_id(session) == stored


def test_a_rollback_is_no_way_around_the_second_person(desk: Desk) -> None:
    trial = tried(desk, edit(desk, {"advice": ["一"]}))
    waiting, refused = propose(desk, trial), propose(desk, trial)
    with desk.database.begin() as session:
        publishing.refuse(session, refused, officer_id=desk.bert, reason="", now=desk.now)
        stored = [publishing.find(session, id).release_id for id in (waiting, refused)]
    for release in stored:
        with desk.database.begin() as session, pytest.raises(NoEarlierRelease):
            publishing.roll_back(session, to=release, now=desk.now)
    publish(desk, waiting, desk.bert)
    with desk.database.begin() as session:
        publishing.roll_back(session, now=desk.now)
        assert publishing.roll_back(session, to=stored[0], now=desk.now) == stored[0]


def test_a_rollback_takes_back_only_what_was_seen_in_force(desk: Desk) -> None:
    release = publish(desk, propose(desk, tried(desk, edit(desk, {"advice": ["一"]}))), desk.bert)
    with desk.database.begin() as session, pytest.raises(ReleaseMoved):
        publishing.roll_back(session, to=desk.release, seen=desk.release, now=desk.now)
    with desk.database.read() as session:
        assert releases.current_id(session) == release
    with desk.database.begin() as session:
        publishing.roll_back(session, to=desk.release, seen=release, now=desk.now)
    with desk.database.read() as session:
        assert releases.current_id(session) == desk.release


def test_a_proposal_is_looked_at_without_holding_it(desk: Desk) -> None:
    proposal = propose(desk, tried(desk, edit(desk, {"advice": ["一"]})))
    with desk.database.read() as session:
        assert publishing.find(session, proposal).state is ProposalState.PROPOSED


def test_a_rollback_passes_over_what_was_never_in_force(desk: Desk) -> None:
    chosen = edit(desk, {"advice": ["一"]})
    trial = tried(desk, chosen)
    propose(desk, trial)
    publish(desk, propose(desk, trial), desk.bert)
    with desk.database.begin() as session:
        assert publishing.roll_back(session, now=desk.now) == desk.release


def test_a_rollback_goes_back_to_what_was_in_force_and_to_no_import_that_nobody_published(
    desk: Desk,
) -> None:
    editions: list[Any] = [("measure", "a", {"v": 1})]
    with desk.database.begin() as session:
        imported = releases.add(session, editions, note="import", now=desk.now)
        published = releases.publish(session, editions, note="import", now=desk.now)
        assert publishing.before(session) == desk.release
    with desk.database.begin() as session, pytest.raises(NoEarlierRelease):
        publishing.roll_back(session, to=imported, now=desk.now)
    with desk.database.begin() as session:
        assert publishing.roll_back(session, now=desk.now) == desk.release
        assert publishing.roll_back(session, to=published, now=desk.now) == published


def test_what_the_version_before_put_in_force_is_gone_back_to(desk: Desk) -> None:
    """It serves beside this one, and notes nowhere that it did."""
    editions: list[Any] = [("measure", "a", {"v": 1})]
    proposal = propose(desk, tried(desk, edit(desk, {"advice": ["一"]})))
    publish(desk, proposal, desk.bert)
    with desk.database.begin() as session:
        proposed = publishing.find(session, proposal).release_id
        session.execute(update(Release).values(first_in_force_at=None))
        imported = releases.add(session, editions, note="import", now=desk.now)
        session.execute(update(CurrentRelease).values(release_id=imported, changed_at=desk.now))
        assert publishing.before(session) == proposed
    with desk.database.begin() as session:
        releases.publish(session, editions, note="import", now=desk.now)
        assert publishing.before(session) == imported


def history(desk: Desk) -> list[Any]:
    with desk.database.read() as session:
        return releases.history(session)
