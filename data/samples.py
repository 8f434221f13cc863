"""The user's own test digits: image files, tables, strokes or stored handwriting, read as labelled 28×28 images."""

import os
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from model.files import ArchiveError, read_arrays

from .datasets import NO_DIGIT, DatasetError
from .handwriting import Handwriting, HandwritingError
from .ink import MOST_POINTS, strokes_to_image
from .labelled_pictures import BLANK, TEXT, read_pictures
from .pixel_table import is_pixel_table, read_pixel_table

STROKES = ("points", "stroke_start", "sample_offset", "y")  # the arrays of a strokes file
NO_DIGIT_IN_FILE = -1  # `NO_DIGIT` in a strokes file
MOST = 500_000  # drawings or strokes per strokes file: without a limit, a few kilobytes could declare any number
SQLITE = b"SQLite format 3\0"  # the first bytes of every SQLite file


def load_samples(
    path: str | os.PathLike[str], unread: list[str] | None = None
) -> tuple[NDArray[np.uint8], NDArray[np.intp]]:
    """Images uint8 `(n, 28, 28)` and their labels `(n,)`.

    A sample without ink becomes an all-zero image: somebody meant it as a digit, so it is not dropped. Non-digits are
    skipped.

    Args:
        path: a folder of images or a text file that lists them, as in `data.labelled_pictures`; a table of pixels, as
            in `data.pixel_table`; a strokes file; or a handwriting file.
        unread: receives one line for each image that cannot be read, and the others are loaded. By default one such
            image is an error.

    Raises:
        DatasetError: the path is missing, damaged, or contains no samples; the message names the file and the cure.
    """
    path, failures = Path(path), [] if unread is None else unread
    try:
        images, labels = read_samples(path, failures)
    except OSError as error:
        raise DatasetError(f"{path} cannot be read ({error.strerror}): check its permissions") from None
    if failures and unread is None:
        raise DatasetError(f"{failures[0]}, or remove it from {path}")
    return np.stack(images), np.array(labels)


def read_samples(path: Path, unread: list[str]) -> tuple[list[NDArray[np.uint8]], list[int]]:
    """Choose the reader by what is at the path."""
    if path.is_dir():
        return read_pictures(path, unread)
    if not path.is_file():
        raise DatasetError(f"there is no folder or file {path}: check the name")
    if path.suffix.lower() in TEXT:
        return (read_pixel_table if is_pixel_table(path) else read_pictures)(path, unread)
    with open(path, "rb") as file:
        is_handwriting = file.read(len(SQLITE)) == SQLITE
    return (read_handwriting if is_handwriting else read_strokes)(path)


def read_handwriting(file: Path) -> tuple[list[NDArray[np.uint8]], list[int]]:
    """The digits in a handwriting file, and their labels."""
    try:
        drawings = [drawing for drawing in Handwriting(file).drawings() if drawing.truth is not None]
    except HandwritingError as error:
        raise DatasetError(str(error)) from None
    if not drawings:
        raise DatasetError(f"{file} has no digits yet: draw some in the app, and correct or confirm them")
    return [drawing.image for drawing in drawings], [drawing.truth for drawing in drawings if drawing.truth is not None]


def read_strokes(file: Path) -> tuple[list[NDArray[np.uint8]], list[int]]:
    """The images of a strokes file: those that it contains, or else drawn from its strokes."""
    arrays = strokes_arrays(file)
    labels = arrays["y"]
    kept = np.flatnonzero(labels != NO_DIGIT)
    if not len(kept):
        raise DatasetError(f"{file} has no drawings of digits: choose another file")
    if "image" in arrays:
        return list(arrays["image"][kept]), labels[kept].tolist()
    images = []
    for i, strokes in enumerate(strokes_of(arrays)):
        if labels[i] == NO_DIGIT:
            continue
        try:
            image = strokes_to_image(strokes)
        except ValueError as error:
            raise DatasetError(f"{file}, drawing {i}: {error}, or remove it from the file") from None
        images.append(BLANK if image is None else image)
    return images, labels[kept].tolist()


