"""Campaigns, the message to each person, and that somebody came by a link."""

import sqlalchemy as sa
from alembic import op

from server.database.tables import Instant

revision = "0019"
down_revision = "0018"


def upgrade() -> None:
    _create_campaign()
    _create_letter()
    op.create_table(
        "letter_visit",
        sa.Column("campaign_id", sa.String(length=16), nullable=False),
        sa.Column("reader", sa.String(length=16), nullable=False),
        sa.Column("what", sa.String(length=16), nullable=False),
        sa.Column("at", Instant(), nullable=False),
        sa.CheckConstraint("what IN ('opened', 'checked')", name=op.f("ck_letter_visit_what")),
        sa.ForeignKeyConstraint(
            ["campaign_id"], ["campaign.id"], name=op.f("fk_letter_visit_campaign_id_campaign")
        ),
        sa.PrimaryKeyConstraint("campaign_id", "reader", "what", name=op.f("pk_letter_visit")),
    )


def downgrade() -> None:
    op.drop_table("letter_visit")
    op.drop_table("letter")
    op.drop_table("campaign")


def _create_campaign() -> None:
    op.create_table(
        "campaign",
        sa.Column("id", sa.String(length=16), nullable=False),
        sa.Column("region", sa.String(length=64), nullable=False),
        sa.Column("title", sa.String(length=64), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("sender", sa.String(length=64), nullable=False),
        sa.Column("measure", sa.String(length=64), nullable=True),
        sa.Column("audience", sa.Text(), nullable=False),
        sa.Column("channels", sa.String(length=32), nullable=False),
        sa.Column("last_on", sa.Date(), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("counts", sa.Text(), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("release_id", sa.Integer(), nullable=True),
        sa.Column("proposed_by", sa.Integer(), nullable=False),
        sa.Column("decided_by", sa.Integer(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("changed_at", Instant(), nullable=False),
        sa.Column("confirmed_at", Instant(), nullable=True),
        sa.Column("ended_at", Instant(), nullable=True),
        sa.CheckConstraint(
            "state IN ('proposed', 'sending', 'done', 'stopped', 'refused')",
            name=op.f("ck_campaign_state"),
        ),
        sa.ForeignKeyConstraint(
            ["decided_by"], ["officer.id"], name=op.f("fk_campaign_decided_by_officer")
        ),
        sa.ForeignKeyConstraint(
            ["proposed_by"], ["officer.id"], name=op.f("fk_campaign_proposed_by_officer")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_campaign")),
    )
    op.create_index(op.f("ix_campaign_region_campaign_state"), "campaign", ["region", "state"])


def _create_letter() -> None:
    op.create_table(
        "letter",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("campaign_id", sa.String(length=16), nullable=False),
        sa.Column("worker_id", sa.Integer(), nullable=False),
        sa.Column("person", sa.String(length=64), nullable=True),
        sa.Column("channel", sa.String(length=16), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("sent_on", sa.Date(), nullable=True),
        sa.Column("handed_at", Instant(), nullable=True),
        sa.Column("settled_at", Instant(), nullable=True),
        sa.Column("error", sa.String(length=32), nullable=True),
        sa.CheckConstraint("channel IN ('wechat', 'sms')", name=op.f("ck_letter_channel")),
        sa.CheckConstraint(
            "state IN ('waiting', 'handed', 'delivered', 'failed', 'left_out')",
            name=op.f("ck_letter_state"),
        ),
        sa.ForeignKeyConstraint(
            ["campaign_id"], ["campaign.id"], name=op.f("fk_letter_campaign_id_campaign")
        ),
        sa.ForeignKeyConstraint(
            ["worker_id"], ["worker.id"], name=op.f("fk_letter_worker_id_worker")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_letter")),
        sa.UniqueConstraint("campaign_id", "person", name=op.f("uq_letter_campaign_id_person")),
        sa.UniqueConstraint("person", "sent_on", name=op.f("uq_letter_person_sent_on")),
    )
    op.create_index(op.f("ix_letter_worker_id"), "letter", ["worker_id"])
    op.create_index(
        op.f("ix_letter_campaign_id_letter_channel_letter_state"),
        "letter",
        ["campaign_id", "channel", "state"],
    )
