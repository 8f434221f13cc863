"""Training runs as folders below `runs/`: listed, started, stopped. All that is known of one is in its files."""

import argparse
import os
import re
import signal
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from ..files import RUNS
from .lock import CAN_LOCK, Locked, holder, is_locked, locked
from .process import launch
from .progress import DamagedProgress, Epoch, Progress, read_history, read_progress

PATIENCE = 60  # seconds for a process to start, or to stop
LOCK = "lock"  # the file in a run's folder that is locked while it trains
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")  # of a folder that cannot lead anywhere else

State = Literal["running", "finished", "failed", "stopped", "not begun"]


class RunError(ValueError):
    """What was asked for does not go with what is in the run's folder; the message says so and what helps."""


@dataclass(frozen=True)
class Run:
    """A run as its files tell it.

    Attributes:
        state: "failed" where its log ends in an error; "not begun" where it ended before there was anything to keep.
        progress: what `read_progress` gives, if it wrote such a file.
        history: a row an epoch.
        problems: which of its files are damaged, in words.
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
    def can_go_on(self) -> bool:
        return self.state in ("stopped", "failed") and (self.folder / "checkpoint.npz").exists()


def list_runs(runs: Path) -> list[Run]:
    """Every run below `runs`, those that train first, then the newest first."""
    folders = [folder for folder in runs.glob("*/") if any((folder / name).exists() for name in _SIGNS)]
    newest_first = sorted(folders, key=lambda folder: folder.stat().st_mtime, reverse=True)
    return sorted(map(read_run, newest_first), key=lambda run: run.state != "running")


_SIGNS = ("checkpoint.npz", "weights.npz", "log.txt")


def read_run(folder: Path) -> Run:
    """The run in a folder."""
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
    # In this order: a run that ends meanwhile has written its weights before it let go of the lock.
    if is_locked(folder / LOCK):
        return "running"
    if (folder / "weights.npz").exists():
        return "finished"
    if last_words(folder).startswith("error: "):
        return "failed"
    return "stopped" if (folder / "checkpoint.npz").exists() else "not begun"


def last_words(folder: Path) -> str:
    """The last line of a run's log; empty where there is none.

    The last line of a traceback counts as an error too.
    """
    try:
        with open(folder / "log.txt", "rb") as file:
            file.seek(max(0, file.seek(0, os.SEEK_END) - 20_000))
            text = file.read().decode(errors="replace")
    except OSError:
        return ""
    lines = text.replace("\r", "\n").split("\n")
    last = next((line.strip() for line in reversed(lines) if line.strip()), "")
    return f"error: {last}" if "Traceback (most recent call last)" in text else last


def run_name(text: str) -> str:
    """The name of a folder that cannot lead anywhere else, for argparse."""
    if not NAME.fullmatch(text):
        raise argparse.ArgumentTypeError("use up to 64 letters, digits, dots, dashes and underscores")
    return text


def free_name(runs: Path, recipe: str) -> str:
    """A name for a new run: "quick", or "quick-2" where there is such a run, and so on."""
    name, number = recipe, 1
    while any((runs / name / sign).exists() for sign in _SIGNS):
        number += 1
        name = f"{recipe}-{number}"
    return name


def start(root: Path, name: str, recipe: str, dataset: str, epochs: int, seed: int) -> None:
    """Train a new run `root/runs/name` in a process of its own, and return when it has its lock.

    Raises:
        RunError: the name is none, or taken; another run trains; or the process ended at once.
    """
    if not NAME.fullmatch(name):
        raise RunError("a run's name is up to 64 letters, digits, dots, dashes and underscores, no mark first")
    folder = root / RUNS / name
    if (folder / "checkpoint.npz").exists() or (folder / "weights.npz").exists():
        raise RunError(f"there is a run named {name}: choose another name")
    options = [f"--recipe={recipe}", f"--dataset={dataset}", f"--epochs={epochs}", f"--seed={seed}"]
    _train(root, name, options)


def go_on(root: Path, name: str) -> None:
    """Go on with the run `root/runs/name` where it stopped, likewise.

    Raises:
        RunError: there is nothing to go on with; another run trains; or the process ended at once.
    """
    if not NAME.fullmatch(name) or not (root / RUNS / name / "checkpoint.npz").exists():
        raise RunError(f"there is no run named {name} to go on with")
    _train(root, name, ["--resume"])


def stop(root: Path, name: str) -> None:
    """Let a run save itself after its step and end, and return when it did. One that does not train is left alone.

    Raises:
        RunError: it is still at it after a minute.
    """
    lock = root / RUNS / name / LOCK
    process = holder(lock)
    if process is None:
        return
    os.kill(process, signal.SIGTERM)  # not SIGINT, which whatever a shell script starts with & is deaf to
    if not _comes_true(lambda: not is_locked(lock)):
        raise RunError(f"{name} was asked to stop and still trains: wait, or end process {process}")


def _train(root: Path, name: str, options: Sequence[str]) -> None:
    if not CAN_LOCK:
        raise RunError("this system has no file locks, which keep two people from training one run: use `make train`")
    runs = root / RUNS
    folder = runs / name
    folder.mkdir(parents=True, exist_ok=True)
    try:
        # Held until the run has a lock of its own, so that of two people only one finds that nothing trains.
        with locked(runs / ".start.lock", patience=PATIENCE):
            for other in runs.glob(f"*/{LOCK}"):
                if is_locked(other):
                    raise RunError(f"{other.parent.name} is being trained: wait for it, or stop it first")
            started = launch_into(folder, root, "training.train", [f"--name={name}", *options])
    except Locked:
        raise RunError("another run is being started: try again in a moment") from None
    if not started:
        raise RunError(last_words(folder).removeprefix("error: ") or "the training process did not start")


def launch_into(folder: Path, root: Path, module: str, arguments: Sequence[str]) -> bool:
    """`launch` with its log in a run's folder; whether it got so far as to lock the folder, or to end well.

    Raises:
        OSError: the log cannot be written, or the process not started.
    """
    with open(folder / "log.txt", "wb") as log:
        process = launch(root, module, arguments, log)
    # Whoever started a process must hear of its end, or it is kept as a zombie.
    threading.Thread(target=process.wait, daemon=True).start()
    return _comes_true(lambda: is_locked(folder / LOCK) or process.poll() is not None) and not process.poll()


def _comes_true(condition: Any) -> bool:
    """Wait until the condition holds; whether it did in time."""
    deadline = time.monotonic() + PATIENCE
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True
