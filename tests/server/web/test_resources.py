"""What an application works with, and the threads that go on in it."""

from collections.abc import Callable

import pytest
from sqlalchemy import text

from server.chat.conversations import RecordedTurn, masked_json, new_conversation_id
from server.web.resources import Resources


def link(resources: Resources) -> None:
    resources.linking.wake()
    resources.linking.close()


def look_at_the_release(resources: Resources) -> None:
    resources.serving.current()
    resources.serving.close()


def write_a_turn(resources: Resources) -> None:
    turn = RecordedTurn(
        conversation_id=new_conversation_id(),
        at=resources.clock(),
        channel="api",
        text="你好",
        kind="answer",
        reply="你好",
        measures=(),
        rejected=(),
        region=None,
    )
    assert resources.conversations.record(turn, masked_json({}))
    resources.conversations.close()


@pytest.mark.parametrize("begin_and_end", [link, look_at_the_release, write_a_turn])
def test_a_thread_that_ends_lets_others_finish_with_connections_that_are_closed_later(
    resources: Resources, begin_and_end: Callable[[Resources], None]
) -> None:
    with resources.database.read() as session:
        session.connection().execute(text("SELECT 1"))
        pool = resources.database.engine.pool
        begin_and_end(resources)
    # The pool that `release` will empty, not one that nobody knows any more.
    assert resources.database.engine.pool is pool
