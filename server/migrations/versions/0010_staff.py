"""How the staff sign in."""

import sqlalchemy as sa
from alembic import op

from server.database.tables import Instant

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    op.create_table(
        "staff_account",
        sa.Column("officer_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("username", sa.String(length=32), nullable=False),
        sa.Column("password_hash", sa.Text(), nullable=False),
        sa.Column("sealed_secret", sa.Text(), nullable=True),
        sa.Column("used_step", sa.Integer(), nullable=False),
        sa.Column("starting", sa.Boolean(), nullable=False),
        sa.Column("changed_at", Instant(), nullable=False),
        _of_officer("staff_account"),
        sa.PrimaryKeyConstraint("officer_id", name=op.f("pk_staff_account")),
        sa.UniqueConstraint("username", name=op.f("uq_staff_account_username")),
    )
    op.create_table(
        "staff_session",
        sa.Column("token_hash", sa.String(length=64), nullable=False),
        sa.Column("officer_id", sa.Integer(), nullable=False),
        sa.Column("starting", sa.Boolean(), nullable=False),
        sa.Column("began_at", Instant(), nullable=False),
        sa.Column("seen_at", Instant(), nullable=False),
        _of_officer("staff_session"),
        sa.PrimaryKeyConstraint("token_hash", name=op.f("pk_staff_session")),
    )
    op.create_index(op.f("ix_staff_session_officer_id"), "staff_session", ["officer_id"])
    op.create_table(
        "staff_device",
        sa.Column("token_hash", sa.String(length=64), nullable=False),
        sa.Column("officer_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("seen_at", Instant(), nullable=False),
        _of_officer("staff_device"),
        sa.PrimaryKeyConstraint("token_hash", "officer_id", name=op.f("pk_staff_device")),
    )
    op.create_index(op.f("ix_staff_device_officer_id"), "staff_device", ["officer_id"])


def downgrade() -> None:
    for name in ("staff_device", "staff_session", "staff_account"):
        op.drop_table(name)


def _of_officer(table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["officer_id"], ["officer.id"], name=op.f(f"fk_{table}_officer_id_officer")
    )
