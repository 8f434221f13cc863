"""Labelled image files: in folders named 0 to 9, and in files that list names and digits."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from .datasets import DatasetError
from .ink import PictureError, picture_to_image
from .text_files import MOST_WRONG, numbered_lines

BLANK = np.zeros((28, 28), np.uint8)
TEXT = (".csv", ".tsv", ".txt")
LEFT_BY_SYSTEMS = ("thumbs.db", "ehthumbs.db", "desktop.ini")
Labels = dict[Path, int]


def read_pictures(path: Path, unread: list[str]) -> tuple[list[NDArray[np.uint8]], list[int]]:
    """The images below a folder, or those that a file lists, uint8 `(28, 28)` as MNIST's, and their digits.

    In a folder, the images are in subfolders 0 to 9, at any depth. Files with "label" in their names, `.csv`, `.tsv` or
    `.txt`, may list more: each line has the name of an image, relative to the file's folder, and its digit. Hidden
    files, and others that operating systems create, are skipped.

    Args:
        unread: receives one line for each file that cannot be read.

    Raises:
        DatasetError: no image can be read.
    """
    already = len(unread)
    images, digits = [], []
    for file, digit in labels_of(path, unread).items():
        try:
            image = picture_to_image(file)
        except PictureError as error:
            unread.append(f"{file}: {error}")
            continue
        images.append(BLANK if image is None else image)
        digits.append(digit)
    if not images:
        if failed := unread[already:]:
            raise DatasetError(f"none of the {len(failed)} images in {path} can be read ({failed[0]}): replace them")
        raise DatasetError(f"there are no images in {path}/0 to {path}/9: sort them into these folders by digit")
    return images, digits


def labels_of(path: Path, unread: list[str]) -> Labels:
    """The digit of each image below a folder or in a list. One with two different digits is left out and named."""
    labels: Labels = {}
    lists = [path]
    if path.is_dir():
        for digit in range(10):
            for inside in visible(path, str(digit)):
                labels |= {file: digit for file in visible(inside, "*", deep=False) if file.is_file()}
        texts = (file for file in visible(path, "*") if file.suffix.lower() in TEXT and file not in labels)
        lists = [file for file in texts if "label" in file.stem.lower()]
    contradicted = set()
    for file in lists:
        for picture, digit in listed(file, unread):
            known = labels.setdefault(picture, digit)
            if known != digit:
                unread.append(f"{picture}: its digit is {known} or {digit}")
                contradicted.add(picture)
    return {picture: digit for picture, digit in labels.items() if picture not in contradicted}


def visible(folder: Path, pattern: str, deep: bool = True) -> list[Path]:
    """The files and folders that match, sorted, without hidden ones and those that operating systems create."""
    found = folder.rglob(pattern) if deep else folder.glob(pattern)
    return sorted(
        path
        for path in found
        if not any(part.startswith(".") for part in path.relative_to(folder).parts)
        and path.name.lower() not in LEFT_BY_SYSTEMS
    )


def listed(file: Path, unread: list[str]) -> Iterator[tuple[Path, int]]:
    """The images that a file lists, and their digits. Its first line may be a heading."""
    already = len(unread)
    for number, line in numbered_lines(file):
        if len(unread) - already > MOST_WRONG:
            raise DatasetError(f"{file} has more than {MOST_WRONG:,} lines that are wrong: choose another file")
        if found := name_and_digit(line):
            yield file.parent / found[0], found[1]
        elif number > 1 and line.strip():
            unread.append(f"{file}, line {number}: it is not the name of an image and a digit")


def name_and_digit(line: str) -> tuple[str, int] | None:
    """A name and a digit with a comma, semicolon, tab or blank between them, perhaps quoted; None if they are not."""
    text = line.strip().removesuffix('"')
    rest, digit = text[:-1].removesuffix('"'), text[-1:]
    name = rest.rstrip()
    if name.endswith((",", ";")):
        name = name[:-1].rstrip()
    elif name == rest:
        return None
    name = name.removeprefix('"').removesuffix('"')
    return (name, int(digit)) if name and digit in tuple("0123456789") else None
