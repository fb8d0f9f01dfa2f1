"""Cases with their history, requests for help, officers, kept replies."""

import sqlalchemy as sa
from alembic import op

from server.database.tables import Instant

revision = "0005"
down_revision = "0004"

_STATES = ", ".join(
    f"'{word}'"
    for word in (
        "draft",
        "submitted",
        "in_review",
        "material_requested",
        "approved",
        "refused",
        "payment_pending",
        "paid",
        "withdrawn",
        "objection",
        "closed",
    )
)
_MOVES = ", ".join(
    f"'{word}'"
    for word in (
        "begin",
        "edit",
        "discard",
        "submit",
        "withdraw",
        "answer",
        "object",
        "propose",
        "take",
        "assign",
        "request_material",
        "go_on",
        "recommend",
        "return",
        "approve",
        "refuse",
        "uphold",
        "dismiss",
        "order_payment",
        "cancel_payment",
        "pay",
        "pay_instalment",
        "return_payment",
        "close",
    )
)


def upgrade() -> None:
    _create_officer()
    _create_cases()
    _create_idempotent_reply()
    _create_near_duplicate()
    _create_service_request()
    _create_case_event()
    _create_objection()
    _create_requested_item()
    _create_service_message()


def downgrade() -> None:
    for name in (
        "service_message",
        "requested_item",
        "objection",
        "case_event",
        "service_request",
        "near_duplicate",
        "idempotent_reply",
        "cases",
        "officer",
    ):
        op.drop_table(name)


