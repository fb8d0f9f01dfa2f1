"""Every page of the desk: who may see it, how it is called, what it answers elsewhere.

A page that stands only in the code, or only here, fails; so does one that says something else
there. Each group of pages has its rows in one place; what their paths name is made by `MAKERS`.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from server.casework.officers import Role
from server.offers import offering, taking_part
from server.web.admitting import Who
from tests import casework
from tests.server.console import making
from tests.server.offers.conftest import SEWING

if TYPE_CHECKING:
    from tests.server.console.conftest import Staff

EVERYBODY, STARTING = Who.EVERYBODY, Who.STARTING_OFFICER
ALL = frozenset(Role)


@dataclass(frozen=True)
class PageCall:
    """One route of the desk as it is called.

    `roles`: one of these is needed. `path`, `query` and `form` may name what the makers made, as
    `{case}`. `elsewhere`: what an officer with the role, but of another region or of none, is
    answered; pages that only list or search answer 200. `shown`: the page is one to look at in the
    browser with the first of its roles.
    """

    roles: frozenset[Role] = ALL
    who: Who = Who.OFFICER
    path: Mapping[str, str] = field(default_factory=dict)
    query: str = ""
    form: Mapping[str, Any] = field(default_factory=dict)
    elsewhere: int = 200
    shown: bool = True
    own: bool = False
    """What its path names is one officer's alone: any other finds nothing."""


Maker = Callable[["Staff"], dict[str, str]]
"""Makes things in 石狮 and tells their ids, by the names that paths use."""

_OFFER = {"id": "{offer}"}
_OFFER_FORM = {
    "title": "缝纫工",
    "region": "石狮",
    "organiser": "某服装厂",
    "contact": "0595-88000000",
    "last_on": "2026-03-20",
    "trade": "缝纫",
}

LOOKERS = frozenset({Role.CASE_OFFICER, Role.APPROVER, Role.AUDITOR})
ADMINISTRATORS = frozenset({Role.ADMINISTRATOR})
CLERKS, CHIEFS = frozenset({Role.CASE_OFFICER}), frozenset({Role.APPROVER})
MOVERS = CLERKS | CHIEFS


def of_case(roles: frozenset[Role], **form: Any) -> PageCall:
    """A page about the case that is made."""
    return PageCall(roles=roles, path={"id": "{case}"}, form=form, elsewhere=404)


def of_member(**form: Any) -> PageCall:
    """A page about the officer that is made."""
    return PageCall(roles=ADMINISTRATORS, path={"id": "{member}"}, form=form, elsewhere=404)


def make_member(staff: "Staff") -> dict[str, str]:
    """Somebody of the staff, to be administrated."""
    return {"member": str(staff.officer(Role.EDITOR, name="孙亮").id)}


def make_case(staff: "Staff") -> dict[str, str]:
    """A case with a photo, and somebody with a case who shares its telephone number."""
    case, other = staff.submit(number=1), staff.submit(number=2, phone=casework.person(1).phone)
    return {
        "case": case.id,
        "clerk": str(staff.officer(Role.CASE_OFFICER).id),
        "material": staff.photo(case),
        "other_worker": str(other.worker_id),
    }


PAGES: dict[tuple[str, str], PageCall] = {
    ("GET", "/staff/static/<path:filename>"): PageCall(
        who=EVERYBODY, path={"filename": "desk.css"}, shown=False
    ),
    ("GET", "/staff/sign-in"): PageCall(who=EVERYBODY),
    ("POST", "/staff/sign-in"): PageCall(who=EVERYBODY),
    ("POST", "/staff/sign-out"): PageCall(who=STARTING, elsewhere=303),
    ("GET", "/staff/start"): PageCall(who=STARTING),
    ("POST", "/staff/start"): PageCall(who=STARTING, elsewhere=303),
    ("GET", "/staff/password"): PageCall(),
    ("POST", "/staff/password"): PageCall(elsewhere=422),
    ("GET", "/staff/"): PageCall(),
    ("GET", "/staff/here"): PageCall(elsewhere=204, shown=False),
    ("GET", "/staff/switches/"): PageCall(frozenset({Role.ADMINISTRATOR})),
    ("POST", "/staff/switches/"): PageCall(
        frozenset({Role.ADMINISTRATOR}),
        form={"part": "bot", "region": "石狮", "off": "false"},
        elsewhere=403,
    ),
    ("GET", "/staff/offers/"): PageCall(LOOKERS),
    ("GET", "/staff/offers/new"): PageCall(CLERKS, query="kind=session"),
    ("POST", "/staff/offers/new"): PageCall(CLERKS, query="kind=vacancy", elsewhere=422),
    ("GET", "/staff/offers/wishes"): PageCall(LOOKERS),
    ("GET", "/staff/offers/<id>"): PageCall(LOOKERS, path=_OFFER, elsewhere=404),
    ("GET", "/staff/offers/<id>/change"): PageCall(CLERKS, path=_OFFER, elsewhere=404),
    ("POST", "/staff/offers/<id>/change/<int:version>"): PageCall(
        CLERKS, path={**_OFFER, "version": "1"}, form=_OFFER_FORM, elsewhere=404
    ),
    ("POST", "/staff/offers/<id>/steps/<step>"): PageCall(
        CLERKS, path={**_OFFER, "step": "publish"}, form={"version": "1"}, elsewhere=404
    ),
    ("POST", "/staff/offers/<id>/roll"): PageCall(CLERKS, path=_OFFER, elsewhere=404),
    ("POST", "/staff/offers/<id>/places/<place>"): PageCall(
        CLERKS, path={**_OFFER, "place": "{place}"}, form={"state": "attended"}, elsewhere=404
    ),
    ("POST", "/staff/offers/<id>/invitations"): PageCall(CLERKS, path=_OFFER, elsewhere=404),
}


