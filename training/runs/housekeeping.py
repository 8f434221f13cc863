"""Renames and deletes runs and fine-tunings, but never one that is being trained."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from .lock import CAN_LOCK, Locked, locked
from .run import LOCK, NAME, NAMING, RunError


def rename(runs: Path, name: str, new_name: str) -> None:
    """Rename `runs/name`, with its weights and reports.

    Raises:
        RunError: there is no such run, it is being trained, or the new name is invalid or taken.
        OSError: the folder cannot be renamed.
    """
    if not NAME.fullmatch(new_name):
        raise RunError(f"{new_name!r} cannot be the name of a run: {NAMING}")
    if (runs / new_name).exists():
        raise RunError(f"there is a folder named {new_name}: choose another name")
    with _at_rest(runs, name) as folder:
        folder.rename(runs / new_name)


def delete(runs: Path, name: str) -> None:
    """Delete `runs/name` with all that is in it: weights, checkpoint, curves and reports.

    Raises:
        RunError: there is no such run, or it is being trained.
        OSError: the folder cannot be deleted.
    """
    with _at_rest(runs, name) as folder:
        shutil.rmtree(folder)


@contextmanager
def _at_rest(runs: Path, name: str) -> Iterator[Path]:
    """The folder of a run, which nobody can train within the `with` block."""
    folder = runs / name
    if not NAME.fullmatch(name) or not folder.is_dir():
        raise RunError(f"there is no run named {name}")
    if not CAN_LOCK:
        raise RunError("this system has no file locks, so the run may be in use: change its folder by hand")
    try:
        with locked(folder / LOCK):
            yield folder
    except Locked:
        raise RunError(f"{name} is being trained: wait for it, or stop it first") from None
