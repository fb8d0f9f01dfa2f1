"""What stands against drafts while they are written: the same checks as at the gate."""

import hashlib
import json
from dataclasses import dataclass
from functools import lru_cache
from threading import Lock

from sqlmodel import Session

from knowledge.drafting import shape_troubles, troubles
from knowledge.faults import Trouble
from knowledge.library import Library
from server.editing import drafts
from server.editing.drafts import Draft
from server.published import releases
from server.published.releases import NothingInForce

_WORKING = Lock()


@dataclass(frozen=True, slots=True)
class Checked:
    """The troubles of drafts; `library` holds them where they fit together, else None."""

    troubles: tuple[Trouble, ...]
    library: Library | None

    def of(self, kind: str, key: str) -> list[Trouble]:
        """The troubles of one piece, and those that are nobody's."""
        return [t for t in self.troubles if (t.kind, t.key) == (kind, key) or not t.key]


def check(session: Session, *, kind: str | None = None, key: str | None = None) -> Checked:
    """Check the drafts over the release in force, all together; raises `NothingInForce`.

    With `kind` and `key` it is about this piece: drafts of others that are half done, or do not
    fit, are left aside.
    """
    release = releases.current_id(session)
    if release is None:
        raise NothingInForce
    chosen = drafts.listed(session)
    if kind is not None:
        chosen = [d for d in chosen if (d.kind, d.key) == (kind, key) or _sound(d)]
    found = _checked(session, release, chosen)
    if kind is None or found.library is not None:
        return found
    alone = [d for d in chosen if (d.kind, d.key) == (kind, key)]
    return _checked(session, release, alone)


def _sound(draft: Draft) -> bool:
    return draft.content is None or not shape_troubles(draft.kind, draft.key, draft.content)


def _checked(session: Session, release: int, chosen: list[Draft]) -> Checked:
    # By content: a version comes again where a draft was discarded and begun anew.
    written = "\n".join(sorted(f"{d.kind} {d.key} {json.dumps(d.content)}" for d in chosen))
    known = _remembered(
        releases.fingerprint(session, release), hashlib.sha256(written.encode()).hexdigest()
    )
    with _WORKING:
        if not known:
            editions = releases.editions_of(session, release)
            against, library = troubles(editions, drafts.changes(chosen))
            known.append(Checked(tuple(against), library))
    return known[0]


@lru_cache(maxsize=16)
def _remembered(release: str, written: str) -> list[Checked]:
    """Where the outcome of one check is kept: looking at a page again checks nothing again."""
    return []
