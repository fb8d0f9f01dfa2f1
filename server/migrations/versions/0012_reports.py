"""What weekly reports rest on: due days in the events, events of requests, tallies of turns."""

import sqlalchemy as sa
from alembic import op

from server.database.tables import Instant

revision = "0012"
down_revision = "0011"


def upgrade() -> None:
    op.add_column(
        "turn", sa.Column("reason", sa.String(length=64), nullable=False, server_default="")
    )
    op.add_column("fund_entry", sa.Column("reason", sa.Text(), nullable=True))
    op.add_column("case_event", sa.Column("due_on", sa.Date(), nullable=True))
    # Of earlier events nobody knows it any more.
    op.execute(
        "UPDATE case_event SET due_on = (SELECT due_on FROM cases WHERE cases.id ="
        " case_event.case_id AND cases.version = case_event.version)"
    )
    _create_service_event()
    _create_tallies()
    _create_weekly_report()
    _create_roster_file()


def downgrade() -> None:
    for name in (
        "roster_file",
        "weekly_report",
        "near_miss",
        "tallied_hour",
        "turn_tally",
        "service_event",
    ):
        op.drop_table(name)
    for table, column in (("case_event", "due_on"), ("fund_entry", "reason"), ("turn", "reason")):
        op.drop_column(table, column)


def _create_service_event() -> None:
    op.create_table(
        "service_event",
        sa.Column("request_id", sa.String(length=16), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("at", Instant(), nullable=False),
        sa.Column("move", sa.String(length=16), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("unit", sa.Text(), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("officer_id", sa.Integer(), nullable=True),
        sa.Column("sealed_reason", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "move IN ('open', 'write', 'forward', 'settle', 'rate')",
            name=op.f("ck_service_event_move"),
        ),
        sa.CheckConstraint(
            "state IN ('open', 'answered', 'closed')", name=op.f("ck_service_event_state")
        ),
        sa.ForeignKeyConstraint(
            ["officer_id"], ["officer.id"], name=op.f("fk_service_event_officer_id_officer")
        ),
        sa.ForeignKeyConstraint(
            ["request_id"],
            ["service_request.id"],
            name=op.f("fk_service_event_request_id_service_request"),
        ),
        sa.PrimaryKeyConstraint("request_id", "version", name=op.f("pk_service_event")),
        sqlite_with_rowid=False,
    )
    for move, version, at, state, where in (
        ("open", "1", "opened_at", "'open'", "version > 1"),
        ("settle", "version", "coalesce(closed_at, opened_at)", "state", "state = 'closed'"),
        ("open", "version", "opened_at", "state", "state <> 'closed'"),
    ):
        op.execute(
            "INSERT INTO service_event (request_id, version, at, move, state, unit, due_on)"
            f" SELECT id, {version}, {at}, '{move}', {state}, unit, due_on FROM service_request"
            f" WHERE {where}"
        )


def _create_tallies() -> None:
    op.create_table(
        "turn_tally",
        sa.Column("hour", Instant(), nullable=False),
        sa.Column("place", sa.String(length=64), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("reason", sa.String(length=64), nullable=False),
        sa.Column("topic", sa.String(length=64), nullable=False),
        sa.Column("measure", sa.String(length=64), nullable=False),
        sa.Column("turns", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint(
            "hour", "place", "kind", "reason", "topic", "measure", name=op.f("pk_turn_tally")
        ),
    )
    op.create_table(
        "tallied_hour",
        sa.Column("hour", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("hour", name=op.f("pk_tallied_hour")),
    )
    op.create_table(
        "near_miss",
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("region", sa.String(length=64), nullable=False),
        sa.Column("measure", sa.String(length=64), nullable=False),
        sa.Column("fact", sa.String(length=64), nullable=False),
        sa.Column("lacking", sa.String(length=16), nullable=False),
        sa.Column("checks", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint(
            "day", "region", "measure", "fact", "lacking", name=op.f("pk_near_miss")
        ),
    )


def _create_weekly_report() -> None:
    op.create_table(
        "weekly_report",
        sa.Column("friday", sa.Date(), nullable=False),
        sa.Column("content", sa.Text(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("made_at", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("friday", name=op.f("pk_weekly_report")),
    )


def _create_roster_file() -> None:
    op.create_table(
        "roster_file",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("officer_id", sa.Integer(), nullable=False),
        sa.Column("region", sa.String(length=64), nullable=False),
        sa.Column("as_of", sa.Date(), nullable=False),
        sa.Column("mapping", sa.Text(), nullable=False),
        sa.Column("sealed", sa.Text(), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("made_at", Instant(), nullable=False),
        sa.ForeignKeyConstraint(
            ["officer_id"], ["officer.id"], name=op.f("fk_roster_file_officer_id_officer")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_roster_file")),
    )
    op.create_index(op.f("ix_roster_file_officer_id"), "roster_file", ["officer_id"], unique=False)