def _create_officer() -> None:
    op.create_table(
        "officer",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("roles", sa.Text(), nullable=False),
        sa.Column("regions", sa.Text(), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_officer")),
    )


def _create_cases() -> None:
    op.create_table(
        "cases",
        sa.Column("id", sa.String(length=16), nullable=False),
        sa.Column("worker_id", sa.Integer(), nullable=False),
        sa.Column("origin", sa.String(length=16), nullable=False),
        sa.Column("measure", sa.String(length=64), nullable=False),
        sa.Column("region", sa.String(length=64), nullable=False),
        sa.Column("period", sa.String(length=32), nullable=False),
        sa.Column("claim", sa.String(length=128), nullable=True),
        sa.Column("state", sa.String(length=24), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("release_id", sa.Integer(), nullable=False),
        sa.Column("edition_id", sa.Integer(), nullable=False),
        sa.Column("unit", sa.Text(), nullable=False),
        sa.Column("outcome", sa.String(length=16), nullable=True),
        sa.Column("despite_warning", sa.Boolean(), nullable=False),
        sa.Column("sealed_facts", sa.Text(), nullable=True),
        sa.Column("sealed_verdict", sa.Text(), nullable=True),
        sa.Column("sealed_person", sa.Text(), nullable=True),
        sa.Column("begun_at", Instant(), nullable=False),
        sa.Column("changed_at", Instant(), nullable=False),
        sa.Column("submitted_at", Instant(), nullable=True),
        sa.Column("decided_at", Instant(), nullable=True),
        sa.Column("due_on", sa.Date(), nullable=True),
        sa.Column("assigned_to", sa.Integer(), nullable=True),
        sa.Column("author_id", sa.Integer(), nullable=True),
        sa.Column("recommended", sa.String(length=16), nullable=True),
        sa.Column("approver_id", sa.Integer(), nullable=True),
        sa.Column("amount_fen", sa.Integer(), nullable=True),
        sa.CheckConstraint("origin IN ('application', 'roster')", name=op.f("ck_cases_origin")),
        sa.CheckConstraint(f"state IN ({_STATES})", name=op.f("ck_cases_state")),
        sa.ForeignKeyConstraint(
            ["approver_id"], ["officer.id"], name=op.f("fk_cases_approver_id_officer")
        ),
        sa.ForeignKeyConstraint(
            ["assigned_to"], ["officer.id"], name=op.f("fk_cases_assigned_to_officer")
        ),
        sa.ForeignKeyConstraint(
            ["author_id"], ["officer.id"], name=op.f("fk_cases_author_id_officer")
        ),
        sa.ForeignKeyConstraint(
            ["worker_id"], ["worker.id"], name=op.f("fk_cases_worker_id_worker")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_cases")),
        sa.UniqueConstraint("worker_id", "claim", name=op.f("uq_cases_worker_id_claim")),
        sqlite_with_rowid=False,
    )
    op.create_index(
        op.f("ix_cases_region_cases_state_cases_due_on"), "cases", ["region", "state", "due_on"]
    )


def _create_idempotent_reply() -> None:
    op.create_table(
        "idempotent_reply",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("worker_id", sa.Integer(), nullable=False),
        sa.Column("fingerprint", sa.String(length=64), nullable=False),
        sa.Column("at", Instant(), nullable=False),
        sa.Column("status", sa.Integer(), nullable=False),
        sa.Column("sealed_body", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(
            ["worker_id"],
            ["worker.id"],
            name=op.f("fk_idempotent_reply_worker_id_worker"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_idempotent_reply")),
        sqlite_with_rowid=False,
    )


def _create_near_duplicate() -> None:
    op.create_table(
        "near_duplicate",
        sa.Column("worker_id", sa.Integer(), nullable=False),
        sa.Column("other_id", sa.Integer(), nullable=False),
        sa.Column("shared", sa.String(length=64), nullable=False),
        sa.Column("found_at", Instant(), nullable=False),
        sa.Column("finding", sa.String(length=16), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("officer_id", sa.Integer(), nullable=True),
        sa.Column("decided_at", Instant(), nullable=True),
        sa.CheckConstraint(
            "finding IN ('open', 'same', 'different')", name=op.f("ck_near_duplicate_finding")
        ),
        sa.ForeignKeyConstraint(
            ["officer_id"], ["officer.id"], name=op.f("fk_near_duplicate_officer_id_officer")
        ),
        sa.ForeignKeyConstraint(
            ["other_id"],
            ["worker.id"],
            name=op.f("fk_near_duplicate_other_id_worker"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["worker_id"],
            ["worker.id"],
            name=op.f("fk_near_duplicate_worker_id_worker"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("worker_id", "other_id", name=op.f("pk_near_duplicate")),
    )
    op.create_index(op.f("ix_near_duplicate_other_id"), "near_duplicate", ["other_id"])


def _create_service_request() -> None:
    op.create_table(
        "service_request",
        sa.Column("id", sa.String(length=16), nullable=False),
        sa.Column("worker_id", sa.Integer(), nullable=False),
        sa.Column("category", sa.String(length=16), nullable=False),
        sa.Column("region", sa.String(length=64), nullable=False),
        sa.Column("measure", sa.String(length=64), nullable=True),
        sa.Column("unit", sa.Text(), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("opened_at", Instant(), nullable=False),
        sa.Column("closed_at", Instant(), nullable=True),
        sa.Column("assigned_to", sa.Integer(), nullable=True),
        sa.Column("sealed_outcome", sa.Text(), nullable=True),
        sa.Column("satisfied", sa.Integer(), nullable=True),
        sa.Column("sealed_word", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "category IN ('advice', 'living', 'rights', 'mediation', 'wages')",
            name=op.f("ck_service_request_category"),
        ),
        sa.CheckConstraint(
            "state IN ('open', 'answered', 'closed')", name=op.f("ck_service_request_state")
        ),
        sa.CheckConstraint("satisfied BETWEEN 1 AND 5", name=op.f("ck_service_request_satisfied")),
        sa.ForeignKeyConstraint(
            ["assigned_to"], ["officer.id"], name=op.f("fk_service_request_assigned_to_officer")
        ),
        sa.ForeignKeyConstraint(
            ["worker_id"], ["worker.id"], name=op.f("fk_service_request_worker_id_worker")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_service_request")),
    )
    op.create_index(
        op.f("ix_service_request_region_service_request_state_service_request_due_on"),
        "service_request",
        ["region", "state", "due_on"],
    )
    op.create_index(op.f("ix_service_request_worker_id"), "service_request", ["worker_id"])


def _create_case_event() -> None:
    op.create_table(
        "case_event",
        sa.Column("case_id", sa.String(length=16), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("at", Instant(), nullable=False),
        sa.Column("move", sa.String(length=24), nullable=False),
        sa.Column("state", sa.String(length=24), nullable=False),
        sa.Column("actor", sa.String(length=16), nullable=False),
        sa.Column("officer_id", sa.Integer(), nullable=True),
        sa.Column("sealed_reason", sa.Text(), nullable=True),
        sa.CheckConstraint(f"move IN ({_MOVES})", name=op.f("ck_case_event_move")),
        sa.CheckConstraint(f"state IN ({_STATES})", name=op.f("ck_case_event_state")),
        sa.ForeignKeyConstraint(
            ["case_id"], ["cases.id"], name=op.f("fk_case_event_case_id_cases")
        ),
        sa.ForeignKeyConstraint(
            ["officer_id"], ["officer.id"], name=op.f("fk_case_event_officer_id_officer")
        ),
        sa.PrimaryKeyConstraint("case_id", "version", name=op.f("pk_case_event")),
        sqlite_with_rowid=False,
    )


def _create_objection() -> None:
    op.create_table(
        "objection",
        sa.Column("case_id", sa.String(length=16), nullable=False),
        sa.Column("decision", sa.Integer(), nullable=False),
        sa.Column("sealed_words", sa.Text(), nullable=True),
        sa.Column("filed_at", Instant(), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("outcome", sa.String(length=16), nullable=True),
        sa.Column("officer_id", sa.Integer(), nullable=True),
        sa.Column("decided_at", Instant(), nullable=True),
        sa.CheckConstraint("outcome IN ('upheld', 'dismissed')", name=op.f("ck_objection_outcome")),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("fk_objection_case_id_cases")),
        sa.ForeignKeyConstraint(
            ["officer_id"], ["officer.id"], name=op.f("fk_objection_officer_id_officer")
        ),
        sa.PrimaryKeyConstraint("case_id", "decision", name=op.f("pk_objection")),
    )


def _create_requested_item() -> None:
    op.create_table(
        "requested_item",
        sa.Column("id", sa.String(length=16), nullable=False),
        sa.Column("case_id", sa.String(length=16), nullable=False),
        sa.Column("item", sa.String(length=64), nullable=False),
        sa.Column("sealed_reason", sa.Text(), nullable=True),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("requested_at", Instant(), nullable=False),
        sa.Column("answered_at", Instant(), nullable=True),
        sa.ForeignKeyConstraint(
            ["case_id"], ["cases.id"], name=op.f("fk_requested_item_case_id_cases")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_requested_item")),
    )
    op.create_index(op.f("ix_requested_item_case_id"), "requested_item", ["case_id"])


def _create_service_message() -> None:
    op.create_table(
        "service_message",
        sa.Column("id", sa.String(length=16), nullable=False),
        sa.Column("request_id", sa.String(length=16), nullable=False),
        sa.Column("place", sa.Integer(), nullable=False),
        sa.Column("at", Instant(), nullable=False),
        sa.Column("voice", sa.String(length=16), nullable=False),
        sa.Column("officer_id", sa.Integer(), nullable=True),
        sa.Column("sealed_text", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "voice IN ('worker', 'officer', 'bot')", name=op.f("ck_service_message_voice")
        ),
        sa.ForeignKeyConstraint(
            ["officer_id"], ["officer.id"], name=op.f("fk_service_message_officer_id_officer")
        ),
        sa.ForeignKeyConstraint(
            ["request_id"],
            ["service_request.id"],
            name=op.f("fk_service_message_request_id_service_request"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_service_message")),
    )
    op.create_index(op.f("ix_service_message_request_id"), "service_message", ["request_id"])
