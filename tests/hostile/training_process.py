"""The training command in a process of its own, which can be killed.

Importing the project and loading the digits takes far longer than these runs: a server that has done it forks a
process for each of them.
"""

import multiprocessing
import os
import signal
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

import numpy as np
from tqdm import tqdm

from model.files import read_arrays, read_json
from training.train import main

CONTEXT = multiprocessing.get_context("forkserver")
CONTEXT.set_forkserver_preload([__name__, "tests.hostile.loaded_digits"])
PATIENCE = 300  # seconds for any run here: not how fast it is, but that it ends
UNLIKE = ("training_seconds", "commit")  # what two runs' headers may differ in


def start(root: Path, arguments: list[str], die_at: int | None = None) -> BaseProcess:
    """Start `python -m training.train` in the folder, as the leader of a group of processes.

    What it prints is added to `printed.txt` there.

    Args:
        die_at: it kills itself just before the so manieth time that it makes sure of a file or renames one.
    """
    process = CONTEXT.Process(target=train, args=(root, arguments, die_at))
    process.start()
    return process


def train(root: Path, arguments: list[str], die_at: int | None) -> None:
    from tests.hostile import loaded_digits

    loaded_digits.use()
    os.setsid()
    os.chdir(root)
    with open("printed.txt", "ab", buffering=0) as file:
        os.dup2(file.fileno(), 1)
        os.dup2(file.fileno(), 2)
    if die_at is not None:
        calls = iter(range(die_at))
        for name in ("fsync", "replace"):
            setattr(os, name, dying(getattr(os, name), calls))
    tqdm.set_lock(threading.RLock())  # its own is one between processes, and is left behind by one that is killed
    sys.exit(main(arguments))


def dying(call: Callable[..., Any], calls: Any) -> Callable[..., Any]:
    """The call, which kills the process when there are no more calls left."""

    def call_or_die(*arguments: Any) -> Any:
        if next(calls, None) is None:
            os.killpg(0, signal.SIGKILL)
        return call(*arguments)

    return call_or_die


def kill(process: BaseProcess) -> None:
    """`kill -9` of the process and of all that it started, wherever it is."""
    assert process.pid is not None
    deadline = time.monotonic() + PATIENCE
    while process.is_alive() and time.monotonic() < deadline:
        with suppress(ProcessLookupError):  # in its first moment it leads no group yet
            os.killpg(process.pid, signal.SIGKILL)
        process.join(0.01)


def finish(process: BaseProcess) -> int | None:
    """Wait until the process ends; its exit status."""
    process.join(PATIENCE)
    if process.is_alive():
        kill(process)
        raise AssertionError(f"the training did not end within {PATIENCE} seconds")
    return process.exitcode


def outcome(folder: Path) -> tuple[dict[str, Any], list[list[str]]]:
    """The result of a run: its weights, their header and its history, without times."""
    arrays = read_arrays(folder / "weights.npz")
    header = read_json(arrays.pop("header"))
    last: dict[str, Any] = {**arrays, "header": {name: header[name] for name in header if name not in UNLIKE}}
    history = [line.split(",")[:-1] for line in (folder / "history.csv").read_text().splitlines()]
    return last, history


def assert_same_outcome(one: Path, other: Path) -> None:
    """Bit for bit."""
    (one_last, one_history), (other_last, other_history) = outcome(one), outcome(other)
    assert one_last.pop("header") == other_last.pop("header")
    assert one_last.keys() == other_last.keys()
    for name, array in one_last.items():
        assert (array.dtype, array.shape) == (other_last[name].dtype, other_last[name].shape)
        assert np.array_equal(array.view(np.uint8), other_last[name].view(np.uint8)), name
    assert one_history == other_history
