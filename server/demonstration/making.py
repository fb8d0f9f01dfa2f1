"""Officers, people and cases that were made up.

The people apply over the API, as phones do. `python -m server.demonstration` makes them, in a
process of its own: what a server forks from should have served nobody.
"""

import hashlib
import io
import json
import os
import secrets
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy import func, select
from sqlmodel import Session, col

from server.casework import funds, officers
from server.casework.officers import Role
from server.casework.tables import Case, Officer
from server.clock import china_day
from server.database.db import Database
from server.demonstration.offers import make_offers
from server.demonstration.pairings import DemoPairings
from server.demonstration.vouchers import DemoVouchers
from server.outreach import campaigns, choosing
from server.outreach.audiences import Audience, Having
from server.outreach.campaigns import Proposal
from server.outreach.choosing import Place
from server.outreach.tables import Channel
from server.settings import Environment, Settings
from server.staff.tables import StaffAccount
from server.web.resources import Resources

if TYPE_CHECKING:
    from flask.testing import FlaskClient

_FILE = "demonstration.json"
_HERE = ("石狮",)


@dataclass(frozen=True, slots=True)
class DemoOfficer:
    """Somebody who can sign in at the demonstration desk."""

    username: str
    name: str
    roles: tuple[Role, ...]
    everywhere: bool = False


OFFICERS = (
    DemoOfficer("jingban", "陈晓", (Role.CASE_OFFICER,)),
    DemoOfficer("shenpi", "周敏", (Role.APPROVER,)),
    # Who approved a case may not release its payment.
    DemoOfficer("fangkuan", "孙丽华", (Role.APPROVER,)),
    DemoOfficer("bianji", "吴桂芳", (Role.EDITOR,), True),
    DemoOfficer("fabu", "林秀兰", (Role.PUBLISHER,), True),
    DemoOfficer("guanli", "何志强", (Role.ADMINISTRATOR, Role.AUDITOR), True),
)


@dataclass(frozen=True, slots=True)
class _Applicant:
    """Somebody made up, and what they apply for."""

    name: str
    birth: str
    phone: str
    measure: str
    facts: Mapping[str, Any]
    photos: tuple[str, ...] = ()
    told: str = ""
    """What there is to see of them, for who looks around."""


_JOBLESS: Mapping[str, Any] = {
    "applicant_role": ["worker"],
    "unemployment_insured": True,
    "unemployment_insurance_months": 14,
    "job_loss_involuntary": True,
    "unemployment_registered": True,
    "seeking_work": True,
}
_IN_NEED: Mapping[str, Any] = {
    "applicant_role": ["worker"],
    "hukou_place": "other_province",
    "affected_by_epidemic": True,
    "cannot_find_work": True,
    "living_hardship": True,
}
_APPLICANTS = (
    _Applicant("王建国", "19800512", "13905950001", "shishi-4a", _JOBLESS,
               ("identity_card", "dismissal_notice"),
               told="失业保险金；发起了一件欠薪的联名反映"),
    _Applicant("李春梅", "19910307", "13905950002", "shishi-4a",
               {**_JOBLESS, "unemployment_insurance_months": 7}, ("identity_card",),
               told="失业保险金，缴费的月数不够；在联名反映里有一份"),
    _Applicant("张德福", "19750921", "13905950003", "shishi-3a", _IN_NEED, ("identity_card",),
               told="临时救助；有卡和用过一点的券；在联名反映里有一份"),
    _Applicant("刘小燕", "19880114", "13905950004", "shishi-4c",
               {"applicant_role": ["worker"], "first_local_business": True,
                "legal_representative": True, "business_months_operating": 9},
               told="创业补贴；一个人反映了欠薪"),
    # The same telephone as the first: somebody has to look into it.
    _Applicant("王建军", "19830630", "13905950001", "shishi-4a", _JOBLESS,
               told="失业保险金；手机号和demo1一样"),
    _Applicant("赵秀英", "19790211", "13905950006", "shishi-3b",
               {"applicant_role": ["worker"], "living_hardship": True},
               told="职工帮扶，有的条件还不清楚"),
)  # fmt: skip


def is_due(settings: Settings, known: Resources) -> bool:
    """Whether the demonstration is to be made: in development, where nobody works yet."""
    if settings.env is not Environment.DEVELOPMENT:
        return False
    with known.database.read() as session:
        tables = (Officer, Case)
        return not any(session.scalar(select(func.count()).select_from(each)) for each in tables)


