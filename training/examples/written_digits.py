"""Digits drawn from skeletons, in writing styles that MNIST's writers, Americans of the 1990s, did not use.

Redrawn digits stay close to MNIST's own; these go further. All ten digits are drawn, in common and in rare styles, and
all in the same way: the points of a skeleton are moved a little, connected by a smooth line, and drawn with MNIST's pen
widths. So only its shape tells which digit an image shows.
"""

import re
from functools import cache
from itertools import pairwise
from typing import NamedTuple

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray
from scipy import ndimage

from data.ink import BOX, CENTRE, SIZE, draw_segments

from .skeletons import SKELETONS

# For each image, a number is drawn at random from each of these ranges.
JITTER = (0.01, 0.05)  # standard deviation of the points, as a share of the digit's height
UNEVEN = (0.75, 1.35)  # power of the height: above 1 the upper part shrinks and the lower part grows
TAPER = (-0.2, 0.2)  # share by which the bottom is wider and the top narrower
STRETCH = (0.85, 1.45)  # factor of the width
SLANT = (-0.25, 0.5)  # units to the right per unit upwards
PEN = (1.2, 2.3, 4.0)  # pixels: thinnest, most frequent, thickest

MIDDLE = 0.3  # x of the skeletons' middle
STEPS = 6  # straight segments between two points
POINT = re.compile(r"(-?\d+),(-?\d+)(!?)(?:~(\d+))?")


class Stroke(NamedTuple):
    """A stroke of a skeleton, in heights of the digit."""

    points: NDArray[np.float64]  # (k, 2), x and y
    freedom: NDArray[np.float64]  # (k, 1), how far each point may be moved
    corners: list[int]  # the points at which a smooth line ends, including the first and the last


def write_digits(labels: NDArray[np.integer], rng: np.random.Generator) -> NDArray[np.uint8]:
    """A digit for each of the labels `(n,)`, in a random style, in MNIST's frame: uint8 `(n, 28, 28)`."""
    images = np.empty((len(labels), SIZE, SIZE), np.uint8)
    for digit, hands in SKELETONS.items():
        weights = np.array([weight for weight, _ in hands.values()])
        rows = np.flatnonzero(labels == digit)
        chosen = rng.choice(list(hands), len(rows), p=weights / weights.sum())
        for hand, (_, skeleton) in hands.items():
            of_hand = rows[chosen == hand]
            images[of_hand] = write(parse(skeleton), len(of_hand), rng)
    return images


def write(strokes: list[Stroke], count: int, rng: np.random.Generator) -> NDArray[np.uint8]:
    """`count` random variants of a skeleton in MNIST's frame: uint8 `(count, 28, 28)`."""
    jitter = rng.uniform(*JITTER, (count, 1, 1))
    power, taper, stretch, slant = (rng.uniform(*limits, (count, 1)) for limits in (UNEVEN, TAPER, STRETCH, SLANT))
    lines = []
    for points, freedom, corners in strokes:
        moved = points + freedom * rng.uniform(-1, 1, (count, *points.shape))
        # Each point moves by itself and, by as much, with its stroke.
        moved += jitter / 2 * (rng.normal(size=moved.shape) + rng.normal(size=(count, 1, 2)))
        x, y = moved[..., 0], moved[..., 1]
        y = np.sign(y) * np.abs(y) ** power
        x = stretch * (1 + taper * (2 * y - 1)) * (x - MIDDLE) - slant * y
        line = smooth(np.stack([x, y], axis=2), corners)
        lines.append(np.stack([line[:, :-1], line[:, 1:]], axis=2))
    images = np.empty((count, SIZE, SIZE), np.uint8)
    for image, segments, pen in zip(images, np.concatenate(lines, axis=1), rng.triangular(*PEN, count), strict=True):
        image[:] = _drawn(segments, pen)
    return images


@cache
def parse(skeleton: str) -> list[Stroke]:
    """The strokes of a skeleton, in the notation of `skeletons.py`."""
    strokes = []
    for stroke in skeleton.split("/"):
        marks = POINT.findall(stroke)
        numbers = np.array([(int(x), int(y), int(freedom or 0)) for x, y, _, freedom in marks]) / 100
        corners = {0, len(marks) - 1} | {i for i, (_, _, corner, _) in enumerate(marks) if corner}
        strokes.append(Stroke(numbers[:, :2], numbers[:, 2:], sorted(corners)))
    return strokes


def smooth(points: NDArray[np.float64], corners: list[int]) -> NDArray[np.float64]:
    """Lines `(n, m, 2)` through points `(n, k, 2)`, smooth between corners: cubic splines by Catmull & Rom, "A Class of
    Local Interpolating Splines", 1974, extended in a straight line at both ends.
    """
    t = np.arange(STEPS)[:, np.newaxis] / STEPS
    weights = np.hstack([-t + 2 * t**2 - t**3, 2 - 5 * t**2 + 3 * t**3, t + 4 * t**2 - 3 * t**3, t**3 - t**2]) / 2
    parts = []
    for first, last in pairwise(corners):
        part = points[:, first : last + 1]
        before, after = 2 * part[:, :1] - part[:, 1:2], 2 * part[:, -1:] - part[:, -2:-1]
        fours = sliding_window_view(np.concatenate([before, part, after], axis=1), 4, axis=1)  # (n, last - first, 2, 4)
        parts.append((weights @ fours.swapaxes(2, 3)).reshape(len(points), (last - first) * STEPS, 2))
    return np.concatenate([*parts, points[:, -1:]], axis=1)


def _drawn(segments: NDArray[np.float64], pen: float) -> NDArray[np.float32]:
    """Segments `(s, 2, 2)` in any unit as an image `(28, 28)` in MNIST's frame, 0 to 255, with lines `pen` wide."""
    lowest, highest = segments.min(axis=(0, 1)), segments.max(axis=(0, 1))
    scale = (BOX - pen) / (highest - lowest).max()
    # First drawn in the upper left corner, aligned with the pixels, then shifted by whole pixels, as MNIST was.
    drawn = draw_segments((segments - lowest) * scale + (pen - 1) / 2, pen, SIZE)
    x, y = SIZE - np.ceil((highest - lowest) * scale + pen)  # the largest shift
    shift = np.round(CENTRE - np.array(ndimage.center_of_mass(drawn))).clip(0, (y, x)).astype(int)
    return np.round(np.roll(drawn, shift, axis=(0, 1)) * 255)
