"""Training runs, each a folder in `runs/`: list, start, stop and resume them. Its files describe a run completely."""

import argparse
import os
import re
import signal
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from ..files import RUNS, modified
from .lock import CAN_LOCK, Locked, holder, is_locked, locked
from .process import launch
from .progress import DamagedProgress, Epoch, Progress, read_history, read_progress

TIMEOUT = 60  # seconds for a process to start or to stop
LOCK = "lock"  # a file in the run's folder, locked while the run is being trained
LOG = "log.txt"  # what a process that was started here printed
RESULTS = ("checkpoint.npz", "weights.npz", "result.json")  # what is not to be written over
LISTED = ("checkpoint.npz", "weights.npz", LOG)
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")  # a folder name that cannot lead outside `runs/`
NAMING = "use up to 64 letters, digits, dots, dashes and underscores, and start with a letter or digit"

State = Literal["running", "finished", "failed", "paused", "never started"]


class RunError(ValueError):
    """The request does not fit the state of the run; the message names the cause and the cure."""


@dataclass(frozen=True)
class Run:
    """A run, as described by its files.

    Attributes:
        state: "failed" if its log ends with an error; "never started" if it ended before its first checkpoint.
        progress: the contents of its `progress.json`, or None if there is no such file.
        history: one row per epoch.
        problems: a message for each damaged file.
    """

    folder: Path
    state: State
    progress: Progress | None
    history: list[Epoch]
    problems: list[str]

    @property
    def name(self) -> str:
        return self.folder.name

    @property
    def can_resume(self) -> bool:
        return self.state in ("paused", "failed") and (self.folder / "checkpoint.npz").exists()


def list_runs(runs: Path) -> list[Run]:
    """Every run in `runs`: running ones first, then the newest first."""
    folders = [folder for folder in runs.glob("*/") if any((folder / name).exists() for name in LISTED)]
    newest_first = sorted(folders, key=modified, reverse=True)
    return sorted(map(read_run, newest_first), key=lambda run: run.state != "running")


def read_run(folder: Path) -> Run:
    """Read the run in a folder."""
    problems: list[str] = []
    progress, history = None, []
    try:
        progress = read_progress(folder / "progress.json")
    except DamagedProgress as error:
        problems.append(str(error))
    try:
        history = read_history(folder / "history.csv")
    except ValueError as error:
        problems.append(str(error))
    return Run(folder, _state(folder), progress, history, problems)


def _state(folder: Path) -> State:
    # Check the lock first: a run that finishes in between writes its weights before it releases the lock.
    if is_locked(folder / LOCK):
        return "running"
    if (folder / "weights.npz").exists():
        return "finished"
    if last_log_line(folder).startswith("error: "):
        return "failed"
    return "paused" if (folder / "checkpoint.npz").exists() else "never started"


def last_log_line(folder: Path) -> str:
    """The last line of a run's log; empty if there is no log.

    If the log contains a traceback, "error: " is put before the line.
    """
    try:
        with open(folder / LOG, "rb") as file:
            file.seek(max(0, file.seek(0, os.SEEK_END) - 20_000))
            text = file.read().decode(errors="replace")
    except OSError:
        return ""
    lines = text.replace("\r", "\n").split("\n")
    last = next((line.strip() for line in reversed(lines) if line.strip()), "")
    return f"error: {last}" if "Traceback (most recent call last)" in text else last


def run_name(text: str) -> str:
    """A run's name, which cannot lead outside `runs/`; a type for argparse."""
    if not NAME.fullmatch(text):
        raise argparse.ArgumentTypeError(NAMING)
    return text


def holds_a_run(folder: Path) -> bool:
    """Whether a training or fine-tuning has left a result in the folder: its name is taken."""
    return any((folder / file).exists() for file in RESULTS)


