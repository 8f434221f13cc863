"""A simulated disk that becomes full or read-only at a chosen moment, for one folder.

Every way in which the project writes there counts as a call: opening a file for writing, each write that reaches the
system, making sure of a file, renaming, making a folder. From the chosen call on, all of them fail, until the disk is
mended. Deleting works always, as it does on a full disk.
"""

import builtins
import errno
import io
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

FAULTS = {"full": errno.ENOSPC, "read-only": errno.EROFS, "not permitted": errno.EACCES}


class Disk:
    """The disk below a folder, from the moment on when it is `put_in`.

    Attributes:
        calls: how many there were.
        last: how many calls succeed; None for all of them.
    """

    def __init__(self, folder: Path) -> None:
        self.folder, self.number = str(folder.resolve()), errno.ENOSPC
        self.calls = 0
        self.last: int | None = None

    def fail_after(self, calls: int, fault: str) -> None:
        self.calls, self.last, self.number = 0, calls, FAULTS[fault]

    def mend(self) -> None:
        self.calls, self.last = 0, None

    @property
    def failed(self) -> bool:
        return self.last is not None and self.calls > self.last

    def call(self) -> None:
        self.calls += 1
        if self.failed:
            raise OSError(self.number, os.strerror(self.number))

    def holds(self, path: Any) -> bool:
        return isinstance(path, str | os.PathLike) and os.path.realpath(path).startswith(self.folder + os.sep)

    def put_in(self, monkeypatch: pytest.MonkeyPatch) -> None:
        real_open, disk = io.open, self

        class File(io.FileIO):
            def write(self, data: Any) -> int:
                disk.call()
                return super().write(data)

        def open_file(file: Any, mode: str = "r", buffering: int = -1, *rest: Any, **options: Any) -> Any:
            if not disk.holds(file) or not set(mode) & set("wax+"):
                return real_open(file, mode, buffering, *rest, **options)
            disk.call()
            buffered = io.BufferedWriter(File(file, mode.replace("b", "").replace("t", "")))
            return buffered if "b" in mode else io.TextIOWrapper(buffered, *rest, **options)

        def counted(call: Callable[..., Any], of_path: bool) -> Callable[..., Any]:
            def call_or_fail(first: Any, *rest: Any, **options: Any) -> Any:
                if not of_path or disk.holds(first):
                    disk.call()
                return call(first, *rest, **options)

            return call_or_fail

        monkeypatch.setattr(builtins, "open", open_file)
        monkeypatch.setattr(io, "open", open_file)
        for name, of_path in {"fsync": False, "ftruncate": False, "replace": True, "mkdir": True}.items():
            monkeypatch.setattr(os, name, counted(getattr(os, name), of_path))
