"""What a person can mend is one sentence; what is a fault of the program has none."""

import pytest

from server.casework.advancing import CaseChanged, MoveRefused
from server.casework.moves import Move, State
from server.casework.payment_results import ResultsRefused
from server.casework.payments import PaymentSettled
from server.commands import wording
from server.confidential.subject_keys import SubjectErased


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (ResultsRefused(()), "rows before it are taken: give the file again"),
        (PaymentSettled("P1"), "payment P1 meanwhile: what was done before it stays"),
        (CaseChanged("260301A"), "case 260301A meanwhile"),
        (MoveRefused(Move.ORDER_PAYMENT, State.WITHDRAWN), "a case is withdrawn by now"),
        (SubjectErased(), "erased meanwhile"),
        (ValueError(0), None),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Exception) else "",
)
def test_who_was_not_the_first_is_told_so(error: Exception, expected: str | None) -> None:
    told = wording.told(error)
    assert told is None if expected is None else expected in (told or "")
