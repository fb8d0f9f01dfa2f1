"""The contexts of the last seconds, in memory that all workers of one server share.

Chat turns reach the database a moment late. A second message may land on another worker before
that, and must find its context all the same: so each context stands here, too, until the database
surely has it. The memory is anonymous and made before the fork; it holds no file.
"""

import mmap
import struct
from zlib import crc32

KEY = 30
_SLOT = 1024
_WAYS = range(4)
# key, epoch seconds, length of the payload; then the checksum of these and the payload
_HEAD = struct.Struct(f"<{KEY}sdH")
_CHECKSUM = struct.Struct("<I")
_START = _HEAD.size + _CHECKSUM.size
ROOM = _SLOT - _START


class RecentContexts:
    """A fixed table of slots that processes write without a lock.

    Two writers on one slot may tear it: the checksum tells, and the reader then finds nothing.
    """

    def __init__(self, slots: int = 16384, fresh_for: float = 0.6) -> None:
        self._memory = mmap.mmap(-1, slots * _SLOT)
        self._slots = slots
        self._fresh_for = fresh_for

    def put(self, key: bytes, at: float, payload: bytes) -> bool:
        """Keeps `payload` for `key`, KEY bytes; False where it is too long or no slot is free.

        A slot is free when its entry is older than `fresh_for` seconds at `at`.
        """
        if len(payload) > ROOM:
            return False
        memory = self._memory
        chosen, chosen_at = -1, at - self._fresh_for
        for offset in self._offsets(key):
            other, other_at, _ = _HEAD.unpack_from(memory, offset)
            if other == key:
                chosen = offset
                break
            if other_at <= chosen_at:
                chosen, chosen_at = offset, other_at
        if chosen < 0:
            return False
        head = _HEAD.pack(key, at, len(payload))
        entry = head + _CHECKSUM.pack(crc32(payload, crc32(head))) + payload
        memory[chosen : chosen + len(entry)] = entry
        return True

    def get(self, key: bytes) -> tuple[float, bytes] | None:
        """When the newest context of `key` was put, and the context itself."""
        memory = self._memory
        for offset in self._offsets(key):
            other, _, length = _HEAD.unpack_from(memory, offset)
            if other == key and length <= ROOM:
                entry = memory[offset : offset + _START + length]
                (checksum,) = _CHECKSUM.unpack_from(entry, _HEAD.size)
                payload = entry[_START:]
                if checksum == crc32(payload, crc32(entry[: _HEAD.size])):
                    return _HEAD.unpack_from(entry)[1], payload
        return None

    def _offsets(self, key: bytes) -> list[int]:
        # An odd stride from other bits than the start: keys that meet once part again.
        first = crc32(key)
        stride = (first >> 16) | 1
        slots = self._slots
        return [(first + stride * way) % slots * _SLOT for way in _WAYS]
