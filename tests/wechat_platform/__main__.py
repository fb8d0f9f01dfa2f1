"""`python -m tests.wechat_platform`: WeChat on this machine, and somebody who writes to it.

Prints the settings for the service. Each line that is typed is sent to the account, and what the
service answers is printed, at once or as a customer-service message.
"""

import argparse
import json
import os
import shlex
import sys
import threading
from typing import Any

from tests.wechat_platform.running import make
from tests.wechat_platform.state import (
    APP_ID,
    APP_SECRET,
    MINI_APP_ID,
    MINI_APP_SECRET,
    TEMPLATE_IDS,
    PlatformState,
)
from tests.wechat_platform.user import User, platform_of_environment

_SERVICE = "http://127.0.0.1:8000"
_NAME = "wang"


class _Talking(PlatformState):
    """Says aloud what people get."""

    def accept(self, message: dict[str, Any]) -> int:
        if message.get("msgtype") == "text":
            print(f"\n[客服消息] {message['text']['content']}", flush=True)
        else:
            values = [field["value"] for field in message["data"].values()]
            print(f"\n[订阅消息] {message['template_id']}: {' · '.join(values)}", flush=True)
        return super().accept(message)


def main() -> None:
    """Serve until stopped."""
    parser = argparse.ArgumentParser(prog="python -m tests.wechat_platform", description=__doc__)
    parser.add_argument("--port", type=int, default=9999)
    parser.add_argument("--service", default=_SERVICE, help="where the service is")
    parser.add_argument("--quiet", action="store_true", help="the interface only; nobody writes")
    options = parser.parse_args()
    settings = {
        "NUANGANG_WECHAT_API_BASE": f"http://127.0.0.1:{options.port}",
        "NUANGANG_WECHAT_APP_ID": APP_ID,
        "NUANGANG_WECHAT_APP_SECRET": APP_SECRET,
        "NUANGANG_WECHAT_MINI_APP_ID": MINI_APP_ID,
        "NUANGANG_WECHAT_MINI_APP_SECRET": MINI_APP_SECRET,
        "NUANGANG_WECHAT_TOKEN": "standintoken",
        "NUANGANG_WECHAT_AES_KEY": "standin" * 6 + "A",
        "NUANGANG_WECHAT_TEMPLATE_IDS": json.dumps(TEMPLATE_IDS),
    }
    for name, value in settings.items():
        os.environ.setdefault(name, value)
    state = PlatformState() if options.quiet else _Talking()
    server = make(state, options.port)
    if options.quiet:
        server.serve_forever()
        return
    threading.Thread(target=server.serve_forever, daemon=True).start()
    print("export " + " ".join(f"{n}={shlex.quote(v)}" for n, v in settings.items()))
    print(
        f"login code of {_NAME}: code-{_NAME}\nwrite to the account, a line at a time:", flush=True
    )
    user = User(platform_of_environment(options.service), state.openid(APP_ID, _NAME))
    for line in sys.stdin:
        try:
            print(user.says(line.strip()) or "(稍后回复)", flush=True)
        except (OSError, AssertionError) as error:
            print(f"no answer: {error}", flush=True)
    # Nobody writes any more; the interface goes on until it is stopped.
    threading.Event().wait()


if __name__ == "__main__":
    main()
