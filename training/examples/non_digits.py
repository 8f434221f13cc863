"""Non-digit images made from MNIST's digits, from which a network learns to be unsure.

Hendrycks et al., "Deep Anomaly Detection with Outlier Exposure", 2019: a network trained on such images, with all
digits as equally likely targets, becomes unsure about other non-digits as well.
"""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from data.ink import frame

from .redrawn_digits import place

STRAIGHT = 1  # the digit that is a straight stroke
STROKE = 18  # frame pixels, its length
TURNED = (3, 4, 5)  # digits that are not digits when turned by a right angle
MIRRORED = (3, 4, 7, 9)  # digits that are not digits when mirrored


def outliers(
    count: int, images: NDArray[np.uint8], labels: NDArray[np.uint8], rng: np.random.Generator
) -> NDArray[np.uint8]:
    """Non-digit images uint8 `(count, 28, 28)` in MNIST's frame, made from the digits in `images`."""
    kinds = (_scribble, _strokes, _outline, _turned, _mirrored, _blot)

    def pick(digits: tuple[int, ...] = tuple(range(10))) -> NDArray[np.uint8]:
        rows = by_digit[digits[rng.integers(len(digits))]]
        return images[rows[rng.integers(len(rows))]]

    by_digit = [np.flatnonzero(labels == digit) for digit in range(10)]
    return np.stack([frame(kinds[i % len(kinds)](pick, rng)) for i in range(count)])


def _moved(
    image: NDArray[np.uint8], rng: np.random.Generator, turn: float, size: float, shift: float
) -> NDArray[np.float32]:
    """The image on a canvas, rotated by `turn` radians, scaled by `size`, shifted by up to `shift` pixels."""
    cos, sin = np.cos(turn) / size, np.sin(turn) / size
    return place(image, np.array([[cos, -sin], [sin, cos]]), rng.uniform(-shift, shift, 2))


Pick = Callable[..., NDArray[np.uint8]]  # draws a random digit, optionally one of those given
Ink = NDArray[np.float32]


def _scribble(pick: Pick, rng: np.random.Generator) -> Ink:
    """Three or four digits on top of each other, randomly rotated."""
    digits = [
        _moved(pick(), rng, rng.uniform(0, 2 * np.pi), rng.uniform(0.6, 1.5), 5) for _ in range(rng.integers(3, 5))
    ]
    return np.max(digits, axis=0)


def _strokes(pick: Pick, rng: np.random.Generator) -> Ink:
    """Three or four straight strokes, as in letters and signs."""
    ones = [
        _moved(pick((STRAIGHT,)), rng, rng.integers(4) * np.pi / 4 + rng.normal(0, 0.2), rng.uniform(0.5, 1.1), 8)
        for _ in range(rng.integers(3, 5))
    ]
    return np.max(ones, axis=0)


def _outline(pick: Pick, rng: np.random.Generator) -> Ink:
    """Three to five straight strokes end to end around a shape; of four or five, sometimes one is left out."""
    count = rng.integers(3, 6)
    angles = rng.uniform(0, 2 * np.pi) + 2 * np.pi / count * (np.arange(count) + rng.normal(0, 0.12, count))
    corners = rng.uniform(6, 11, 2) * np.stack([np.sin(angles), np.cos(angles)], axis=1)  # frame pixels, y before x
    ink = []
    for start, end in zip(corners, np.roll(corners, -1, axis=0), strict=True):
        length = np.linalg.norm(end - start)
        down, right = (end - start) / length
        matrix = np.array([[down, right], [-right, down]]) * STROKE / length  # turns an upright stroke along the edge
        ink.append(place(pick((STRAIGHT,)), matrix, -matrix @ (start + end) / 2))
    left_out = int(count > 3 and rng.random() < 0.5)  # two strokes could be a one or a seven
    return np.max(ink[left_out:], axis=0)


def _turned(pick: Pick, rng: np.random.Generator) -> Ink:
    return _moved(pick(TURNED), rng, rng.choice([-1, 1]) * np.pi / 2 + rng.normal(0, 0.15), 1, 0)


def _mirrored(pick: Pick, rng: np.random.Generator) -> Ink:
    return _moved(pick(MIRRORED)[:, ::-1], rng, rng.normal(0, 0.15), 1, 0)


def _blot(pick: Pick, rng: np.random.Generator) -> Ink:
    """A digit drawn with a brush as wide as its holes."""
    ink = _moved(pick(), rng, rng.uniform(0, 2 * np.pi), 1, 0)
    y, x = np.mgrid[-15:16, -15:16]
    return ndimage.maximum_filter(ink, footprint=np.hypot(x, y) <= rng.uniform(10, 15))