def _make_offer(staff: "Staff") -> dict[str, str]:
    known, clerk = staff.resources, staff.officer(Role.CASE_OFFICER)
    regions = known.serving.current().library.regions
    worker = casework.worker(known.database, known.safe, known.subject_keys, now=staff.now)
    with known.database.begin() as session:
        offer = offering.propose(
            session, known.safe, SEWING, by=clerk, regions=regions, now=staff.now
        )
        offering.publish(
            session, known.safe, offer, by=clerk, regions=regions, version=1, now=staff.now
        )
        own = known.subject_keys.safe_of(worker)
        place = taking_part.join(session, own, offer.id, worker_id=worker, now=staff.now)
    return {"offer": offer.id, "place": place.id}


PAGES |= {
    ("GET", "/staff/cases/"): PageCall(roles=LOOKERS),
    ("POST", "/staff/cases/search"): PageCall(roles=LOOKERS, form={"what": "王小明"}),
    ("POST", "/staff/cases/assign"): PageCall(
        roles=CLERKS, form={"case": ["{case}:1"], "to": "{clerk}"}, elsewhere=303
    ),
    ("GET", "/staff/cases/<id>"): of_case(LOOKERS),
    ("GET", "/staff/cases/<id>/materials/<material>"): PageCall(
        roles=LOOKERS,
        path={"id": "{case}", "material": "{material}"},
        elsewhere=404,
        shown=False,
    ),
    ("POST", "/staff/cases/<id>/unmask"): of_case(MOVERS, field="phone"),
    ("POST", "/staff/cases/<id>/facts"): of_case(CLERKS, seen="seeking_work"),
    ("POST", "/staff/cases/<id>/notes"): of_case(MOVERS, text="电话里说明天补材料"),
    ("POST", "/staff/cases/<id>/duplicates/<int:other>"): PageCall(
        roles=CHIEFS,
        path={"id": "{case}", "other": "{other_worker}"},
        form={"finding": "different", "version": "1"},
        elsewhere=404,
    ),
    ("POST", "/staff/cases/<id>/take"): of_case(CLERKS, version="1"),
    ("POST", "/staff/cases/<id>/assign"): of_case(CLERKS, version="1", to="{clerk}"),
    ("POST", "/staff/cases/<id>/request-material"): of_case(
        CLERKS, version="1", items=["identity_card"], reason="照片看不清", days="5"
    ),
    ("POST", "/staff/cases/<id>/go-on"): of_case(CLERKS, version="1"),
    ("POST", "/staff/cases/<id>/recommend"): of_case(
        CLERKS, version="1", decision="approve", reason="材料齐全"
    ),
    ("POST", "/staff/cases/<id>/return"): of_case(CHIEFS, version="1", reason="再核实一下"),
    ("POST", "/staff/cases/<id>/approve"): of_case(CHIEFS, version="1"),
    ("POST", "/staff/cases/<id>/refuse"): of_case(CHIEFS, version="1", reason="缴费不满一年"),
    ("POST", "/staff/cases/<id>/reopen"): of_case(CLERKS, version="1", reason="您已经上班了"),
    ("POST", "/staff/cases/<id>/uphold"): of_case(CHIEFS, version="1", reason="您说得对"),
    ("POST", "/staff/cases/<id>/dismiss"): of_case(CHIEFS, version="1", reason="缴费不满一年"),
}

PAGES |= {
    ("GET", "/staff/people/"): PageCall(roles=ADMINISTRATORS),
    ("GET", "/staff/people/new"): PageCall(roles=ADMINISTRATORS),
    ("POST", "/staff/people/new"): PageCall(roles=ADMINISTRATORS, elsewhere=422),
    ("GET", "/staff/people/<int:id>"): of_member(),
    ("POST", "/staff/people/<int:id>"): of_member(version="1", roles=["editor"], where=["石狮"]),
    ("POST", "/staff/people/<int:id>/reset"): of_member(),
}

MAKERS: list[Maker] = [make_member, make_case, _make_offer]

# -- money --------------------------------------------------------------------------------------