def sign_ins(settings: Settings) -> list[tuple[str, str, str]]:
    """Names, what they are and passwords of the demonstration, as it was made; empty for none.

    The password is empty where it was changed since.
    """
    if settings.env is not Environment.DEVELOPMENT:
        return []
    try:
        kept = json.loads((settings.data_dir / _FILE).read_text("utf-8"))
    except (OSError, ValueError):
        return []
    changed = _changed(settings)
    return [
        (
            each.username,
            f"{each.name}：{'、'.join(each.roles)}",
            "" if each.username in changed else kept[each.username],
        )
        for each in OFFICERS
        if each.username in kept
    ]


def _changed(settings: Settings) -> set[str]:
    """Who has another password by now, or is out."""
    database = Database(settings.database)
    try:
        with database.read() as session:
            made = session.execute(
                select(col(StaffAccount.username)).join(
                    Officer,
                    (col(Officer.id) == col(StaffAccount.officer_id))
                    & (col(Officer.created_at) == col(StaffAccount.changed_at))
                    & col(Officer.active),
                )
            )
            return {each.username for each in OFFICERS} - set(made.scalars())
    finally:
        database.release()


def phones() -> list[tuple[str, str]]:
    """The names to sign in with on the phone's page, and who that is."""
    return [(f"demo{n}", f"{who.name}：{who.told}") for n, who in enumerate(_APPLICANTS, 1)]


def make(known: Resources) -> None:
    """Make officers with passwords of their own, then people with cases."""
    from server.app import create_app

    staff = _make_officers(known)
    client = create_app(known.settings, known).test_client()
    for number, who in enumerate(_APPLICANTS, 1):
        _apply(client, number, who)
    _report_together(client)
    _campaign(known, staff["jingban"])
    make_offers(known, staff["jingban"])
    DemoPairings(known, staff["jingban"]).make()
    DemoVouchers(known, staff["jingban"], staff["shenpi"]).make()


def _campaign(known: Resources, by: officers.Officer) -> None:
    """A campaign that waits for the approver: to everybody who has begun something here."""
    today = china_day(known.clock())
    library = known.serving.current().library
    proposal = Proposal(
        title="石狮的失业保险金和技能培训",
        words="演示用：没活干了的，可以看看够不够领失业保险金的条件；想学手艺的，看看有什么培训班。",
        sender="石狮市总工会",
        audience=Audience(region=_HERE[0], measure="shishi-4a", having=frozenset(Having)),
        channels=(Channel.WECHAT, Channel.SMS),
        last_on=today + timedelta(days=14),
        measure="shishi-4a",
    )
    place = Place(known.database, known.subject_keys, known.safe, library, "")
    chosen = choosing.choose(place, proposal.audience, proposal.channels, today)
    with known.database.begin() as session:
        campaigns.propose(
            session, known.safe, proposal, chosen, by=by, regions=library.regions,
            now=known.clock(),
        )  # fmt: skip


def _make_officers(known: Resources) -> dict[str, officers.Officer]:
    from server.staff import managing, passwords

    regions = known.serving.current().library.regions
    tops = tuple(each.id for each in regions if each.parent is None)
    made = {each.username: passwords.made() for each in OFFICERS}
    staff = {}
    with known.database.begin() as session:
        for each in OFFICERS:
            taken_on = managing.take_on(
                session,
                known.safe,
                regions,
                username=each.username,
                name=each.name,
                roles=each.roles,
                where=tops if each.everywhere else _HERE,
                password_hash=passwords.hashed(made[each.username]),
                starting=False,
                by=None,
                now=known.clock(),
            )
            staff[each.username] = taken_on
            if Role.ADMINISTRATOR in each.roles:
                _set_up_fund(session, known, taken_on)
    path = known.settings.data_dir / _FILE
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        json.dump(made, file)
    return staff


def _set_up_fund(session: Session, known: Resources, by: officers.Officer) -> None:
    funds.add(
        session,
        known.safe,
        known.serving.current().library.regions,
        name="演示：困难帮扶专项资金",
        purpose="只用来演示，不是真的钱",
        budget_fen=500_000_00,
        measures=sorted({who.measure for who in _APPLICANTS}),
        where=_HERE,
        reason="演示",
        by=by,
        now=known.clock(),
    )


