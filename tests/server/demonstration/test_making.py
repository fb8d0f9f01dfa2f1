"""The demonstration desk: made once, in development, in a database where nobody works."""

import stat
from collections import Counter
from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlmodel import col

from server import cli
from server.app import create_app
from server.arrears.tables import JointPart, JointReport
from server.casework import near_duplicates
from server.casework.fund_tables import Fund
from server.casework.officers import Role
from server.casework.tables import Case, CaseMaterial, Officer
from server.clock import china_day
from server.demonstration import making
from server.outreach.tables import Campaign
from server.pairing import helping
from server.pairing import searching as pairings
from server.records import audit
from server.register.tables import RegisterEntry
from server.settings import Environment
from server.staff import accounts, passwords
from server.vouchers import rounds
from server.vouchers.tables import Merchant, Redemption, Round, Voucher
from server.web.resources import Resources
from tests import casework


@pytest.fixture
def database_url(sqlite_url: str) -> str:
    return sqlite_url


def test_a_new_database_gets_officers_people_and_cases(resources: Resources) -> None:
    casework.publish(resources.database, resources.serving.current().library, now=resources.clock())
    settings = resources.settings
    assert making.sign_ins(settings) == []
    assert making.is_due(settings, resources)
    making.make(resources)
    assert not making.is_due(settings, resources)
    kept = settings.data_dir / "demonstration.json"
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    with resources.database.read() as session:
        roles = "".join(session.scalars(select(Officer.roles)).all())  # type: ignore[call-overload]
        cases = session.scalars(select(Case)).all()
        assert len(session.scalars(select(CaseMaterial)).all()) == 4
        # From a case to the money: a fund, and a second approver to release it.
        assert len(session.scalars(select(Fund)).all()) == 1
        assert roles.count(Role.APPROVER) == 2
        assert len(session.scalars(select(Campaign)).all()) == 1
        assert sum(near_duplicates.is_open(session, case) for case in cases) == 2
        # Who looks around finds helpers, one who waits for a yes, and a visit that is overdue.
        today = china_day(resources.clock())
        counts = pairings.counted(session, {"石狮"}, today)
        assert counts == {"accepted": 1, "proposed": 1, "overdue": 1}
        assert [helper.unit for helper in helping.owing(session, {"石狮"})] == ["市财政局"]
        # Somebody of the register has used a part of their voucher, another's use was taken back.
        vouchers = session.scalars(select(Voucher).order_by(col(Voucher.left_fen))).all()
        assert [each.left_fen for each in vouchers] == [373_50, 500_00, 500_00]
        uses = session.scalars(select(Redemption)).all()
        assert sorted(each.refunded_at is None for each in uses) == [False, True]
        assert len(session.scalars(select(Merchant)).all()) == 1
        (round_,) = session.scalars(select(Round)).all()
        assert rounds.counts_of(round_) == {"meant": 6, "gets": 3, "no_account": 3}
        entries = session.scalars(select(RegisterEntry)).all()
        assert sorted(Counter(each.household_id for each in entries).values()) == [1, 1, 1, 3]
        signed = [accounts.by_username(session, name) for name, *_ in making.sign_ins(settings)]
        joint = session.scalars(select(JointReport)).all()
        assert [each.state for each in joint] == ["handed_in", "handed_in"]
        assert sum(part.amount_fen for part in session.scalars(select(JointPart))) == 44_950_00
    phone = casework.Phone(create_app(settings, resources).test_client(), "demo3")
    card = phone.get("/card").json
    assert [each["left_fen"] for each in card["vouchers"]] == [373_50] and card["codes"]
    assert phone.get("/applications").json["applications"]
    said = phone.post("/chat", {"text": "附近有什么招聘", "region": "石狮"}).json
    assert "招聘缝纫工" in said["reply"]
    offers = phone.get("/offers?region=石狮").json["offers"]
    assert {each["kind"] for each in offers} == {"vacancy", "session", "trip"}
    # Whoever looks around is told of each of them.
    told = cli._told_sign_ins(settings)
    assert all(f"demo{n} " in told for n in range(1, len(cases) + 1))
    assert all(password in told for _, _, password in making.sign_ins(settings))
    assert all(role in roles for role in Role)
    assert {case.outcome for case in cases} == {"eligible", "ineligible", "undetermined"}
    password = making.sign_ins(settings)[0][2]
    assert signed[0] is not None and not signed[0].starting
    assert passwords.matches(signed[0].password_hash, password)


def test_a_password_that_was_changed_is_not_told_any_more(resources: Resources) -> None:
    casework.publish(resources.database, resources.serving.current().library, now=resources.clock())
    making._make_officers(resources)
    made = {name: password for name, _, password in making.sign_ins(resources.settings)}
    assert all(made.values())
    with resources.database.begin() as session:
        account = accounts.by_username(session, "guanli")
        assert account is not None
        accounts.reset(
            session, resources.safe, account.officer_id,
            password_hash="x", by=audit.Actor.job("test"),
            now=resources.clock() + timedelta(minutes=1),
        )  # fmt: skip
    told = cli._told_sign_ins(resources.settings)
    assert made["guanli"] not in told and "guanli    (password was changed)" in told
    assert made["jingban"] in told


def test_production_gets_nothing_made_up(resources: Resources) -> None:
    settings = resources.settings.model_copy(update={"env": Environment.PRODUCTION})
    (settings.data_dir / "demonstration.json").write_text('{"jingban": "x"}')
    assert not making.is_due(settings, resources)
    assert making.sign_ins(settings) == []
