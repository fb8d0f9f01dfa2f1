"""`nuangang staff …`: who may sign in at the desk."""

import argparse
import sys
from typing import TYPE_CHECKING

from server.commands.at_hand import FAILED, OK, AtHand, with_all_at_hand

if TYPE_CHECKING:
    from server.database.db import Database
    from server.staff.managing import Member

_ROLES = ("case_officer", "approver", "editor", "publisher", "auditor", "administrator")


def add_to(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the command to a parser."""
    staff = commands.add_parser("staff", help="who may sign in at the desk")
    verbs = staff.add_subparsers(title="commands", required=True, metavar="COMMAND")
    add = verbs.add_parser("add", help="let somebody in; prints a password to start with")
    add.add_argument("username")
    add.add_argument("--name", required=True, help="as colleagues read it")
    add.add_argument("--role", action="append", required=True, choices=_ROLES)
    add.add_argument("--region", action="append", required=True, help="with all that lies in it")
    add.set_defaults(run=_add)
    reset = verbs.add_parser("reset", help="a new password to start with, no second factor")
    reset.add_argument("username")
    reset.set_defaults(run=_reset)
    disable = verbs.add_parser("disable", help="keep somebody out, at once")
    disable.add_argument("username")
    disable.set_defaults(run=_disable)
    verbs.add_parser("list", help="everybody of the staff").set_defaults(run=_list)


@with_all_at_hand
def _add(at: AtHand, parsed: argparse.Namespace) -> int:
    from server.casework.officers import Role
    from server.clock import utc_now
    from server.staff import managing, passwords
    from server.staff.accounts import UsernameRefused, UsernameTaken

    if not parsed.name.strip():
        return _refuse("--name must say something")
    made = passwords.made()
    kept = passwords.hashed(made)
    regions = at.library().regions
    try:
        with at.database.begin() as session:
            managing.take_on(
                session,
                at.safe,
                regions,
                username=parsed.username,
                name=parsed.name,
                roles=[Role(each) for each in parsed.role],
                where=parsed.region,
                password_hash=kept,
                by=None,
                now=utc_now(),
            )
    except UsernameTaken:
        return _refuse(f"somebody signs in as {parsed.username!r} already")
    except UsernameRefused:
        return _refuse("a username is 3 to 32 small letters, digits, . _ -, a letter first")
    print(f"{parsed.username} can sign in; the password to start with:\n{made}")
    return OK


@with_all_at_hand
def _reset(at: AtHand, parsed: argparse.Namespace) -> int:
    from server.clock import utc_now
    from server.staff import managing, passwords

    member = _member(at.database, parsed.username)
    if member is None:
        return _refuse(f"nobody signs in as {parsed.username!r}")
    made = passwords.made()
    kept = passwords.hashed(made)
    regions = at.library().regions
    with at.database.begin() as session:
        managing.reset(
            session, at.safe, regions, member, password_hash=kept, by=None, now=utc_now()
        )
    print(f"{parsed.username} starts anew; the password to start with:\n{made}")
    return OK


@with_all_at_hand
def _disable(at: AtHand, parsed: argparse.Namespace) -> int:
    from server.clock import utc_now
    from server.staff import managing

    member = _member(at.database, parsed.username)
    if member is None:
        return _refuse(f"nobody signs in as {parsed.username!r}")
    regions = at.library().regions
    with at.database.begin() as session:
        managing.change(
            session,
            at.safe,
            regions,
            member,
            version=member.staffed.version,
            roles=member.officer.roles,
            where=member.officer.regions,
            active=False,
            by=None,
            now=utc_now(),
        )
    print(f"{parsed.username} is out")
    return OK


@with_all_at_hand
def _list(at: AtHand, _: argparse.Namespace) -> int:
    from server.casework import officers
    from server.staff import accounts

    with at.database.read() as session:
        known = accounts.all_by_officer(session)
        for each in officers.listed(session):
            account = known.get(each.officer.id)
            print(
                f"{each.officer.id:4} {account.username if account else '-':20}"
                f" {each.officer.name}  {','.join(sorted(each.officer.roles))}"
                f"  {','.join(sorted(each.officer.regions))}"
                f"  {'' if each.active else 'out'}".rstrip()
            )
    return OK


def _member(database: "Database", username: str) -> "Member | None":
    from server.casework import officers
    from server.staff import accounts
    from server.staff.managing import Member

    with database.read() as session:
        row = accounts.by_username(session, username)
        if row is None:
            return None
        known = accounts.all_by_officer(session)
        for each in officers.listed(session):
            if each.officer.id == row.officer_id:
                return Member(each, known[row.officer_id])
    return None


def _refuse(why: str) -> int:
    print(f"nuangang: {why}", file=sys.stderr)
    return FAILED
