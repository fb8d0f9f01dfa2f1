"""Things for the pages of money, requests, rosters: all of it in 石狮."""

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from server.casework import payment_batches, service_requests
from server.casework.officers import Role
from server.casework.request_tables import Category
from server.chat.conversations import RecordedTurn, masked_json, new_conversation_id, record_within
from tests import casework
from tests.funding import Office

if TYPE_CHECKING:
    from tests.server.console.conftest import Staff

HOSTILE = "\"'><img src=x onerror=\"document.title='run'\"><script>document.title='run'</script>"
"""What must never run, wherever it was typed."""


def office(staff: "Staff") -> Office:
    """The clerks behind the money, in the database of the desk."""
    known = staff.resources
    library = known.serving.current().library
    where = ("石狮",)

    def one(*roles: Role) -> Any:
        return casework.officer(
            known.database, known.safe, library, *roles, where=where, now=staff.now
        )

    return Office(
        known.database,
        known.safe,
        library,
        known.subject_keys,
        staff.now,
        1,
        casework.post(known.safe, library),
        author=one(Role.CASE_OFFICER),
        approver=one(Role.APPROVER),
        cashier=one(Role.CASE_OFFICER),
        releaser=one(Role.APPROVER, Role.CASE_OFFICER),
        administrator=one(Role.ADMINISTRATOR),
    )


def collected(at: Office, fund: Any, **more: Any) -> str:
    """A new batch with one payment."""
    at.approved()
    batch = at.collect(fund, **more).batch
    assert batch is not None
    return batch.id


def locked(at: Office, batch_id: str) -> str:
    """A batch that waits for its second officer."""
    with at.database.begin() as session:
        payment_batches.lock(session, at.at_the_till(at.cashier, batch_id), batch_id)
    return batch_id


def asked(staff: "Staff", words: str = "老板拖欠三个月工资", **more: Any) -> str:
    """A request for help."""
    known = staff.resources
    library = known.serving.current().library
    worker = casework.worker(known.database, known.safe, known.subject_keys, now=staff.now)
    given: dict[str, Any] = {"category": Category.WAGES, "region": "石狮", **more}
    with known.database.begin() as session:
        return service_requests.open_request(
            session,
            known.subject_keys.safe_of(worker),
            library,
            worker_id=worker,
            measure=None,
            words=words,
            conversation=None,
            now=staff.now,
            **given,
        ).id


def said(staff: "Staff", text: str, kind: str = "answer", **more: Any) -> None:
    """One message to the bot, in a talk of its own."""
    given: dict[str, Any] = {"region": "石狮", "at": staff.now, "reply": "答复", **more}
    turn = RecordedTurn(new_conversation_id(), channel="h5", text=text, kind=kind, **given)
    with staff.resources.database.begin() as session:
        record_within(session, turn, masked_json(None))


def money(staff: "Staff") -> dict[str, str]:
    """A fund, and a batch at each step of its way."""
    at = office(staff)
    fund = at.fund(10_000_00)
    at.approved()
    return {
        "fund": str(fund.id),
        "batch": collected(at, fund),
        "locked": locked(at, collected(at, fund)),
        "released": at.released(fund, **_one_more(at)),
    }


def _one_more(at: Office) -> dict[str, Any]:
    at.approved()
    return {}


def requests(staff: "Staff") -> dict[str, str]:
    """A request that waits for an answer."""
    return {"request": asked(staff)}


def questions(staff: "Staff") -> dict[str, str]:
    """Something to report."""
    for _ in range(3):
        said(staff, "失业金怎么领", measures=("shishi-4a",))
    said(staff, "双色球开啥号", "decline", reason="outside:stocks_lottery")
    return {}


def roster(staff: "Staff") -> dict[str, str]:
    """A roster that somebody else has uploaded."""
    from server.casework import rosters
    from server.clock import china_day

    known = staff.resources
    at = office(staff)
    with known.database.begin() as session:
        id = rosters.keep(
            session,
            known.safe,
            known.serving.current().library.regions,
            content="编号,失业登记\nA1,是\n".encode(),
            region="石狮",
            as_of=china_day(staff.now),
            by=at.cashier,
            now=staff.now,
        )
    return {"roster": id}


def registered(staff: "Staff") -> dict[str, str]:
    """Two people of one household in the register."""
    from server.clock import china_day
    from server.register import employers, importing, keeping
    from server.register.employers import Told
    from server.register.importing import Desk
    from server.register.keeping import Standing
    from server.register.tables import Level
    from tests.server.register.conftest import somebody

    known, clerk = staff.resources, staff.officer(Role.CASE_OFFICER)
    entries: list[Any] = []
    for number in (21, 22):
        who = somebody(number)
        with known.database.begin() as session:
            worker = keeping.worker_of(session, known.safe, who, now=staff.now)
        own = known.subject_keys.safe_of(worker)
        with known.database.begin() as session:
            made = keeping.enter(
                session,
                own,
                known.serving.current().library.regions,
                worker_id=worker,
                registered=who,
                standing=Standing("石狮", Level.BELOW_LINE),
                household_id=entries[0].household_id if entries else None,
                by=clerk,
                now=staff.now,
            )
        entries.append(made)
    desk = Desk(
        known.database, known.subject_keys, known.safe, known.serving.current().library, clerk,
        known.clock,
    )  # fmt: skip
    content = "姓名,身份证号,困难等级\n陈明,110101198001010010,很难\n".encode()
    with known.database.begin() as session:
        row = importing.keep(session, desk, content, "石狮")
        uses = {"姓名": "name", "身份证号": "identity_number", "困难等级": "level"}
        importing.choose(session, row, importing.Plan(uses), now=staff.now)
        told = Told(
            "石狮", "某鞋厂", None, "0595-88000001", "制鞋", 300, 120, 20, china_day(staff.now)
        )
        tree = desk.library.regions
        employer = employers.enter(session, known.safe, tree, told, by=clerk, now=staff.now)
    return {"entry": entries[0].id, "import": row.id, "employer": employer.id}


