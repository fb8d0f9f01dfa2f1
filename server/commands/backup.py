"""`nuangang backup …`, `nuangang restore`: copies of the whole service, and the way back."""

import argparse
import sys
import time
from datetime import datetime
from pathlib import Path

from server.commands.at_hand import FAILED, OK


def add_to(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the commands to a parser."""
    backup = commands.add_parser("backup", help="back up while the service runs, or check a backup")
    backup.add_argument("to", type=Path, help="the folder of all backups")
    backup.add_argument(
        "--keys-to", type=Path, required=True, help="where the newest copy of the keys is kept"
    )
    backup.add_argument("--keep", type=int, default=12, help="the newest that stay (default 12)")
    backup.add_argument("--daily", type=int, default=7, help="days of which the last one stays")
    backup.add_argument("--verify", action="store_true", help="only check the newest one")
    backup.set_defaults(run=_backup)

    restore = commands.add_parser("restore", help="bring a backup back into a service without data")
    restore.add_argument("source", type=Path, help="one backup, or the folder of all: the newest")
    restore.add_argument("--keys-from", type=Path, required=True, help="where the keys were kept")
    restore.set_defaults(run=_restore)


def _backup(parsed: argparse.Namespace) -> int:
    from server.backups import key_copies, service_copies
    from server.clock import utc_now
    from server.settings import load_settings
    from server.web.resources import make_safe

    settings = load_settings()
    safe = make_safe(settings)
    if parsed.keep < 1 or parsed.daily < 0:
        print("nuangang: --keep must be 1 or more, --daily 0 or more", file=sys.stderr)
        return FAILED
    began = time.monotonic()
    if parsed.verify:
        folder = service_copies.newest_of(parsed.to)
        manifest = service_copies.verify(folder, safe)
    else:
        made = service_copies.make(settings, safe, parsed.to, parsed.keys_to, now=utc_now())
        folder, manifest = made.folder, service_copies.verify(made.folder, safe)
    keys_of = key_copies.verify(settings, safe, parsed.keys_to)
    if not parsed.verify:
        service_copies.thin_out(parsed.to, keep=parsed.keep, daily=parsed.daily)
        service_copies.forget_photos(settings, parsed.to, now=utc_now())
    _warn_of_keys(keys_of, manifest.made_at)
    rows = ", ".join(f"{count} {table}" for table, count in manifest.rows.items())
    print(f"{folder}: whole, of {manifest.made_at:%Y-%m-%d %H:%M:%S} UTC; {rows}")
    print(f"{time.monotonic() - began:.1f} s")
    return OK


def _restore(parsed: argparse.Namespace) -> int:
    from server.backups import key_copies, service_copies
    from server.clock import utc_now
    from server.settings import load_settings
    from server.web.resources import make_safe

    settings = load_settings()
    began = time.monotonic()
    source = parsed.source
    if not (source / service_copies.MANIFEST).exists():
        source = service_copies.newest_of(source)
    safe = make_safe(settings)
    keys_of = key_copies.verify(settings, safe, parsed.keys_from)
    manifest = service_copies.restore(settings, safe, source, parsed.keys_from, now=utc_now())
    _warn_of_keys(keys_of, manifest.made_at)
    rows = ", ".join(f"{count} {table}" for table, count in manifest.rows.items())
    print(f"restored the state of {manifest.made_at:%Y-%m-%d %H:%M:%S} UTC; {rows}")
    print(f"{time.monotonic() - began:.1f} s; now run: nuangang jobs erase; nuangang audit verify")
    return OK


def _warn_of_keys(keys_of: datetime | None, made_at: datetime) -> None:
    """Tell where the workers' keys may not be those that the data needs."""
    if keys_of is None:
        print(
            "nuangang: nothing tells whether the copy of the keys is whole: an earlier version "
            "made it; the next backup notes it",
            file=sys.stderr,
        )
    elif keys_of < made_at:
        print(
            f"nuangang: the copy of the keys is of {keys_of:%Y-%m-%d %H:%M:%S} UTC, older than the "
            "data: who came in between can't be read",
            file=sys.stderr,
        )
