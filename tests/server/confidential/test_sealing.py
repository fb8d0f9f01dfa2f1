"""Sealing: opens with the right key and purpose only; keyed hashes never meet by accident."""

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.confidential.sealing import Safe, SealBroken, keyed_hash, seal, unseal

AES_KEY, SM4_KEY = bytes(range(32)), bytes(range(16))


@pytest.mark.parametrize("key", [AES_KEY, SM4_KEY], ids=["aes", "sm4"])
@given(plain=st.text(), purpose=st.text(max_size=9))
def test_what_is_sealed_comes_back(key: bytes, plain: str, purpose: str) -> None:
    keys = {"k1": key}
    sealed = seal(keys, plain, purpose)
    assert unseal({"k2": bytes(32), **keys}, sealed, purpose) == plain
    with pytest.raises(SealBroken):
        unseal(keys, sealed, purpose + "x")
    with pytest.raises(SealBroken):
        unseal({"k1": key[::-1]}, sealed, purpose)


def test_the_first_key_seals_and_no_two_seals_are_alike() -> None:
    keys = {"new": AES_KEY, "old": SM4_KEY}
    first, second = seal(keys, "openid", "p"), seal(keys, "openid", "p")
    assert first.startswith("new:") and first != second


def test_a_changed_bit_is_noticed() -> None:
    name, _, encoded = seal({"k1": AES_KEY}, "openid", "p").partition(":")
    packed = base64.b64decode(encoded)
    for place in range(len(packed)):
        changed = bytearray(packed)
        changed[place] ^= 1
        with pytest.raises(SealBroken):
            unseal({"k1": AES_KEY}, f"{name}:{base64.b64encode(changed).decode()}", "p")


@pytest.mark.parametrize("broken", ["", "k1", "k1:", "k1:!", "k9:AAAA", "k1:AAAA"])
def test_what_was_never_sealed_does_not_open(broken: str) -> None:
    with pytest.raises(SealBroken):
        unseal({"k1": AES_KEY}, broken, "p")


@given(st.lists(st.text(), max_size=4), st.lists(st.text(), max_size=4))
def test_different_parts_have_different_hashes(first: list[str], second: list[str]) -> None:
    same = keyed_hash(b"s", *first) == keyed_hash(b"s", *second)
    assert same == (first == second)
    assert keyed_hash(b"s", *first) != keyed_hash(b"t", *first)


@pytest.mark.parametrize("key", [bytes(16), bytes(32)], ids=["SM4", "AES"])
def test_a_file_opens_with_its_key_and_for_its_row_only(key: bytes) -> None:
    own = Safe({"k1": key}, b"secret")
    picture = bytes(range(256)) * 40
    sealed = own.seal_bytes(picture, "material.file:1")
    assert sealed.startswith(b"k1:") and picture[:64] not in sealed
    later = Safe({"k2": bytes(32), "k1": key}, b"x")
    assert later.unseal_bytes(sealed, "material.file:1") == picture
    changed = sealed[:-1] + bytes([sealed[-1] ^ 1])
    for broken, purpose in (
        (changed, "material.file:1"),
        (sealed, "material.file:2"),
        (sealed[:20], "material.file:1"),
        (b"k9" + sealed[2:], "material.file:1"),
        (b"\xff\xfe", "material.file:1"),
        (b"", "material.file:1"),
    ):
        with pytest.raises(SealBroken):
            own.unseal_bytes(broken, purpose)
