"""The command `nuangang`: every command prepares what it needs and runs without a server.

What a command needs is imported when it runs: a question on the command line shouldn't wait for
the web server's libraries.
"""

import argparse
import gc
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from server.commands import wording
from server.commands.at_hand import FAILED, OK, Refused
from server.monitoring import logs

if TYPE_CHECKING:
    from flask import Flask

    from server.settings import Settings


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; its exit code is 0, or 1 where something was refused."""
    _make_ready_streams()
    parsed = _parser().parse_args(arguments)
    logs.configure()
    run: Callable[[argparse.Namespace], int] = parsed.run
    try:
        code = run(parsed)
        _write_out()
        return code
    except BrokenPipeError:
        # Whoever read the output has enough; nothing is left to flush at exit.
        sys.stdout = None
        return FAILED
    except KeyboardInterrupt:
        return 130
    except Exception as error:
        told = wording.told(error)
        if told is None:
            raise
        print(f"nuangang: {told}", file=sys.stderr)
        return FAILED


def _make_ready_streams() -> None:
    """Whatever the machine's language: UTF-8, and no character stops a batch.

    One that was closed is empty. A mark of the byte order, as Windows writes it, is no character.
    """
    for name, encoding in (("stdin", "utf-8-sig"), ("stdout", "utf-8"), ("stderr", "utf-8")):
        if getattr(sys, name) is None:
            opened = os.open(os.devnull, os.O_RDWR)
            setattr(sys, name, os.fdopen(opened, "r" if name == "stdin" else "w"))
        getattr(sys, name).reconfigure(encoding=encoding, errors="replace")


def _write_out() -> None:
    """Write what still waits to be written: only here it can be told that it can't."""
    try:
        sys.stdout.flush()
    except OSError:
        sys.stdout = None
        raise


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="nuangang", description="暖岗: 务工政策问答")
    commands = parser.add_subparsers(title="commands", required=True, metavar="COMMAND")

    serve = commands.add_parser("serve", help="serve over HTTP")
    serve.set_defaults(run=_serve)

    from server.commands import (
        asking,
        audit,
        backup,
        eligibility,
        evaluating,
        jobs,
        keys,
        knowledge,
        payments,
        register,
        staff,
        switch,
        wechat,
    )

    for module in (
        asking,
        evaluating,
        audit,
        backup,
        eligibility,
        jobs,
        keys,
        knowledge,
        payments,
        register,
        staff,
        switch,
        wechat,
    ):
        module.add_to(commands)
    return parser


def _serve(_: argparse.Namespace) -> int:
    from server.settings import load_settings

    settings = load_settings()
    _refuse_taken_port(settings)
    # As in gunicorn.conf.py, which turns it on again.
    gc.disable()
    from apiflask import APIFlask
    from gunicorn.app.wsgiapp import WSGIApplication

    from server.monitoring.counting import share_counts

    share_counts()
    from server.app import create_app

    host = f"[{settings.host}]" if ":" in settings.host else settings.host
    address = f"http://{host}:{settings.port}"

    print("暖岗: preparing the database and loading the knowledge …", flush=True)
    app = create_app(settings)
    _make_demonstration(settings, app)
    told = _told_sign_ins(settings)

    class Server(WSGIApplication):  # type: ignore[misc]
        def load(self) -> APIFlask:
            return app

        def load_config(self) -> None:
            super().load_config()
            ready = self.cfg.when_ready

            def announce(server: Any) -> None:
                ready(server)
                print(
                    f"暖岗 is ready.\n  chat:  {address}/\n  API:   {address}/openapi.json\n"
                    f"  staff: {address}/staff/\n{told}"
                    "  stop:  Ctrl+C",
                    flush=True,
                )

            self.cfg.set("when_ready", announce)

    configuration = Path(__file__).parent.parent / "deploy" / "gunicorn.conf.py"
    sys.argv = ["nuangang", "--config", str(configuration)]
    Server("%(prog)s [OPTIONS]", prog="nuangang").run()
    return OK


def _refuse_taken_port(settings: "Settings") -> None:
    """Say that the port is taken before anything is loaded, where gunicorn would try five times."""
    import errno
    import socket

    if {"GUNICORN_FD", "LISTEN_FDS"} & os.environ.keys():
        # The socket is handed over.
        return
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    with socket.socket(family) as tried:
        tried.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            tried.bind((settings.host, settings.port))
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                other = settings.port + 1 if settings.port < 65535 else settings.port - 1
                raise Refused(
                    f"port {settings.port} is taken: NUANGANG_PORT={other} make serve"
                ) from None


def _make_demonstration(settings: "Settings", app: "Flask") -> None:
    """In development give a new database a desk to look around at."""
    import subprocess

    from server.demonstration import making
    from server.web.resources import resources

    with app.app_context():
        due = making.is_due(settings, resources())
    if due:
        print("暖岗: making a desk to look around at …", flush=True)
        subprocess.run([sys.executable, "-m", "server.demonstration"], check=True)


def _told_sign_ins(settings: "Settings") -> str:
    from server.demonstration.making import phones, sign_ins

    told = [
        f"         {username:9} {password or '(password was changed)'}  {what}\n"
        for username, what, password in sign_ins(settings)
    ]
    if told:
        told.append("         on the phone, 我的: sign in as\n")
        told += [f"         {name:9} {what}\n" for name, what in phones()]
        return "".join(["         made-up officers, cases and people; name, password:\n", *told])
    return "         nuangang staff add … lets somebody in\n"