_CASHIER = frozenset({Role.CASE_OFFICER})
_APPROVER = frozenset({Role.APPROVER})
_ADMINISTRATOR = frozenset({Role.ADMINISTRATOR})
_LOOKING = frozenset({Role.CASE_OFFICER, Role.APPROVER, Role.AUDITOR})
_REPORTED = _LOOKING | _ADMINISTRATOR
_BATCH, _LOCKED, _RELEASED = ({"id": f"{{{name}}}"} for name in ("batch", "locked", "released"))
_FUND = {"id": "{fund}"}
_NEW_FUND = {
    "name": "新资金",
    "purpose": "稳岗",
    "budget": "500",
    "measures": ["shishi-4a"],
    "where": ["石狮"],
    "reason": "文号",
    "confirmed": "yes",
}

PAGES |= {
    ("GET", "/staff/payments/"): PageCall(_LOOKING),
    ("GET", "/staff/payments/collect"): PageCall(_CASHIER, query="fund={fund}", elsewhere=404),
    ("POST", "/staff/payments/collect"): PageCall(_CASHIER, form={"fund": "{fund}"}, elsewhere=404),
    ("GET", "/staff/payments/batches/<id>"): PageCall(_LOOKING, path=_BATCH, elsewhere=404),
    ("POST", "/staff/payments/batches/<id>/lock"): PageCall(_CASHIER, path=_BATCH, elsewhere=404),
    ("POST", "/staff/payments/batches/<id>/unlock"): PageCall(
        _CASHIER, path=_LOCKED, elsewhere=404
    ),
    ("GET", "/staff/payments/batches/<id>/release"): PageCall(
        _APPROVER, path=_LOCKED, elsewhere=404
    ),
    ("POST", "/staff/payments/batches/<id>/release"): PageCall(
        _APPROVER, path=_LOCKED, elsewhere=404
    ),
    ("GET", "/staff/payments/batches/<id>/cancel"): PageCall(_CASHIER, path=_BATCH, elsewhere=404),
    ("POST", "/staff/payments/batches/<id>/cancel"): PageCall(_CASHIER, path=_BATCH, elsewhere=404),
    ("GET", "/staff/payments/batches/<id>/export"): PageCall(
        _CASHIER | _APPROVER, path=_RELEASED, elsewhere=404
    ),
    ("POST", "/staff/payments/batches/<id>/export"): PageCall(
        _CASHIER | _APPROVER, path=_RELEASED, elsewhere=404
    ),
    ("POST", "/staff/payments/batches/<id>/result"): PageCall(
        _CASHIER | _APPROVER, path=_RELEASED, elsewhere=404
    ),
    ("POST", "/staff/payments/batches/<id>/settle"): PageCall(
        _CASHIER | _APPROVER, path=_RELEASED, form={"results": "x"}, elsewhere=404
    ),
    ("GET", "/staff/funds/"): PageCall(_REPORTED),
    ("GET", "/staff/funds/new"): PageCall(_ADMINISTRATOR),
    ("POST", "/staff/funds/"): PageCall(_ADMINISTRATOR, form=_NEW_FUND, elsewhere=422),
    ("GET", "/staff/funds/<int:id>"): PageCall(_REPORTED, path=_FUND, elsewhere=404),
    ("POST", "/staff/funds/<int:id>/grants"): PageCall(
        _ADMINISTRATOR, path=_FUND, form={"amount": "5", "reason": "文号"}, elsewhere=404
    ),
}
MAKERS.append(making.money)

# -- requests, reports, rosters -------------------------------------------------------------------

_REQUEST = {"id": "{request}"}
_ROSTER = {"id": "{roster}"}

PAGES |= {
    ("GET", "/staff/requests/"): PageCall(_LOOKING),
    ("GET", "/staff/requests/<id>"): PageCall(_LOOKING, path=_REQUEST, elsewhere=404),
    ("POST", "/staff/requests/<id>/reply"): PageCall(
        _CASHIER, path=_REQUEST, form={"version": 1, "words": "请来窗口"}, elsewhere=404
    ),
    ("POST", "/staff/requests/<id>/forward"): PageCall(
        _CASHIER, path=_REQUEST, form={"version": 1, "unit": "甲", "reason": "乙"}, elsewhere=404
    ),
    ("POST", "/staff/requests/<id>/settle"): PageCall(
        _CASHIER, path=_REQUEST, form={"version": 1, "outcome": "办好了"}, elsewhere=404
    ),
    ("GET", "/staff/reports/"): PageCall(_REPORTED),
    ("GET", "/staff/reports/<friday>"): PageCall(_REPORTED, path={"friday": "2026-03-06"}),
    ("GET", "/staff/reports/<friday>/workbook"): PageCall(
        _REPORTED, path={"friday": "2026-03-06"}, shown=False
    ),
    ("GET", "/staff/insight/"): PageCall(),
    ("GET", "/staff/audit/"): PageCall(frozenset({Role.AUDITOR})),
    ("GET", "/staff/rosters/"): PageCall(_CASHIER),
    ("POST", "/staff/rosters/"): PageCall(_CASHIER, elsewhere=422),
    ("GET", "/staff/rosters/<id>"): PageCall(
        _CASHIER, path=_ROSTER, elsewhere=404, shown=False, own=True
    ),
    ("GET", "/staff/rosters/<id>/<kind>.csv"): PageCall(
        _CASHIER, path={**_ROSTER, "kind": "asks"}, elsewhere=404, shown=False, own=True
    ),
    ("GET", "/staff/rosters/<id>/columns"): PageCall(
        _CASHIER, path=_ROSTER, elsewhere=404, shown=False, own=True
    ),
    ("POST", "/staff/rosters/<id>/columns"): PageCall(
        _CASHIER, path=_ROSTER, elsewhere=404, own=True
    ),
    ("POST", "/staff/rosters/<id>/confirm"): PageCall(
        _CASHIER, path=_ROSTER, elsewhere=404, own=True
    ),
    ("POST", "/staff/rosters/<id>/erase"): PageCall(
        _CASHIER, path=_ROSTER, elsewhere=404, own=True
    ),
}
MAKERS += [making.requests, making.questions, making.roster]

