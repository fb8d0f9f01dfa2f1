"""Where a case stands, as its worker is told."""

from collections.abc import Mapping

from server.casework.moves import State

STANDING: Mapping[State, str] = {
    State.DRAFT: "还没提交",
    State.SUBMITTED: "已经提交",
    State.IN_REVIEW: "正在审核",
    State.MATERIAL_REQUESTED: "要你补材料",
    State.APPROVED: "审核通过",
    State.REFUSED: "没有通过",
    State.PAYMENT_PENDING: "等着打款",
    State.PAID: "已经发放",
    State.WITHDRAWN: "已经撤回",
    State.OBJECTION: "正在申诉",
    State.CLOSED: "已经办结",
}
"""Where a case stands, in a word or two."""
