"""What is of a case, an offer or an employer is found without reading the whole table."""

from alembic import op

revision = "0038"
down_revision = "0037"

_FOUND_BY = (
    ("fund_entry", "case_id"),
    ("voucher", "case_id"),
    ("offer", "proposed_by"),
    ("offer_event", "offer_id"),
)


def upgrade() -> None:
    for table, column in _FOUND_BY:
        op.create_index(op.f(f"ix_{table}_{column}"), table, [column])


def downgrade() -> None:
    for table, column in _FOUND_BY:
        op.drop_index(op.f(f"ix_{table}_{column}"), table)
