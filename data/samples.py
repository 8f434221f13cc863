"""The user's own test digits: pictures, pen strokes or kept handwriting, read into labelled 28×28 pictures."""

import os
from itertools import pairwise
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from model.files import ArchiveError, read_arrays

from .datasets import NO_DIGIT, DatasetError
from .handwriting import Handwriting, HandwritingError
from .ink import PictureError, picture_to_image, strokes_to_image

BLANK = np.zeros((28, 28), np.uint8)
STROKES = ("points", "stroke_start", "sample_offset", "y")  # the arrays of a strokes file
NO_DIGIT_IN_FILE = -1  # what stands for `NO_DIGIT` there
MOST = 500_000  # drawings in a strokes file, or strokes: a few kilobytes could ask for any number
SQLITE = b"SQLite format 3\0"  # how every file of SQLite begins


def load_samples(path: str | os.PathLike[str]) -> tuple[NDArray[np.uint8], NDArray[np.intp]]:
    """Pictures uint8 `(n, 28, 28)` and their digits `(n,)`, from a folder, a strokes file or a handwriting file.

    A sample without ink comes as an all-zero picture: it was somebody's digit, so it is not dropped. What was meant as
    no digit is passed over.

    Raises:
        DatasetError: the path is missing, damaged, or holds no samples; the message names the file and the cure.
    """
    path = Path(path)
    if path.is_dir():
        images, labels = read_folder(path)
    elif path.is_file():
        with open(path, "rb") as file:
            is_handwriting = file.read(len(SQLITE)) == SQLITE
        images, labels = (read_handwriting if is_handwriting else read_strokes)(path)
    else:
        raise DatasetError(f"there is no folder or file {path}: check the name")
    return np.stack(images), np.array(labels)


def read_folder(folder: Path) -> tuple[list[NDArray[np.uint8]], list[int]]:
    """The pictures in `folder/0` to `folder/9`; hidden files, which systems leave behind, are passed over."""
    images, labels = [], []
    for digit in range(10):
        for file in sorted((folder / str(digit)).glob("[!.]*")):
            try:
                image = picture_to_image(file)
            except PictureError as error:
                raise DatasetError(f"{file}: {error}, or take it out of the folder") from None
            images.append(BLANK if image is None else image)
            labels.append(digit)
    if not images:
        raise DatasetError(f"{folder} has no pictures in {folder}/0 to {folder}/9: put them there, by digit")
    return images, labels


def read_handwriting(file: Path) -> tuple[list[NDArray[np.uint8]], list[int]]:
    """The pictures in a handwriting file, and what they were meant as."""
    try:
        drawings = [drawing for drawing in Handwriting(file).drawings() if drawing.truth is not None]
    except HandwritingError as error:
        raise DatasetError(str(error)) from None
    if not drawings:
        raise DatasetError(f"{file} has no digits yet: draw some in the app, and say what they are")
    return [drawing.image for drawing in drawings], [drawing.truth for drawing in drawings if drawing.truth is not None]


def read_strokes(file: Path) -> tuple[list[NDArray[np.uint8]], list[int]]:
    """The pictures of a strokes file: those that it holds, or else drawn from its strokes."""
    arrays = strokes_arrays(file)
    labels = arrays["y"]
    kept = np.flatnonzero(labels != NO_DIGIT)
    if not len(kept):
        raise DatasetError(f"{file} has no drawings of digits: choose another file")
    if "image" in arrays:
        return list(arrays["image"][kept]), labels[kept].tolist()
    drawings, images = strokes_of(arrays), []
    for i in kept:
        try:
            image = strokes_to_image(drawings[i])
        except ValueError as error:
            raise DatasetError(f"{file}, drawing {i}: {error}, or take it out of the file") from None
        images.append(BLANK if image is None else image)
    return images, labels[kept].tolist()


