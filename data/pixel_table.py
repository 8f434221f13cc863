"""Images as rows of numbers, as in `train.csv` of Kaggle's digit-recognizer: the label, then 784 pixels."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from .datasets import DatasetError
from .text_files import MOST_WRONG, numbered_lines

VALUES = 785
MOST_ROWS = 500_000


def is_pixel_table(file: Path) -> bool:
    """Whether the first line has as many values as a row of pixels and label."""
    _, first = next(numbered_lines(file), (1, ""))
    return first.count(",") == VALUES - 1


def read_pixel_table(file: Path, unread: list[str]) -> tuple[list[NDArray[np.uint8]], list[int]]:
    """The images `(28, 28)`, 0 = paper, 255 = ink, and their labels. The first line may be a heading.

    Args:
        unread: receives one line for each row that cannot be read.

    Raises:
        DatasetError: no row can be read, or there are too many.
    """
    images, labels, already = [], [], len(unread)
    for number, line in lines_of(file):
        try:
            row = np.frombuffer(bytes(map(int, line.split(","))), np.uint8)  # ValueError unless 0 to 255
        except ValueError:
            row = np.empty(0, np.uint8)
        if len(row) == VALUES and row[0] < 10:
            images.append(row[1:].reshape(28, 28))
            labels.append(int(row[0]))
        elif number > 1:
            unread.append(f"{file}, line {number}: it is not a digit and 784 whole numbers from 0 to 255")
        if len(unread) - already > MOST_WRONG:
            raise DatasetError(f"{file} has more than {MOST_WRONG:,} rows that are wrong: choose another file")
    if not images:
        raise DatasetError(f"{file} has no rows of a digit and 784 whole numbers from 0 to 255: choose another file")
    return images, labels


def lines_of(file: Path) -> Iterator[tuple[int, str]]:
    """The lines that are not empty, each after its number. Raises DatasetError if there are too many."""
    for number, line in numbered_lines(file):
        if number > MOST_ROWS:
            raise DatasetError(f"{file} has more than {MOST_ROWS:,} rows: split it into several files")
        if line.strip():
            yield number, line
