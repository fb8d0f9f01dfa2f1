"""A smallest application that talks: it counts the turns of a conversation in its context."""

import json
import os
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from typing import Any

from server.chat.conversations import Conversations, RecordedTurn, masked_json
from server.database.db import Database
from server.settings import load_settings


def create_app() -> Callable[..., Iterable[bytes]]:
    talk = Conversations(Database(load_settings().database))

    def app(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        conversation_id = environ["PATH_INFO"].strip("/")
        now = datetime.now(UTC)
        count = (talk.load_context(conversation_id, now=now) or {"count": 0})["count"] + 1
        turn = RecordedTurn(conversation_id, now, "api", "还有呢", "chat", "有")
        talk.record(turn, masked_json({"count": count}))
        start_response("200 OK", [("Content-Type", "application/json")])
        return [json.dumps({"count": count, "worker": os.getpid()}).encode()]

    return app
