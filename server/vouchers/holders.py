"""Who has a voucher of an issue: one person, under however many accounts, also once erased."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence

from sqlalchemy import select
from sqlmodel import Session, col

from server.casework.tables import Case
from server.confidential.sealing import Safe
from server.database.tables import Profile, Worker
from server.register.tables import RegisterEntry
from server.vouchers.tables import Voucher


class Holders:
    """Who has a voucher of an issue, under whichever account; read once for many people."""

    def __init__(self, session: Session, safe: Safe, issue_id: str) -> None:
        rows = session.execute(
            select(
                col(Voucher.worker_id), col(Voucher.holder_hash), col(Profile.identity_hash),
                col(RegisterEntry.identity_hash),
            )
            .outerjoin(Profile, col(Profile.worker_id) == col(Voucher.worker_id))
            .outerjoin(RegisterEntry, col(RegisterEntry.worker_id) == col(Voucher.worker_id))
            .where(col(Voucher.issue_id) == issue_id)
        ).all()  # fmt: skip
        self._safe, self._issue = safe, issue_id
        self._workers = {row[0] for row in rows}
        self._kept = {row[1] for row in rows if row[1] is not None}
        self._hashes = {each for row in rows for each in row[2:] if each is not None}

    def has(self, worker_id: int, *identity_hashes: str | None) -> bool:
        """Whether a worker, or who is known by a hash of their identity number, has one."""
        return worker_id in self._workers or any(
            each in self._hashes or holder_hash(self._safe, self._issue, each) in self._kept
            for each in identity_hashes
            if each is not None
        )

    def add(self, worker_id: int, *identity_hashes: str) -> None:
        """Note that a worker, who is known by these hashes, gets one."""
        self._workers.add(worker_id)
        self._hashes.update(identity_hashes)

    def one_each(self, session: Session, cases: Sequence[Case]) -> list[Case]:
        """Of these cases the first of each person who has none yet; they count as having one then.

        Accounts with one identity number are one person.
        """
        known = hashes_of(session, {case.worker_id for case in cases})
        found = []
        for case in cases:
            if not self.has(case.worker_id, *known[case.worker_id]):
                self.add(case.worker_id, *known[case.worker_id])
                found.append(case)
        return found


def hashes_of(session: Session, workers: Collection[int]) -> Mapping[int, list[str]]:
    """By which hashes of identity numbers workers are known, that of the register first."""
    rows = session.execute(
        select(col(Worker.id), col(RegisterEntry.identity_hash), col(Profile.identity_hash))
        .outerjoin(Profile, col(Profile.worker_id) == col(Worker.id))
        .outerjoin(RegisterEntry, col(RegisterEntry.worker_id) == col(Worker.id))
        .where(col(Worker.id).in_(workers))
    )
    known: defaultdict[int, list[str]] = defaultdict(list)
    for worker, *hashes in rows:
        known[worker] += [each for each in hashes if each is not None]
    return known


def holder_hash(safe: Safe, issue_id: str, identity_hash: str) -> str:
    """What stays of who was given a voucher; not to be told from that of another issue."""
    return safe.hash("voucher", issue_id, identity_hash)
