"""The service with one more endpoint: a single durable insert, as a measure of what that costs."""

import secrets

from apiflask import APIFlask
from flask import request

from server.app import create_app as create_service
from server.database.tables import stored_instant
from server.web.admitting import Who, admits
from server.web.resources import resources


def create_app() -> APIFlask:
    """The web application with POST /raw."""
    app = create_service()

    @app.post("/raw")
    @admits(Who.EVERYBODY)
    def insert() -> dict[str, str]:
        known = resources()
        row = (secrets.token_hex(8), stored_instant(known.clock()), request.get_data(as_text=True))
        known.database.insert("INSERT INTO raw_row (id, at, body) VALUES {}", [row])
        return {}

    return app
