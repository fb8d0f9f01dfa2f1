"""Proposing at the desk: a helper for each who has none, or the best ones for somebody."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Annotated, Any

from flask import Blueprint, Response, url_for
from pydantic import Field
from sqlmodel import Session

from server.casework.officers import Role, scope
from server.clock import china_day
from server.confidential.masking import mask_name
from server.confidential.sealing import Safe
from server.confidential.subject_keys import SubjectErased
from server.console import forms
from server.console.entering import actor, officer, regions
from server.console.forms import Asked, Form
from server.console.helping import shown as shown_helpers
from server.console.pairings import LABELS, WORDS, tell
from server.console.rendering import go_to, page
from server.pairing import helping, keeping, naming, proposing, searching, telling
from server.pairing.keeping import GuardianMissing, HelperUnfit, PairingChanged
from server.pairing.proposing import Fit, Person
from server.pairing.tables import Helper, Pairing
from server.personal import children
from server.personal.persons import age
from server.records import audit
from server.records.audit import Action
from server.register import keeping as register
from server.register.hardship import Registered
from server.register.naming import LEVELS, NEEDS
from server.register.tables import Level, RegisterEntry
from server.web.admitting import Who, admits
from server.web.resources import resources

blueprint = Blueprint("pairing_proposals", __name__, url_prefix="/pairings")

_MOST_FITS = 10

_Every = Annotated[int, Field(ge=keeping.SHORTEST, le=keeping.LONGEST)]


class EntryAsked(Asked):
    """Who is to be helped."""

    entry: Annotated[str, Field(max_length=16)] = ""


class ProposalAsked(Asked):
    """A helper for somebody, or for a child of theirs."""

    helper: Annotated[str, Field(max_length=16)]
    child: Annotated[str, Field(max_length=32)] | None = None
    every_days: _Every


class PicksAsked(Asked):
    """Which of the proposals are made, as `entry:helper`."""

    pick: tuple[Annotated[str, Field(pattern=r"^[0-9a-f]{16}:[0-9a-f]{16}$")], ...] = ()
    every_days: _Every = keeping.EVERY_DAYS


@dataclass(frozen=True, slots=True)
class FitShown:
    """A helper for somebody, with name and reasons."""

    fit: Fit
    name: str
    reasons: list[str]


@blueprint.get("/proposals")
@admits(Who.OFFICER, Role.CASE_OFFICER)
def get_proposals() -> Response:
    """A helper for each of those who have none, the hardest first, with the reasons."""
    return _proposals_page(forms.empty(every_days=keeping.EVERY_DAYS))


@blueprint.post("/proposals")
@admits(Who.OFFICER, Role.CASE_OFFICER)
def post_proposals() -> Response:
    """Propose those that were picked; each person is told. All of them, or none."""
    form = forms.read(PicksAsked, WORDS)
    if form.asked is not None and not form.asked.pick:
        form.refuse("", "请至少选一个。")
    asked = form.asked
    if asked is None:
        return _proposals_page(form, 422)
    # In the order of the helpers: who proposes at the same moment locks them in the same one.
    picks = sorted((pick.split(":") for pick in asked.pick), key=lambda pick: pick[1])
    people = _people([entry_id for entry_id, _ in picks])
    with resources().database.begin() as session:
        # Since the page was read another may have found them a helper, or they want none.
        wanted = {entry_id for entry_id, _ in picks}
        if proposing.still_without(session, scope(officer(), regions()), wanted) != wanted:
            raise PairingChanged(picks[0][0])
        for entry_id, helper_id in picks:
            if entry_id in people:
                _propose(session, people[entry_id], helper_id, None, asked.every_days)
    return go_to(url_for("desk.pairings.get_pairings"), f"提了{len(picks)}个结对，等双方同意。")


@blueprint.get("/new")
@admits(Who.OFFICER, Role.CASE_OFFICER)
def get_new() -> Response:
    """The best helpers for somebody, or for a child of theirs."""
    person = _person(forms.read_query(EntryAsked).entry)
    return _new_page(person, forms.empty(every_days=keeping.EVERY_DAYS))


@blueprint.post("/new")
@admits(Who.OFFICER, Role.CASE_OFFICER)
def post_new() -> Response:
    """Propose a helper to somebody; they are told."""
    person = _person(forms.read_query(EntryAsked).entry)
    form = forms.read(ProposalAsked, WORDS)
    asked = form.asked
    if asked is None:
        return _new_page(person, form, 422)
    with resources().database.begin() as session:
        pairing = _propose(session, person, asked.helper, asked.child, asked.every_days)
    return go_to(url_for("desk.pairings.get_pairing", id=pairing.id), "提出来了，等双方同意。")


def _people(entry_ids: Sequence[str]) -> dict[str, Person]:
    """Some entries with what they say; each is a look at somebody, and noted."""
    known = resources()
    with known.database.read() as session:
        entries = [register.of_officer(session, id, officer(), regions()) for id in entry_ids]
        unwanted = proposing.unwanted(session, entry_ids)
    found = _opened(entries)
    today = china_day(known.clock())
    return {
        entry.id: Person(entry, who, keeping.is_child(who, today), unwanted[entry.id])
        for entry in entries
        if (who := found.get(entry.id)) is not None
    }


def _person(entry_id: str) -> Person:
    found = _people([entry_id]).get(entry_id)
    if found is None:
        raise SubjectErased
    return found


def _opened(entries: Sequence[RegisterEntry]) -> Mapping[str, Registered | None]:
    known = resources()
    safes = known.subject_keys.safes_of({entry.worker_id for entry in entries})
    if entries:
        with known.database.begin() as session:
            register.record_looks(
                session, known.safe, entries, by=actor(), fields=("entry",), now=known.clock()
            )
    return {entry.id: register.opened(safes.get(entry.worker_id), entry) for entry in entries}


def _propose(
    session: Session, person: Person, helper_id: str, child_id: str | None, every_days: int
) -> Pairing:
    known = resources()
    now = known.clock()
    today = china_day(now)
    who = keeping.answering(session, person.entry, person.registered, child_id, today=today)
    # Not `safe_of`: for a guardian who was erased it would begin a transaction inside this one.
    own = known.subject_keys.safes_of([who.worker_id]).get(who.worker_id)
    if own is None:
        raise SubjectErased
    if who.child_id is not None and not any(
        each.id == who.child_id for each in _children(session, own, who.worker_id, today)
    ):
        raise children.ChildTooOld
    helper = helping.of_officer(session, helper_id, officer(), regions())
    # Since the page was read the person may have said that they do not want this one.
    if helper_id in proposing.unwanted(session, [person.entry.id])[person.entry.id]:
        raise HelperUnfit(helper_id)
    found = _fits(person, [helper], {each.id for each in helping.owing(session, {helper.region})})
    pairing = keeping.propose(
        session,
        own,
        regions(),
        person.entry,
        who,
        helper_id=helper_id,
        every_days=every_days,
        reasons=found[0].reasons if found else (),
        by=officer(),
        now=now,
    )
    tell(session, pairing, telling.PROPOSED)
    return pairing


def _children(session: Session, own: Safe, worker_id: int, today: date) -> list[children.Held]:
    """The children that somebody answers for: from 14 on one agrees for oneself."""
    named = children.of(session, own, worker_id)
    return [each for each in named if age(each.minor.born_on, today) <= children.OLDEST]


def _fits(person: Person, helpers: Sequence[Helper], owing: set[str]) -> list[Fit]:
    return proposing.fits(person, helpers, regions(), owing)


def _fit_shown(fits: Sequence[Fit]) -> dict[str, FitShown]:
    names = {known.helper.id: known.name for known in shown_helpers([f.helper for f in fits])}
    return {
        fit.helper.id: FitShown(
            fit, names[fit.helper.id], [naming.reason_words(reason) for reason in fit.reasons]
        )
        for fit in fits
    }


def _proposals_page(form: Form[Any], status: int = 200) -> Response:
    known, tree = resources(), regions()
    mine = scope(officer(), tree)
    with known.database.read() as session:
        entries = proposing.without(session, mine)
        waiting = proposing.counted(session, mine)
        helpers = helping.free(session, mine)
        owing = {helper.id for helper in helping.owing(session, mine)}
    people = _people([entry.id for entry in entries])
    waits = [people[entry.id] for entry in entries if entry.id in people]
    matched = proposing.matched(waits, helpers, tree, owing)
    by_helper = {fit.helper.id: fit for _, fit in matched if fit is not None}
    names = _fit_shown(list(by_helper.values()))
    rows = [
        (
            person.entry,
            mask_name(person.registered.name),
            LEVELS[Level(person.entry.level)],
            "、".join(NEEDS[need] for need in person.registered.needs),
            None if fit is None else names[fit.helper.id],
            [] if fit is None else [naming.reason_words(reason) for reason in fit.reasons],
            person.is_child,
        )
        for person, fit in matched
    ]
    return page(
        "pairing_proposals.html",
        title="给还没有帮扶人的配对",
        status=status,
        form=form,
        labels=LABELS,
        rows=rows,
        waiting=waiting,
        free=len(helpers),
        kinds=naming.KINDS,
    )


def _new_page(person: Person, form: Form[Any], status: int = 200) -> Response:
    known, tree = resources(), regions()
    entry = person.entry
    mine = scope(officer(), tree)
    own = known.subject_keys.safe_of(entry.worker_id)
    now = known.clock()
    with known.database.begin() as session:
        named = _children(session, own, entry.worker_id, china_day(now))
        if named:
            audit.record_all(
                session, known.safe, by=actor(), action=Action.READ, about="child",
                rows=[(child.id, entry.worker_id) for child in named], fields=("name",), now=now,
            )  # fmt: skip
        owing = {helper.id for helper in helping.owing(session, mine)}
        helpers = helping.free(session, mine)
        before = searching.of_entries(session, [entry.id])
        try:
            keeping.answering(session, entry, person.registered, None, today=china_day(now))
            missing = False
        except GuardianMissing:
            missing = True
    can_be_child = person.is_child or bool(named)
    wide = Person(entry, person.registered, can_be_child, person.but)
    found = list(_fit_shown(_fits(wide, helpers, owing)[:_MOST_FITS]).values())
    return page(
        "pairing_new.html",
        title="找帮扶人",
        status=status,
        form=form,
        labels=LABELS,
        entry=entry,
        name=mask_name(person.registered.name),
        needs="、".join(NEEDS[need] for need in person.registered.needs),
        missing=missing,
        before=before,
        states=naming.STATES,
        endings=naming.ENDINGS,
        fits=found,
        kinds=naming.KINDS,
        children=[(child.id, f"孩子{mask_name(child.minor.name)}") for child in named],
    )