_ENTRY = {"id": "{entry}"}
_PERSON_FORM = {
    "name": "陈明",
    "identity_number": "110101198001010010",
    "region": "石狮",
    "level": "below_line",
    "version": "1",
}

PAGES |= {
    ("GET", "/staff/register/"): PageCall(_LOOKING),
    ("POST", "/staff/register/search"): PageCall(_LOOKING, form={"what": "王小明"}),
    ("GET", "/staff/register/new"): PageCall(_CASHIER),
    ("POST", "/staff/register/new"): PageCall(_CASHIER, elsewhere=422),
    ("GET", "/staff/register/<id>"): PageCall(_LOOKING, path=_ENTRY, elsewhere=404),
    ("POST", "/staff/register/<id>/unmask"): PageCall(
        _CASHIER | _APPROVER, path=_ENTRY, form={"field": "phone"}, elsewhere=404
    ),
    ("GET", "/staff/register/<id>/change"): PageCall(_CASHIER, path=_ENTRY, elsewhere=404),
    ("POST", "/staff/register/<id>/change"): PageCall(
        _CASHIER, path=_ENTRY, form=_PERSON_FORM, elsewhere=404
    ),
    ("POST", "/staff/register/<id>/moves/<move>"): PageCall(
        _CASHIER,
        path={**_ENTRY, "move": "leave"},
        form={"version": "1", "reason": "moved"},
        elsewhere=404,
    ),
}
_EMPLOYER = {"id": "{employer}"}
_EMPLOYER_FORM = {
    "name": "某服装厂",
    "region": "石狮",
    "contact": "0595-88000000",
    "headcount": "100",
    "staying": "40",
    "hiring": "20",
    "told_on": "2026-03-01",
    "version": "1",
}
PAGES |= {
    ("GET", "/staff/register/employers/"): PageCall(_LOOKING),
    ("GET", "/staff/register/employers/new"): PageCall(_CASHIER),
    ("POST", "/staff/register/employers/new"): PageCall(
        _CASHIER, form=_EMPLOYER_FORM, elsewhere=422
    ),
    ("POST", "/staff/register/employers/import"): PageCall(_CASHIER, elsewhere=422),
    ("GET", "/staff/register/employers/<id>"): PageCall(_CASHIER, path=_EMPLOYER, elsewhere=404),
    ("POST", "/staff/register/employers/<id>"): PageCall(
        _CASHIER, path=_EMPLOYER, form=_EMPLOYER_FORM, elsewhere=404
    ),
}
_IMPORT = {"id": "{import}"}
_IMPORTS = "/staff/register/imports"

PAGES |= {
    ("GET", f"{_IMPORTS}/"): PageCall(_CASHIER),
    ("POST", f"{_IMPORTS}/"): PageCall(_CASHIER, elsewhere=422),
    ("POST", f"{_IMPORTS}/roster"): PageCall(_CASHIER, form={"region": "石狮"}, elsewhere=422),
    ("GET", f"{_IMPORTS}/<id>"): PageCall(_CASHIER, path=_IMPORT, elsewhere=404),
    ("GET", f"{_IMPORTS}/<id>/columns"): PageCall(_CASHIER, path=_IMPORT, elsewhere=404),
    ("POST", f"{_IMPORTS}/<id>/columns"): PageCall(_CASHIER, path=_IMPORT, elsewhere=404),
    ("GET", f"{_IMPORTS}/<id>/bad.csv"): PageCall(
        _CASHIER, path=_IMPORT, elsewhere=404, shown=False
    ),
    ("POST", f"{_IMPORTS}/<id>/takes"): PageCall(_CASHIER, path=_IMPORT, elsewhere=404),
    ("POST", f"{_IMPORTS}/<id>/enter"): PageCall(
        _CASHIER, path=_IMPORT, form={"digest": "x"}, elsewhere=404
    ),
    ("POST", f"{_IMPORTS}/<id>/undo"): PageCall(_CASHIER, path=_IMPORT, elsewhere=404),
}
MAKERS.append(making.registered)

_JOINT = {"id": "{joint}"}
_ARREARS = "/staff/arrears"
_JOINT_FORM = {"version": "3"}