def load_strokes(file: str | os.PathLike[str]) -> tuple[list[list[NDArray[np.float64]]], NDArray[np.integer]]:
    """The strokes of each drawing in a strokes file, and their digits `(n,)`, `NO_DIGIT` where a drawing is of none.

    Such a file is an `.npz` of these arrays:

    - `points` `(m, 2)`: x to the right, y down, in any unit;
    - `stroke_start` `(s + 1,)`: stroke i is `points[stroke_start[i]:stroke_start[i + 1]]`;
    - `sample_offset` `(n + 1,)`: drawing i has the strokes `sample_offset[i]` up to `sample_offset[i + 1] - 1`;
    - `y` `(n,)`: the digit of each drawing, or −1 where it is none;
    - `image` uint8 `(n, 28, 28)`, if it is there: the pictures, which then are not drawn from the strokes;
    - `writer` `(n,)`, if it is there: who made each drawing.

    Raises:
        DatasetError: it is missing, damaged, or holds no drawings.
    """
    arrays = strokes_arrays(file)
    return strokes_of(arrays), arrays["y"]


def load_writers(file: str | os.PathLike[str]) -> NDArray[np.integer]:
    """Who made each drawing in a strokes file, `(n,)`.

    Raises:
        DatasetError: as in `load_strokes`; or the file does not say.
    """
    arrays = strokes_arrays(file)
    if "writer" not in arrays:
        raise DatasetError(f"{file} does not say who drew each digit: it needs an array writer")
    return arrays["writer"]


def strokes_of(arrays: dict[str, NDArray]) -> list[list[NDArray[np.float64]]]:
    """The strokes of each drawing in the arrays of a strokes file."""
    points = arrays["points"].astype(np.float64)
    strokes = [points[a:b] for a, b in pairwise(arrays["stroke_start"])]
    return [strokes[a:b] for a, b in pairwise(arrays["sample_offset"])]


def strokes_arrays(file: str | os.PathLike[str]) -> dict[str, NDArray]:
    """The arrays of a strokes file, if they fit together, `NO_DIGIT` among their labels."""
    try:
        arrays = read_arrays(file, STROKES, optional=("image", "writer"))
    except (OSError, ArchiveError) as error:
        raise DatasetError(
            f"{file} is no strokes file, or damaged ({error}): data/samples.py says what is in one"
        ) from None
    if not fit_together(arrays):
        raise DatasetError(f"the arrays in {file} do not fit together: data/samples.py says what is in a strokes file")
    if max(len(arrays["y"]), len(arrays["stroke_start"]) - 1) > MOST:
        raise DatasetError(f"{file} has more than {MOST:,} drawings or strokes: split it into several files")
    return {**arrays, "y": np.where(arrays["y"] == NO_DIGIT_IN_FILE, NO_DIGIT, arrays["y"])}


def fit_together(arrays: dict[str, NDArray]) -> bool:
    """Whether the arrays are those of a strokes file."""
    points, stroke_start, sample_offset, labels = (arrays[name] for name in STROKES)
    image, writer = arrays.get("image"), arrays.get("writer", labels)
    return (
        points.ndim == 2
        and points.shape[1] == 2
        and points.dtype.kind in "iuf"
        and parts(stroke_start, len(points))
        and parts(sample_offset, len(stroke_start) - 1)
        and labels.shape == (len(sample_offset) - 1,)
        and labels.dtype.kind in "iu"
        and bool(np.isin(labels, [NO_DIGIT_IN_FILE, *range(10)]).all())
        and (writer.shape, writer.dtype.kind) in ((labels.shape, "i"), (labels.shape, "u"))
        and (image is None or (image.dtype, image.shape) == (np.uint8, (len(labels), 28, 28)))
    )


def parts(starts: NDArray, length: int) -> bool:
    """Whether whole numbers `starts` part `length` things into consecutive runs: from 0, never falling, to `length`."""
    return (
        starts.ndim == 1
        and starts.dtype.kind in "iu"
        and len(starts) > 0
        and starts[0] == 0
        and starts[-1] == length
        and bool((starts[1:] >= starts[:-1]).all())
    )
