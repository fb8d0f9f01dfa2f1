"""The first tables: knowledge, workers, conversations."""

import sqlalchemy as sa
from alembic import op

from server.database.tables import Instant

revision = "0001"
down_revision = None


def upgrade() -> None:
    op.create_table(
        "edition",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("key", sa.String(length=128), nullable=False),
        sa.Column("content", sa.Text(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_edition")),
        sa.UniqueConstraint("kind", "key", "sha256", name=op.f("uq_edition_kind_key_sha256")),
    )
    op.create_table(
        "release",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_release")),
    )
    op.create_table(
        "worker",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("subject_hash", sa.String(length=64), nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_worker")),
        sa.UniqueConstraint("subject_hash", name=op.f("uq_worker_subject_hash")),
    )
    op.create_table(
        "conversation",
        sa.Column("id", sa.String(length=30), nullable=False),
        sa.Column("worker_id", sa.Integer(), nullable=True),
        sa.Column("context", sa.Text(), nullable=True),
        sa.Column("updated_at", Instant(), nullable=False),
        sa.ForeignKeyConstraint(
            ["worker_id"],
            ["worker.id"],
            name=op.f("fk_conversation_worker_id_worker"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_conversation")),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_conversation_worker_id", "conversation", ["worker_id"])
    op.create_table(
        "current_release",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("release_id", sa.Integer(), nullable=True),
        sa.Column("changed_at", Instant(), nullable=True),
        sa.CheckConstraint("id = 1", name=op.f("ck_current_release_single")),
        sa.ForeignKeyConstraint(
            ["release_id"], ["release.id"], name=op.f("fk_current_release_release_id_release")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_current_release")),
    )
    op.create_table(
        "release_edition",
        sa.Column("release_id", sa.Integer(), nullable=False),
        sa.Column("edition_id", sa.Integer(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["edition_id"], ["edition.id"], name=op.f("fk_release_edition_edition_id_edition")
        ),
        sa.ForeignKeyConstraint(
            ["release_id"], ["release.id"], name=op.f("fk_release_edition_release_id_release")
        ),
        sa.PrimaryKeyConstraint("release_id", "edition_id", name=op.f("pk_release_edition")),
        sa.UniqueConstraint(
            "release_id", "position", name=op.f("uq_release_edition_release_id_position")
        ),
    )
    op.create_index("ix_release_edition_edition_id", "release_edition", ["edition_id"])
    op.create_table(
        "worker_session",
        sa.Column("token_hash", sa.String(length=64), nullable=False),
        sa.Column("worker_id", sa.Integer(), nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("expires_at", Instant(), nullable=False),
        sa.ForeignKeyConstraint(
            ["worker_id"],
            ["worker.id"],
            name=op.f("fk_worker_session_worker_id_worker"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("token_hash", name=op.f("pk_worker_session")),
    )
    op.create_index("ix_worker_session_expires_at", "worker_session", ["expires_at"])
    op.create_index("ix_worker_session_worker_id", "worker_session", ["worker_id"])
    op.create_table(
        "turn",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("conversation_id", sa.String(length=30), nullable=False),
        sa.Column("at", Instant(), nullable=False),
        sa.Column("channel", sa.String(length=16), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("reply", sa.Text(), nullable=False),
        sa.Column("measures", sa.Text(), nullable=False),
        sa.Column("rejected", sa.Text(), nullable=False),
        sa.Column("region", sa.String(length=64), nullable=True),
        sa.Column("release_id", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(
            ["conversation_id"],
            ["conversation.id"],
            name=op.f("fk_turn_conversation_id_conversation"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_turn")),
    )
    op.create_index("ix_turn_conversation_id", "turn", ["conversation_id"])
    op.create_index("ix_turn_kind_turn_at", "turn", ["kind", "at"])

    op.execute("INSERT INTO current_release (id) VALUES (1)")
    _make_immutable("edition")
    _make_immutable("release_edition")


def downgrade() -> None:
    for table in (
        "turn",
        "worker_session",
        "release_edition",
        "current_release",
        "conversation",
        "worker",
        "release",
        "edition",
    ):
        op.drop_table(table)
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP FUNCTION refuse_change()")


def _make_immutable(table: str) -> None:
    """Lets the database itself refuse to change what was published."""
    if op.get_bind().dialect.name == "postgresql":
        op.execute(
            "CREATE OR REPLACE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS"
            " $$ BEGIN RAISE EXCEPTION '% is immutable', TG_TABLE_NAME; END $$"
        )
        op.execute(
            f"CREATE TRIGGER {table}_is_immutable BEFORE UPDATE OR DELETE ON {table}"
            " FOR EACH ROW EXECUTE FUNCTION refuse_change()"
        )
        return
    for change in ("UPDATE", "DELETE"):
        op.execute(
            f"CREATE TRIGGER {table}_refuses_{change.lower()} BEFORE {change} ON {table}"
            f" BEGIN SELECT RAISE(ABORT, '{table} is immutable'); END"
        )
