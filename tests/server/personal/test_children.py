"""Children under 14 are held for their guardian, who agreed, and for nobody else."""

from datetime import date, datetime, timedelta

import pytest

from server.clock import china_day
from server.database.db import Database
from server.database.tables import Purpose
from server.personal import children
from server.personal.children import ChildChanged, ChildTooOld, ChildUnknown, TooManyChildren
from server.personal.consents import ConsentMissing
from server.personal.persons import Minor, NotBornYet
from tests import citizens
from tests.server.personal.test_profiles import NewWorker, new_worker

__all__ = ["new_worker"]


def _child(born: date) -> Minor:
    return Minor(name="王小", born_on=born)


def test_a_guardian_adds_corrects_and_removes_a_child(
    database: Database, new_worker: NewWorker, now: datetime
) -> None:
    worker, own = new_worker("wang")
    minor = citizens.minor(1, china_day(now))
    with database.begin() as session:
        held = children.add(session, own, worker_id=worker, minor=minor, now=now)
    right = minor.model_copy(update={"name": "王大"})
    with database.begin() as session:
        changed = children.change(
            session, own, worker_id=worker, child_id=held.id, minor=right, version=1, now=now
        )
    assert (changed.minor, changed.version) == (right, 2)
    with database.begin() as session:
        assert children.of(session, own, worker) == [changed]
        assert children.read(session, own, worker_id=worker, now=now) == [changed]
        with pytest.raises(ChildChanged):
            children.change(
                session, own, worker_id=worker, child_id=held.id, minor=minor, version=1, now=now
            )
        children.remove(session, own, worker_id=worker, child_id=held.id, now=now)
        assert children.of(session, own, worker) == []
    with database.read() as session:
        actions = session.connection().exec_driver_sql(
            "SELECT action FROM audit_entry WHERE about = 'child' ORDER BY id"
        )
        assert [row[0] for row in actions] == ["created", "changed", "read", "deleted"]


def test_without_the_guardians_consent_nothing_is_taken(
    database: Database, new_worker: NewWorker, now: datetime
) -> None:
    worker, own = new_worker("wang", Purpose.IDENTITY)
    with database.begin() as session, pytest.raises(ConsentMissing) as refused:
        children.add(session, own, worker_id=worker, minor=_child(date(2020, 1, 1)), now=now)
    assert refused.value.purpose is Purpose.CHILDREN
    with database.begin() as session, pytest.raises(ConsentMissing):
        children.change(
            session, own, worker_id=worker, child_id="c", minor=_child(date(2020, 1, 1)),
            version=1, now=now,
        )  # fmt: skip


@pytest.mark.parametrize(
    ("days", "error"),
    [(0, None), (1, NotBornYet), (-5112, None), (-5113, ChildTooOld)],
)
def test_a_child_is_one_until_its_fourteenth_birthday(
    database: Database,
    new_worker: NewWorker,
    now: datetime,
    days: int,
    error: type[Exception] | None,
) -> None:
    worker, own = new_worker("wang")
    minor = _child(china_day(now) + timedelta(days=days))
    with database.begin() as session:
        if error is None:
            assert children.add(session, own, worker_id=worker, minor=minor, now=now)
        else:
            with pytest.raises(error):
                children.add(session, own, worker_id=worker, minor=minor, now=now)


def test_another_worker_reaches_no_child(
    database: Database, new_worker: NewWorker, now: datetime
) -> None:
    (wang, own), (li, other) = new_worker("wang"), new_worker("li")
    minor = _child(date(2020, 1, 1))
    with database.begin() as session:
        held = children.add(session, own, worker_id=wang, minor=minor, now=now)
        assert children.of(session, other, li) == []
        with pytest.raises(ChildUnknown):
            children.remove(session, other, worker_id=li, child_id=held.id, now=now)
        with pytest.raises(ChildUnknown):
            children.change(
                session, other, worker_id=li, child_id=held.id, minor=minor, version=1, now=now
            )


def test_there_are_no_more_children_than_a_family_has(
    database: Database, new_worker: NewWorker, now: datetime
) -> None:
    worker, own = new_worker("wang")
    with database.begin() as session:
        for _ in range(children.MOST):
            children.add(session, own, worker_id=worker, minor=_child(date(2020, 1, 1)), now=now)
        with pytest.raises(TooManyChildren):
            children.add(session, own, worker_id=worker, minor=_child(date(2020, 1, 1)), now=now)
        assert children.remove_all(session, own, worker_id=worker, now=now) == children.MOST
