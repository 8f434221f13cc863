"""Named arrays in one `.npz` file: written whole or not at all, read without trusting it."""

import os
import zipfile
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from .layer import Array

LARGEST = 256 * 2**20  # bytes, unpacked; far above any network here, far below what would hurt


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

    Raises:
        WeightsError: the file is missing or damaged.
    """
    try:
        with open(path, "rb") as file:
            with zipfile.ZipFile(file) as archive:
                unpacked = sum(member.file_size for member in archive.infolist())
            if unpacked > LARGEST:
                raise WeightsError(f"{path} unpacks to more than {LARGEST >> 20} MiB: no network of this project does")
            file.seek(0)
            with np.load(file, allow_pickle=False) as arrays:
                return {name: arrays[name] for name in arrays.files}
    except WeightsError:
        raise
    except FileNotFoundError:
        raise WeightsError(f"there is no file {path}: `make train` trains a network and writes one") from None
    except OSError as error:
        raise WeightsError(f"{path} cannot be read: {error.strerror or error}") from None
    except Exception as error:  # whatever a damaged zip or array makes zipfile and numpy raise
        raise WeightsError(f"{path} is damaged ({error}): train it again or take another copy") from None
