"""Who noted the account that a merchant is paid at: they don't release the money."""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0029"
down_revision = "0028"

_CHANGES = (
    'SELECT "row", at, actor_id FROM audit_entry'
    " WHERE about = 'merchant' AND action = 'changed' AND fields = 'account' ORDER BY id"
)
_WAITING = (
    "SELECT settlement_line.id, merchant_id, collected_at FROM settlement_line"
    " JOIN settlement ON settlement.id = settlement_id WHERE settlement.state = 'collected'"
)


def upgrade() -> None:
    for table in ("merchant", "settlement_line"):
        op.add_column(table, sa.Column("account_by", sa.Integer(), nullable=True))
    # The audit knows who changed one; else it is still the one it was entered with.
    op.execute("UPDATE merchant SET account_by = made_by WHERE sealed_account IS NOT NULL")
    op.execute(
        "UPDATE settlement_line SET account_by ="
        " (SELECT made_by FROM merchant WHERE merchant.id = merchant_id)"
    )
    changes = [tuple(row) for row in op.get_bind().exec_driver_sql(_CHANGES)]
    for merchant, _, officer in changes:
        _note("merchant", int(merchant), officer)
    for line, merchant, collected_at in op.get_bind().exec_driver_sql(_WAITING).all():
        for _, at, officer in (row for row in changes if row[0] == str(merchant)):
            if at <= collected_at:
                _note("settlement_line", line, officer)


def downgrade() -> None:
    for table in ("merchant", "settlement_line"):
        op.drop_column(table, "account_by")


def _note(table: str, id: Any, officer: str) -> None:
    op.execute(
        sa.text(f"UPDATE {table} SET account_by = :officer WHERE id = :id").bindparams(
            officer=int(officer), id=id
        )
    )
