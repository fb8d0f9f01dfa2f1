"""`nuangang knowledge …`: check the files, and move releases between files and database."""

import argparse
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from server.commands.at_hand import FAILED, OK, AtHand, at_hand, with_all_at_hand

if TYPE_CHECKING:
    from knowledge.faults import Trouble
    from knowledge.library import Edition, Library
    from server.editing.publishing import Proposed
    from server.editing.trials import Trial


def add_to(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the command to a parser."""
    knowledge = commands.add_parser("knowledge", help="check, import, publish what the bot knows")
    verbs = knowledge.add_subparsers(title="commands", required=True, metavar="COMMAND")

    check = verbs.add_parser("check", help="check knowledge files; changes nothing")
    check.add_argument("folder", type=Path, nargs="?", help="default: the files of the program")
    check.set_defaults(run=_check)

    take = verbs.add_parser("import", help="check files and store them as a release, not in force")
    take.add_argument("folder", type=Path, nargs="?", help="default: the files of the program")
    take.add_argument("--note", help="what is new, for the list of releases")
    take.add_argument(
        "--officer", type=int, help="propose it as this editor: it then waits for a second person"
    )
    take.set_defaults(run=_import)

    export = verbs.add_parser("export", help="write the release in force as files")
    export.add_argument("folder", type=Path)
    export.set_defaults(run=_export)

    publish = verbs.add_parser("publish", help="put a stored release in force")
    publish.add_argument("release", type=int, nargs="?", help="default: the newest")
    publish.add_argument(
        "--officer", type=int, help="who publishes what an editor has proposed; not its author"
    )
    publish.add_argument("--reason", default="", help="why, where something is answered worse")
    publish.set_defaults(run=_publish)

    back = verbs.add_parser("rollback", help="put an earlier release in force again")
    back.add_argument("release", type=int, nargs="?", help="default: the one before")
    back.set_defaults(run=_roll_back)

    listing = verbs.add_parser("releases", help="list the releases")
    listing.set_defaults(run=_releases)

    questions = verbs.add_parser("questions", help="store gold that every release has to pass")
    questions.add_argument("files", type=Path, nargs="+", help="lines as `evaluate` reads them")
    questions.set_defaults(run=_questions)

    personas = verbs.add_parser("personas", help="store persons that every release has to pass")
    personas.add_argument("files", type=Path, nargs="+", help="lines of a persona file")
    personas.set_defaults(run=_personas)

    clean = verbs.add_parser("clean", help="show what each cleaning step changes in a document")
    clean.add_argument("document", help="a document of the release in force, or a text file")
    clean.set_defaults(run=_clean)


def _check(parsed: argparse.Namespace) -> int:
    found = _troubles(_read(parsed.folder), parsed.folder)
    for trouble in found:
        print(trouble)
    print(f"{len(found)} problems" if found else "no problems")
    return FAILED if found else OK


@with_all_at_hand
def _import(at: AtHand, parsed: argparse.Namespace) -> int:
    from server.clock import utc_now
    from server.published import releases

    library = _read(parsed.folder)
    if found := _troubles(library, parsed.folder):
        print("\n".join(map(str, found)), file=sys.stderr)
        print(f"refused: {len(found)} problems; nothing is stored", file=sys.stderr)
        return FAILED
    note = parsed.note or releases.IMPORT_NOTE
    if parsed.officer is not None:
        return _propose(at, library, parsed.officer, note)
    with at.database.begin() as session:
        in_force = releases.current(session)
        number = releases.add(session, library.editions, note=note, now=utc_now())
    for line in _differences(in_force[1] if in_force else (), library.editions):
        print(line)
    print(f"stored as release {number}; `nuangang knowledge publish {number}` puts it in force")
    return OK


def _propose(at: AtHand, library: "Library", officer_id: int, note: str) -> int:
    from server.casework import officers
    from server.casework.officers import Role
    from server.clock import utc_now
    from server.editing import publishing

    trial = _tried(at, whole=True, editions=tuple(library.editions))
    if trial.report.stops:
        return FAILED
    with at.database.begin() as session:
        by = officers.find(session, officer_id)
        publishing.require_changes(session, trial, by, Role.EDITOR, library)
        number = publishing.propose(session, trial, note=note, officer_id=by.id, now=utc_now())
        release = publishing.find(session, number).release_id
    print(
        f"proposed as release {release}; `nuangang knowledge publish {release} --officer ID` "
        "by a second person puts it in force"
    )
    return OK


@with_all_at_hand
def _export(at: AtHand, parsed: argparse.Namespace) -> int:
    from knowledge.writing import write_library
    from server.published import releases

    with at.database.read() as session:
        found = releases.current(session)
    number, editions = found or (0, [])
    paths = write_library(editions, parsed.folder)
    print(f"release {number}: {len(paths)} files in {parsed.folder}")
    return OK


@with_all_at_hand
def _publish(at: AtHand, parsed: argparse.Namespace) -> int:
    from server.editing import publishing
    from server.editing.tables import ProposalState
    from server.published import releases

    with at.database.read() as session:
        release = parsed.release
        if release is None:
            release = releases.history(session)[0].id or 0
        proposed = publishing.of_release(session, release)
    if proposed is not None and proposed.state is not ProposalState.PUBLISHED:
        return _publish_proposed(at, proposed, parsed.officer, parsed.reason)
    if parsed.officer is not None:
        print(
            f"no editor's proposal waits for release {release}: --officer would be noted nowhere. "
            "Leave it out: whoever owns the machine publishes it",
            file=sys.stderr,
        )
        return FAILED
    trial = _tried(at, release=release)
    if trial.report.stops or (trial.report.worsens and not parsed.reason.strip()):
        print("refused: the release in force goes on", file=sys.stderr)
        return FAILED
    return _put_in_force(at, release, trial.base, parsed.reason)


def _publish_proposed(at: AtHand, proposed: "Proposed", officer_id: int | None, reason: str) -> int:
    """Put what an editor has proposed in force, by a second person."""
    from server.casework import officers
    from server.casework.officers import Role
    from server.clock import utc_now
    from server.editing import publishing

    if officer_id is None:
        print(
            "this release was proposed: name who publishes it with --officer; "
            "whoever wrote any of it can't",
            file=sys.stderr,
        )
        return FAILED
    library = at.served(proposed.release_id).library
    with at.database.begin() as session:
        by = officers.find(session, officer_id)
        publishing.require(session, proposed, by, Role.PUBLISHER, library)
        release = publishing.publish(
            session, proposed.id, officer_id=by.id, reason=reason, now=utc_now()
        )
    print(f"release {release} is in force")
    return OK


def _tried(at: AtHand, **what: Any) -> "Trial":
    """Try a release as the desk does, and print what came of it."""
    from server.clock import china_day, utc_now
    from server.editing import trials

    order = trials.order(at.settings, at.database, china_day(utc_now()), **what)
    told = trials.attempt(order)
    assert told is not None, "no drafts were asked for"
    trial = trials.read(told, order)
    report = trial.report
    for trouble in report.troubles:
        print(f"{trouble.kind} {trouble.key}: {trouble.reason}", file=sys.stderr)
    for borrowed in report.borrowed:
        names = ", ".join(borrowed.measures)
        print(f"lent to {borrowed.place}: {borrowed.question} -> {names}", file=sys.stderr)
    for worse in report.worse:
        print(f"worse: {' / '.join(worse.turns)}: {worse.after}", file=sys.stderr)
    for gone in report.taken_out:
        print(f"asked no more: {' / '.join(gone.turns)}", file=sys.stderr)
    for person in report.persons_worse:
        print(f"worse: {person.id}, {person.measure}: {person.after}", file=sys.stderr)
    for unfit in report.persons_unfit:
        print(f"checked no more: {unfit} names what this release has not", file=sys.stderr)
    print(
        f"{report.asked} stored questions, {len(report.worse)} worse, {len(report.better)} better; "
        f"{report.checked} verdicts, {len(report.persons_worse)} worse; "
        f"{report.swapped} carried to other cities, {len(report.borrowed)} lent"
    )
    if report.worsens:
        print(
            "something is worse, or asked or checked no more: `publish --reason` says why all the "
            "same",
            file=sys.stderr,
        )
    return trial


@with_all_at_hand
def _roll_back(at: AtHand, parsed: argparse.Namespace) -> int:
    from server.clock import utc_now
    from server.editing import publishing
    from server.published import releases
    from server.records import audit
    from server.records.audit import Action, Actor

    with at.database.read() as session:
        seen = releases.current_id(session)
        target = publishing.before(session) if parsed.release is None else parsed.release
    if not _is_whole(at, target):
        return FAILED
    with at.database.begin() as session:
        publishing.roll_back(session, to=target, seen=seen, now=utc_now())
        audit.record(
            session, at.safe, by=Actor.job("rollback"), action=Action.CHANGED,
            about="current_release", row=target, worker_id=None, reason="rollback", now=utc_now(),
        )  # fmt: skip
    print(f"release {target} is in force")
    return OK


def _put_in_force(at: AtHand, release: int, seen: int | None, reason: str) -> int:
    from server.clock import utc_now
    from server.editing import publishing
    from server.records import audit
    from server.records.audit import Action, Actor

    if not _is_whole(at, release):
        return FAILED
    with at.database.begin() as session:
        publishing.put_in_force(session, release, seen=seen, now=utc_now())
        # What was proposed says itself who published it, and why.
        audit.record(
            session, at.safe, by=Actor.job("publish"), action=Action.CHANGED,
            about="current_release", row=release, worker_id=None, reason=reason or "publish",
            now=utc_now(),
        )  # fmt: skip
    print(f"release {release} is in force")
    return OK


def _is_whole(at: AtHand, release: int) -> bool:
    """Tell whether this program can serve a release, and say what is wrong with it."""
    from knowledge.checking import honesty_troubles

    # Its index is kept now, so that every worker that serves it has it at once.
    if not (found := honesty_troubles(at.served(release).library)):
        return True
    print("\n".join(map(str, found)), file=sys.stderr)
    print(f"refused: {len(found)} problems; the release in force goes on", file=sys.stderr)
    return False


@with_all_at_hand
def _releases(at: AtHand, _: argparse.Namespace) -> int:
    from server.clock import CHINA
    from server.published import releases

    with at.database.read() as session:
        current = releases.current_id(session)
        for release in releases.history(session):
            mark = "in force" if release.id == current else ""
            made = release.created_at.astimezone(CHINA)
            print(f"{release.id:5} {made:%Y-%m-%d %H:%M} {mark:9} {release.note}")
    return OK


@with_all_at_hand
def _questions(at: AtHand, parsed: argparse.Namespace) -> int:
    from bot.evaluation import read_gold
    from knowledge.scoring import lines_of
    from server.clock import utc_now
    from server.editing import gold

    found = [g for path in parsed.files for g in read_gold(path.name, lines_of(path))]
    with at.database.begin() as session:
        new = [gold.add_question(session, g, officer_id=None, now=utc_now()) for g in found]
    _tell_stored(sum(1 for key in new if key), len(found), "questions")
    return OK


@with_all_at_hand
def _personas(at: AtHand, parsed: argparse.Namespace) -> int:
    from knowledge.eligibility.personas import read_personas
    from knowledge.scoring import lines_of
    from server.clock import utc_now
    from server.editing import gold

    library = at.library()
    found = [
        persona
        for path in parsed.files
        for persona in read_personas(path.name, lines_of(path), library)
    ]
    with at.database.begin() as session:
        new = [
            gold.add_persona(
                session, persona.id, persona.model_dump_json(), officer_id=None, now=utc_now()
            )
            for persona in found
        ]
    _tell_stored(sum(new), len(found), "persons")
    return OK


def _tell_stored(new: int, total: int, what: str) -> None:
    print(f"{new} of {total} {what} are new")
    if new < total:
        print(f"{total - new} stay as they stood there under their names", file=sys.stderr)


def _clean(parsed: argparse.Namespace) -> int:
    from knowledge.clauses import split_clauses
    from knowledge.cleaning import clean
    from knowledge.files import read_text

    path = Path(parsed.document)
    if path.is_file():
        cleaning = clean(read_text(path))
        clauses = split_clauses(cleaning.text)
    else:
        with at_hand() as at:
            documents = at.library().documents
        if parsed.document not in documents:
            known = ", ".join(documents)
            raise FileNotFoundError(f"no document and no file {parsed.document}; known: {known}")
        document = documents[parsed.document]
        cleaning, clauses = document.cleaning, tuple(document.clauses.values())
    for step in cleaning.steps:
        changes = step.changes()
        print(f"== {step.label} ({step.name}): {len(changes)} lines")
        for before, after in changes:
            print(f"- {before}\n+ {after}" if after else f"- {before}")
    print(f"== 条款: {len(clauses)}")
    for clause in clauses:
        print(f"[{clause.locator}] {clause.text.splitlines()[0]}")
    return OK


def _read(folder: Path | None) -> "Library":
    from knowledge.library import DATA, read_library

    return read_library(folder or DATA)


def _troubles(library: "Library", folder: Path | None) -> "list[Trouble]":
    """What stands against storing files; beside them may lie the catalogue they have to fulfil."""
    from knowledge.checking import CATALOGUE, honesty_troubles

    catalogue = CATALOGUE if folder is None else folder / CATALOGUE.name
    return honesty_troubles(library, catalogue if catalogue.exists() else None)


def _differences(
    before: "Iterable[Edition]",
    after: "Iterable[Edition]",
) -> list[str]:
    from knowledge.differing import release_changes

    return [f"{c.sort:8} {c.kind} {c.key}" for c in release_changes(before, after)]
