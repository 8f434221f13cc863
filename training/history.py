"""A run's history.csv, a row an epoch, as the trainer writes it and the pages read it."""

import csv
from pathlib import Path

COLUMNS = ("epoch", "train_loss", "train_accuracy", "validation_loss", "validation_accuracy")


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
