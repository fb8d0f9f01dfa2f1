"""Sealing of what must come back later, and keyed hashes of what only has to be known again.

A sealed text is `key id:base64`: the first key of the settings seals, each of them unseals.
"""

import base64
import binascii
import hmac
import os
from collections.abc import Mapping
from dataclasses import dataclass, field

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.ciphers.algorithms import SM4
from cryptography.hazmat.primitives.ciphers.modes import GCM

_NONCE = 12
_TAG = 16
_SM4_KEY = 16


class SealBroken(Exception):
    """A text that was not sealed with any of these keys, or not for this purpose."""


class KeyUnknown(SealBroken):
    """It was sealed with a key that is not among these: another process may have it already."""


def seal(keys: Mapping[str, bytes], plain: str, purpose: str) -> str:
    """Encrypt `plain` with the first key; only the same `purpose` opens it again."""
    name, packed = _packed(keys, plain.encode(), purpose)
    return f"{name}:{base64.b64encode(packed).decode()}"


def unseal(keys: Mapping[str, bytes], sealed: str, purpose: str) -> str:
    """Decrypt what `seal` gave; raises `SealBroken`."""
    name, _, encoded = sealed.partition(":")
    try:
        return _opened(keys, name, base64.b64decode(encoded, validate=True), purpose).decode()
    except (ValueError, binascii.Error) as error:
        raise SealBroken(purpose) from error


def seal_bytes(keys: Mapping[str, bytes], plain: bytes, purpose: str) -> bytes:
    """As `seal`, for what is no text: the key id, a colon, then bytes as they are."""
    name, packed = _packed(keys, plain, purpose)
    return f"{name}:".encode() + packed


def unseal_bytes(keys: Mapping[str, bytes], sealed: bytes, purpose: str) -> bytes:
    """Decrypt what `seal_bytes` gave; raises `SealBroken`."""
    name, _, packed = sealed.partition(b":")
    return _opened(keys, name.decode("ascii", "replace"), packed, purpose)


def keyed_hash(secret: bytes, *parts: str) -> str:
    """64 hexadecimal digits for `parts`, which nobody without the secret can find again."""
    texts = [part.encode("utf-8", "surrogatepass") for part in parts]
    # With their lengths: no two different rows of parts give the same.
    message = b"".join(len(text).to_bytes(4, "big") + text for text in texts)
    return hmac.digest(secret, message, "sha256").hex()


def _packed(keys: Mapping[str, bytes], plain: bytes, purpose: str) -> tuple[str, bytes]:
    name, key = next(iter(keys.items()))
    nonce = os.urandom(_NONCE)
    if len(key) != _SM4_KEY:
        # The same in one call, at a third of the time.
        sealed = AESGCM(key).encrypt(nonce, plain, purpose.encode())
        return name, nonce + sealed[-_TAG:] + sealed[:-_TAG]
    encryptor = Cipher(SM4(key), GCM(nonce)).encryptor()
    encryptor.authenticate_additional_data(purpose.encode())
    body = encryptor.update(plain) + encryptor.finalize()
    return name, nonce + encryptor.tag + body


def _opened(keys: Mapping[str, bytes], name: str, packed: bytes, purpose: str) -> bytes:
    nonce, tag, body = packed[:_NONCE], packed[_NONCE : _NONCE + _TAG], packed[_NONCE + _TAG :]
    key = keys.get(name)
    if key is None:
        raise KeyUnknown(purpose)
    try:
        if len(key) != _SM4_KEY:
            return AESGCM(key).decrypt(nonce, body + tag, purpose.encode())
        decryptor = Cipher(SM4(key), GCM(nonce, tag)).decryptor()
        decryptor.authenticate_additional_data(purpose.encode())
        return decryptor.update(body) + decryptor.finalize()
    except (ValueError, InvalidTag) as error:
        raise SealBroken(purpose) from error


@dataclass(frozen=True, slots=True)
class Safe:
    """The keys of one service, to hand around without the settings."""

    keys: Mapping[str, bytes] = field(repr=False)
    secret: bytes = field(repr=False)

    def seal(self, plain: str, purpose: str) -> str:
        """Encrypt with the first key; `purpose` is `table.column:row`."""
        return seal(self.keys, plain, purpose)

    def unseal(self, sealed: str, purpose: str) -> str:
        """Decrypt with any key; raises `SealBroken`."""
        return unseal(self.keys, sealed, purpose)

    def seal_bytes(self, plain: bytes, purpose: str) -> bytes:
        """Encrypt a file with the first key."""
        return seal_bytes(self.keys, plain, purpose)

    def unseal_bytes(self, sealed: bytes, purpose: str) -> bytes:
        """Decrypt a file; raises `SealBroken`."""
        return unseal_bytes(self.keys, sealed, purpose)

    def hash(self, *parts: str) -> str:
        """64 hexadecimal digits; the first part says what for."""
        return keyed_hash(self.secret, *parts)


def sealed_anew(old: Safe, own: Safe, sealed: str | None, purpose: str) -> str | None:
    """What one safe sealed, sealed with another for the same purpose; raises `SealBroken`."""
    return None if sealed is None else own.seal(old.unseal(sealed, purpose), purpose)
