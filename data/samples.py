"""The user's own test digits: a folder of pictures or a file of pen strokes, read into labelled 28×28 pictures."""

import os
from itertools import pairwise
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from .datasets import DatasetError
from .ink import PictureError, picture_to_image, strokes_to_image

BLANK = np.zeros((28, 28), np.uint8)


def load_samples(path: str | os.PathLike[str]) -> tuple[NDArray[np.uint8], NDArray[np.intp]]:
    """Pictures uint8 `(n, 28, 28)` and their digits `(n,)`, from a folder or a strokes file.

    A sample without ink comes as an all-zero picture: it was somebody's digit, so it is not dropped.

    Raises:
        DatasetError: the path is missing, damaged, or holds no samples; the message names the file and the cure.
    """
    path = Path(path)
    if path.is_dir():
        images, labels = read_folder(path)
    elif path.is_file():
        images, labels = read_strokes(path)
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


def read_strokes(file: Path) -> tuple[list[NDArray[np.uint8]], list[int]]:
    """The drawings in an `.npz` of these arrays:

    - `points` `(m, 2)`: x to the right, y down, in any unit;
    - `stroke_start` `(s + 1,)`: stroke i is `points[stroke_start[i]:stroke_start[i + 1]]`;
    - `sample_offset` `(n + 1,)`: drawing i has the strokes `sample_offset[i]` up to `sample_offset[i + 1] - 1`;
    - `y` `(n,)`: the digit of each drawing.
    """
    points, stroke_start, sample_offset, labels = read_arrays(file)
    images = []
    for i in range(len(labels)):
        starts = stroke_start[sample_offset[i] : sample_offset[i + 1] + 1]
        try:
            image = strokes_to_image([points[a:b] for a, b in pairwise(starts)])
        except ValueError as error:
            raise DatasetError(f"{file}, drawing {i}: {error}, or take it out of the file") from None
        images.append(BLANK if image is None else image)
    return images, labels.tolist()


def read_arrays(file: Path) -> tuple[NDArray, NDArray, NDArray, NDArray]:
    """The four arrays of a strokes file, if they fit together."""
    try:
        with open(file, "rb") as opened, np.load(opened, allow_pickle=False) as archive:
            points, labels = archive["points"], archive["y"]
            stroke_start, sample_offset = archive["stroke_start"], archive["sample_offset"]
    except Exception:  # whatever a damaged zip or array makes zipfile and numpy raise
        raise DatasetError(f"{file} is no strokes file, or damaged: data/samples.py says what is in one") from None
    fits = (
        points.ndim == 2
        and points.shape[1] == 2
        and parts(stroke_start, len(points))
        and parts(sample_offset, len(stroke_start) - 1)
        and labels.shape == (len(sample_offset) - 1,)
        and labels.dtype.kind in "iu"
        and np.isin(labels, range(10)).all()
    )
    if not fits:
        raise DatasetError(f"the arrays in {file} do not fit together: data/samples.py says what is in a strokes file")
    if not len(labels):
        raise DatasetError(f"{file} has no drawings: choose another file")
    return points, stroke_start, sample_offset, labels


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