def joint_reports(staff: "Staff", gathering: bool = False, **told: Any) -> dict[str, str]:
    """Two joint reports about one employer: one waits, the other was taken and has a proof.

    `gathering`: nobody has handed in the other.
    """
    import secrets

    from server.arrears import handling, joining
    from server.arrears.joining import Share
    from server.casework import materials
    from server.casework.tables import Material
    from tests.server.arrears.conftest import BUILDER, Site
    from tests.server.console.conftest import picture

    known, at = staff.resources, office(staff)
    site = Site(known.database, at.library, known.safe, known.subject_keys, staff.now, at.author)
    waiting = site.handed_in(100_00, 200_00, **told)
    worker = site.worker()
    own, proof = known.subject_keys.safe_of(worker), secrets.token_hex(16)
    known.store.put(
        materials.object_name(proof),
        own.seal_bytes(picture(), materials.content_purpose(proof)),
    )
    with known.database.begin() as session:
        session.add(
            Material(
                id=proof, worker_id=worker, kind="wage_arrears_proof", media_type="image/jpeg",
                size=len(picture()), width=480, height=320, added_at=staff.now,
            )
        )  # fmt: skip
        session.flush()
        report = joining.start(
            session, own, known.safe, at.library, BUILDER, Share(300_00, [proof]),
            worker_id=worker, now=staff.now,
        )  # fmt: skip
    if gathering:
        return {"joint": waiting.id, "joint_gathering": report.id, "joint_proof": proof}
    site.hand_in(report)
    site.act(handling.take, report)
    return {"joint": waiting.id, "joint_taken": report.id, "joint_proof": proof}


def paired(staff: "Staff") -> dict[str, str]:
    """A helper who visits somebody, and one who is proposed to somebody else."""
    from server.pairing import visiting
    from server.pairing.moves import Move
    from tests.server.console.conftest import picture
    from tests.server.pairing.conftest import Pairs
    from tests.server.register.conftest import Ledger

    known, clerk = staff.resources, staff.officer(Role.CASE_OFFICER)
    library = known.serving.current().library
    book = Ledger(known.database, library, known.safe, known.subject_keys, staff.now, clerk)
    pairs = Pairs(book)
    helper, idle = pairs.helper(), pairs.helper(name="王主任")
    pairing = pairs.accepted(helper, pairs.person(31), reasons=[{"why": "place", "steps": 0}])
    photo = visiting.keep_photo(known.store, picture())
    visit = pairs.visited(pairing, given_fen=200_00, photos=[photo])
    proposed = pairs.proposed(helper, pairs.person(32))
    pairs.agreed(proposed, Move.UNIT_AGREES, clerk)
    return {
        "helper": helper.id, "idle": idle.id, "pairing": pairing.id, "proposed": proposed.id,
        "visit": visit.id, "visit_photo": photo.id,
    }  # fmt: skip


def vouchers(staff: "Staff") -> dict[str, str]:
    """Vouchers, a merchant who took one, settlements and rounds at each step of their way."""
    from server.vouchers import issuing, settling
    from tests.server.register.conftest import Ledger
    from tests.server.vouchers.conftest import SHOPPING, Market, Town

    known, at = staff.resources, office(staff)
    market = Market(
        known.database,
        at.library,
        known.safe,
        known.subject_keys,
        staff.now,
        clerk=at.author,
        approver=at.approver,
        administrator=at.administrator,
        release=1,
    )
    with known.database.begin() as session:
        proposed = issuing.propose(
            session,
            known.safe,
            replace(SHOPPING, fund_id=market.fund.id),
            by=at.author,
            regions=market.regions,
            now=staff.now,
        )
    issue, shop = market.issue(), market.merchant()
    voucher = market.voucher(issue)
    used = market.redeem(shop, voucher, 10_00)
    released = market.collect()
    market.redeem(shop, voucher, 10_00, now=staff.now + timedelta(seconds=30))
    collected = market.collect()
    market.redeem(shop, voucher, 10_00, now=staff.now + timedelta(seconds=60))
    with known.database.begin() as session:
        settling.release(
            session, known.safe, session.merge(released), by=at.approver, now=staff.now
        )
        line = settling.lines(session, known.safe, released.id)[0].line.id
    book = Ledger(known.database, at.library, known.safe, known.subject_keys, staff.now, at.author)
    town = Town(market, book)
    town.linked(9101)
    giving = town.confirmed(issue)
    town.linked(9102)
    return {
        "proposed_issue": proposed.id,
        "issue": issue.id,
        "voucher": voucher.id,
        "redemption": used.id,
        "merchant": str(shop.id),
        "voucher_fund": str(market.fund.id),
        "collected_settlement": collected.id,
        "settlement": released.id,
        "settlement_line": line,
        "round": town.proposed(issue).id,
        "giving_round": giving.id,
    }


def outreach(staff: "Staff") -> dict[str, str]:
    """A campaign that waits for its second officer, and one that is on its way."""
    from tests.server.outreach.conftest import Office as OutreachOffice
    from tests.server.register.conftest import Ledger

    known, at = staff.resources, office(staff)
    ledger = Ledger(
        known.database, at.library, known.safe, known.subject_keys, staff.now, at.author
    )
    sending = OutreachOffice(ledger, at.author, at.approver)
    sending.in_register(9001)
    return {"campaign": sending.proposed().id, "going_campaign": sending.going().id}
