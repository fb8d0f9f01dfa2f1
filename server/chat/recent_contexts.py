"""The contexts of the last seconds, in memory that all workers of one server share.

Chat turns reach the database a moment late. A second message may land on another worker before
that, and must find its context all the same: so each context stands here, too, until the database
surely has it. The memory is anonymous and made before the fork; it holds no file.
"""

import mmap
import struct
from zlib import compress, crc32, decompress

KEY = 30
_SLOT = 1536
# A key has the choice of so many slots: with half of them, where two workers answer as fast as they
# can, one in a hundred keys finds none free, and its turn waits for the database.
_CHOICE = 8
_PAGE = _CHOICE * _SLOT
# key, epoch seconds, length of the payload, whether it is compressed; then the checksum of these
# and the payload
_HEAD = struct.Struct(f"<{KEY}sdH?")
_CHECKSUM = struct.Struct("<I")
_START = _HEAD.size + _CHECKSUM.size
ROOM = _SLOT - _START
"""Bytes of a payload that is kept as it is; a longer one is compressed."""


class RecentContexts:
    """A fixed table of slots that processes write without a lock.

    Two writers on one slot may tear it: the checksum tells, and the reader then finds nothing.
    """

    def __init__(self, slots: int = 16384, fresh_for: float = 0.6) -> None:
        self._memory = mmap.mmap(-1, slots * _SLOT)
        self._pages = slots * _SLOT // _PAGE
        self._fresh_for = fresh_for

    def put(self, key: bytes, at: float, payload: bytes) -> bool:
        """Keeps `payload` for `key`, KEY bytes; False where no slot is free or it is too long.

        A slot is free when its entry is older than `fresh_for` seconds at `at`. After False nothing
        is found for `key`.
        """
        is_long = len(payload) > ROOM
        if is_long:
            payload = compress(payload)
            if len(payload) > ROOM:
                self._forget(key)
                return False
        memory = self._memory
        chosen, chosen_at = -1, at - self._fresh_for
        for offset in self._offsets(key):
            other, other_at, _, _ = _HEAD.unpack_from(memory, offset)
            if other == key:
                chosen = offset
                break
            if other_at <= chosen_at:
                chosen, chosen_at = offset, other_at
        if chosen < 0:
            return False
        head = _HEAD.pack(key, at, len(payload), is_long)
        entry = head + _CHECKSUM.pack(crc32(payload, crc32(head))) + payload
        memory[chosen : chosen + len(entry)] = entry
        return True

    def get(self, key: bytes) -> tuple[float, bytes] | None:
        """When the newest context of `key` was put, and the context itself."""
        memory = self._memory
        for offset in self._offsets(key):
            other, _, length, _ = _HEAD.unpack_from(memory, offset)
            if other == key and length <= ROOM:
                entry = memory[offset : offset + _START + length]
                (checksum,) = _CHECKSUM.unpack_from(entry, _HEAD.size)
                payload = entry[_START:]
                if checksum == crc32(payload, crc32(entry[: _HEAD.size])):
                    _, at, _, is_long = _HEAD.unpack_from(entry)
                    return at, decompress(payload) if is_long else payload
        return None

    def _forget(self, key: bytes) -> None:
        # What the key had before must not be taken for its newest.
        for offset in self._offsets(key):
            if self._memory[offset : offset + KEY] == key:
                self._memory[offset : offset + KEY] = bytes(KEY)

    def _offsets(self, key: bytes) -> range:
        page = crc32(key) % self._pages * _PAGE
        return range(page, page + _PAGE, _SLOT)
