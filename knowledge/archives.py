"""A whole release in one file: a zip of knowledge files, taken in whole or not at all."""

import io
import re
import zipfile
from collections.abc import Iterable
from pathlib import Path
from tempfile import TemporaryDirectory

from knowledge.checking import honesty_troubles
from knowledge.faults import Code, Fault
from knowledge.files import KnowledgeFileRefused, Problem
from knowledge.library import Edition, read_and_locate
from knowledge.writing import file_texts

MOST_FILES = 500
MOST_BYTES = 40 * 1024 * 1024
"""Of all files together, unpacked."""
_NAME = re.compile(
    r"(?:documents/[a-z0-9_]{1,64}\.(?:yaml|txt)|measures/[^/\\]{1,64}\.yaml"
    r"|[a-z_]{1,40}\.(?:yaml|tsv))"
)
# The same instant in every archive: the same release packs to the same bytes.
_STAMP = (2000, 1, 1, 0, 0, 0)


def pack(editions: Iterable[Edition]) -> bytes:
    """Pack the files of a release into a zip."""
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED) as archive:
        for path, text in sorted(file_texts(editions).items()):
            archive.writestr(zipfile.ZipInfo(path, _STAMP), text, zipfile.ZIP_DEFLATED)
    return held.getvalue()


def read_archive(content: bytes) -> list[Edition]:
    """The editions of a zip that holds together and is honest.

    Raises `KnowledgeFileRefused` with every line that is refused and why; nothing is taken partly.
    """
    with TemporaryDirectory(prefix="nuangang-") as folder:
        unpack(content, Path(folder))
        library, located = read_and_locate(Path(folder))
    if found := honesty_troubles(library):
        raise KnowledgeFileRefused(map(located, found))
    return list(library.editions)


def unpack(content: bytes, folder: Path) -> None:
    """Write the knowledge files of a zip into a folder; raises `KnowledgeFileRefused`.

    Folders that somebody packed along, around all files, are left out.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            listed = [info for info in archive.infolist() if not info.is_dir()]
            _check_size(listed)
            above = _common_folder([info.filename for info in listed])
            odd: list[Problem] = []
            for info in listed:
                name = info.filename.removeprefix(above)
                if not _NAME.fullmatch(name):
                    odd.append(Problem.of(_shown(info.filename), Fault(Code.NO_KNOWLEDGE_FILE)))
                    continue
                path = folder / name
                path.parent.mkdir(exist_ok=True)
                # Read no further than it says, whatever comes out.
                with archive.open(info) as member:
                    data = member.read(info.file_size + 1)
                if len(data) != info.file_size:
                    odd.append(Problem.of(_shown(name), Fault(Code.FILE_CUT)))
                path.write_bytes(data)
    except (zipfile.BadZipFile, zipfile.LargeZipFile) as error:
        raise _broken(str(error)) from error
    except (EOFError, NotImplementedError, OSError, RuntimeError, ValueError) as error:
        if isinstance(error, KnowledgeFileRefused):
            raise
        raise _broken(f"{type(error).__name__}: {error}") from error
    except Exception as error:
        # A damaged stream: zlib and its kin have errors of their own.
        raise _broken(f"{type(error).__name__}: {error}") from error
    if odd:
        raise KnowledgeFileRefused(odd)


def _broken(error: str) -> KnowledgeFileRefused:
    return refused_zip(Fault(Code.ZIP_BROKEN, {"error": error}))


def refused_zip(fault: Fault) -> KnowledgeFileRefused:
    """The refusal of a zip as a whole."""
    return KnowledgeFileRefused.of("zip", fault)


def _check_size(listed: list[zipfile.ZipInfo]) -> None:
    names = [info.filename for info in listed]
    if len(names) > MOST_FILES:
        raise refused_zip(Fault(Code.TOO_MANY_FILES, {"count": len(names), "most": MOST_FILES}))
    if len(set(names)) < len(names):
        raise refused_zip(Fault(Code.FILE_TWICE))
    if sum(info.file_size for info in listed) > MOST_BYTES:
        raise refused_zip(Fault(Code.UNPACKED_TOO_LARGE, {"most": MOST_BYTES}))


def _common_folder(names: list[str]) -> str:
    """What somebody packed around everything: `knowledge/` of `knowledge/topics.yaml`."""
    tops = {name.partition("/")[0] for name in names if "/" in name}
    inside = all("/" in name for name in names)
    return f"{tops.pop()}/" if inside and len(tops) == 1 else ""


def _shown(name: str) -> str:
    return "".join(char if char.isprintable() else "?" for char in name)[:100]
