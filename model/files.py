"""Files that are written whole or not at all, and named arrays in one `.npz` file, read without trusting it.

Weights, checkpoints, strokes, handwriting and decoded data sets are kept in such files. Whoever reads one knows what it
is for and what helps when it is damaged; here it is only a file.
"""

import json
import math
import os
import threading
import zipfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from typing import IO, Any

import numpy as np

from .layer import Array

LARGEST = 256 * 2**20  # bytes, unpacked; far above any file of this project, far below what would hurt
SMALL = 16 * 2**20  # bytes, unpacked; what every file may unpack to, however small it is
MOST_UNPACKED = 20  # bytes from a byte: pen strokes give 3, images of digits 8; nothing but a trap gives hundreds
LARGEST_DIRECTORY = 2**18  # bytes: thousands of arrays
LARGEST_TEXT = 2**20  # bytes of JSON


class ArchiveError(ValueError):
    """A file is no `.npz` of plain arrays, or too large; the message says what is wrong with it, but not its name."""


@contextmanager
def replacing(path: str | os.PathLike[str]) -> Iterator[IO[bytes]]:
    """A file to write under a temporary name beside `path`; at the end of the `with` block it is renamed to `path`.

    A reader never sees half a file. The file is on the disk before it gets its name, so that after a power cut `path`
    is the old file or the new one, and whole. Its folder is made where there is none.

    Raises:
        OSError: the disk is full or read-only; what stood at `path` still does.
    """
    path = Path(path)
    temporary = path.with_name(f".{path.name}.{os.getpid()}-{threading.get_ident()}.part")
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        with open(temporary, "wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


def clear_unfinished(folder: Path) -> None:
    """Delete what processes that were killed while they saved left in the folder; nobody else may be writing there."""
    for temporary in folder.glob(".*.part"):
        temporary.unlink(missing_ok=True)


def write_whole(path: str | os.PathLike[str], content: str | bytes) -> None:
    """Write the content, text as UTF-8, by `replacing`."""
    with replacing(path) as file:
        file.write(content.encode() if isinstance(content, str) else content)


def write_arrays(path: str | os.PathLike[str], arrays: Mapping[str, Array]) -> None:
    """Write the arrays as an `.npz`, by `replacing`."""
    with replacing(path) as file:
        np.savez(file, allow_pickle=False, **arrays)


def read_arrays(
    file: str | os.PathLike[str] | bytes,
    names: Iterable[str] | None = None,
    optional: Iterable[str] = (),
    largest: int = LARGEST,
) -> dict[str, Array]:
    """The named arrays of an `.npz`: numbers, truth values or texts, never pickles.

    `np.load` would trust what the file says of itself. Here nothing is unpacked before the whole file has said how
    large that will be, and no array before its shape and type agree with it.

    Args:
        file: its path, or its content.
        names: the arrays to read, which must be there; by default all that there are.
        optional: arrays to read too where they are there.
        largest: how many bytes the whole file may unpack to.

    Raises:
        ArchiveError: it is none, is damaged, unpacks to more or to far more than its own size, or an array is missing.
        OSError: it cannot be read.
    """
    with BytesIO(file) if isinstance(file, bytes) else open(file, "rb") as opened:
        try:
            _check_directory(opened)
            with zipfile.ZipFile(opened) as archive:
                members = {member.filename.removesuffix(".npy"): member for member in archive.infolist()}
                unpacked = sum(member.file_size for member in archive.infolist())
                if unpacked > largest:
                    raise ArchiveError(f"it unpacks to more than {largest >> 20} MiB")
                if unpacked > max(SMALL, MOST_UNPACKED * opened.seek(0, os.SEEK_END)):
                    raise ArchiveError(f"it unpacks to more than {MOST_UNPACKED} times its size")
                if len(members) < len(archive.infolist()):
                    raise ArchiveError("two of its arrays have the same name")
                needed = list(members if names is None else names)
                if missing := [name for name in needed if name not in members]:
                    raise ArchiveError(f"it has no array {missing[0]}")
                wanted = [*needed, *(name for name in optional if name in members)]
                return {name: _read_array(archive, members[name]) for name in wanted}
        except (ArchiveError, OSError):
            raise
        except Exception as error:  # whatever a damaged zip or array makes zipfile and numpy raise
            raise ArchiveError(brief(error)) from None


def brief(error: object) -> str:
    """What an error says, on one line that a screen can hold: it may quote a whole file."""
    return " ".join(str(error)[:200].split())


def read_json(array: Array) -> dict[str, Any]:
    """The JSON object in an array of UTF-8 bytes.

    Raises:
        ValueError, RecursionError: it is none, is longer than `LARGEST_TEXT`, or has text that is no Unicode.
    """
    if array.dtype != np.uint8 or array.size > LARGEST_TEXT:
        raise ValueError(f"its text is {array.dtype} {array.shape}, expected up to {LARGEST_TEXT:,} bytes")
    data = json.loads(array.tobytes())
    if not isinstance(data, dict):
        raise ValueError("its text is no JSON object")
    json.dumps(data, ensure_ascii=False).encode()  # half a character can be read, and not be shown
    return data


def _check_directory(file: IO[bytes]) -> None:
    """Refuse a zip whose list of contents is so long that reading it alone would fill the memory."""
    file.seek(max(0, file.seek(0, os.SEEK_END) - 42))
    locator, end = file.read(20), file.read(22)
    if locator.startswith(b"PK\6\7") or not end.startswith(b"PK\5\6"):  # of the largest zips; of all others
        raise ArchiveError("it is truncated or no zip file")
    if int.from_bytes(end[12:16], "little") > LARGEST_DIRECTORY:
        raise ArchiveError("it lists more arrays than any file of this project")


def _read_array(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> Array:
    """One array of plain numbers or texts.

    Raises:
        ArchiveError: it is none, or does not have the size that its own header tells.
    """
    if member.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        # numpy writes no other kinds, and zipfile sets no bound to what it unpacks of those at once.
        raise ArchiveError(f"{brief(member.filename)} is compressed in another way")
    with archive.open(member) as file:
        if np.lib.format.read_magic(file) != (1, 0):
            raise ArchiveError(f"{brief(member.filename)} is in another format")
        shape, _, dtype = np.lib.format.read_array_header_1_0(file)
        if dtype.kind not in "biufcU" or not dtype.itemsize:
            raise ArchiveError(brief(f"{member.filename} holds {dtype}, neither numbers nor texts"))
        if min(shape, default=0) < 0 or math.prod(shape) * dtype.itemsize != member.file_size - file.tell():
            raise ArchiveError(brief(f"{member.filename} says that it is {dtype} {shape}, and is not"))
    with archive.open(member) as file:
        array = np.lib.format.read_array(file, allow_pickle=False)
    if dtype.kind == "U":
        letters = array.view(np.dtype(np.uint32).newbyteorder(dtype.byteorder))
        if ((letters > 0x10FFFF) | ((letters >= 0xD800) & (letters <= 0xDFFF))).any():
            raise ArchiveError(f"{brief(member.filename)} is no Unicode")
    return array
