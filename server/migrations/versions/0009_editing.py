"""Drafts of the knowledge, proposed releases, stored gold, settled questions."""

import sqlalchemy as sa
from alembic import op

from server.database.tables import Instant

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    _create_knowledge_draft()
    _create_knowledge_proposal()
    _create_stored_gold()
    _create_settled_question()


def downgrade() -> None:
    for name in ("settled_question", "stored_gold", "knowledge_proposal", "knowledge_draft"):
        op.drop_table(name)


def _create_knowledge_draft() -> None:
    op.create_table(
        "knowledge_draft",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("key", sa.String(length=128), nullable=False),
        sa.Column("content", sa.Text(), nullable=True),
        sa.Column("base_sha256", sa.String(length=64), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("authors", sa.Text(), nullable=False),
        sa.Column("changed_by", sa.Integer(), nullable=False),
        sa.Column("changed_at", Instant(), nullable=False),
        _officer("knowledge_draft", "changed_by"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_knowledge_draft")),
        sa.UniqueConstraint("kind", "key", name=op.f("uq_knowledge_draft_kind_key")),
    )


def _create_knowledge_proposal() -> None:
    op.create_table(
        "knowledge_proposal",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("release_id", sa.Integer(), nullable=False),
        sa.Column("base_release_id", sa.Integer(), nullable=True),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("drafts", sa.Text(), nullable=False),
        sa.Column("authors", sa.Text(), nullable=False),
        sa.Column("report", sa.Text(), nullable=False),
        sa.Column("proposed_by", sa.Integer(), nullable=False),
        sa.Column("proposed_at", Instant(), nullable=False),
        sa.Column("decided_by", sa.Integer(), nullable=True),
        sa.Column("decided_at", Instant(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "state IN ('proposed', 'published', 'refused', 'withdrawn')",
            name=op.f("ck_knowledge_proposal_state"),
        ),
        sa.ForeignKeyConstraint(
            ["release_id"], ["release.id"], name=op.f("fk_knowledge_proposal_release_id_release")
        ),
        sa.ForeignKeyConstraint(
            ["base_release_id"],
            ["release.id"],
            name=op.f("fk_knowledge_proposal_base_release_id_release"),
        ),
        _officer("knowledge_proposal", "proposed_by"),
        _officer("knowledge_proposal", "decided_by"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_knowledge_proposal")),
        sa.UniqueConstraint("release_id", name=op.f("uq_knowledge_proposal_release_id")),
    )
    op.create_index(op.f("ix_knowledge_proposal_state"), "knowledge_proposal", ["state"])


def _create_stored_gold() -> None:
    op.create_table(
        "stored_gold",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("sort", sa.String(length=16), nullable=False),
        sa.Column("key", sa.String(length=64), nullable=False),
        sa.Column("content", sa.Text(), nullable=False),
        sa.Column("added_by", sa.Integer(), nullable=True),
        sa.Column("added_at", Instant(), nullable=False),
        sa.CheckConstraint("sort IN ('question', 'persona')", name=op.f("ck_stored_gold_sort")),
        _officer("stored_gold", "added_by"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_stored_gold")),
        sa.UniqueConstraint("sort", "key", name=op.f("uq_stored_gold_sort_key")),
    )


def _create_settled_question() -> None:
    op.create_table(
        "settled_question",
        sa.Column("fingerprint", sa.String(length=64), nullable=False),
        sa.Column("became", sa.String(length=16), nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=True),
        sa.Column("key", sa.String(length=128), nullable=True),
        sa.Column("officer_id", sa.Integer(), nullable=False),
        sa.Column("at", Instant(), nullable=False),
        sa.CheckConstraint(
            "became IN ('similar', 'draft', 'negative', 'lexicon', 'not_ours')",
            name=op.f("ck_settled_question_became"),
        ),
        _officer("settled_question", "officer_id"),
        sa.PrimaryKeyConstraint("fingerprint", name=op.f("pk_settled_question")),
    )


def _officer(table: str, column: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        [column], ["officer.id"], name=op.f(f"fk_{table}_{column}_officer")
    )
