"""Fine-tunings: what one came to, as its `result.json` says it, and those that the app started.

These are processes of their own, which outlive the page and the server. Each has a folder `runs/handwriting-N/`. What
it prints goes to `log.txt` there.
"""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import msgspec

from model.files import write_whole

from ..files import RUNS
from ..json_numbers import Natural, Positive
from .lock import is_locked
from .run import LOCK, last_words, launch_into


@dataclass(frozen=True)
class RightBeforeAndAfter:
    """How many of some images were read right before the fine-tuning, and after."""

    images: Positive
    before: Natural
    after: Natural


@dataclass(frozen=True, kw_only=True)
class FineTuningResult:
    """What a fine-tuning came to.

    Attributes:
        kept: whether there are new weights.
        weights: the file that it started from.
        dataset: what these were trained on.
        seconds: how long it learned.
        validation: on the data set's images that no training learns.
        own: on the person's digits.
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
    """A fine-tuning as its folder tells it.

    Attributes:
        running: whether its process is at work.
        last_line: of what it printed.
        result: what its `result.json` says; None where it has none, or a damaged one.
    """

    folder: Path
    running: bool
    last_line: str
    result: FineTuningResult | None


def write_result(path: Path, result: FineTuningResult) -> None:
    """Write it whole or not at all.

    Raises:
        OSError: the disk is full or read-only.
    """
    write_whole(path, msgspec.json.format(msgspec.json.encode(result), indent=1))


def read_result(path: Path) -> FineTuningResult | None:
    """What a fine-tuning came to, if the file is there and whole."""
    try:
        return msgspec.json.decode(path.read_bytes(), type=FineTuningResult)
    except (OSError, ValueError, RecursionError):
        return None


def start(root: Path, weights: Path) -> Path:
    """Let the weights learn the drawings in `root/handwriting.sqlite`; the new run's folder.

    Raises:
        OSError: the folder cannot be made, or the process not started.
    """
    folder = new_folder(root / RUNS)
    launch_into(folder, root, "training.finetune", ["--weights", str(weights), "--name", folder.name])
    return folder


def latest(root: Path) -> FineTuning | None:
    """The fine-tuning that was started last."""
    folders = [log.parent for log in (root / RUNS).glob("handwriting-*/log.txt") if number(log.parent)]
    return read(max(folders, key=number)) if folders else None


def read(folder: Path) -> FineTuning:
    """The fine-tuning in a folder."""
    running = is_locked(folder / LOCK)  # asked first: one that ends meanwhile has written its result before
    return FineTuning(folder, running, last_words(folder), read_result(folder / "result.json"))


def new_folder(runs: Path) -> Path:
    """A folder that nobody has, `handwriting-1` or the next."""
    runs.mkdir(exist_ok=True)
    taken = max(map(number, runs.iterdir()), default=0)
    while True:
        taken += 1
        folder = runs / f"handwriting-{taken}"
        try:
            folder.mkdir()
            return folder
        except FileExistsError:  # another session was quicker
            continue


def number(folder: Path) -> int:
    """3 of `handwriting-3`; 0 of any other name."""
    match = re.fullmatch(r"handwriting-([1-9][0-9]{0,8})", folder.name)
    return int(match[1]) if match else 0
