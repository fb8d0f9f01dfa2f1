"""How a database goes about a query: the plan of each, as it says it."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import event

from server.database.db import Database


@contextmanager
def planned(
    database: Database, about: str, *, without: tuple[str, ...] = ()
) -> Iterator[list[str]]:
    """The plan of each query in it that names the table; filled at its end.

    A table that is as good as empty PostgreSQL reads whole: it plans `without` those ways (seqscan,
    sort …) wherever there is another.
    """
    asked: list[tuple[str, Any]] = []
    plans: list[str] = []

    def note(_: object, _cursor: object, statement: str, given: Any, *_more: object) -> None:
        if statement.startswith(("SELECT", "DELETE")) and about in statement:
            asked.append((statement, given))

    event.listen(database.engine, "before_cursor_execute", note)
    yield plans
    event.remove(database.engine, "before_cursor_execute", note)
    assert asked
    with database.begin() as session:
        connection = session.connection()
        if not database.is_sqlite:
            for way in without:
                connection.exec_driver_sql(f"SET LOCAL enable_{way} = off")
        explain = "EXPLAIN QUERY PLAN " if database.is_sqlite else "EXPLAIN "
        for statement, given in asked:
            rows = connection.exec_driver_sql(explain + statement, given)
            plans.append("\n".join(str(row[-1]) for row in rows))
