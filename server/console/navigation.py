"""The menu of the desk: who sees a line follows from the route that it leads to."""

from dataclasses import dataclass

from flask import current_app, request, url_for

from server.admitting import admitted_roles
from server.casework.officers import Officer


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the menu; `group` is the blueprint whose pages belong to it."""

    endpoint: str
    label: str

    @property
    def group(self) -> str:
        """The beginning of the endpoints that belong to it."""
        return self.endpoint.rpartition(".")[0]


LINES = (
    Line("desk.home.get_home", "首页"),
    Line("desk.offers.get_offers", "招聘和活动"),
)


@dataclass(frozen=True, slots=True)
class Entry:
    """A line as one officer sees it."""

    address: str
    label: str
    current: bool


def entries(officer: Officer) -> list[Entry]:
    """The lines that an officer may follow."""
    here = request.blueprint or ""
    found = []
    for line in LINES:
        roles = admitted_roles(current_app.view_functions[line.endpoint])
        if not roles or roles & officer.roles:
            found.append(Entry(url_for(line.endpoint), line.label, here == line.group))
    return found
