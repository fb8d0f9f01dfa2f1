"""Thumbs up and down on replies."""

import sqlalchemy as sa
from alembic import op

from server.database.tables import Instant

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    op.create_table(
        "thumb",
        sa.Column("conversation_id", sa.String(length=30), nullable=False),
        sa.Column("turn_at", Instant(), nullable=False),
        sa.Column("direction", sa.String(length=8), nullable=False),
        sa.Column("at", Instant(), nullable=False),
        sa.CheckConstraint("direction IN ('up', 'down')", name=op.f("ck_thumb_direction")),
        sa.ForeignKeyConstraint(
            ["conversation_id"],
            ["conversation.id"],
            name=op.f("fk_thumb_conversation_id_conversation"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("conversation_id", "turn_at", name=op.f("pk_thumb")),
    )


def downgrade() -> None:
    op.drop_table("thumb")
