"""The service with two more endpoints, as measures of what writing alone costs.

POST /raw is a single durable insert. POST /rows writes what a submission leaves behind, row by row
and column by column as the newest case has it, with nothing checked, sealed, hashed or read.
"""

import secrets
from typing import Any

from apiflask import APIFlask
from flask import request
from sqlalchemy import text
from sqlmodel import Session

from server.app import create_app as create_service
from server.database.db import insert_within
from server.database.tables import stored_instant
from server.web.admitting import Who, admits
from server.web.resources import resources

_LEFT = {
    "cases": "SELECT * FROM cases ORDER BY submitted_at DESC LIMIT 1",
    "case_event": "SELECT * FROM case_event ORDER BY at DESC LIMIT 1",
    "audit_entry": "SELECT * FROM audit_entry WHERE about = 'cases' ORDER BY id DESC LIMIT 1",
    "idempotent_reply": "SELECT * FROM idempotent_reply ORDER BY at DESC LIMIT 1",
}


def create_app() -> APIFlask:
    """The web application with POST /raw and POST /rows."""
    app = create_service()
    left: dict[str, dict[str, Any]] = {}

    @app.post("/raw")
    @admits(Who.EVERYBODY)
    def insert() -> dict[str, str]:
        known = resources()
        row = (secrets.token_hex(8), stored_instant(known.clock()), request.get_data(as_text=True))
        known.database.insert("INSERT INTO raw_row (id, at, body) VALUES {}", [row])
        return {}

    @app.post("/rows")
    @admits(Who.EVERYBODY)
    def insert_rows() -> dict[str, str]:
        known = resources()
        if not left:
            with known.database.read() as session:
                left.update(
                    {table: dict(session.execute(text(sql)).mappings().one())
                     for table, sql in _LEFT.items()}
                )  # fmt: skip

        def write(session: Session) -> None:
            id = secrets.token_hex(7)
            _copy(session, "cases", left["cases"] | {"id": id, "claim": id})
            _copy(session, "case_event", left["case_event"] | {"case_id": id})
            audited = left["audit_entry"] | {"row": id}
            del audited["id"]
            _copy(session, "audit_entry", audited)
            _copy(session, "idempotent_reply", left["idempotent_reply"] | {"id": id * 4})

        known.database.together(write)
        return {}

    return app


def _copy(session: Session, table: str, row: dict[str, Any]) -> None:
    columns = ", ".join(f'"{name}"' for name in row)
    insert_within(session, f"INSERT INTO {table} ({columns}) VALUES {{}}", [tuple(row.values())])
