"""Where files are, and what helps when they cannot be written."""

from pathlib import Path
from typing import Any

PROJECT = Path(__file__).resolve().parents[1]  # where the rooms are
RUNS = Path("runs")  # a folder for each run, in the folder in which one works
WRITABLE = "see that its disk has space and that it can be written"  # the cure for an OSError of a folder


def fits(value: Any, shape: Any) -> bool:
    """Whether JSON data has the types that `shape` shows by example; a list stands for any number of what it holds."""
    if isinstance(shape, dict):
        return isinstance(value, dict) and all(name in value and fits(value[name], shape[name]) for name in shape)
    if isinstance(shape, list):
        return isinstance(value, list) and all(fits(each, shape[0]) for each in value)
    return isinstance(value, shape)
