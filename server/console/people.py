"""Who works here: taken on, given other rights, let go, by an administrator of their regions."""

from typing import Annotated

from flask import Blueprint, Response, url_for
from pydantic import Field, StringConstraints

from server.casework.officers import OfficerChanged, Role, scope
from server.console import forms, words
from server.console.entering import officer, regions
from server.console.forms import Form
from server.console.rendering import go_to, page
from server.staff import managing, passwords
from server.staff.accounts import UsernameRefused, UsernameTaken
from server.staff.managing import Member, OwnRights
from server.web.admitting import Who, admits
from server.web.problems import problem_of
from server.web.resources import resources

blueprint = Blueprint("people", __name__, url_prefix="/people")

_USERNAME_HINT = "3到32位小写字母和数字，字母开头。"


class _RightsAsked(forms.Asked):
    roles: tuple[Role, ...] = ()
    where: tuple[str, ...] = ()


class _NewAsked(_RightsAsked):
    username: Annotated[str, StringConstraints(max_length=64)]
    name: Annotated[str, StringConstraints(max_length=30)]


class _ChangeAsked(_RightsAsked):
    version: Annotated[int, Field(ge=1)]
    active: bool = False


class _ResetAsked(forms.Asked):
    confirmed: str = ""


@blueprint.get("/")
@admits(Who.OFFICER, Role.ADMINISTRATOR)
def get_people() -> Response:
    """The staff of the administrator's regions."""
    with resources().database.read() as session:
        found = managing.members(session, regions(), officer())
    return page("people.html", title="人员", members=found, words=words, labels=_labels())


@blueprint.get("/new")
@admits(Who.OFFICER, Role.ADMINISTRATOR)
def get_new() -> Response:
    """The form to take somebody on."""
    return _new_page(forms.empty())


@blueprint.post("/new")
@admits(Who.OFFICER, Role.ADMINISTRATOR)
def post_new() -> Response:
    """Take somebody on; the password to start with is shown this once."""
    known = resources()
    form = forms.read(_NewAsked)
    asked = form.asked
    if asked is None:
        return _new_page(form, 422)
    _check_rights(form, asked)
    if form.asked is None:
        return _new_page(form, 422)
    made = passwords.made()
    kept = passwords.hashed(made)
    try:
        with known.database.begin() as session:
            managing.take_on(
                session,
                known.safe,
                regions(),
                username=asked.username,
                name=asked.name,
                roles=asked.roles,
                where=asked.where,
                password_hash=kept,
                by=officer(),
                now=known.clock(),
            )
    except UsernameTaken:
        form.refuse("username", "这个用户名有人用了，请换一个。")
        return _new_page(form, 409)
    except UsernameRefused:
        form.refuse("username", _USERNAME_HINT)
        return _new_page(form, 422)
    return _password_page(asked.username.casefold(), made)


@blueprint.get("/<int:id>")
@admits(Who.OFFICER, Role.ADMINISTRATOR)
def get_member(id: int) -> Response:
    """One of the staff, with what they may do."""
    held = _member(id)
    who = held.officer
    form = forms.empty(roles=sorted(who.roles), where=sorted(who.regions))
    return _member_page(held, form)


@blueprint.post("/<int:id>")
@admits(Who.OFFICER, Role.ADMINISTRATOR)
def post_member(id: int) -> Response:
    """Give somebody other rights, or none any more."""
    known = resources()
    held = _member(id)
    form = forms.read(_ChangeAsked)
    asked = form.asked
    if asked is None:
        return _member_page(held, form, 422)
    _check_rights(form, asked)
    if form.asked is None:
        return _member_page(held, form, 422)
    try:
        with known.database.begin() as session:
            managing.change(
                session,
                known.safe,
                regions(),
                held,
                version=asked.version,
                roles=asked.roles,
                where=asked.where,
                active=asked.active,
                by=officer(),
                now=known.clock(),
            )
    except OwnRights:
        form.refuse("roles", "不能停用自己，也不能去掉自己的管理员角色。请另一位管理员来改。")
        return _member_page(held, form, 409)
    except OfficerChanged as error:
        form.refuse("", problem_of(error).detail)
        return _member_page(_member(id), form, 409)
    return go_to(url_for("desk.people.get_people"), "保存了，马上生效。")


@blueprint.post("/<int:id>/reset")
@admits(Who.OFFICER, Role.ADMINISTRATOR)
def post_reset(id: int) -> Response:
    """A new password to start with, shown this once; the second factor is to be set up anew.

    After a question: whoever it is is out at once, and has to be told the new one.
    """
    known = resources()
    held = _member(id)
    if held.account is None:
        return _member_page(held, forms.empty(), 409)
    asked = forms.read(_ResetAsked).asked
    if asked is None or not asked.confirmed:
        return page(
            "sure.html",
            title="请核对",
            action=url_for("desk.people.post_reset", id=id),
            back=url_for("desk.people.get_member", id=id),
            question=f"重设{held.officer.name}（{held.account.username}）的密码和动态码吗？"
            "原来的马上作废，正在登录的也退出。新密码只显示一次，要你转告本人。",
            yes="重设",
            danger=True,
            hidden=[("confirmed", "yes")],
        )
    made = passwords.made()
    kept = passwords.hashed(made)
    with known.database.begin() as session:
        managing.reset(
            session,
            known.safe,
            regions(),
            held,
            password_hash=kept,
            by=officer(),
            now=known.clock(),
        )
    return _password_page(held.account.username, made)


def _member(id: int) -> Member:
    with resources().database.read() as session:
        return managing.member(session, regions(), id, officer())


def _check_rights(form: Form[_NewAsked] | Form[_ChangeAsked], asked: _RightsAsked) -> None:
    if not asked.roles:
        form.refuse("roles", "至少选一个角色。")
    mine = scope(officer(), regions())
    if not asked.where or not mine.issuperset(asked.where):
        form.refuse("where", "至少选一个你管的地区。")


def _new_page(form: Form[_NewAsked], status: int = 200) -> Response:
    return page(
        "person_new.html",
        title="添加人员",
        status=status,
        form=form,
        roles=list(words.ROLES.items()),
        places=_places(),
        username_hint=_USERNAME_HINT,
    )


def _member_page(held: Member, form: Form[_ChangeAsked], status: int = 200) -> Response:
    return page(
        "person.html",
        title=f"人员：{held.officer.name}",
        status=status,
        form=form,
        member=held,
        roles=list(words.ROLES.items()),
        places=_places(),
    )


def _password_page(username: str, made: str) -> Response:
    return page("person_password.html", title="第一次登录的密码", username=username, made=made)


def _places() -> list[tuple[str, str]]:
    return [(each, regions().get(each).label) for each in sorted(scope(officer(), regions()))]


def _labels() -> dict[str, str]:
    return {each.id: each.label for each in regions()}
