"""A run's lock: only one process at a time may train a run.

The system releases the lock when the process ends, however it ends.
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
TIMEOUT = 0.3  # seconds; a process that only checks the lock holds it for an instant


class Locked(RuntimeError):
    """Another process holds the lock."""


@contextmanager
def locked(path: Path, timeout: float = TIMEOUT) -> Iterator[None]:
    """Hold the lock file `path` within the `with` block; meanwhile the file contains this process's id.

    The file is never deleted: otherwise two processes could each lock a file of that name. On a system without such
    locks, nothing is locked.

    Raises:
        Locked: another process or thread holds the lock for longer than `timeout` seconds.
        OSError: the file cannot be created.
    """
    file = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
    try:
        deadline = time.monotonic() + timeout
        while not _acquire(file):
            if time.monotonic() > deadline:
                raise Locked(f"{path} is held by another process")
            time.sleep(0.02)
        os.ftruncate(file, 0)
        os.write(file, str(os.getpid()).encode())
        yield
    finally:
        os.close(file)


def is_locked(path: Path) -> bool:
    """Whether a process holds the lock `path` at this moment."""
    try:
        file = os.open(path, os.O_RDWR)
    except OSError:
        return False
    try:
        return not _acquire(file, shared=True)  # two that only look do not see each other
    finally:
        os.close(file)


def holder(path: Path) -> int | None:
    """The id of the process that holds the lock `path`; None if nobody holds it or the file contains no process id."""
    if not is_locked(path):
        return None
    pid = path.read_bytes()[:20]
    return int(pid) if re.fullmatch(rb"[1-9][0-9]{1,9}", pid) else None


def _acquire(file: int, shared: bool = False) -> bool:
    """Lock an open file, alone or with all who share it; returns whether it is locked now. Closing it releases it."""
    if fcntl is None:
        return True
    try:
        fcntl.flock(file, (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
