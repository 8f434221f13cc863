"""A run's progress on disk: `progress.json`, its current state, and `history.csv`, one row per epoch.

Each file's writer and reader are here. `progress.json` also holds the network's probabilities for a dozen hard digits.
"""

import csv
import io
import math
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from model.files import write_whole

from ..json_numbers import Digit, Natural, Positive
from ..pictures import from_png


class DamagedProgress(ValueError):
    """A progress.json is damaged; the message names the file and the cure."""


@dataclass(frozen=True)
class WatchedDigit:
    """A validation image, a PNG of 28×28 pixels, with the network's answer; `index` is its position in the data set."""

    index: Natural
    truth: Digit
    picture: bytes
    probabilities: Annotated[list[float], Meta(min_length=10, max_length=10)]

    def __post_init__(self) -> None:
        from_png(self.picture)


@dataclass(frozen=True)
class LearnedSteps:
    """The means over the images since the one before, about a second of training; `step` is the last one."""

    step: Positive
    loss: float
    accuracy: float


@dataclass(frozen=True, kw_only=True)
class Progress:
    """The contents of `progress.json`."""

    format: Literal[1]
    about: dict[str, Any]  # as in a weights file: recipe, dataset, seed, …
    epochs: Positive
    steps: Positive  # per epoch
    epoch: Natural  # epochs completed
    step: Natural  # steps completed in the current epoch
    loss: float  # mean over the images of the current epoch so far
    accuracy: float
    seconds: float  # training time so far
    seconds_left: float
    digits: list[WatchedDigit]
    first_epoch: list[LearnedSteps] = field(default_factory=list)  # its curve while it lasts, then empty


@dataclass(frozen=True)
class Epoch:
    """A row of `history.csv`, with the columns that pages show; None for a number that is not finite."""

    epoch: float | None
    train_loss: float | None
    train_accuracy: float | None
    validation_loss: float | None
    validation_accuracy: float | None


def write_progress(path: Path, progress: Progress) -> None:
    """Write the progress atomically.

    Raises:
        OSError: the disk is full or read-only; the file at `path` is unchanged.
    """
    write_whole(path, msgspec.json.encode(progress))


def read_progress(path: Path) -> Progress | None:
    """The contents of a `progress.json`; None if there is no such file.

    Raises:
        DamagedProgress: the file is not a valid `Progress`.
    """
    try:
        return msgspec.json.decode(path.read_bytes(), type=Progress)
    except FileNotFoundError:
        return None
    except (OSError, ValueError, RecursionError):
        raise DamagedProgress(f"{path} is damaged: it is written again when the run continues") from None


def write_history(path: Path, history: list[dict[str, float]]) -> None:
    """Write one row per epoch, atomically.

    Raises:
        OSError: the disk is full or read-only; the file at `path` is unchanged.
    """
    text = io.StringIO()
    table = csv.DictWriter(text, history[0], lineterminator="\n")
    table.writeheader()
    table.writerows(history)
    write_whole(path, text.getvalue())


def read_history(path: Path) -> list[Epoch]:
    """The history, one row per epoch; empty if there is no such file.

    Raises:
        ValueError: the file is damaged; the message names it and the cure.
    """
    try:
        with open(path, newline="", encoding="utf-8") as file:
            return [Epoch(*(_finite(row[field.name]) for field in fields(Epoch))) for row in csv.DictReader(file)]
    except FileNotFoundError:
        return []
    except (OSError, KeyError, TypeError, ValueError, csv.Error) as error:
        raise ValueError(f"{path} is damaged ({error!r}): move it away to continue without training curves") from None


def _finite(text: str) -> float | None:
    value = float(text)
    return value if math.isfinite(value) else None
