"""What to tell of an error that a person can mend: one sentence for each, for every command."""

from collections.abc import Callable
from typing import Any

Say = Callable[[Any], str]


def told(error: Exception) -> str | None:
    """The sentence for an error, None for a fault of the program."""
    # The kinds are many: what they need is loaded once something has gone wrong.
    tables = (_of_the_program, _of_the_desk, _of_money, _of_who_was_first, _of_the_register)
    found = next((say(error) for table in tables if (say := _found(table(), error))), None)
    return _of_the_driver(error) if found is None else found


def _found(words: dict[type[Exception], Say], error: Exception) -> Say | None:
    return next((say for kind, say in words.items() if isinstance(error, kind)), None)


def _of_the_program() -> dict[type[Exception], Say]:
    from knowledge.files import KnowledgeFileRefused
    from knowledge.scoring import GoldRefused
    from server.backups.database_copies import BackupRefused
    from server.chat.serving import ReleaseUnreadable
    from server.commands.at_hand import Refused
    from server.commands.wechat import WechatRefused
    from server.database.db import DatabaseBusy, DatabaseRefused
    from server.platform.faults import PlatformFault
    from server.published.releases import ReleaseUnknown
    from server.settings import SettingsRefused

    refused = (
        Refused, BackupRefused, GoldRefused, KnowledgeFileRefused, DatabaseRefused,
        SettingsRefused, WechatRefused,
    )  # fmt: skip
    return {
        DatabaseBusy: lambda _: "the database is busy; try again",
        PlatformFault: lambda fault: (
            f"WeChat did not do it: {type(fault).__name__} {fault.code or ''}"
        ),
        ReleaseUnknown: lambda unknown: f"no release {unknown}",
        ReleaseUnreadable: lambda unreadable: (
            f"release {unreadable.release} cannot be served by this version of the program: "
            f"{unreadable.reason}\n`nuangang knowledge import` and `nuangang knowledge publish` "
            "put the files of the program in force, `nuangang knowledge rollback` an earlier "
            "release"
        ),
        **dict.fromkeys(refused, str),
        UnicodeDecodeError: lambda error: f"no UTF-8: {error.reason} at byte {error.start + 1}",
        OSError: lambda error: _of_file(error) if error.filename else error.strerror or str(error),
    }


def _of_the_driver(error: Exception) -> str | None:
    from server.database.db import is_away, is_busy, is_damaged, is_full

    told = str(getattr(error, "orig", error)).partition("\n")[0]
    for is_so, said in (
        (is_busy, "the database is busy; try again"),
        (is_full, "there is no room left where the database is"),
        (is_away, f"the database can't be reached: {told}"),
        (is_damaged, f"the database can't be read: {told}"),
    ):
        if is_so(error):
            return said
    return None


def _of_file(error: OSError) -> str:
    # Of two the second is the one that was named: the first was to become it.
    name = error.filename2 or error.filename
    match error:
        case FileNotFoundError():
            return f"there is no file {name}"
        case IsADirectoryError():
            return f"{name} is a folder, not a file"
        case PermissionError():
            return f"{name}: not allowed to open it"
    return f"{name}: {error.strerror}"


def _of_the_desk() -> dict[type[Exception], Say]:
    from knowledge.regions import UnknownRegion
    from server.casework.officers import NotAllowed, OfficerUnknown, SecondOfficerNeeded
    from server.editing import publishing
    from server.editing.gold import MOST_TURNS, GoldUnfit
    from server.published.releases import NothingToPublish

    return {
        UnknownRegion: lambda unknown: f"unknown region {unknown.id!r}",
        NotAllowed: lambda _: "this officer may not do that, or not everywhere that it is about",
        SecondOfficerNeeded: lambda _: "whoever wrote or handled it can't: another officer has to",
        OfficerUnknown: lambda _: "no such officer",
        GoldUnfit: lambda unfit: (
            f"question {unfit} can't be stored, and none was: it has 1 to {MOST_TURNS} turns, "
            "none of them empty or longer than 1,000 characters"
        ),
        NothingToPublish: lambda _: "there is nothing new in it",
        publishing.ReleaseMoved: lambda _: "another release was put in force since it was tried",
        publishing.NoEarlierRelease: lambda _: (
            "there is no earlier release, or it is one that nobody published"
        ),
        publishing.ProposalDecided: lambda _: "the proposal was refused or withdrawn",
        publishing.WorseWithoutReason: lambda _: (
            "something is answered worse or asked no more: say why with --reason"
        ),
    }


def _of_money() -> dict[type[Exception], Say]:
    from server.casework.bank_files import BankFileRefused
    from server.casework.funds import FundNameTaken, FundRefused, FundShort, FundUnknown
    from server.casework.matched_rosters import MatchedRosterRefused
    from server.casework.payment_batches import (
        BatchAltered,
        BatchUnknown,
        PayeesLost,
        StepRefused,
    )
    from server.money import yuan

    return {
        BankFileRefused: str,
        MatchedRosterRefused: str,
        FundRefused: str,
        FundNameTaken: lambda _: "another fund has this name",
        FundShort: lambda short: f"the fund has only {yuan(short.left_fen)} left",
        FundUnknown: lambda _: "no such fund",
        PayeesLost: lambda lost: (
            "can't be paid as they were collected, cancel the batch and collect anew: "
            + ", ".join(f"{case} ({why})" for case, why in lost.cases.items())
        ),
        BatchAltered: lambda _: "the payments are not those that were locked: cancel the batch",
        BatchUnknown: lambda _: "no such batch",
        StepRefused: lambda at: f"the batch is {at.state}",
    }


def _of_who_was_first() -> dict[type[Exception], Say]:
    from server.casework.advancing import CaseChanged, MoveRefused
    from server.casework.payment_results import ResultsRefused
    from server.casework.payments import PaymentSettled
    from server.confidential.subject_keys import SubjectErased

    again = "what was done before it stays: give the command again"
    return {
        ResultsRefused: lambda _: (
            "somebody changed the batch meanwhile; rows before it are taken: give the file again"
        ),
        PaymentSettled: lambda id: f"somebody settled payment {id} meanwhile: {again}",
        CaseChanged: lambda changed: f"somebody moved case {changed.case_id} meanwhile: {again}",
        MoveRefused: lambda refused: f"a case is {refused.state} by now: {again}",
        SubjectErased: lambda _: f"a person was erased meanwhile: {again}",
    }


def _of_the_register() -> dict[type[Exception], Say]:
    from knowledge.eligibility.sheets import SheetRefused
    from server.register.importing import ImportMoved, ImportUnknown
    from server.register.sheets import SheetUnfit
    from server.register.undoing import TouchedSince

    return {
        SheetRefused: str,
        SheetUnfit: lambda unfit: (
            f"two columns for {unfit.twice}"
            if unfit.twice
            else f"no column for {', '.join(unfit.missing)}: say which with --column HEADER=USE"
        ),
        ImportUnknown: lambda _: "no such import",
        ImportMoved: lambda at: f"the import is {at.state}, or the plan is another one",
        TouchedSince: lambda since: (
            f"{since.people} people were looked after or changed since: it can't be undone"
        ),
    }
