"""How the processes of the server share out its connections: the one that holds fewest goes first.

All of them wait on one listening socket, and whichever is awake takes what comes: one process can
end up with a whole burst, and with kept-alive connections the other then idles for minutes. So a
process that holds more than another leaves it a moment to accept first. It's a courtesy, no rule:
for one that is busy, hung or dead no connection waits longer than that moment. A listening socket
for each process (SO_REUSEPORT) would spread by chance, and leave connections in the queue of one
that hangs.
"""

import mmap
import time
from array import array
from typing import Any

from gunicorn.workers.gthread import ThreadWorker

# What is left to another for each connection it holds less: on a busy machine it takes a while
# until it runs.
_MOMENT_SECONDS = 0.0005
_LONGEST_SECONDS = 0.004
_PLACES = 256
_NOBODY = 2**32 - 1
# How many connections each process holds, in memory that all share: this is imported before the
# fork. Only the process itself writes to its place while it lives.
_held = memoryview(mmap.mmap(-1, 4 * _PLACES)).cast("I")
_held[:] = array("I", [_NOBODY] * _PLACES)


class FewestFirst(ThreadWorker):  # type: ignore[misc]
    """Gunicorn's process with threads, which lets those that hold fewer connections accept."""

    def accept(self, listener: Any) -> None:
        """Take a connection, unless another process took it in the moment it was left."""
        more = self.nr_conns - min(_held)
        if more > 0:
            time.sleep(min(more * _MOMENT_SECONDS, _LONGEST_SECONDS))
        super().accept(listener)

    def notify(self) -> None:
        """Tell that this process lives, in every round of its loop, and what it holds."""
        super().notify()
        _held[self.age % _PLACES] = self.nr_conns if self.alive else _NOBODY

    def leave(self) -> None:
        """Hold nothing any more: the process has ended."""
        _held[self.age % _PLACES] = _NOBODY
