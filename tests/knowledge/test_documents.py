"""The five documents are kept byte for byte as they came."""

import hashlib

import pytest

from knowledge.library import DATA

AS_THEY_CAME = {
    "shishi": "6cc2432b3fac1e8052a619f97cd64b8b9c1c96b0abb0c06dd93642e1ec74e868",
    "hebei": "8e76eefaa50ffd76f0ea3081e4d0c144947c6802c34692883a11ff87a4cdb206",
    "liwan": "7ef6db9b8fe82f383fb2e0ea77d8ea3eb82dc2dcc0a261fe9edec1ea5ac507bd",
    "jinzhou": "04763fc11fa870a43c48868bbac8e8c10a20634195e504178d571f9b1d1c5e83",
    "opinion": "d9002678be15340e00d0384beaa712d8e2f7329aaea3b4ad044d13f31b58bc33",
}


@pytest.mark.parametrize("name", AS_THEY_CAME)
def test_a_document_is_kept_byte_for_byte(name: str) -> None:
    raw = (DATA / "documents" / f"{name}.txt").read_bytes()
    assert hashlib.sha256(raw).hexdigest() == AS_THEY_CAME[name]
