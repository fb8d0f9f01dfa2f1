"""Names of workers, notices, the platform's tokens, rate counts."""

import sqlalchemy as sa
from alembic import op

from server.database.tables import Instant

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    _change_worker()
    op.create_table(
        "identity",
        sa.Column("subject_hash", sa.String(length=64), nullable=False),
        sa.Column("worker_id", sa.Integer(), nullable=False),
        sa.Column("issuer", sa.String(length=64), nullable=False),
        sa.Column("sealed_subject", sa.Text(), nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("unionid_asked_at", Instant(), nullable=True),
        sa.ForeignKeyConstraint(
            ["worker_id"],
            ["worker.id"],
            name=op.f("fk_identity_worker_id_worker"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("subject_hash", name=op.f("pk_identity")),
    )
    op.create_index(
        op.f("ix_identity_worker_id_identity_issuer"), "identity", ["worker_id", "issuer"]
    )
    _create_notice()
    op.create_table(
        "access_token",
        sa.Column("app_id", sa.String(length=64), nullable=False),
        sa.Column("sealed", sa.Text(), nullable=True),
        sa.Column("expires_at", Instant(), nullable=True),
        sa.Column("leased_until", Instant(), nullable=True),
        sa.PrimaryKeyConstraint("app_id", name=op.f("pk_access_token")),
    )
    op.create_table(
        "rate_count",
        sa.Column("key", sa.String(length=128), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.Column("ends_at", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_rate_count")),
    )
    op.create_index(op.f("ix_rate_count_ends_at"), "rate_count", ["ends_at"])


def downgrade() -> None:
    for name in ("rate_count", "access_token", "notice", "identity"):
        op.drop_table(name)
    with op.batch_alter_table("worker") as worker:
        worker.drop_index(op.f("ix_worker_phone_hash"))
        for name in ("sealed_phone", "phone_hash", "phone_verified_at"):
            worker.drop_column(name)
        worker.add_column(sa.Column("subject_hash", sa.String(length=64), nullable=True))
    # Who they are is gone with their names; they only stay apart.
    op.execute("UPDATE worker SET subject_hash = 'worker ' || id")
    with op.batch_alter_table("worker") as worker:
        worker.alter_column("subject_hash", existing_type=sa.String(length=64), nullable=False)
        worker.create_unique_constraint(op.f("uq_worker_subject_hash"), ["subject_hash"])


def _change_worker() -> None:
    with op.batch_alter_table("worker") as worker:
        # Only developers could sign in so far: they are made anew, with their names sealed.
        worker.drop_constraint(op.f("uq_worker_subject_hash"), type_="unique")
        worker.drop_column("subject_hash")
        worker.add_column(sa.Column("sealed_phone", sa.Text(), nullable=True))
        worker.add_column(sa.Column("phone_hash", sa.String(length=64), nullable=True))
        worker.add_column(sa.Column("phone_verified_at", Instant(), nullable=True))
        worker.create_index(op.f("ix_worker_phone_hash"), ["phone_hash"])


def _create_notice() -> None:
    op.create_table(
        "notice",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("key", sa.String(length=128), nullable=True),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("app_id", sa.String(length=64), nullable=False),
        sa.Column("worker_id", sa.Integer(), nullable=True),
        sa.Column("sealed", sa.Text(), nullable=True),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("error", sa.String(length=32), nullable=True),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("due_at", Instant(), nullable=False),
        sa.Column("leased_until", Instant(), nullable=True),
        sa.Column("settled_at", Instant(), nullable=True),
        sa.CheckConstraint(
            "state IN ('due', 'sending', 'sent', 'refused', 'unknown')",
            name=op.f("ck_notice_state"),
        ),
        sa.ForeignKeyConstraint(
            ["worker_id"],
            ["worker.id"],
            name=op.f("fk_notice_worker_id_worker"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_notice")),
        sa.UniqueConstraint("key", name=op.f("uq_notice_key")),
    )
    op.create_index(op.f("ix_notice_worker_id"), "notice", ["worker_id"])
    op.create_index(op.f("ix_notice_state_notice_due_at"), "notice", ["state", "due_at"])
    op.create_index(op.f("ix_notice_state_notice_settled_at"), "notice", ["state", "settled_at"])
