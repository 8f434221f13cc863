"""The places of files, and the advice for files that cannot be written."""

from pathlib import Path

PROJECT = Path(__file__).resolve().parents[1]  # the project's folder
RUNS = Path("runs")  # a folder for each run, in the working directory
WRITABLE = "make sure that the disk has space and the folder is writable"  # the cure for an OSError


def modified(path: Path) -> float:
    """When a file or folder was changed last, in seconds; 0 if somebody has just deleted it."""
    try:
        return path.stat().st_mtime
    except OSError:
        return 0.0