@dataclass(frozen=True, slots=True)
class _Phone:
    """The phone of one of the applicants."""

    client: "FlaskClient"
    headers: Mapping[str, str]

    def send(self, method: str, path: str, body: Any = None) -> Any:
        replied = self.client.open(
            f"/api/v1{path}",
            method=method,
            json=body,
            headers={**self.headers, "Idempotency-Key": secrets.token_hex(8)},
        )
        if replied.status_code >= 400:
            raise RuntimeError(f"{method} {path}: {replied.json}")
        return replied.json

    def upload(self, kind: str, content: bytes, case: str | None = None) -> str:
        """Send a photo, and return its number."""
        announced = {
            "kind": kind,
            "size": len(content),
            "sha256": hashlib.sha256(content).hexdigest(),
            "application": case,
        }
        id: str = self.send("POST", "/uploads", announced)["id"]
        self.client.put(
            f"/api/v1/uploads/{id}?offset=0",
            data=content,
            content_type="application/octet-stream",
            headers=dict(self.headers),
        )
        return id


def _phone(client: "FlaskClient", number: int) -> _Phone:
    signed: Any = client.post("/api/v1/session", json={"code": f"dev:demo{number}"}).json
    return _Phone(client, {"Authorization": f"Bearer {signed['token']}"})


def _apply(client: "FlaskClient", number: int, who: _Applicant) -> None:
    phone = _phone(client, number)
    send = phone.send
    for consent in send("GET", "/consents")["consents"]:
        if consent["purpose"] in ("identity", "payment", "materials"):
            send("PUT", f"/consents/{consent['purpose']}", {"version": consent["version"]})
    send(
        "PUT",
        "/me",
        {
            "name": who.name,
            "identity_number": _identity_number(who.birth, number),
            "phone": who.phone,
            "bank_card": _bank_card(number),
            "native_place": "四川达州",
        },
    )
    case = send(
        "POST",
        "/applications",
        {"measure": who.measure, "facts": dict(who.facts), "despite_warning": True},
    )
    for place, kind in enumerate(who.photos):
        phone.upload(kind, _photo(number * 10 + place), case["id"])


def _report_together(client: "FlaskClient") -> None:
    """Three whom one employer owes wages, and a fourth who reports the same one alone."""
    starter, *others, alone = (_phone(client, number) for number in (1, 2, 3, 4))

    def owed(phone: _Phone, yuan: int) -> dict[str, Any]:
        proof = phone.upload("wage_arrears_proof", _photo(yuan))
        return {"amount_fen": yuan * 100, "materials": [proof], "agreed": True}

    def told(employer: str) -> dict[str, Any]:
        months = {"first_month": "2026-01", "last_month": "2026-02"}
        return {"region": "石狮", "employer": employer, "place": "宝盖镇工地", **months}

    asked = {**told("石狮市宏达建筑工程有限公司"), **owed(starter, 12_600)}
    report = starter.send("POST", "/joint-reports", asked)
    for phone, yuan in zip(others, (9_850, 15_300), strict=True):
        body = {"code": report["invite"]["code"], **owed(phone, yuan)}
        phone.send("POST", "/joint-reports/join", body)
    starter.send("POST", f"/joint-reports/{report['id']}/hand-in")
    made = alone.send("POST", "/joint-reports", {**told("宏达建筑"), **owed(alone, 7_200)})
    alone.send("POST", f"/joint-reports/{made['id']}/hand-in")


def _identity_number(birth: str, number: int) -> str:
    from stdnum.cn import ric

    front = f"511702{birth}{number:03}"
    return front + str(ric.calc_check_digit(front + "0"))


def _bank_card(number: int) -> str:
    from stdnum import luhn

    front = f"62170012{number:010}"
    return front + str(luhn.calc_check_digit(front))


def _photo(number: int) -> bytes:
    """Something like a photo of a paper, with lines where words would be."""
    from PIL import Image, ImageDraw

    image = Image.new("RGB", (900, 640), (214, 205, 190))
    draw = ImageDraw.Draw(image)
    draw.rectangle((60, 50, 840, 590), fill=(252, 251, 247), outline=(120, 120, 120), width=3)
    for line, width in enumerate(_widths(number)):
        top = 110 + line * 44
        draw.rectangle((110, top, 110 + width, top + 14), fill=(70, 74, 80))
    draw.ellipse((620, 420, 780, 560), outline=(190, 40, 40), width=8)
    out = io.BytesIO()
    image.save(out, "JPEG", quality=85)
    return out.getvalue()


def _widths(number: int) -> Iterator[int]:
    for line in range(10):
        yield 240 + (number * 97 + line * 151) % 420
