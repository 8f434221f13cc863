"""Fine-tunings: the result of one, as stored in its `result.json`, and those that the app starts.

Each is a separate process, which continues when the page or the server is closed. Its folder is `runs/handwriting-N/`
until it is renamed; its output goes to `log.txt` there.
"""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import msgspec

from model.files import write_whole

from ..files import RUNS, modified
from ..json_numbers import Natural, Positive
from .lock import is_locked
from .run import LOCK, LOG, alone, last_log_line, launch_into


@dataclass(frozen=True)
class RightBeforeAndAfter:
    """The number of images that were read right before and after the fine-tuning, of `images` images."""

    images: Positive
    before: Natural
    after: Natural


@dataclass(frozen=True, kw_only=True)
class FineTuningResult:
    """The result of a fine-tuning.

    Attributes:
        kept: whether the new weights were saved.
        weights: the weights file that it started from.
        dataset: the data set that these weights were trained on.
        seconds: its duration.
        validation: the result on the data set's validation images.
        own: the result on the person's digits.
    """

    format: Literal[1]
    kept: bool
    weights: str
    dataset: str
    seconds: float
    validation: RightBeforeAndAfter
    own: RightBeforeAndAfter


@dataclass(frozen=True)
class FineTuning:
    """A fine-tuning, as described by the files in its folder.

    Attributes:
        running: whether its process is running.
        last_line: the last line of its log.
        result: the contents of its `result.json`; None if the file is missing or damaged.
    """

    folder: Path
    running: bool
    last_line: str
    result: FineTuningResult | None


def write_result(path: Path, result: FineTuningResult) -> None:
    """Write the result atomically.

    Raises:
        OSError: the disk is full or read-only.
    """
    write_whole(path, msgspec.json.format(msgspec.json.encode(result), indent=1))


def read_result(path: Path) -> FineTuningResult | None:
    """The result of a fine-tuning; None if the file is missing or damaged."""
    try:
        return msgspec.json.decode(path.read_bytes(), type=FineTuningResult)
    except (OSError, ValueError, RecursionError):
        return None


def start(root: Path, weights: Path) -> Path:
    """Start fine-tuning the weights on the drawings in `root/handwriting.sqlite`; returns the new run's folder.

    Raises:
        RunError: a run is being trained.
        OSError: the folder cannot be created or the process cannot be started.
    """
    with alone(root / RUNS):
        folder = new_folder(root / RUNS)
        launch_into(folder, root, "training.finetune", ["--weights", str(weights), "--name", folder.name])
    return folder


def list_fine_tunings(runs: Path) -> list[FineTuning]:
    """Every fine-tuning in `runs`: running ones first, then the newest first."""
    folders = [folder for folder in runs.glob("*/") if is_fine_tuning(folder)]
    newest_first = sorted(folders, key=lambda folder: (run_number(folder), modified(folder)), reverse=True)
    return sorted(map(read, newest_first), key=lambda fine_tuning: not fine_tuning.running)


def is_fine_tuning(folder: Path) -> bool:
    """Whether the folder belongs to a fine-tuning and not to a training run."""
    started_here = run_number(folder) and (folder / LOG).exists() and not (folder / "progress.json").exists()
    return bool(started_here) or (folder / "result.json").exists()


def read(folder: Path) -> FineTuning:
    """Read the fine-tuning in a folder."""
    running = is_locked(folder / LOCK)  # check first: a process writes its result before it releases the lock
    return FineTuning(folder, running, last_log_line(folder), read_result(folder / "result.json"))


def new_folder(runs: Path) -> Path:
    """Create the next free folder: `handwriting-1`, `handwriting-2`, …"""
    runs.mkdir(exist_ok=True)
    last = max(map(run_number, runs.iterdir()), default=0)
    while True:
        last += 1
        folder = runs / f"handwriting-{last}"
        try:
            folder.mkdir()
            return folder
        except FileExistsError:  # another session created it first
            continue


def run_number(folder: Path) -> int:
    """3 for `handwriting-3`; 0 for any other name."""
    match = re.fullmatch(r"handwriting-([1-9][0-9]{0,8})", folder.name)
    return int(match[1]) if match else 0
