"""Named arrays in one `.npz` file: written whole or not at all, read without trusting it."""

import json
import math
import os
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import IO, Any

import numpy as np

from .layer import Array

LARGEST = 256 * 2**20  # bytes, unpacked; far above any network here, far below what would hurt
LARGEST_DIRECTORY = 2**18  # bytes: thousands of arrays
LARGEST_TEXT = 2**20  # bytes of JSON


class WeightsError(ValueError):
    """A file of weights is missing, damaged or not one of ours; the message names the file and the cure."""


def write_arrays(path: str | os.PathLike[str], arrays: Mapping[str, Array]) -> None:
    """Write the arrays under a temporary name beside `path`, then rename it.

    A reader never sees half a file, and a full disk costs nothing.

    Raises:
        OSError: the disk is full or read-only; what stood at `path` still does.
    """
    path = Path(path)
    temporary = path.with_name(f".{path.name}.{os.getpid()}.part")
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        with open(temporary, "wb") as file:
            np.savez(file, allow_pickle=False, **arrays)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


def read_arrays(path: str | os.PathLike[str]) -> dict[str, Array]:
    """The named arrays of an `.npz`; no pickles, nothing larger than `LARGEST` unpacked.

    `np.load` would trust what the file says of itself. Here nothing is unpacked before the whole file has said how
    large that will be, and no array before its shape and type agree with it.

    Raises:
        WeightsError: the file is missing or damaged.
    """
    try:
        with open(path, "rb") as file:
            _check_directory(file)
            with zipfile.ZipFile(file) as archive:
                members = archive.infolist()
                if sum(member.file_size for member in members) > LARGEST:
                    raise WeightsError(
                        f"{path} unpacks to more than {LARGEST >> 20} MiB: no network of this project does"
                    )
                if len({member.filename for member in members}) < len(members):
                    raise ValueError("two of its arrays have the same name")
                return {member.filename.removesuffix(".npy"): _read_array(archive, member) for member in members}
    except WeightsError:
        raise
    except FileNotFoundError:
        raise WeightsError(f"there is no file {path}: `make train` trains a network and writes one") from None
    except OSError as error:
        raise WeightsError(f"{path} cannot be read: {error.strerror or error}") from None
    except Exception as error:  # whatever a damaged zip or array makes zipfile and numpy raise
        raise WeightsError(f"{path} is damaged ({brief(error)}): train it again or take another copy") from None


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
        raise ValueError("it does not end as it should")
    if int.from_bytes(end[12:16], "little") > LARGEST_DIRECTORY:
        raise ValueError("it holds more arrays than any network")


def _read_array(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> Array:
    """One array of plain numbers.

    Raises:
        ValueError: it is none, or does not have the size that its own header tells.
    """
    with archive.open(member) as file:
        if np.lib.format.read_magic(file) != (1, 0):
            raise ValueError(f"{member.filename} is in another format")
        shape, _, dtype = np.lib.format.read_array_header_1_0(file)
        size = math.prod(shape) * dtype.itemsize
        if dtype.kind not in "biuf" or min(shape, default=0) < 0 or size != member.file_size - file.tell():
            raise ValueError(f"{member.filename} says that it is {dtype} {shape}, and is not")
    with archive.open(member) as file:
        return np.lib.format.read_array(file, allow_pickle=False)
