"""Offers, who takes part in them, and what people look for."""

import sqlalchemy as sa
from alembic import op

from server.database.tables import Instant

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    _create_offer()
    _create_participation()
    _create_wish()


def downgrade() -> None:
    for name in ("wish", "participation", "offer"):
        op.drop_table(name)


def _create_offer() -> None:
    op.create_table(
        "offer",
        sa.Column("id", sa.String(length=16), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("region", sa.String(length=64), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("title", sa.String(length=64), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("organiser", sa.String(length=64), nullable=False),
        sa.Column("contact", sa.String(length=32), nullable=False),
        sa.Column("place", sa.String(length=128), nullable=False),
        sa.Column("begins_at", Instant(), nullable=True),
        sa.Column("last_on", sa.Date(), nullable=False),
        sa.Column("seats", sa.Integer(), nullable=True),
        sa.Column("taken", sa.Integer(), nullable=False),
        sa.Column("details", sa.Text(), nullable=False),
        sa.Column("measure", sa.String(length=64), nullable=True),
        sa.Column("proposed_by", sa.Integer(), nullable=True),
        sa.Column("officer_id", sa.Integer(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("changed_at", Instant(), nullable=False),
        sa.CheckConstraint(
            "kind IN ('vacancy', 'session', 'trip', 'activity')", name=op.f("ck_offer_kind")
        ),
        sa.CheckConstraint(
            "state IN ('proposed', 'open', 'refused', 'cancelled')", name=op.f("ck_offer_state")
        ),
        sa.CheckConstraint(
            "taken >= 0 AND (seats IS NULL OR taken <= seats)",
            name=op.f("ck_offer_within_seats"),
        ),
        sa.ForeignKeyConstraint(
            ["officer_id"], ["officer.id"], name=op.f("fk_offer_officer_id_officer")
        ),
        sa.ForeignKeyConstraint(
            ["proposed_by"], ["worker.id"], name=op.f("fk_offer_proposed_by_worker")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_offer")),
    )
    op.create_index(op.f("ix_offer_open"), "offer", ["kind", "region", "state", "last_on"])


def _create_participation() -> None:
    op.create_table(
        "participation",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("offer_id", sa.String(length=16), nullable=False),
        sa.Column("worker_id", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("joined_at", Instant(), nullable=False),
        sa.Column("changed_at", Instant(), nullable=False),
        sa.Column("wrong_codes", sa.Integer(), nullable=False),
        sa.Column("hours", sa.Integer(), nullable=True),
        sa.Column("sealed_certificate", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "state IN ('joined', 'waiting', 'left', 'attended', 'absent')",
            name=op.f("ck_participation_state"),
        ),
        sa.ForeignKeyConstraint(
            ["offer_id"], ["offer.id"], name=op.f("fk_participation_offer_id_offer")
        ),
        sa.ForeignKeyConstraint(
            ["worker_id"], ["worker.id"], name=op.f("fk_participation_worker_id_worker")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_participation")),
        sa.UniqueConstraint(
            "offer_id", "worker_id", name=op.f("uq_participation_offer_id_worker_id")
        ),
    )
    op.create_index(op.f("ix_participation_worker_id"), "participation", ["worker_id"])
    op.create_index(
        op.f("ix_participation_in_order"), "participation", ["offer_id", "state", "joined_at"]
    )


def _create_wish() -> None:
    op.create_table(
        "wish",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("worker_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("region", sa.String(length=64), nullable=False),
        sa.Column("until_on", sa.Date(), nullable=False),
        sa.Column("details", sa.Text(), nullable=False),
        sa.Column("changed_at", Instant(), nullable=False),
        sa.CheckConstraint("kind IN ('work', 'trip')", name=op.f("ck_wish_kind")),
        sa.ForeignKeyConstraint(
            ["worker_id"], ["worker.id"], name=op.f("fk_wish_worker_id_worker")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_wish")),
        sa.UniqueConstraint("worker_id", "kind", name=op.f("uq_wish_worker_id_kind")),
    )
    op.create_index(op.f("ix_wish_still"), "wish", ["kind", "region", "until_on"])
