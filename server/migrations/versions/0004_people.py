"""Personal data of workers under keys of their own, consents, the audit."""

import sqlalchemy as sa
from alembic import op

from server.database.tables import Instant

revision = "0004"
down_revision = "0003"

_APPEND_ONLY = ("audit_entry", "audit_link")


def upgrade() -> None:
    with op.batch_alter_table("worker") as worker:
        worker.add_column(sa.Column("erased_at", Instant(), nullable=True))
    _create_people()
    _create_audit()
    _refuse_changes()


def downgrade() -> None:
    for name in ("audit_link", "audit_entry", "consent", "child", "profile", "subject_key"):
        op.drop_table(name)
    with op.batch_alter_table("worker") as worker:
        worker.drop_column("erased_at")


def _create_people() -> None:
    op.create_table(
        "subject_key",
        sa.Column("id", sa.String(length=16), nullable=False),
        sa.Column("worker_id", sa.Integer(), nullable=False),
        sa.Column("lifetime", sa.String(length=16), nullable=False),
        sa.Column("made_at", Instant(), nullable=False),
        sa.CheckConstraint(
            "lifetime IN ('person', 'accounts')", name=op.f("ck_subject_key_lifetime")
        ),
        _of_worker("subject_key"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_subject_key")),
    )
    op.create_index(
        op.f("ix_subject_key_worker_id_subject_key_lifetime"),
        "subject_key",
        ["worker_id", "lifetime"],
    )
    op.create_table(
        "profile",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("worker_id", sa.Integer(), nullable=False),
        sa.Column("sealed", sa.Text(), nullable=False),
        sa.Column("identity_hash", sa.String(length=64), nullable=False),
        sa.Column("phone_hash", sa.String(length=64), nullable=False),
        sa.Column("card_hash", sa.String(length=64), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("changed_at", Instant(), nullable=False),
        _of_worker("profile"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_profile")),
        sa.UniqueConstraint("worker_id", name=op.f("uq_profile_worker_id")),
    )
    for column in ("identity_hash", "phone_hash", "card_hash"):
        op.create_index(op.f(f"ix_profile_{column}"), "profile", [column])
    op.create_table(
        "child",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("worker_id", sa.Integer(), nullable=False),
        sa.Column("sealed", sa.Text(), nullable=False),
        sa.Column("identity_hash", sa.String(length=64), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("changed_at", Instant(), nullable=False),
        _of_worker("child"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_child")),
    )
    op.create_index(op.f("ix_child_worker_id"), "child", ["worker_id"])
    op.create_index(op.f("ix_child_identity_hash"), "child", ["identity_hash"])
    op.create_table(
        "consent",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("worker_id", sa.Integer(), nullable=False),
        sa.Column("purpose", sa.String(length=16), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("given_at", Instant(), nullable=False),
        sa.Column("withdrawn_at", Instant(), nullable=True),
        sa.CheckConstraint(
            "purpose IN ('identity', 'payment', 'materials', 'children', 'handoff', 'proactive')",
            name=op.f("ck_consent_purpose"),
        ),
        _of_worker("consent"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_consent")),
    )
    op.create_index(
        op.f("ix_consent_worker_id_consent_purpose"), "consent", ["worker_id", "purpose"]
    )


def _create_audit() -> None:
    op.create_table(
        "audit_entry",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("at", Instant(), nullable=False),
        sa.Column("actor", sa.String(length=16), nullable=False),
        sa.Column("actor_id", sa.String(length=32), nullable=False),
        sa.Column("action", sa.String(length=16), nullable=False),
        sa.Column("about", sa.String(length=32), nullable=False),
        sa.Column("row", sa.String(length=80), nullable=False),
        sa.Column("worker_id", sa.Integer(), nullable=True),
        sa.Column("fields", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("nonce", sa.String(length=16), nullable=False),
        sa.Column("mac", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_entry")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_audit_entry_worker_id"), "audit_entry", ["worker_id"])
    op.create_table(
        "audit_link",
        sa.Column("position", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("entry_id", sa.Integer(), nullable=False),
        sa.Column("chain", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(
            ["entry_id"], ["audit_entry.id"], name=op.f("fk_audit_link_entry_id_audit_entry")
        ),
        sa.PrimaryKeyConstraint("position", name=op.f("pk_audit_link")),
        sa.UniqueConstraint("entry_id", name=op.f("uq_audit_link_entry_id")),
    )


def _refuse_changes() -> None:
    """Lets the database itself refuse to change the audit; the function is that of editions."""
    for table in _APPEND_ONLY:
        if op.get_bind().dialect.name == "postgresql":
            for changes, each in (("UPDATE OR DELETE", "ROW"), ("TRUNCATE", "STATEMENT")):
                op.execute(
                    f"CREATE TRIGGER {table}_refuses_{changes.split()[0].lower()}"
                    f" BEFORE {changes} ON {table}"
                    f" FOR EACH {each} EXECUTE FUNCTION refuse_change()"
                )
            continue
        for change in ("UPDATE", "DELETE"):
            op.execute(
                f"CREATE TRIGGER {table}_refuses_{change.lower()} BEFORE {change} ON {table}"
                f" BEGIN SELECT RAISE(ABORT, '{table} is immutable'); END"
            )


def _of_worker(table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["worker_id"], ["worker.id"], name=op.f(f"fk_{table}_worker_id_worker")
    )
