"""Uploads, the materials that they become, and the cases that those belong to."""

import sqlalchemy as sa
from alembic import op

from server.database.tables import Instant

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    _create_material()
    _create_upload()
    _create_case_material()


def downgrade() -> None:
    for name in ("case_material", "upload", "material"):
        op.drop_table(name)


def _create_material() -> None:
    op.create_table(
        "material",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("worker_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=64), nullable=False),
        sa.Column("media_type", sa.String(length=32), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("width", sa.Integer(), nullable=True),
        sa.Column("height", sa.Integer(), nullable=True),
        sa.Column("pages", sa.Integer(), nullable=True),
        sa.Column("added_at", Instant(), nullable=False),
        sa.ForeignKeyConstraint(
            ["worker_id"], ["worker.id"], name=op.f("fk_material_worker_id_worker")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_material")),
    )
    op.create_index(op.f("ix_material_worker_id_material_kind"), "material", ["worker_id", "kind"])


def _create_upload() -> None:
    op.create_table(
        "upload",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("worker_id", sa.Integer(), nullable=False),
        sa.Column("case_id", sa.String(length=16), nullable=True),
        sa.Column("kind", sa.String(length=64), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("received", sa.Integer(), nullable=False),
        sa.Column("pieces", sa.Text(), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("refusal", sa.String(length=32), nullable=True),
        sa.Column("begun_at", Instant(), nullable=False),
        sa.CheckConstraint("state IN ('open', 'kept', 'refused')", name=op.f("ck_upload_state")),
        sa.CheckConstraint("received BETWEEN 0 AND size", name=op.f("ck_upload_received")),
        sa.ForeignKeyConstraint(
            ["case_id"], ["cases.id"], name=op.f("fk_upload_case_id_cases"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["worker_id"], ["worker.id"], name=op.f("fk_upload_worker_id_worker")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_upload")),
    )
    op.create_index(
        op.f("ix_upload_worker_id_upload_begun_at"), "upload", ["worker_id", "begun_at"]
    )


def _create_case_material() -> None:
    op.create_table(
        "case_material",
        sa.Column("case_id", sa.String(length=16), nullable=False),
        sa.Column("material_id", sa.String(length=32), nullable=False),
        sa.Column("added_at", Instant(), nullable=False),
        sa.ForeignKeyConstraint(
            ["case_id"],
            ["cases.id"],
            name=op.f("fk_case_material_case_id_cases"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["material_id"],
            ["material.id"],
            name=op.f("fk_case_material_material_id_material"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("case_id", "material_id", name=op.f("pk_case_material")),
        sqlite_with_rowid=False,
    )
    op.create_index(op.f("ix_case_material_material_id"), "case_material", ["material_id"])
