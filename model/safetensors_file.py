"""Named arrays in a `.safetensors` file, as Hugging Face's Hub and its libraries exchange weights.

The header, an array of JSON text in an `.npz`, is an entry of the file's metadata here. So is a checksum: the format
has none, and a changed bit would be another weight. The library that reads the format is an extra, imported only where
such a file is read or written.
"""

import hashlib
import os
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from .files import LARGEST, ArchiveError, brief, write_whole
from .layer import Array

SUFFIX = ".safetensors"
MISSING = "the library safetensors is missing: pip install 'digits-from-scratch[safetensors]'"


def write_safetensors(path: str | os.PathLike[str], arrays: Mapping[str, Array]) -> None:
    """Write the arrays, `header` among them, whole or not at all.

    Raises:
        ModuleNotFoundError: the library is not installed.
        OSError: the disk is full or read-only; what stood at `path` still does.
    """
    try:
        from safetensors.numpy import save
    except ModuleNotFoundError:
        raise ModuleNotFoundError(MISSING) from None
    weights = {name: np.ascontiguousarray(array) for name, array in arrays.items() if name != "header"}
    about = {"header": arrays["header"].tobytes().decode(), "sha256": checksum(arrays)}
    write_whole(path, save(weights, about))


def read_safetensors(path: str | os.PathLike[str]) -> dict[str, Array]:
    """The named arrays of such a file, `header` among them.

    Raises:
        ArchiveError: it is none, is damaged, larger than `LARGEST`, or has no header or checksum of ours.
        ModuleNotFoundError: the library is not installed.
        OSError: it cannot be read.
    """
    try:
        from safetensors import SafetensorError, safe_open
    except ModuleNotFoundError:
        raise ModuleNotFoundError(MISSING) from None
    if Path(path).stat().st_size > LARGEST:
        raise ArchiveError(f"it is larger than {LARGEST >> 20} MiB")
    try:
        with safe_open(path, "numpy") as file:
            about = file.metadata() or {}
            arrays = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118, it is no dict
    except (SafetensorError, TypeError, AttributeError) as error:  # the last two of types that numpy lacks
        raise ArchiveError(brief(error)) from None
    if "header" not in about or "header" in arrays:
        raise ArchiveError("it has no header of this project's, or two: it may be another program's")
    arrays["header"] = np.frombuffer(about["header"].encode(), np.uint8)
    if about.get("sha256") != checksum(arrays):
        raise ArchiveError("its checksum is missing or wrong")
    return arrays


def checksum(arrays: Mapping[str, Array]) -> str:
    """The SHA-256 of the arrays: of the name, type, shape and bytes of each."""
    hashed = hashlib.sha256()
    for name, array in sorted(arrays.items()):
        hashed.update(f"{name} {array.dtype.str} {array.shape} ".encode() + array.tobytes())
    return hashed.hexdigest()
