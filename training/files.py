"""Files that are written whole or not at all, and JSON that is checked before it is believed."""

import os
from pathlib import Path
from typing import Any

PROJECT = Path(__file__).resolve().parents[1]  # where the rooms are
RUNS = Path("runs")  # a folder for each run, in the folder in which one works
WRITABLE = "see that its disk has space and that it can be written"  # the cure for an OSError of a folder


def write_whole(path: Path, content: str | bytes) -> None:
    """Write the content, text as UTF-8, under a temporary name beside `path`, then rename it.

    Raises:
        OSError: the disk is full or read-only; what stood at `path` still does.
    """
    temporary = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        temporary.write_bytes(content.encode() if isinstance(content, str) else content)
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


def clear_unfinished(folder: Path) -> None:
    """Delete what processes that were killed while they saved left in the folder; nobody else may be writing there."""
    for temporary in folder.glob(".*.part"):
        temporary.unlink(missing_ok=True)


def fits(value: Any, shape: Any) -> bool:
    """Whether JSON data has the types that `shape` shows by example; a list stands for any number of what it holds."""
    if isinstance(shape, dict):
        return isinstance(value, dict) and all(name in value and fits(value[name], shape[name]) for name in shape)
    if isinstance(shape, list):
        return isinstance(value, list) and all(fits(each, shape[0]) for each in value)
    return isinstance(value, shape)