def free_name(runs: Path, recipe: str) -> str:
    """A free name for a new run: "quick", or "quick-2" if that is taken, and so on."""
    name, suffix = recipe, 1
    while holds_a_run(runs / name) or (runs / name / LOG).exists():
        suffix += 1
        name = f"{recipe}-{suffix}"
    return name


def start(root: Path, name: str, recipe: str, dataset: str, epochs: int, seed: int) -> None:
    """Start training a new run `root/runs/name` in a separate process; returns once that process holds the run's lock.

    Raises:
        RunError: the name is invalid or taken, another run is being trained, or the process ended at once.
    """
    if not NAME.fullmatch(name):
        raise RunError(f"{name!r} cannot be the name of a run: {NAMING}")
    if holds_a_run(root / RUNS / name):
        raise RunError(f"there is a run named {name}: choose another name")
    options = [f"--recipe={recipe}", f"--dataset={dataset}", f"--epochs={epochs}", f"--seed={seed}"]
    _train(root, name, options)


def resume(root: Path, name: str) -> None:
    """Resume the run `root/runs/name` from its checkpoint, in a separate process as well.

    Raises:
        RunError: there is no checkpoint, another run is being trained, or the process ended at once.
    """
    if not NAME.fullmatch(name) or not (root / RUNS / name / "checkpoint.npz").exists():
        raise RunError(f"there is no run named {name} to resume")
    _train(root, name, ["--resume"])


def stop(root: Path, name: str) -> None:
    """Stop a run: it finishes its step, saves and ends. Returns once it has ended, or at once if it is not running.

    Raises:
        RunError: it is still running after a minute.
    """
    lock = root / RUNS / name / LOCK
    pid = holder(lock)
    if pid is None:
        return
    os.kill(pid, signal.SIGTERM)  # not SIGINT: processes that a shell script starts in the background ignore it
    if not _wait_until(lambda: not is_locked(lock)):
        raise RunError(f"{name} was asked to stop but is still running: wait, or end process {pid}")


def _train(root: Path, name: str, options: Sequence[str]) -> None:
    if not CAN_LOCK:
        raise RunError("this system has no file locks, so two processes could train the same run: use `make train`")
    folder = root / RUNS / name
    with alone(root / RUNS):
        folder.mkdir(exist_ok=True)
        started = launch_into(folder, root, "training.train", [f"--name={name}", *options])
    if not started:
        raise RunError(last_log_line(folder).removeprefix("error: ") or "the training process did not start")


def being_trained(runs: Path) -> str | None:
    """The name of the run or fine-tuning in `runs` that is being trained at this moment, if there is one."""
    return next((lock.parent.name for lock in sorted(runs.glob(f"*/{LOCK}")) if is_locked(lock)), None)


@contextmanager
def alone(runs: Path) -> Iterator[None]:
    """Start a process in the `with` block: two people cannot start one at the same moment.

    Raises:
        RunError: a run is being trained or started.
    """
    runs.mkdir(parents=True, exist_ok=True)
    try:
        # Held until the run holds its own lock.
        with locked(runs / ".start.lock", timeout=TIMEOUT):
            if busy := being_trained(runs):
                raise RunError(f"{busy} is being trained: wait for it, or stop it first")
            yield
    except Locked:
        raise RunError("another run is being started: try again in a moment") from None


def launch_into(folder: Path, root: Path, module: str, arguments: Sequence[str]) -> bool:
    """`launch` with its output in the run's log; returns whether the process locked the folder or ended successfully.

    Raises:
        OSError: the log cannot be written or the process cannot be started.
    """
    with open(folder / LOG, "wb") as log:
        process = launch(root, module, arguments, log)
    # Wait for the process, or it stays behind as a zombie after its end.
    threading.Thread(target=process.wait, daemon=True).start()
    return _wait_until(lambda: is_locked(folder / LOCK) or process.poll() is not None) and not process.poll()


def _wait_until(condition: Any) -> bool:
    """Wait until the condition holds; returns whether it did within `TIMEOUT`."""
    deadline = time.monotonic() + TIMEOUT
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True
