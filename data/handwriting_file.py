"""Handwriting to take along: the store's drawings as one file, and back.

It is a strokes file, as `data.samples` reads it, with further arrays, so that `make evaluate DATASET=mine.npz` takes an
export as it is. JSON lines could be read by eye, but would be a second format for the same strokes, and far larger.

- `image` uint8 `(n, 28, 28)`: what the network saw;
- `answer` `(n,)`: the digit that was read; −1, here and in `y`, where there was none;
- `key`, `weights`, `created`: texts `(n,)`.
"""

from io import BytesIO

import numpy as np
from numpy.typing import NDArray

from model.files import ArchiveError, read_arrays

from .handwriting import MOST_DRAWINGS, MOST_STROKES, Drawing, HandwritingError
from .samples import NO_DIGIT_IN_FILE, STROKES, fit_together, strokes_of

LARGEST = 64 * 2**20  # bytes, unpacked
TEXTS = ("key", "weights", "created")


def pack(drawings: list[Drawing]) -> bytes:
    """The drawings as a file."""
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
    """The drawings in a file that anybody may have made: bounded, without pickles, every part checked.

    Raises:
        HandwritingError: it is no such file, or something in it is not right.
    """
    try:
        arrays = read_arrays(content, (*STROKES, "image", "answer", *TEXTS), largest=LARGEST)
    except ArchiveError as error:
        raise HandwritingError(
            f"this is no export of handwriting, or it is damaged ({error}): choose another file"
        ) from None
    count = arrays["y"].size
    fits = (
        fit_together(arrays)
        and arrays["answer"].shape == (count,)
        and arrays["answer"].dtype.kind in "iu"
        and all(arrays[name].shape == (count,) and arrays[name].dtype.kind == "U" for name in TEXTS)
    )
    if not fits:
        raise HandwritingError("the parts of this file do not fit together: export it anew")
    if count > MOST_DRAWINGS:
        raise HandwritingError(f"the file has more than {MOST_DRAWINGS:,} drawings: it is not from this program")
    if len(arrays["stroke_start"]) - 1 > MOST_DRAWINGS * MOST_STROKES:
        raise HandwritingError("the file has more strokes than its drawings can: it is not from this program")
    drawings = []
    for i, strokes in enumerate(strokes_of(arrays)):
        answer, truth = (as_digit(arrays[name][i]) for name in ("answer", "y"))
        key, weights, created = (str(arrays[name][i]) for name in TEXTS)
        try:
            drawings.append(Drawing(key, strokes, arrays["image"][i], answer, truth, weights, created))
        except HandwritingError as error:
            raise HandwritingError(f"drawing {i + 1} in this file is not right: {error}") from None
    return drawings


def digits(each: list[int | None]) -> NDArray[np.int8]:
    return np.array([NO_DIGIT_IN_FILE if digit is None else digit for digit in each], np.int8)


def as_digit(number: np.integer) -> int | None:
    """What `digits` was given."""
    return None if number == NO_DIGIT_IN_FILE else int(number)
