"""Pairing: who helps, whom, and the visits with their photos."""

import sqlalchemy as sa
from alembic import op

from server.database.tables import Instant

revision = "0018"
down_revision = "0017"


def upgrade() -> None:
    _create_helper()
    _create_pairing()
    _create_visit()
    _create_photo()


def downgrade() -> None:
    for name in ("visit_photo", "pairing_visit", "pairing", "helper"):
        op.drop_table(name)


def _to(table: str, column: str, other: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        [column], [f"{other}.id"], name=op.f(f"fk_{table}_{column}_{other}")
    )


def _create_helper() -> None:
    op.create_table(
        "helper",
        sa.Column("id", sa.String(length=16), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("unit", sa.String(length=64), nullable=False),
        sa.Column("rank", sa.String(length=16), nullable=True),
        sa.Column("region", sa.String(length=64), nullable=False),
        sa.Column("capacity", sa.Integer(), nullable=False),
        sa.Column("taken", sa.Integer(), nullable=False),
        sa.Column("gives", sa.Text(), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("sealed", sa.Text(), nullable=False),
        sa.Column("known_hash", sa.String(length=64), nullable=False),
        sa.Column("officer_id", sa.Integer(), nullable=False),
        sa.Column("entered_at", Instant(), nullable=False),
        sa.Column("changed_at", Instant(), nullable=False),
        sa.CheckConstraint(
            "kind IN ('cadre', 'firm', 'volunteer', 'mother', 'student')",
            name=op.f("ck_helper_kind"),
        ),
        sa.CheckConstraint("rank IN ('county', 'section', 'below')", name=op.f("ck_helper_rank")),
        sa.CheckConstraint("(kind = 'cadre') = (rank IS NOT NULL)", name=op.f("ck_helper_cadre")),
        sa.CheckConstraint("state IN ('on', 'left')", name=op.f("ck_helper_state")),
        sa.CheckConstraint(
            "taken >= 0 AND taken <= capacity", name=op.f("ck_helper_within_capacity")
        ),
        _to("helper", "officer_id", "officer"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_helper")),
        sa.UniqueConstraint("known_hash", name=op.f("uq_helper_known_hash")),
    )
    op.create_index("ix_helper_there", "helper", ["region", "state"])


def _create_pairing() -> None:
    op.create_table(
        "pairing",
        sa.Column("id", sa.String(length=16), nullable=False),
        sa.Column("helper_id", sa.String(length=16), nullable=False),
        sa.Column("entry_id", sa.String(length=16), nullable=False),
        sa.Column("worker_id", sa.Integer(), nullable=False),
        sa.Column("child_id", sa.String(length=32), nullable=True),
        sa.Column("region", sa.String(length=64), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("every_days", sa.Integer(), nullable=False),
        sa.Column("proposed_at", Instant(), nullable=False),
        sa.Column("proposed_by", sa.Integer(), nullable=False),
        sa.Column("unit_agreed_at", Instant(), nullable=True),
        sa.Column("unit_agreed_by", sa.Integer(), nullable=True),
        sa.Column("person_agreed_at", Instant(), nullable=True),
        sa.Column("person_agreed_by", sa.Integer(), nullable=True),
        sa.Column("accepted_at", Instant(), nullable=True),
        sa.Column("due_on", sa.Date(), nullable=True),
        sa.Column("ended_at", Instant(), nullable=True),
        sa.Column("ended_by", sa.Integer(), nullable=True),
        sa.Column("ending", sa.String(length=16), nullable=False),
        sa.Column("sealed_reasons", sa.Text(), nullable=True),
        sa.Column("sealed_words", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "state IN ('proposed', 'accepted', 'ended')", name=op.f("ck_pairing_state")
        ),
        sa.CheckConstraint(
            "(state = 'ended') = (ended_at IS NOT NULL)", name=op.f("ck_pairing_ended")
        ),
        sa.CheckConstraint(
            "(state = 'accepted') = (due_on IS NOT NULL)", name=op.f("ck_pairing_due")
        ),
        sa.CheckConstraint("every_days > 0", name=op.f("ck_pairing_every")),
        _to("pairing", "helper_id", "helper"),
        _to("pairing", "entry_id", "register_entry"),
        _to("pairing", "worker_id", "worker"),
        _to("pairing", "proposed_by", "officer"),
        _to("pairing", "unit_agreed_by", "officer"),
        _to("pairing", "person_agreed_by", "officer"),
        _to("pairing", "ended_by", "officer"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_pairing")),
    )
    for name in ("helper_id", "entry_id", "worker_id"):
        op.create_index(op.f(f"ix_pairing_{name}"), "pairing", [name])
    op.create_index("ix_pairing_due", "pairing", ["state", "region", "due_on"])


def _create_visit() -> None:
    op.create_table(
        "pairing_visit",
        sa.Column("id", sa.String(length=16), nullable=False),
        sa.Column("pairing_id", sa.String(length=16), nullable=False),
        sa.Column("visited_on", sa.Date(), nullable=False),
        sa.Column("was_due_on", sa.Date(), nullable=False),
        sa.Column("given_fen", sa.BigInteger(), nullable=False),
        sa.Column("sealed", sa.Text(), nullable=True),
        sa.Column("noted_at", Instant(), nullable=False),
        sa.Column("noted_by", sa.Integer(), nullable=False),
        sa.Column("struck_at", Instant(), nullable=True),
        sa.Column("struck_by", sa.Integer(), nullable=True),
        sa.CheckConstraint("given_fen >= 0", name=op.f("ck_pairing_visit_given")),
        _to("pairing_visit", "pairing_id", "pairing"),
        _to("pairing_visit", "noted_by", "officer"),
        _to("pairing_visit", "struck_by", "officer"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_pairing_visit")),
    )
    for name in ("pairing_id", "noted_at"):
        op.create_index(op.f(f"ix_pairing_visit_{name}"), "pairing_visit", [name])


def _create_photo() -> None:
    op.create_table(
        "visit_photo",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("visit_id", sa.String(length=16), nullable=False),
        sa.Column("sealed_key", sa.Text(), nullable=False),
        sa.Column("media_type", sa.String(length=32), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("added_at", Instant(), nullable=False),
        _to("visit_photo", "visit_id", "pairing_visit"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_visit_photo")),
    )
    op.create_index(op.f("ix_visit_photo_visit_id"), "visit_photo", ["visit_id"])
