"""Runs the platform's interface on a port of this machine."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from werkzeug.serving import BaseWSGIServer, WSGIRequestHandler, make_server

from tests.wechat_platform.server import create_app
from tests.wechat_platform.state import PlatformState


class _Quiet(WSGIRequestHandler):
    # Connections stay open, as the real platform keeps them.
    protocol_version = "HTTP/1.1"

    def log_request(self, *_: object) -> None:
        """Say nothing."""


def make(state: PlatformState, port: int = 0) -> BaseWSGIServer:
    """A server on this machine, on a free port where none is named."""
    return make_server("127.0.0.1", port, create_app(state), threaded=True, request_handler=_Quiet)


@contextmanager
def running(state: PlatformState) -> Iterator[str]:
    """The address of a platform that runs in a thread of this process."""
    server = make(state)
    server.daemon_threads = True  # type: ignore[attr-defined]
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
