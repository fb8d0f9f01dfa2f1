"""The first page after signing in."""

from flask import Blueprint, Response

from server.admitting import Who, admits
from server.console.rendering import page

blueprint = Blueprint("home", __name__)


@blueprint.get("/")
@admits(Who.OFFICER)
def get_home() -> Response:
    """What there is to do, by role."""
    return page("home.html", title="首页")