PAGES |= {
    ("GET", f"{_ARREARS}/"): PageCall(_LOOKING),
    ("GET", f"{_ARREARS}/<id>"): PageCall(_LOOKING, path=_JOINT, elsewhere=404),
    ("POST", f"{_ARREARS}/<id>/moves/<move>"): PageCall(
        _CASHIER, path={**_JOINT, "move": "take"}, form={"version": "2"}, elsewhere=404
    ),
    ("POST", f"{_ARREARS}/<id>/recovered"): PageCall(
        _CASHIER, path={"id": "{joint_taken}"}, form=_JOINT_FORM, elsewhere=404
    ),
    ("POST", f"{_ARREARS}/<id>/merge"): PageCall(
        _CASHIER, path=_JOINT, form={"version": "2", "into": "{joint_taken}"}, elsewhere=404
    ),
    ("POST", f"{_ARREARS}/<id>/employer"): PageCall(
        _CASHIER, path=_JOINT, form={"version": "2", "employer": "{employer}"}, elsewhere=404
    ),
    ("POST", f"{_ARREARS}/<id>/export"): PageCall(
        _CASHIER, path={"id": "{joint_taken}"}, form=_JOINT_FORM, elsewhere=404
    ),
    ("GET", f"{_ARREARS}/<id>/proofs/<material>"): PageCall(
        _LOOKING,
        path={"id": "{joint_taken}", "material": "{joint_proof}"},
        elsewhere=404,
        shown=False,
    ),
}
MAKERS.append(making.joint_reports)

_EDITORS = frozenset({Role.EDITOR, Role.PUBLISHER})
_EDITOR, _PUBLISHER = frozenset({Role.EDITOR}), frozenset({Role.PUBLISHER})
_KNOWLEDGE = "/staff/knowledge"
_PIECE = {"kind": "measure", "key": "{edited}"}
_DOCUMENT = {"id": "shishi"}
_VERSION = {"version": "{draft_version}"}
_REGION = {"name": "regions", "place": "石狮"}


def _knowledge(staff: "Staff") -> dict[str, str]:
    """A draft of a measure, a proposal of it, a question without an answer."""
    from tests.server.console.editing import edited

    return edited(staff)


