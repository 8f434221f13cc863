"""A run's lock: while one process trains a run, no other may.

The system takes it back when the process ends, in whatever way.
"""

import os
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None  # type: ignore[assignment]

CAN_LOCK = fcntl is not None
PATIENCE = 0.3  # seconds; whoever only asks whether there is a lock holds it for an instant


class Locked(RuntimeError):
    """Another process holds the lock."""


@contextmanager
def locked(path: Path, patience: float = PATIENCE) -> Iterator[None]:
    """Hold the lock `path`, a file that then names this process, from `with` to its end.

    The file stays: to delete it would let two processes each lock a file of that name. Where the system has no such
    locks, nothing is held.

    Raises:
        Locked: another process, or another thread, holds it for longer than `patience` seconds.
        OSError: the file cannot be made.
    """
    file = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
    try:
        deadline = time.monotonic() + patience
        while not _taken(file):
            if time.monotonic() > deadline:
                raise Locked(f"{path} is held by another process")
            time.sleep(0.02)
        os.ftruncate(file, 0)
        os.write(file, str(os.getpid()).encode())
        yield
    finally:
        os.close(file)


def is_locked(path: Path) -> bool:
    """Whether a process holds the lock `path` right now."""
    try:
        file = os.open(path, os.O_RDWR)
    except OSError:
        return False
    try:
        return not _taken(file)
    finally:
        os.close(file)


def holder(path: Path) -> int | None:
    """The number of the process that holds the lock `path`; None where nobody does, or the file names none."""
    if not is_locked(path):
        return None
    number = path.read_bytes()[:20]
    return int(number) if re.fullmatch(rb"[1-9][0-9]{1,9}", number) else None


def _taken(file: int) -> bool:
    """Take the lock of an open file, if it is free; closing the file gives it back."""
    if fcntl is None:
        return True
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
