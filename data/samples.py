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
    """The pictures of the drawings that `load_strokes` loads."""
    drawings, labels = load_strokes(file)
    images = []
    for i, strokes in enumerate(drawings):
        try:
            image = strokes_to_image(strokes)
        except ValueError as error:
            raise DatasetError(f"{file}, drawing {i}: {error}, or take it out of the file") from None
        images.append(BLANK if image is None else image)
    return images, labels


def load_strokes(file: str | os.PathLike[str]) -> tuple[list[list[NDArray[np.float64]]], list[int]]:
    """The strokes and the digit of each drawing in an `.npz` of these arrays:

    - `points` `(m, 2)`: x to the right, y down, in any unit;
    - `stroke_start` `(s + 1,)`: stroke i is `points[stroke_start[i]:stroke_start[i + 1]]`;
    - `sample_offset` `(n + 1,)`: drawing i has the strokes `sample_offset[i]` up to `sample_offset[i + 1] - 1`;
    - `y` `(n,)`: the digit of each drawing.

    Raises:
        DatasetError: it is missing, damaged, or holds no drawings.
    """
    points, stroke_start, sample_offset, labels = read_arrays(Path(file))
    points = points.astype(np.float64)
    strokes = [points[a:b] for a, b in pairwise(stroke_start)]
    return [strokes[a:b] for a, b in pairwise(sample_offset)], labels.tolist()


def load_writers(file: str | os.PathLike[str]) -> NDArray[np.intp]:
    """Who made each drawing in a strokes file, `(n,)`: its array `writer`, or one and the same where it has none.

    Raises:
        DatasetError: as in `load_strokes`; or the writers are not one for each drawing.
    """
    labels = read_arrays(Path(file))[3]
    with np.load(file, allow_pickle=False) as archive:
        writers = archive["writer"] if "writer" in archive.files else np.zeros(len(labels), np.intp)
    if writers.shape != labels.shape:
        raise DatasetError(f"{file} has {len(labels):,} drawings, but writers of shape {writers.shape}: make them anew")
    return writers


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
