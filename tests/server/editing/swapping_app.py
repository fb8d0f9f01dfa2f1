"""The service, telling with each reply which worker sent it; and one that swaps piece by piece."""

import copy
import dataclasses
import os
import time

from apiflask import APIFlask
from flask import Response

from server import app
from server.chat.serving import Served, Serving
from server.preparing import kept_indexes
from server.settings import load_settings
from server.web.resources import make_resources

_TORN_SECONDS = 0.3


def create_app() -> APIFlask:
    """The service as it is."""
    return _telling(app.create_app())


def create_torn() -> APIFlask:
    """The control: a new release takes the place of the last one in two steps."""
    settings = load_settings()
    made = make_resources(settings)
    torn = _Torn(made.database, kept_indexes(settings))
    return _telling(app.create_app(settings, dataclasses.replace(made, serving=torn)))


class _Torn(Serving):
    def look(self) -> None:
        before = self._served
        super().look()
        after = self._served
        if after is not before:
            indexed, library = copy.copy(before._indexed), copy.copy(before.library)
            library.sentences = after.library.sentences
            indexed.library = library
            self._served = Served(after.release, indexed)
            time.sleep(_TORN_SECONDS)
            self._served = after


def _telling(made: APIFlask) -> APIFlask:
    def tell(response: Response) -> Response:
        response.headers["Worker"] = str(os.getpid())
        return response

    made.after_request(tell)
    return made
