"""Sealing of what must come back later, and keyed hashes of what only has to be known again.

A sealed text is `key id:base64`: the first key of the settings seals, each of them unseals.
"""

import base64
import binascii
import hmac
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import sha256

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES, SM4
from cryptography.hazmat.primitives.ciphers.modes import GCM

_NONCE = 12
_TAG = 16
_SM4_KEY = 16


class SealBroken(Exception):
    """A text that was not sealed with any of these keys, or not for this purpose."""


def seal(keys: Mapping[str, bytes], plain: str, purpose: str) -> str:
    """Encrypt `plain` with the first key; only the same `purpose` opens it again."""
    name, key = next(iter(keys.items()))
    nonce = os.urandom(_NONCE)
    encryptor = Cipher(_algorithm(key), GCM(nonce)).encryptor()
    encryptor.authenticate_additional_data(purpose.encode())
    body = encryptor.update(plain.encode()) + encryptor.finalize()
    return f"{name}:{base64.b64encode(nonce + encryptor.tag + body).decode()}"


def unseal(keys: Mapping[str, bytes], sealed: str, purpose: str) -> str:
    """Decrypt what `seal` gave; raises `SealBroken`."""
    name, _, encoded = sealed.partition(":")
    try:
        packed = base64.b64decode(encoded, validate=True)
        nonce, tag, body = packed[:_NONCE], packed[_NONCE : _NONCE + _TAG], packed[_NONCE + _TAG :]
        decryptor = Cipher(_algorithm(keys[name]), GCM(nonce, tag)).decryptor()
        decryptor.authenticate_additional_data(purpose.encode())
        return (decryptor.update(body) + decryptor.finalize()).decode()
    except (KeyError, ValueError, binascii.Error, InvalidTag) as error:
        raise SealBroken(purpose) from error


def keyed_hash(secret: bytes, *parts: str) -> str:
    """64 hexadecimal digits for `parts`, which nobody without the secret can find again."""
    digest = hmac.new(secret, digestmod=sha256)
    for part in parts:
        text = part.encode("utf-8", "surrogatepass")
        # With their lengths: no two different rows of parts give the same.
        digest.update(len(text).to_bytes(4, "big") + text)
    return digest.hexdigest()


def _algorithm(key: bytes) -> AES | SM4:
    return SM4(key) if len(key) == _SM4_KEY else AES(key)


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

    def hash(self, *parts: str) -> str:
        """64 hexadecimal digits; the first part says what for."""
        return keyed_hash(self.secret, *parts)
