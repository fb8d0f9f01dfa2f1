"""The register: households, people in hardship, what is done to their entries, employers."""

import sqlalchemy as sa
from alembic import op

from server.database.tables import Instant

revision = "0015"
down_revision = "0014"


def upgrade() -> None:
    _create_import()
    _create_household()
    _create_entry()
    _create_event()
    _create_employer()


def downgrade() -> None:
    for name in ("employer", "register_event", "register_entry", "household", "register_import"):
        op.drop_table(name)


def _create_import() -> None:
    op.create_table(
        "register_import",
        sa.Column("id", sa.String(length=16), nullable=False),
        sa.Column("officer_id", sa.Integer(), nullable=False),
        sa.Column("region", sa.String(length=64), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("plan", sa.Text(), nullable=False),
        sa.Column("line", sa.Integer(), nullable=False),
        sa.Column("counts", sa.Text(), nullable=False),
        sa.Column("sealed", sa.Text(), nullable=True),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("made_at", Instant(), nullable=False),
        sa.Column("changed_at", Instant(), nullable=False),
        sa.CheckConstraint(
            "state IN ('read', 'under_way', 'done', 'undone')",
            name=op.f("ck_register_import_state"),
        ),
        sa.ForeignKeyConstraint(
            ["officer_id"], ["officer.id"], name=op.f("fk_register_import_officer_id_officer")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_register_import")),
    )
    op.create_index(op.f("ix_register_import_officer_id"), "register_import", ["officer_id"])


def _create_household() -> None:
    op.create_table(
        "household",
        sa.Column("id", sa.String(length=16), nullable=False),
        sa.Column("region", sa.String(length=64), nullable=False),
        sa.Column("number_hash", sa.String(length=64), nullable=True),
        sa.Column("members", sa.Integer(), nullable=True),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("import_id", sa.String(length=16), nullable=True),
        sa.ForeignKeyConstraint(
            ["import_id"],
            ["register_import.id"],
            name=op.f("fk_household_import_id_register_import"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_household")),
        sa.UniqueConstraint("number_hash", name=op.f("uq_household_number_hash")),
    )


def _create_entry() -> None:
    op.create_table(
        "register_entry",
        sa.Column("id", sa.String(length=16), nullable=False),
        sa.Column("worker_id", sa.Integer(), nullable=False),
        sa.Column("household_id", sa.String(length=16), nullable=False),
        sa.Column("region", sa.String(length=64), nullable=False),
        sa.Column("level", sa.String(length=16), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("sealed", sa.Text(), nullable=True),
        sa.Column("identity_hash", sa.String(length=64), nullable=True),
        sa.Column("name_hash", sa.String(length=64), nullable=True),
        sa.Column("phone_hash", sa.String(length=64), nullable=True),
        sa.Column("looked_on", sa.Date(), nullable=True),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("entered_at", Instant(), nullable=False),
        sa.Column("changed_at", Instant(), nullable=False),
        sa.CheckConstraint(
            "level IN ('below_line', 'above_line')", name=op.f("ck_register_entry_level")
        ),
        sa.CheckConstraint("state IN ('on', 'left')", name=op.f("ck_register_entry_state")),
        sa.ForeignKeyConstraint(
            ["household_id"],
            ["household.id"],
            name=op.f("fk_register_entry_household_id_household"),
        ),
        sa.ForeignKeyConstraint(
            ["worker_id"], ["worker.id"], name=op.f("fk_register_entry_worker_id_worker")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_register_entry")),
        sa.UniqueConstraint("identity_hash", name=op.f("uq_register_entry_identity_hash")),
    )
    for name in ("worker_id", "household_id", "name_hash", "phone_hash"):
        op.create_index(op.f(f"ix_register_entry_{name}"), "register_entry", [name])
    op.create_index("ix_register_entry_due", "register_entry", ["state", "region", "due_on"])


def _create_event() -> None:
    op.create_table(
        "register_event",
        sa.Column("entry_id", sa.String(length=16), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("at", Instant(), nullable=False),
        sa.Column("move", sa.String(length=16), nullable=False),
        sa.Column("region", sa.String(length=64), nullable=False),
        sa.Column("level", sa.String(length=16), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=True),
        sa.Column("reason", sa.String(length=16), nullable=False),
        sa.Column("officer_id", sa.Integer(), nullable=True),
        sa.Column("import_id", sa.String(length=16), nullable=True),
        sa.Column("sealed_words", sa.Text(), nullable=True),
        sa.Column("sealed_before", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "move IN ('enter', 'change', 'look', 'leave', 'return')",
            name=op.f("ck_register_event_move"),
        ),
        sa.ForeignKeyConstraint(
            ["entry_id"],
            ["register_entry.id"],
            name=op.f("fk_register_event_entry_id_register_entry"),
        ),
        sa.ForeignKeyConstraint(
            ["import_id"],
            ["register_import.id"],
            name=op.f("fk_register_event_import_id_register_import"),
        ),
        sa.ForeignKeyConstraint(
            ["officer_id"], ["officer.id"], name=op.f("fk_register_event_officer_id_officer")
        ),
        sa.PrimaryKeyConstraint("entry_id", "version", name=op.f("pk_register_event")),
    )
    op.create_index("ix_register_event_at", "register_event", ["at"])
    op.create_index(op.f("ix_register_event_import_id"), "register_event", ["import_id"])


def _create_employer() -> None:
    op.create_table(
        "employer",
        sa.Column("id", sa.String(length=16), nullable=False),
        sa.Column("region", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("code", sa.String(length=18), nullable=True),
        sa.Column("contact", sa.String(length=32), nullable=False),
        sa.Column("trade", sa.String(length=40), nullable=False),
        sa.Column("headcount", sa.Integer(), nullable=False),
        sa.Column("staying", sa.Integer(), nullable=False),
        sa.Column("hiring", sa.Integer(), nullable=False),
        sa.Column("told_on", sa.Date(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("officer_id", sa.Integer(), nullable=False),
        sa.Column("changed_at", Instant(), nullable=False),
        sa.CheckConstraint(
            "headcount >= 0 AND staying >= 0 AND hiring >= 0", name=op.f("ck_employer_counts")
        ),
        sa.ForeignKeyConstraint(
            ["officer_id"], ["officer.id"], name=op.f("fk_employer_officer_id_officer")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_employer")),
        sa.UniqueConstraint("region", "name", name=op.f("uq_employer_region_name")),
    )
