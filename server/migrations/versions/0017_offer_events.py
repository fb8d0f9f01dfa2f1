"""What happens to offers, without who it was: the weekly report counts it."""

import sqlalchemy as sa
from alembic import op

from server.database.tables import Instant

revision = "0017"
down_revision = "0016"


def upgrade() -> None:
    op.create_table(
        "offer_event",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("offer_id", sa.String(length=16), nullable=False),
        sa.Column("at", Instant(), nullable=False),
        sa.Column("what", sa.String(length=16), nullable=False),
        sa.CheckConstraint(
            "what IN ('published', 'cancelled', 'joined', 'left', 'attended')",
            name=op.f("ck_offer_event_what"),
        ),
        sa.ForeignKeyConstraint(
            ["offer_id"], ["offer.id"], name=op.f("fk_offer_event_offer_id_offer")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_offer_event")),
    )
    op.create_index(op.f("ix_offer_event_at"), "offer_event", ["at"])


def downgrade() -> None:
    op.drop_table("offer_event")
