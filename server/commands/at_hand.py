"""What a command works with: the settings, the database up to date, the keys; given back after."""

import argparse
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from functools import wraps
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from knowledge.library import Library
    from server.casework.officers import Officer
    from server.chat.serving import Served
    from server.confidential.sealing import Safe
    from server.confidential.subject_keys import SubjectKeys
    from server.database.db import Database
    from server.settings import Settings

D = TypeVar("D")

Run = Callable[[argparse.Namespace], int]
"""A command: takes the parsed line, gives the exit code."""

OK = 0
FAILED = 1
"""The exit codes."""


class Refused(ValueError):
    """The command can't do what was asked; the message says why."""


@dataclass(frozen=True, slots=True)
class AtHand:
    """Settings, the database up to date, what seals; the rest is made where it is asked for."""

    settings: "Settings"
    database: "Database"
    safe: "Safe"

    def keys(self) -> "SubjectKeys":
        """The keys of the workers."""
        from server.web.resources import make_subject_keys

        return make_subject_keys(self.settings, self.database, self.safe)

    def served(self, release: int | None = None) -> "Served":
        """A release, indexed; the one in force where none is named. Raises ReleaseUnknown."""
        from server.chat.serving import load, load_release
        from server.preparing import kept_indexes

        indexes = kept_indexes(self.settings)
        if release is None:
            return load(self.database, indexes)
        return load_release(self.database, release, indexes)

    def library(self) -> "Library":
        """What the release in force knows, without its index."""
        return self.release()[1]

    def release(self) -> "tuple[int, Library]":
        """The release in force: its number and what it knows. Raises `ReleaseUnreadable`."""
        from knowledge.library import Library
        from server.published import releases

        with self.database.read() as session:
            found = releases.current(session)
        # Prepared: there is one.
        assert found is not None
        number, editions = found
        try:
            return number, Library(editions)
        except Exception as error:
            from server.chat.serving import ReleaseUnreadable

            # Whatever an older one breaks on, it is refused whole.
            raise ReleaseUnreadable(number, f"{type(error).__name__}: {error}") from error

    def officer(self, id: int) -> "Officer":
        """Who gives the command. Raises `OfficerUnknown`."""
        from server.casework import officers

        with self.database.read() as session:
            return officers.find(session, id)


@contextmanager
def at_hand() -> "Iterator[AtHand]":
    """Prepare what is missing; the connections are given back at the end."""
    # What goes through every table, to erase or to seal anew, has to know them all.
    import server.schema  # noqa: F401
    from server.clock import utc_now
    from server.preparing import prepare
    from server.settings import load_settings
    from server.web.resources import make_safe

    settings = load_settings()
    database = prepare(settings, now=utc_now())
    try:
        yield AtHand(settings, database, make_safe(settings))
    finally:
        database.release()


def with_all_at_hand(act: Callable[[AtHand, argparse.Namespace], int]) -> Run:
    """A command that always needs the database."""

    @wraps(act)
    def run(parsed: argparse.Namespace) -> int:
        with at_hand() as at:
            return act(at, parsed)

    return run


def by_officer(
    parser: argparse.ArgumentParser,
    desk: "Callable[[AtHand, Officer], D]",
    act: Callable[[D, argparse.Namespace], int],
) -> None:
    """Make it an officer's command, who acts at a desk."""
    parser.add_argument("--officer", type=int, required=True, help="who does it")

    @with_all_at_hand
    def run(at: AtHand, parsed: argparse.Namespace) -> int:
        return act(desk(at, at.officer(parsed.officer)), parsed)

    parser.set_defaults(run=run)


def words(written: str) -> str:
    """Words of the command line, also where the machine's language has not their characters."""
    return written.encode("utf-8", "surrogateescape").decode("utf-8", "replace")


def day(written: str) -> date:
    """A day of the command line."""
    try:
        return date.fromisoformat(written)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{written!r} is no day like 2022-04-10") from None