MAKERS.append(_knowledge)
PAGES |= {
    ("GET", f"{_KNOWLEDGE}/"): PageCall(_EDITORS),
    ("GET", f"{_KNOWLEDGE}/pieces/<kind>"): PageCall(_EDITORS, path={"kind": "measure"}),
    ("POST", f"{_KNOWLEDGE}/pieces/<kind>"): PageCall(
        _EDITOR, path={"kind": "helpline"}, form={"key": "new_line"}, elsewhere=303
    ),
    ("GET", f"{_KNOWLEDGE}/pieces/<kind>/<path:key>"): PageCall(_EDITORS, path=_PIECE),
    ("POST", f"{_KNOWLEDGE}/pieces/<kind>/<path:key>"): PageCall(
        _EDITOR, path=_PIECE, form={"text": "title: 新名字", **_VERSION}, elsewhere=403
    ),
    ("POST", f"{_KNOWLEDGE}/discard/<kind>/<path:key>"): PageCall(
        _EDITOR, path=_PIECE, form=_VERSION, elsewhere=403
    ),
    ("POST", f"{_KNOWLEDGE}/take-out/<kind>/<path:key>"): PageCall(
        _EDITOR, path=_PIECE, form=_VERSION, elsewhere=403
    ),
    ("GET", f"{_KNOWLEDGE}/history/<kind>/<path:key>"): PageCall(_EDITORS, path=_PIECE),
    ("GET", f"{_KNOWLEDGE}/publishing/"): PageCall(_EDITORS),
    ("POST", f"{_KNOWLEDGE}/publishing/"): PageCall(
        _EDITOR, form={"drafts": "measure {draft_version} {edited}", "note": "x"}, elsewhere=403
    ),
    ("GET", f"{_KNOWLEDGE}/publishing/<int:id>"): PageCall(_EDITORS, path={"id": "{proposal}"}),
    ("POST", f"{_KNOWLEDGE}/publishing/<int:id>/publish"): PageCall(
        _PUBLISHER, path={"id": "{proposal}"}, elsewhere=403
    ),
    ("POST", f"{_KNOWLEDGE}/publishing/<int:id>/refuse"): PageCall(
        _EDITORS, path={"id": "{proposal}"}, elsewhere=403
    ),
    ("POST", f"{_KNOWLEDGE}/publishing/rollback"): PageCall(
        _PUBLISHER, form={"release": "{another_release}", "current": "1"}, elsewhere=403
    ),
    ("GET", f"{_KNOWLEDGE}/publishing/export"): PageCall(_EDITORS, shown=False),
    ("GET", f"{_KNOWLEDGE}/publishing/import"): PageCall(_EDITOR),
    ("POST", f"{_KNOWLEDGE}/publishing/import"): PageCall(_EDITOR, elsewhere=422),
    ("GET", f"{_KNOWLEDGE}/trying/"): PageCall(_EDITORS),
    ("POST", f"{_KNOWLEDGE}/trying/"): PageCall(_EDITORS, form={"question": "失业金"}),
    ("POST", f"{_KNOWLEDGE}/trying/keep"): PageCall(
        _EDITOR, form={"question": "你好", "kind": "chat"}, elsewhere=303
    ),
    ("GET", f"{_KNOWLEDGE}/trying/stored"): PageCall(_EDITORS),
    ("POST", f"{_KNOWLEDGE}/trying/stored/forget"): PageCall(
        _EDITOR, form={"key": "none"}, elsewhere=303
    ),
    ("GET", f"{_KNOWLEDGE}/documents/new"): PageCall(_EDITOR),
    ("POST", f"{_KNOWLEDGE}/documents/new"): PageCall(_EDITOR, elsewhere=422),
    ("GET", f"{_KNOWLEDGE}/documents/<id>"): PageCall(_EDITOR, path=_DOCUMENT),
    ("POST", f"{_KNOWLEDGE}/documents/<id>"): PageCall(
        _EDITOR, path=_DOCUMENT, form={"version": "0"}, elsewhere=403
    ),
    ("POST", f"{_KNOWLEDGE}/documents/<id>/no-measure"): PageCall(
        _EDITOR, path=_DOCUMENT, form={"version": "0", "locator": "一", "why": "x"}, elsewhere=403
    ),
    ("POST", f"{_KNOWLEDGE}/documents/<id>/no-condition"): PageCall(
        _EDITOR,
        path=_DOCUMENT,
        form={"version": "0", "locator": "一", "why": "x", "words": "y"},
        elsewhere=403,
    ),
    ("POST", f"{_KNOWLEDGE}/documents/<id>/measures"): PageCall(
        _EDITOR,
        path=_DOCUMENT,
        form={"locator": "七", "region": "石狮", "measure": "shishi-99"},
        elsewhere=403,
    ),
    ("GET", f"{_KNOWLEDGE}/measures/<id>"): PageCall(_EDITORS, path={"id": "{edited}"}),
    ("POST", f"{_KNOWLEDGE}/measures/<id>"): PageCall(
        _EDITOR, path={"id": "{edited}"}, form={"title": "x", **_VERSION}, elsewhere=403
    ),
    ("POST", f"{_KNOWLEDGE}/measures/<id>/try"): PageCall(_EDITORS, path={"id": "{edited}"}),
    ("GET", f"{_KNOWLEDGE}/sheets/<name>"): PageCall(_EDITORS, path={"name": "places"}),
    ("GET", f"{_KNOWLEDGE}/sheets/<name>/<place>"): PageCall(_EDITORS, path=_REGION),
    ("POST", f"{_KNOWLEDGE}/sheets/<name>/<place>"): PageCall(
        _EDITOR,
        path=_REGION,
        form={"label": "石狮市", "level": "county", "parent": "福建"},
        elsewhere=403,
    ),
    ("GET", f"{_KNOWLEDGE}/unanswered/"): PageCall(_EDITORS),
    ("POST", f"{_KNOWLEDGE}/unanswered/settle"): PageCall(
        _EDITOR,
        form={"fingerprint": "{unanswered}", "became": "similar", "measure": "{edited}"},
        elsewhere=422,
    ),
    ("POST", f"{_KNOWLEDGE}/unanswered/reply"): PageCall(
        _EDITOR, form={"fingerprint": "{unanswered}", "reply": "x"}, elsewhere=422
    ),
}

# -- vouchers -------------------------------------------------------------------------------------

_ISSUE, _PROPOSED = {"id": "{issue}"}, {"id": "{proposed_issue}"}
_ROUND, _GIVING_ROUND, _FIRST = {"id": "{round}"}, {"id": "{giving_round}"}, {"version": "1"}
_MERCHANT = {"id": "{merchant}"}
_COLLECTED, _SETTLEMENT = {"id": "{collected_settlement}"}, {"id": "{settlement}"}
_NEW_ISSUE = {
    "title": "半价体检",
    "region": "石狮",
    "measure": "shishi-4a",
    "takes": "clinic",
    "first_on": "2026-03-01",
    "last_on": "2026-03-20",
}
_NEW_MERCHANT = {"name": "某药店", "kind": "shop", "region": "石狮"}

