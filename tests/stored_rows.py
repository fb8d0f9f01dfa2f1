"""Rows of tables as they are stored, to put them into other databases as they are."""

from typing import Any

from sqlmodel import Session

StoredRows = dict[str, Any]
"""By table: tuples of SQLite, the text of PostgreSQL's COPY."""

_NUMBER_ON = "SELECT setval(pg_get_serial_sequence('{0}', 'id'), (SELECT max(id) FROM {0}))"


def taken(session: Session, tables: tuple[str, ...]) -> StoredRows:
    """Take all the rows of these tables."""
    if session.get_bind().dialect.name == "sqlite":
        run = session.connection().exec_driver_sql
        return {name: [tuple(row) for row in run(f"SELECT * FROM {name}")] for name in tables}
    return {name: _copied(session, name) for name in tables}


def put(session: Session, stored: StoredRows, *, numbered: tuple[str, ...]) -> None:
    """Put rows into empty tables of the same kind of database; `numbered`: which count on."""
    run = session.connection().exec_driver_sql
    if session.get_bind().dialect.name == "sqlite":
        for name, rows in stored.items():
            run(f"INSERT INTO {name} VALUES ({','.join('?' * len(rows[0]))})", rows)
        return
    for name, rows in stored.items():
        with _cursor(session) as cursor, cursor.copy(f"COPY {name} FROM STDIN") as copy:
            copy.write(rows)
    for name in numbered:
        run(_NUMBER_ON.format(name))


def _copied(session: Session, name: str) -> bytes:
    with _cursor(session) as cursor, cursor.copy(f"COPY {name} TO STDOUT") as copy:
        return b"".join(copy)


def _cursor(session: Session) -> Any:
    return session.connection().connection.cursor()