def load_written_digits(
    file: str | os.PathLike[str],
) -> tuple[list[list[NDArray[np.float64]]], NDArray[np.integer], NDArray[np.integer]]:
    """The strokes, labels and writers of the digits in a strokes file, without non-digits and empty drawings.

    The file is an `.npz` with these arrays:

    - `points` `(m, 2)`: x to the right, y down, in any unit;
    - `stroke_start` `(s + 1,)`: stroke i is `points[stroke_start[i]:stroke_start[i + 1]]`;
    - `sample_offset` `(n + 1,)`: drawing i has the strokes `sample_offset[i]` up to `sample_offset[i + 1] - 1`;
    - `y` `(n,)`: the digit of each drawing, or −1 for a non-digit;
    - `image` uint8 `(n, 28, 28)`, optional: the images, which are otherwise drawn from the strokes;
    - `writer` `(n,)`, optional: the writer of each drawing, as a whole number.

    Raises:
        DatasetError: the file is missing or damaged, names no writers or has no such digits.
    """
    arrays = strokes_arrays(file)
    writers, labels, drawings = writers_of(arrays, file), arrays["y"], list(strokes_of(arrays))
    kept = [i for i, strokes in enumerate(drawings) if labels[i] != NO_DIGIT and any(map(len, strokes))]
    if not kept:
        raise DatasetError(f"{file} has no drawings of digits: choose another file")
    return [drawings[i] for i in kept], labels[kept], writers[kept]


def load_writers(file: str | os.PathLike[str]) -> NDArray[np.integer]:
    """The writer of each drawing in a strokes file, `(n,)`.

    Raises:
        DatasetError: as in `load_written_digits`.
    """
    return writers_of(strokes_arrays(file), file)


def writers_of(arrays: dict[str, NDArray], file: str | os.PathLike[str]) -> NDArray[np.integer]:
    """The writers in the arrays of a strokes file. Raises DatasetError if it has none."""
    if "writer" not in arrays:
        raise DatasetError(f"{file} does not name the writers: add an array called writer")
    return arrays["writer"]


def strokes_of(arrays: dict[str, NDArray]) -> Iterator[list[NDArray[np.float64]]]:
    """The strokes of each drawing in the arrays of a strokes file, one drawing after the other."""
    points, stroke_start = arrays["points"], arrays["stroke_start"]
    for first, end in pairwise(arrays["sample_offset"].tolist()):
        yield [points[a:b].astype(np.float64) for a, b in pairwise(stroke_start[first : end + 1])]


def strokes_arrays(file: str | os.PathLike[str]) -> dict[str, NDArray]:
    """The arrays of a strokes file, validated, with `NO_DIGIT` as the label of non-digits."""
    try:
        arrays = read_arrays(file, STROKES, optional=("image", "writer"))
    except (OSError, ArchiveError) as error:
        raise DatasetError(
            f"{file} is not a strokes file, or is damaged ({error}): data/samples.py describes the format"
        ) from None
    if max(arrays["y"].size, arrays["stroke_start"].size - 1) > MOST:  # first, for all else takes memory for each
        raise DatasetError(f"{file} has more than {MOST:,} drawings or strokes: split it into several files")
    if not fit_together(arrays):
        raise DatasetError(f"the arrays in {file} do not fit together: data/samples.py describes the format")
    if largest_drawing(arrays) > MOST_POINTS:
        raise DatasetError(f"{file} has a drawing of more than {MOST_POINTS:,} strokes or points: remove it")
    return {**arrays, "y": np.where(arrays["y"] == NO_DIGIT_IN_FILE, NO_DIGIT, arrays["y"])}


def fit_together(arrays: dict[str, NDArray]) -> bool:
    """Whether the arrays form a valid strokes file."""
    points, stroke_start, sample_offset, labels = (arrays[name] for name in STROKES)
    image, writer = arrays.get("image"), arrays.get("writer", labels)
    return (
        points.ndim == 2
        and points.shape[1] == 2
        and points.dtype.kind in "iuf"
        and are_offsets(stroke_start, len(points))
        and are_offsets(sample_offset, len(stroke_start) - 1)
        and labels.shape == (len(sample_offset) - 1,)
        and labels.dtype.kind in "iu"
        and bool(np.isin(labels, [NO_DIGIT_IN_FILE, *range(10)]).all())
        and (writer.shape, writer.dtype.kind) in ((labels.shape, "i"), (labels.shape, "u"))
        and (image is None or (image.dtype, image.shape) == (np.uint8, (len(labels), 28, 28)))
    )


def largest_drawing(arrays: dict[str, NDArray]) -> int:
    """The number of strokes or points, whichever is more, of the largest drawing in arrays that fit together."""
    stroke_start, sample_offset = arrays["stroke_start"], arrays["sample_offset"]
    return max(
        int(np.diff(ends.astype(np.int64)).max(initial=0)) for ends in (sample_offset, stroke_start[sample_offset])
    )


def are_offsets(starts: NDArray, length: int) -> bool:
    """Whether `starts` divides `length` items into consecutive groups: integers, 0 to `length`, never decreasing."""
    return (
        starts.ndim == 1
        and starts.dtype.kind in "iu"
        and len(starts) > 0
        and starts[0] == 0
        and starts[-1] == length
        and bool((starts[1:] >= starts[:-1]).all())
    )
