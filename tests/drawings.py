"""Drawings of digits and non-digits for tests of the pad."""

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from data.segmentation import segment_parts
from data.strokes import parts_of, strokes_of

Strokes = list[list[tuple[float, float]]]

# Each digit as a person draws it, on a pad of 100 × 100.
DIGITS: list[Strokes] = [
    [[(50, 14), (38, 18), (29, 32), (27, 50), (30, 68), (39, 82), (51, 86), (63, 81), (71, 67), (73, 49), (70, 31),
      (61, 18), (50, 14)]],
    [[(52, 14), (51, 32), (50, 50), (49, 68), (48, 86)]],
    [[(29, 32), (34, 20), (46, 14), (60, 16), (69, 27), (66, 41), (55, 55), (42, 68), (29, 83), (45, 83), (60, 83),
      (75, 82)]],
    [[(30, 24), (40, 15), (54, 14), (66, 22), (66, 35), (57, 45), (45, 48), (58, 51), (69, 60), (70, 73), (60, 83),
      (45, 86), (30, 79)]],
    [[(36, 14), (33, 30), (30, 46), (29, 54), (45, 54), (60, 53), (75, 52)], [(62, 22), (61, 44), (60, 66), (59, 88)]],
    [[(35, 15), (34, 30), (32, 45), (46, 41), (60, 44), (69, 55), (69, 69), (60, 81), (46, 86), (31, 81)],
     [(35, 15), (50, 15), (68, 14)]],
    [[(62, 14), (49, 23), (39, 37), (32, 53), (31, 69), (38, 82), (51, 87), (64, 81), (68, 68), (61, 57), (48, 55),
      (36, 62)]],
    [[(27, 18), (43, 18), (58, 18), (73, 17), (66, 33), (58, 50), (50, 68), (43, 87)]],
    [[(66, 24), (55, 15), (42, 17), (36, 27), (42, 39), (53, 47), (65, 58), (69, 72), (60, 84), (46, 87), (34, 79),
      (33, 66), (42, 54), (56, 44), (66, 34), (66, 24)]],
    [[(67, 32), (59, 19), (46, 15), (34, 23), (32, 37), (40, 48), (53, 48), (64, 40), (67, 30), (66, 48), (63, 67),
      (59, 87)]],
]  # fmt: skip
NO_DIGITS: dict[str, Strokes] = {
    "wave": [[(5 * i, 50 + 15 * (-1) ** i) for i in range(1, 20)]],
    "E": [[(68, 15), (32, 15), (32, 50), (32, 85), (68, 85)], [(32, 50), (62, 50)]],
    "W": [[(12, 18), (30, 84), (50, 35), (70, 84), (88, 18)]],
    "X": [[(25, 15), (50, 50), (75, 85)], [(75, 15), (50, 50), (25, 85)]],
}
PAD = 1000 / 100  # what the pad says of places, of the unit that the digits are drawn in


def segment(
    strokes: Sequence[NDArray[np.float64]], certainty: Callable[[list[list[NDArray[np.float64]]]], ArrayLike]
) -> list[list[NDArray[np.float64]]]:
    """The strokes of each sign; `certainty` is the probability of the likeliest digit in each group of strokes."""
    signs = segment_parts(parts_of(strokes), lambda parts: certainty([strokes_of(part, strokes) for part in parts]))
    return [strokes_of(sign.part, strokes) for sign in signs]


def number(*digits: int) -> Strokes:
    """Digits side by side."""
    width = 100 / len(digits)
    places = enumerate(digits)
    return [[(i * width + x * width / 100, 35 + y * 0.3) for x, y in s] for i, digit in places for s in DIGITS[digit]]


def scrawl(rng: np.random.Generator) -> list[list[tuple[int, int]]]:
    """A random drawing of a digit or of a number of two or three digits."""
    digits = rng.integers(10, size=rng.choice([1, 1, 1, 2, 3]))
    strokes = DIGITS[digits[0]] if len(digits) == 1 else number(*digits)
    return [wobbly(np.array(stroke) * PAD, rng) for stroke in strokes]


def wobbly(stroke: np.ndarray, rng: np.random.Generator) -> list[tuple[int, int]]:
    """A stroke's points moved, so that networks are unsure and of different minds, and three more between each two."""
    moved = stroke + rng.normal(scale=30, size=stroke.shape)
    steps = np.arange(0, len(moved) - 0.75, 0.25)
    points = np.stack([np.interp(steps, np.arange(len(moved)), axis) for axis in moved.T], axis=1)
    return [(int(x), int(y)) for x, y in points.round().clip(0, 1000)]
