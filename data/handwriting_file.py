"""Export and import of handwriting: all drawings as one file.

It is a strokes file, as `data.samples` reads it, with additional arrays, so `make evaluate DATASET=mine.npz` reads an
export too. JSON lines would be readable by eye, but a second format for the same strokes, and far larger.

- `image` uint8 `(n, 28, 28)`: the network's input;
- `answer` `(n,)`: the digit that was read; −1, here and in `y`, for a non-digit;
- `key`, `weights`, `created`: texts `(n,)`.
"""

from io import BytesIO

import numpy as np
from numpy.typing import NDArray

from model.files import ArchiveError, read_arrays

from .handwriting import MOST_DRAWINGS, MOST_POINTS, MOST_STROKES, Drawing, HandwritingError
from .samples import NO_DIGIT_IN_FILE, STROKES, fit_together, largest_drawing, strokes_of

LARGEST = 64 * 2**20  # bytes when unpacked
TEXTS = ("key", "weights", "created")


def pack(drawings: list[Drawing]) -> bytes:
    """The drawings as the content of a file."""
    strokes = [stroke for drawing in drawings for stroke in drawing.strokes]
    file = BytesIO()
    np.savez_compressed(
        file,
        allow_pickle=False,
        points=np.concatenate([np.empty((0, 2)), *strokes]).astype(np.float32),
        stroke_start=np.cumsum([0, *map(len, strokes)]),
        sample_offset=np.cumsum([0, *(len(drawing.strokes) for drawing in drawings)]),
        y=digits([drawing.truth for drawing in drawings]),
        answer=digits([drawing.answer for drawing in drawings]),
        image=np.array([drawing.image for drawing in drawings], np.uint8).reshape(-1, 28, 28),
        **{name: np.array([getattr(drawing, name) for drawing in drawings], str) for name in TEXTS},
    )
    return file.getvalue()


def unpack(content: bytes) -> list[Drawing]:
    """The drawings in an untrusted file: bounded in size, never unpickled, every part validated.

    Raises:
        HandwritingError: it is not an export of handwriting, or a part of it is invalid.
    """
    try:
        arrays = read_arrays(content, (*STROKES, "image", "answer", *TEXTS), largest=LARGEST)
    except ArchiveError as error:
        raise HandwritingError(
            f"this is not an export of handwriting, or it is damaged ({error}): choose another file"
        ) from None
    count = arrays["y"].size
    if count > MOST_DRAWINGS:  # first, for all else takes memory for each
        raise HandwritingError(f"the file has more than {MOST_DRAWINGS:,} drawings: it is not from this program")
    if arrays["stroke_start"].size - 1 > MOST_DRAWINGS * MOST_STROKES:
        raise HandwritingError("the file has more strokes than its drawings may have: it is not from this program")
    consistent = (
        fit_together(arrays)
        and arrays["answer"].shape == (count,)
        and arrays["answer"].dtype.kind in "iu"
        and all(arrays[name].shape == (count,) and arrays[name].dtype.kind == "U" for name in TEXTS)
    )
    if not consistent:
        raise HandwritingError("the arrays of this file do not fit together: export it again")
    if largest_drawing(arrays) > MOST_POINTS:
        raise HandwritingError(
            f"a drawing in this file has more than {MOST_POINTS:,} points: it is not from this program"
        )
    drawings = []
    for i, strokes in enumerate(strokes_of(arrays)):
        answer, truth = (as_digit(arrays[name][i]) for name in ("answer", "y"))
        key, weights, created = (str(arrays[name][i]) for name in TEXTS)
        try:
            drawings.append(Drawing(key, strokes, arrays["image"][i], answer, truth, weights, created))
        except HandwritingError as error:
            raise HandwritingError(f"drawing {i + 1} in this file is invalid: {error}") from None
    return drawings


def digits(values: list[int | None]) -> NDArray[np.int8]:
    """The digits as an array, with `NO_DIGIT_IN_FILE` for None."""
    return np.array([NO_DIGIT_IN_FILE if digit is None else digit for digit in values], np.int8)


def as_digit(value: np.integer) -> int | None:
    """The inverse of `digits`, for one value."""
    return None if value == NO_DIGIT_IN_FILE else int(value)
