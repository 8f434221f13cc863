"""What a run leaves for others to watch it by: `progress.json`, how far it is, and `history.csv`, a row an epoch.

Writers and readers of both files stand here together. `progress.json` also holds what the network makes of a dozen
hard digits.
"""

import csv
import io
import json
from base64 import b64decode
from pathlib import Path
from typing import Any

from model.files import write_whole

from ..files import fits
from ..pictures import from_png

FORMAT = 1

COLUMNS = ("epoch", "train_loss", "train_accuracy", "validation_loss", "validation_accuracy")  # that pages show

Number = int | float
# What progress.json holds, by example: a list stands for any number of what it holds.
SHAPE: Any = {
    "format": int,
    "about": dict,  # as in a weights file: recipe, data set, seed, …
    "epochs": int,
    "steps": int,  # in an epoch
    "epoch": int,  # how many are done
    "step": int,  # of the next one
    "loss": Number,  # the mean over the epoch's images so far
    "accuracy": Number,
    "seconds": Number,  # trained so far
    "seconds_left": Number,
    "digits": [{"index": int, "truth": int, "picture": str, "probabilities": [Number]}],
}


class DamagedProgress(ValueError):
    """The file does not hold what a progress.json does; the message names it and the cure."""


def write_progress(path: Path, progress: dict[str, Any]) -> None:
    """Write what `SHAPE` shows, without its format number, whole or not at all.

    Raises:
        OSError: the disk is full or read-only; what stood at `path` still does.
    """
    write_whole(path, json.dumps({"format": FORMAT, **progress}))


def read_progress(path: Path) -> dict[str, Any] | None:
    """What a `progress.json` holds, its pictures decoded to uint8 `(28, 28)`; None where there is no such file.

    Raises:
        DamagedProgress: it does not hold what `SHAPE` asks for.
    """
    try:
        progress = json.loads(path.read_text(encoding="utf-8"), parse_constant=_no_number)
        if not fits(progress, SHAPE) or progress["format"] != FORMAT:
            raise ValueError("it does not hold what a progress.json does")
        if progress["epochs"] < 1 or progress["steps"] < 1 or min(progress["epoch"], progress["step"]) < 0:
            raise ValueError("no run is that long")
        for digit in progress["digits"]:
            if len(digit["probabilities"]) != 10:
                raise ValueError("there are ten digits")
            digit["picture"] = from_png(b64decode(digit["picture"]))
    except FileNotFoundError:
        return None
    except (OSError, ValueError, RecursionError):
        raise DamagedProgress(f"{path} is damaged: it is written anew when the run goes on") from None
    return progress


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


def read_history(path: Path) -> list[dict[str, float]]:
    """The training run epoch by epoch; empty where it left no file.

    Raises:
        ValueError: the file is damaged; the message names it and the cure.
    """
    try:
        with open(path, newline="", encoding="utf-8") as file:
            return [{name: float(row[name]) for name in COLUMNS} for row in csv.DictReader(file)]
    except FileNotFoundError:
        return []
    except (OSError, KeyError, TypeError, ValueError, csv.Error) as error:
        raise ValueError(f"{path} is damaged ({error!r}): move it away to go without curves") from None


def _no_number(constant: str) -> None:
    raise ValueError(f"{constant} is no number")
