"""The release in force, held in memory: loaded before the fork, swapped whole when it changes."""

import os
import threading
import weakref
from dataclasses import dataclass
from datetime import date

import structlog

from bot.answering import answer
from bot.answers import Answer, Context
from bot.caring import LONGEST_MESSAGE
from bot.explaining import Explanation, explain
from bot.live_subjects import LiveSubject, live_subject
from bot.retrieval.indexing import IndexedLibrary, Shelf
from knowledge.library import Library
from knowledge.regions import UnknownRegion
from server import switches
from server.chat.conversations import MaskedJson
from server.confidential.privacy import mask
from server.database.db import Database
from server.published import releases
from server.published.kept_indexes import KeptIndexes
from server.published.releases import NothingInForce
from server.switches import NOTHING_OFF, Off

_LOOK_EVERY_SECONDS = 0.5
_REMEMBERED = 2048
_LOOKED_AT = 6
_NEARLY_THE_SAME = 0.88
_TRIAL = "shiyejin 怎麼領，一個月有多少"

_log = structlog.get_logger()


class ReleaseUnreadable(Exception):
    """A stored release that this version of the program can't serve, with the reason."""

    def __init__(self, release: int, reason: str) -> None:
        super().__init__(release, reason)
        self.release = release
        self.reason = reason


@dataclass(slots=True)
class Answered:
    """An answer, and what was made of it: for a question that comes often, made once."""

    answer: Answer
    live: LiveSubject | None = None
    """What of the day is asked for, which no document answers."""
    shown: str | None = None
    """What a face shows of it."""
    kept: MaskedJson | None = None
    """What the next message builds on."""
    passed_over: tuple[str, ...] | None = None
    """What was found and not used, as it is recorded."""


class Served:
    """One release, ready to be asked; it never changes."""

    def __init__(self, release: int, indexed: IndexedLibrary) -> None:
        self.release = release
        self.library = indexed.library
        self.public_numbers = frozenset(_public_numbers(self.library))
        self._indexed = indexed
        self._regions = _regions_by_name(self.library)
        self._remembered: dict[_Asked, Answered] = {}
        self._working = threading.Lock()

    @property
    def region_names(self) -> frozenset[str]:
        """Every way to write a region that `region` takes."""
        return frozenset(self._regions)

    def region(self, written: str) -> str:
        """The id of a region by id, label or alias; raises `UnknownRegion`."""
        try:
            return self._regions[written.strip()]
        except KeyError:
            raise UnknownRegion(written) from None

    def answer(
        self,
        text: str,
        context: Context,
        *,
        today: date,
        region: str | None = None,
        spoken: bool = False,
    ) -> Answered:
        """Ask the bot; the same question is worked out once, as its answer can't differ.

        `region` is the id of the place chosen in the app, `today` an Asia/Shanghai day, `spoken`
        that a machine wrote the text down from speech. A message with personal numbers is not
        remembered.
        """
        # One character more than is read: the bot sees that it's too long, and reads no megabyte.
        text = text[: LONGEST_MESSAGE + 1]
        asked = (text, context, region, today, spoken)
        found = self._remembered.get(asked)
        if found is None:
            # One at a time: threads that take turns within an answer only slow each other.
            with self._working:
                found = self._remembered.get(asked) or self._worked_out(asked)
        return found

    def explain(self, text: str, *, today: date, region: str | None = None) -> Explanation:
        """Answer a first message, and tell why; raises `UnknownRegion`."""
        asked = text[: LONGEST_MESSAGE + 1]
        return explain(asked, self._indexed, Context(), today=today, chosen=region)

    def alike(self, text: str, *, not_of: str) -> list[tuple[str, str]]:
        """The measures, but one, that have a question nearly word for word; each with it."""
        entries = self._indexed.questions.search(self._indexed.entry_of(text), _LOOKED_AT)
        found = []
        for hit in entries:
            shelf, _, measure = hit.key.partition(":")
            if shelf == Shelf.MEASURE and measure != not_of and hit.score >= _NEARLY_THE_SAME:
                found.append((measure, hit.text))
        return found

    def _worked_out(self, asked: "_Asked") -> Answered:
        text, context, region, today, spoken = asked
        found = Answered(
            answer(text, self._indexed, context, today=today, chosen=region, spoken=spoken),
            live=live_subject(text),
        )
        if context.check is not None:
            return found  # what somebody says of themselves is not kept
        if len(text) <= LONGEST_MESSAGE and mask(text, self.public_numbers) == text:
            self._remembered[asked] = found
            if len(self._remembered) > _REMEMBERED:
                # The oldest goes: whatever is asked often is soon back.
                del self._remembered[next(iter(self._remembered))]
        return found


