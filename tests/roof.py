"""The application of the tests: made once in each process, over what each test works with."""

from typing import TYPE_CHECKING

from server.app import create_app
from server.monitoring import logs
from server.web.resources import attach

if TYPE_CHECKING:
    from apiflask import APIFlask

    from server.web.resources import Resources

_made: list["APIFlask"] = []


def roof_over(resources: "Resources") -> "APIFlask":
    """The application over some resources, from here on over these alone.

    To make its five hundred routes takes longer than most tests. Without WeChat's callback, which
    works with what it was made with.
    """
    if not _made:
        _made.append(create_app(resources.settings, resources))
    # As each new one would: a test may have set up logging otherwise.
    logs.configure()
    attach(_made[0], resources)
    return _made[0]
