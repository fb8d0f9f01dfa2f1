"""Rounds in which vouchers are given to a group of the register, and who gets one in each."""

import sqlalchemy as sa
from alembic import op

from server.database.tables import Instant

revision = "0022"
down_revision = "0021"


def upgrade() -> None:
    _create_round()
    op.create_table(
        "round_place",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("round_id", sa.String(length=16), nullable=False),
        sa.Column("worker_id", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.CheckConstraint(
            "state IN ('waiting', 'given', 'left_out')", name=op.f("ck_round_place_state")
        ),
        sa.ForeignKeyConstraint(
            ["round_id"], ["voucher_round.id"], name=op.f("fk_round_place_round_id_voucher_round")
        ),
        sa.ForeignKeyConstraint(
            ["worker_id"], ["worker.id"], name=op.f("fk_round_place_worker_id_worker")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_round_place")),
    )
    op.create_index(
        op.f("ix_round_place_round_id_round_place_state_round_place_id"),
        "round_place",
        ["round_id", "state", "id"],
    )
    op.create_index(op.f("ix_round_place_worker_id"), "round_place", ["worker_id"])


def downgrade() -> None:
    op.drop_table("round_place")
    op.drop_table("voucher_round")


def _create_round() -> None:
    op.create_table(
        "voucher_round",
        sa.Column("id", sa.String(length=16), nullable=False),
        sa.Column("issue_id", sa.String(length=16), nullable=False),
        sa.Column("region", sa.String(length=64), nullable=False),
        sa.Column("level", sa.String(length=16), nullable=True),
        sa.Column("cause", sa.String(length=16), nullable=True),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("counts", sa.Text(), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("people", sa.Integer(), nullable=False),
        sa.Column("given", sa.Integer(), nullable=False),
        sa.Column("proposed_by", sa.Integer(), nullable=False),
        sa.Column("decided_by", sa.Integer(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("changed_at", Instant(), nullable=False),
        sa.Column("confirmed_at", Instant(), nullable=True),
        sa.Column("ended_at", Instant(), nullable=True),
        sa.CheckConstraint(
            "state IN ('proposed', 'giving', 'done', 'stopped', 'refused')",
            name=op.f("ck_voucher_round_state"),
        ),
        sa.CheckConstraint("given BETWEEN 0 AND people", name=op.f("ck_voucher_round_given")),
        sa.ForeignKeyConstraint(
            ["issue_id"], ["voucher_issue.id"], name=op.f("fk_voucher_round_issue_id_voucher_issue")
        ),
        sa.ForeignKeyConstraint(
            ["proposed_by"], ["officer.id"], name=op.f("fk_voucher_round_proposed_by_officer")
        ),
        sa.ForeignKeyConstraint(
            ["decided_by"], ["officer.id"], name=op.f("fk_voucher_round_decided_by_officer")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_voucher_round")),
    )
    op.create_index(op.f("ix_voucher_round_issue_id"), "voucher_round", ["issue_id"])
    op.create_index(
        op.f("ix_voucher_round_state_voucher_round_region"), "voucher_round", ["state", "region"]
    )
