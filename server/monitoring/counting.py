"""Where the processes of a server count: a folder in memory, gone with the server.

Not in the data directory: what is counted in a file that a full disk can't hold ends the process.
To be called before anything imports prometheus-client, which asks once whether there is a folder.
"""

import atexit
import os
import shutil
import tempfile
from pathlib import Path

FOLDER = "PROMETHEUS_MULTIPROC_DIR"
"""The variable that names the folder."""
_PREFIX = "nuangang-counts-"


def share_counts(within: Path = Path("/dev/shm")) -> Path:
    """Make the folder, or empty the one that the environment names, and give it."""
    given = os.environ.get(FOLDER)
    if given is not None:
        folder = Path(given)
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        if not _is_of_this_process(folder):
            for left in folder.glob("*.db"):
                left.unlink()
        return folder
    if not within.is_dir():
        within = Path(tempfile.gettempdir())
    _remove_left_behind(within)
    folder = Path(tempfile.mkdtemp(prefix=f"{_PREFIX}{os.getpid()}-", dir=within))
    os.environ[FOLDER] = str(folder)
    atexit.register(_remove, folder, os.getpid())
    return folder


def _is_of_this_process(folder: Path) -> bool:
    return folder.name.startswith(f"{_PREFIX}{os.getpid()}-")


def _remove(folder: Path, owner: int) -> None:
    # A forked child runs what its parent registered, too.
    if os.getpid() == owner:
        shutil.rmtree(folder, ignore_errors=True)


def _remove_left_behind(within: Path) -> None:
    """Remove folders of servers that were killed."""
    for folder in within.glob(f"{_PREFIX}*"):
        owner = folder.name.removeprefix(_PREFIX).partition("-")[0]
        if owner.isdigit() and not Path("/proc", owner).exists():
            shutil.rmtree(folder, ignore_errors=True)
