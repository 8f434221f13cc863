"""Handwriting to take along: the store's drawings as one file, and back.

It is a strokes file, as `data.samples` reads it, with further arrays, so that `make evaluate DATASET=mine.npz` takes an
export as it is. JSON lines could be read by eye, but would be a second format for the same strokes, and far larger.

- `image` uint8 `(n, 28, 28)`: what the network saw;
- `answer` `(n,)`: the digit that was read; −1, here and in `y`, where there was none;
- `key`, `weights`, `created`: texts `(n,)`.
"""

import zipfile
from io import BytesIO

import numpy as np
from numpy.typing import NDArray

from .handwriting import MOST_DRAWINGS, Drawing, HandwritingError
from .samples import STROKES, fit_together, strokes_of

LARGEST = 64 * 2**20  # bytes, unpacked
TEXTS = ("key", "weights", "created")
NO_DIGIT = -1


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
    arrays = read_arrays(content)
    count = arrays["y"].size
    fits = (
        fit_together(arrays)
        and arrays["points"].dtype.kind == "f"
        and arrays["answer"].shape == (count,)
        and arrays["answer"].dtype.kind in "iu"
        and all(arrays[name].shape == (count,) and arrays[name].dtype.kind == "U" for name in TEXTS)
    )
    if not fits:
        raise HandwritingError("the parts of this file do not fit together: export it anew")
    if count > MOST_DRAWINGS:
        raise HandwritingError(f"the file has more than {MOST_DRAWINGS:,} drawings: it is not from this program")
    drawings = []
    for i, strokes in enumerate(strokes_of(arrays)):
        answer, truth = (None if arrays[name][i] == NO_DIGIT else int(arrays[name][i]) for name in ("answer", "y"))
        key, weights, created = (str(arrays[name][i]) for name in TEXTS)
        try:
            drawings.append(Drawing(key, strokes, arrays["image"][i], answer, truth, weights, created))
        except HandwritingError as error:
            raise HandwritingError(f"drawing {i + 1} in this file is not right: {error}") from None
    return drawings


def read_arrays(content: bytes) -> dict[str, NDArray]:
    """The arrays of the file, and no others."""
    try:
        with zipfile.ZipFile(BytesIO(content)) as archive:
            unpacked = sum(member.file_size for member in archive.infolist())
        if unpacked <= LARGEST:
            with np.load(BytesIO(content), allow_pickle=False) as archive:
                return {name: archive[name] for name in (*STROKES, "image", "answer", *TEXTS)}
    except Exception:  # whatever a damaged zip or array makes zipfile and numpy raise
        raise HandwritingError("this is no export of handwriting, or it is damaged: choose another file") from None
    raise HandwritingError(f"the file unpacks to more than {LARGEST >> 20} MiB: it is not from this program")


def digits(each: list[int | None]) -> NDArray[np.int8]:
    return np.array([NO_DIGIT if digit is None else digit for digit in each], np.int8)