_Asked = tuple[str, Context, str | None, date, bool]


class Serving:
    """What this process serves; make it before the fork, ask it in every worker."""

    def __init__(self, database: Database, kept: KeptIndexes, served: Served | None = None) -> None:
        """Load the release in force where none is handed in; raises what `load` raises."""
        self._database = database
        self._kept = kept
        self._served = served or load(database, kept)
        self._refused: int | None = None
        self._off = NOTHING_OFF
        self._watched_by = 0
        self._watcher: threading.Thread | None = None
        self._starting = threading.Lock()
        self._ended = threading.Event()

    def current(self) -> Served:
        """The release in force, or for a moment the one before it."""
        if self._watched_by != os.getpid():
            self._watch()
        return self._served

    def off(self) -> Off:
        """What is turned off, as of half a second ago at most."""
        if self._watched_by != os.getpid():
            self._watch()
        return self._off

    def look(self) -> None:
        """Swap to the release in force where it has changed; a damaged one is left alone."""
        self._off = switches.read(self._database)
        row = self._database.fetch("SELECT release_id FROM current_release")
        if row is None or row[0] in (None, self._served.release, self._refused):
            return
        try:
            self._served = load(self._database, self._kept)
            _log.info("release_served", release=self._served.release)
        except ReleaseUnreadable as error:
            # The release that is served goes on.
            self._refused = error.release
            _log.error("release_refused", release=error.release, reason=error.reason[:2000])

    def close(self) -> None:
        """End the watch of this process."""
        self._ended.set()
        if self._watcher is not None and self._watched_by == os.getpid():
            self._watcher.join(5)

    def _watch(self) -> None:
        # A thread does not live through a fork: each worker starts its own with its first question,
        # and looks once itself, for the time since the fork.
        with self._starting:
            if self._watched_by == os.getpid():
                return
            _look(self)
            self._watcher = threading.Thread(
                target=_look_again,
                args=(weakref.ref(self), self._database, self._ended),
                name="release",
                daemon=True,
            )
            self._watcher.start()
            self._watched_by = os.getpid()


def _look_again(known: "weakref.ref[Serving]", database: Database, ended: threading.Event) -> None:
    while not ended.wait(_LOOK_EVERY_SECONDS):
        serving = known()
        if serving is None:
            break
        _look(serving)
        del serving
    database.leave()


def _look(serving: Serving) -> None:
    try:
        serving.look()
    except Exception as error:
        _log.warning("release_unseen", reason=type(error).__name__)


def load(database: Database, kept: KeptIndexes) -> Served:
    """Load the release in force; raises `NothingInForce`, `ReleaseUnreadable`."""
    with database.read() as session:
        release = releases.current_id(session)
    if release is None:
        raise NothingInForce
    return load_release(database, release, kept)


def load_release(database: Database, release: int, kept: KeptIndexes) -> Served:
    """Load any release, and keep its index; raises `ReleaseUnknown`, `ReleaseUnreadable`."""
    with database.read() as session:
        fingerprint = releases.fingerprint(session, release)
        indexed = kept.get(fingerprint)
        editions = [] if indexed else releases.editions_of(session, release)
    try:
        found = indexed or IndexedLibrary(Library(editions))
        served = Served(release, found)
        # Loads what the bot loads with its first answer, and shows that this release can answer.
        served.answer(_TRIAL, Context(), today=date.min)
        if indexed is None:
            # With what the answer loaded.
            kept.put(fingerprint, found)
    except Exception as error:
        # Whatever a damaged one breaks, it is refused whole.
        raise ReleaseUnreadable(release, f"{type(error).__name__}: {error}") from error
    return served


def _public_numbers(library: Library) -> list[str]:
    of_measures = (p.number for m in library.measures.values() for p in m.phones)
    return [*of_measures, *(line.number for line in library.helplines.values())]


def _regions_by_name(library: Library) -> dict[str, str]:
    """Ids by every name that stands for one region only."""
    named: dict[str, str] = {}
    shared: set[str] = set()
    for region in library.regions:
        for name in {region.label, *region.aliases}:
            if named.setdefault(name, region.id) != region.id:
                shared.add(name)
    ids = {region.id: region.id for region in library.regions}
    return {name: id for name, id in named.items() if name not in shared} | ids