PAGES |= {
    ("GET", "/staff/vouchers/"): PageCall(_LOOKING),
    ("GET", "/staff/vouchers/new"): PageCall(CLERKS),
    ("POST", "/staff/vouchers/"): PageCall(CLERKS, form=_NEW_ISSUE, elsewhere=422),
    ("GET", "/staff/vouchers/<id>"): PageCall(_LOOKING, path=_ISSUE, elsewhere=404),
    ("POST", "/staff/vouchers/<id>/open"): PageCall(
        _APPROVER, path=_PROPOSED, form={"version": "1"}, elsewhere=404
    ),
    ("POST", "/staff/vouchers/<id>/vouchers"): PageCall(CLERKS, path=_ISSUE, elsewhere=404),
    ("POST", "/staff/vouchers/<id>/vouchers/<voucher>/end"): PageCall(
        CLERKS, path={**_ISSUE, "voucher": "{voucher}"}, form={"reason": "发错"}, elsewhere=404
    ),
    ("POST", "/staff/vouchers/<id>/close"): PageCall(
        CLERKS, path=_ISSUE, form={"version": "2"}, elsewhere=404
    ),
    ("GET", "/staff/vouchers/<id>/rounds/new"): PageCall(CLERKS, path=_ISSUE, elsewhere=404),
    ("POST", "/staff/vouchers/<id>/rounds/new"): PageCall(
        CLERKS, path=_ISSUE, form={"region": "石狮"}, elsewhere=404
    ),
    ("GET", "/staff/vouchers/rounds/<id>"): PageCall(_LOOKING, path=_ROUND, elsewhere=404),
    ("POST", "/staff/vouchers/rounds/<id>/count"): PageCall(
        MOVERS, path=_ROUND, form=_FIRST, elsewhere=404
    ),
    ("POST", "/staff/vouchers/rounds/<id>/confirm"): PageCall(
        _APPROVER, path=_ROUND, form=_FIRST, elsewhere=404
    ),
    ("POST", "/staff/vouchers/rounds/<id>/give"): PageCall(
        MOVERS, path=_GIVING_ROUND, elsewhere=404
    ),
    ("POST", "/staff/vouchers/rounds/<id>/refuse"): PageCall(
        MOVERS, path=_ROUND, form={**_FIRST, "reason": "先不发"}, elsewhere=404
    ),
    ("POST", "/staff/vouchers/rounds/<id>/stop"): PageCall(
        MOVERS, path=_GIVING_ROUND, form={"version": "2", "reason": "发错了"}, elsewhere=404
    ),
    ("GET", "/staff/merchants/"): PageCall(_LOOKING),
    ("GET", "/staff/merchants/new"): PageCall(CLERKS),
    ("POST", "/staff/merchants/"): PageCall(CLERKS, form=_NEW_MERCHANT, elsewhere=422),
    ("GET", "/staff/merchants/<int:id>"): PageCall(_LOOKING, path=_MERCHANT, elsewhere=404),
    ("POST", "/staff/merchants/<int:id>/account"): PageCall(
        CLERKS,
        path=_MERCHANT,
        form={"payee": "某超市有限公司", "bank": "某银行", "number": "0123456789"},
        elsewhere=404,
    ),
    ("POST", "/staff/merchants/<int:id>/start"): PageCall(CLERKS, path=_MERCHANT, elsewhere=404),
    ("POST", "/staff/merchants/<int:id>/phones"): PageCall(
        CLERKS, path=_MERCHANT, form={"active": "yes"}, elsewhere=404
    ),
    ("GET", "/staff/merchants/settlements/"): PageCall(_LOOKING),
    ("POST", "/staff/merchants/settlements/"): PageCall(
        CLERKS, form={"fund": "{voucher_fund}"}, elsewhere=404
    ),
    ("GET", "/staff/merchants/settlements/<id>"): PageCall(
        _LOOKING, path=_SETTLEMENT, elsewhere=404
    ),
    ("POST", "/staff/merchants/settlements/<id>/release"): PageCall(
        _APPROVER, path=_COLLECTED, elsewhere=404
    ),
    ("POST", "/staff/merchants/settlements/<id>/workbook"): PageCall(
        CLERKS, path=_SETTLEMENT, elsewhere=404
    ),
    ("POST", "/staff/merchants/settlements/<id>/lines/<line>/<word>"): PageCall(
        CLERKS,
        path={**_SETTLEMENT, "line": "{settlement_line}", "word": "paid"},
        elsewhere=404,
    ),
    ("POST", "/staff/merchants/settlements/<id>/cancel"): PageCall(
        MOVERS, path=_COLLECTED, elsewhere=404
    ),
}
MAKERS.append(making.vouchers)

# -- outreach -------------------------------------------------------------------------------------

_CAMPAIGN, _GOING = {"id": "{campaign}"}, {"id": "{going_campaign}"}
_NEW_CAMPAIGN = {
    "title": "给大家的一封信",
    "words": "过年留在石狮的，有这些补贴。",
    "sender": "石狮市总工会",
    "region": "石狮",
    "channels": ["wechat", "sms"],
    "last_on": "2026-03-05",
}

