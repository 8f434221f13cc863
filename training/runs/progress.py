"""What a run leaves for others to watch it by: `progress.json`, how far it is, and `history.csv`, a row an epoch.

Writers and readers of both files stand here together. `progress.json` also holds what the network makes of a dozen
hard digits.
"""

import csv
import io
import math
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from model.files import write_whole

from ..json_numbers import Digit, Natural, Positive
from ..pictures import from_png


class DamagedProgress(ValueError):
    """The file does not hold what a progress.json does; the message names it and the cure."""


@dataclass(frozen=True)
class WatchedDigit:
    """What the network makes of one validation image, a PNG of 28×28 pixels; `index` is its place in the data set."""

    index: Natural
    truth: Digit
    picture: bytes
    probabilities: Annotated[list[float], Meta(min_length=10, max_length=10)]

    def __post_init__(self) -> None:
        from_png(self.picture)


@dataclass(frozen=True, kw_only=True)
class Progress:
    """How far a run is, as `progress.json` tells it."""

    format: Literal[1]
    about: dict[str, Any]  # as in a weights file: recipe, data set, seed, …
    epochs: Positive
    steps: Positive  # in an epoch
    epoch: Natural  # how many are done
    step: Natural  # of the next one
    loss: float  # the mean over the epoch's images so far
    accuracy: float
    seconds: float  # trained so far
    seconds_left: float
    digits: list[WatchedDigit]


@dataclass(frozen=True)
class Epoch:
    """What pages show of a row of `history.csv`; None stands for a number that is not finite."""

    epoch: float | None
    train_loss: float | None
    train_accuracy: float | None
    validation_loss: float | None
    validation_accuracy: float | None


def write_progress(path: Path, progress: Progress) -> None:
    """Write it whole or not at all.

    Raises:
        OSError: the disk is full or read-only; what stood at `path` still does.
    """
    write_whole(path, msgspec.json.encode(progress))


def read_progress(path: Path) -> Progress | None:
    """What a `progress.json` holds; None where there is no such file.

    Raises:
        DamagedProgress: it does not hold what a `Progress` does.
    """
    try:
        return msgspec.json.decode(path.read_bytes(), type=Progress)
    except FileNotFoundError:
        return None
    except (OSError, ValueError, RecursionError):
        raise DamagedProgress(f"{path} is damaged: it is written anew when the run goes on") from None


def write_history(path: Path, history: list[dict[str, float]]) -> None:
    """Write a row an epoch, whole or not at all.

    Raises:
        OSError: the disk is full or read-only; what stood at `path` still does.
    """
    text = io.StringIO()
    table = csv.DictWriter(text, history[0], lineterminator="\n")
    table.writeheader()
    table.writerows(history)
    write_whole(path, text.getvalue())


def read_history(path: Path) -> list[Epoch]:
    """The training run epoch by epoch; empty where it left no file.

    Raises:
        ValueError: the file is damaged; the message names it and the cure.
    """
    try:
        with open(path, newline="", encoding="utf-8") as file:
            return [Epoch(*(_finite(row[field.name]) for field in fields(Epoch))) for row in csv.DictReader(file)]
    except FileNotFoundError:
        return []
    except (OSError, KeyError, TypeError, ValueError, csv.Error) as error:
        raise ValueError(f"{path} is damaged ({error!r}): move it away to go without curves") from None


def _finite(text: str) -> float | None:
    number = float(text)
    return number if math.isfinite(number) else None
