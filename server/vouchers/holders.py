"""Who has a voucher of an issue: one person, under however many accounts."""

from collections import defaultdict
from collections.abc import Sequence

from sqlalchemy import select
from sqlmodel import Session, col

from server.casework.tables import Case
from server.database.tables import Profile, Worker
from server.register.tables import RegisterEntry
from server.vouchers.tables import Voucher


class Holders:
    """Who has a voucher of an issue, under whichever account; read once for many people."""

    def __init__(self, session: Session, issue_id: str) -> None:
        rows = session.execute(
            select(
                col(Voucher.worker_id), col(Profile.identity_hash), col(RegisterEntry.identity_hash)
            )
            .outerjoin(Profile, col(Profile.worker_id) == col(Voucher.worker_id))
            .outerjoin(RegisterEntry, col(RegisterEntry.worker_id) == col(Voucher.worker_id))
            .where(col(Voucher.issue_id) == issue_id)
        ).all()
        self._workers = {row[0] for row in rows}
        self._hashes = {each for row in rows for each in row[1:] if each is not None}

    def has(self, worker_id: int, *identity_hashes: str | None) -> bool:
        """Whether a worker, or who is known by a hash of their identity number, has one."""
        return worker_id in self._workers or not self._hashes.isdisjoint(identity_hashes)

    def add(self, worker_id: int, *identity_hashes: str) -> None:
        """Note that a worker, who is known by these hashes, gets one."""
        self._workers.add(worker_id)
        self._hashes.update(identity_hashes)

    def one_each(self, session: Session, cases: Sequence[Case]) -> list[Case]:
        """Of these cases the first of each person who has none yet; they count as having one then.

        Accounts with one identity number are one person.
        """
        workers = {case.worker_id for case in cases}
        rows = session.execute(
            select(col(Worker.id), col(Profile.identity_hash), col(RegisterEntry.identity_hash))
            .outerjoin(Profile, col(Profile.worker_id) == col(Worker.id))
            .outerjoin(RegisterEntry, col(RegisterEntry.worker_id) == col(Worker.id))
            .where(col(Worker.id).in_(workers))
        )
        known: defaultdict[int, set[str]] = defaultdict(set)
        for worker, *hashes in rows:
            known[worker].update(each for each in hashes if each is not None)
        found = []
        for case in cases:
            if not self.has(case.worker_id, *known[case.worker_id]):
                self.add(case.worker_id, *known[case.worker_id])
                found.append(case)
        return found