PAGES |= {
    ("GET", "/staff/outreach/"): PageCall(_LOOKING),
    ("GET", "/staff/outreach/new"): PageCall(CLERKS),
    ("POST", "/staff/outreach/new"): PageCall(CLERKS, form=_NEW_CAMPAIGN, elsewhere=422),
    ("GET", "/staff/outreach/<id>"): PageCall(_LOOKING, path=_GOING, elsewhere=404),
    ("GET", "/staff/outreach/<id>/change"): PageCall(CLERKS, path=_CAMPAIGN, elsewhere=404),
    ("POST", "/staff/outreach/<id>/change/<int:version>"): PageCall(
        CLERKS, path={**_CAMPAIGN, "version": "1"}, form=_NEW_CAMPAIGN, elsewhere=404
    ),
    ("POST", "/staff/outreach/<id>/count"): PageCall(
        MOVERS, path=_CAMPAIGN, form={"version": "1"}, elsewhere=404
    ),
    ("POST", "/staff/outreach/<id>/confirm"): PageCall(
        _APPROVER, path=_CAMPAIGN, form={"version": "1", "read": "true"}, elsewhere=404
    ),
    ("POST", "/staff/outreach/<id>/refuse"): PageCall(
        MOVERS, path=_CAMPAIGN, form={"version": "1", "reason": "写错了"}, elsewhere=404
    ),
    ("POST", "/staff/outreach/<id>/stop"): PageCall(
        MOVERS, path=_GOING, form={"version": "2", "reason": "写错了"}, elsewhere=404
    ),
    ("POST", "/staff/outreach/<id>/texts"): PageCall(CLERKS, path=_GOING, elsewhere=404),
    ("POST", "/staff/outreach/<id>/results"): PageCall(CLERKS, path=_GOING, elsewhere=404),
}
MAKERS.append(making.outreach)
# -- pairings -------------------------------------------------------------------------------------

_HELPER, _PAIRING, _PROPOSED = {"id": "{helper}"}, {"id": "{pairing}"}, {"id": "{proposed}"}
_HELPER_FORM = {
    "kind": "volunteer",
    "name": "陈老师",
    "unit": "市教育局",
    "region": "石狮",
    "capacity": "2",
    "version": "1",
}
PAGES |= {
    ("GET", "/staff/pairings/"): PageCall(_LOOKING),
    ("GET", "/staff/pairings/proposals"): PageCall(CLERKS),
    ("POST", "/staff/pairings/proposals"): PageCall(
        CLERKS, form={"pick": "{entry}:{idle}", "every_days": "90"}, elsewhere=404
    ),
    ("GET", "/staff/pairings/new"): PageCall(CLERKS, query="entry={entry}", elsewhere=404),
    ("POST", "/staff/pairings/new"): PageCall(
        CLERKS,
        query="entry={entry}",
        form={"helper": "{idle}", "every_days": "90"},
        elsewhere=404,
    ),
    ("GET", "/staff/pairings/<id>"): PageCall(_LOOKING, path=_PAIRING, elsewhere=404),
    ("POST", "/staff/pairings/<id>/agree/<side>"): PageCall(
        CLERKS, path={**_PROPOSED, "side": "person"}, form={"version": "2"}, elsewhere=404
    ),
    ("POST", "/staff/pairings/<id>/end"): PageCall(
        CLERKS, path=_PROPOSED, form={"version": "2", "ending": "moved"}, elsewhere=404
    ),
    ("POST", "/staff/pairings/<id>/visits"): PageCall(
        CLERKS,
        path=_PAIRING,
        form={"version": "4", "visited_on": "2026-03-01", "words": "都好"},
        elsewhere=404,
    ),
    ("POST", "/staff/pairings/<id>/visits/<visit>/strike"): PageCall(
        CLERKS, path={**_PAIRING, "visit": "{visit}"}, elsewhere=404
    ),
    ("GET", "/staff/pairings/<id>/photos/<photo>"): PageCall(
        _LOOKING, path={**_PAIRING, "photo": "{visit_photo}"}, elsewhere=404, shown=False
    ),
    ("GET", "/staff/pairings/helpers/"): PageCall(_LOOKING),
    ("GET", "/staff/pairings/helpers/new"): PageCall(CLERKS),
    ("POST", "/staff/pairings/helpers/new"): PageCall(CLERKS, form=_HELPER_FORM, elsewhere=422),
    ("POST", "/staff/pairings/helpers/import"): PageCall(CLERKS, elsewhere=422),
    ("GET", "/staff/pairings/helpers/<id>"): PageCall(CLERKS, path=_HELPER, elsewhere=404),
    ("POST", "/staff/pairings/helpers/<id>"): PageCall(
        CLERKS, path=_HELPER, form=_HELPER_FORM, elsewhere=404
    ),
    ("POST", "/staff/pairings/helpers/<id>/leave"): PageCall(
        CLERKS, path={"id": "{idle}"}, form={"version": "1"}, elsewhere=404
    ),
    ("GET", "/staff/pairings/files/"): PageCall(_LOOKING),
    ("POST", "/staff/pairings/files/filing"): PageCall(MOVERS),
    ("GET", "/staff/pairings/files/<int:year>/assessment"): PageCall(
        _LOOKING, path={"year": "2026"}, shown=False
    ),
}
MAKERS.append(making.paired)


def filled(text: str, things: Mapping[str, str]) -> str:
    """A path, query or value with the ids in the place of their names."""
    for name, value in things.items():
        text = text.replace(f"{{{name}}}", value)
    return text


def path_of(rule: str, asked: PageCall, things: Mapping[str, str]) -> str:
    """The address of a page, from its rule."""
    address = rule.replace("<path:", "<").replace("<int:", "<")
    for name, value in asked.path.items():
        address = address.replace(f"<{name}>", filled(value, things))
    return address + (f"?{filled(asked.query, things)}" if asked.query else "")
