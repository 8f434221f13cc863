"""Non-digit drawings: letters, signs, scribbles and blots, to measure how many of them a network refuses.

None looks like a digit, as O, S or B do. They are used neither for training nor for choosing a network.
"""

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter1d

from data.ink import strokes_to_image
from data.strokes import Strokes

VARIANTS = 16  # samples of each kind
WOBBLE = 0.03  # standard deviation of the corners' positions
TURN, SLANT, STRETCH = 0.12, 0.15, 0.12  # standard deviations: in radians, as a shear, and as a share of the length
HANDS = (0.5, 1.0, 1.5)  # haste of each
DRAWINGS_PER_HAND = 5  # of each kind
STEP = 0.02  # distance between the points of a stroke
ROUNDING = 1.5  # standard deviation, in steps, of the filter that rounds the corners

# The corners of the strokes of each shape; x runs to the right and y down, both from 0 to 1.
SHAPES: dict[str, list[list[tuple[float, float]]]] = {
    "A": [[(0, 1), (0.45, 0), (0.9, 1)], [(0.2, 0.62), (0.72, 0.62)]],
    "E": [[(0.7, 0), (0, 0), (0, 1), (0.7, 1)], [(0, 0.5), (0.55, 0.5)]],
    "F": [[(0, 0), (0, 1)], [(0, 0), (0.7, 0)], [(0, 0.45), (0.55, 0.45)]],
    "H": [[(0, 0), (0, 1)], [(0.7, 0), (0.7, 1)], [(0, 0.5), (0.7, 0.5)]],
    "K": [[(0, 0), (0, 1)], [(0.7, 0), (0.02, 0.55), (0.7, 1)]],
    "M": [[(0, 1), (0.1, 0), (0.5, 0.7), (0.9, 0), (1, 1)]],
    "N": [[(0, 1), (0, 0), (0.75, 1), (0.75, 0)]],
    "R": [[(0, 1), (0, 0), (0.5, 0.02), (0.62, 0.25), (0.5, 0.48), (0.02, 0.5), (0.68, 1)]],
    "T": [[(0, 0), (0.9, 0)], [(0.45, 0), (0.45, 1)]],
    "V": [[(0, 0), (0.4, 1), (0.8, 0)]],
    "W": [[(0, 0), (0.25, 1), (0.5, 0.3), (0.75, 1), (1, 0)]],
    "X": [[(0, 0), (0.8, 1)], [(0.8, 0), (0, 1)]],
    "Π": [[(0.1, 1), (0.1, 0), (0.75, 0), (0.75, 1)]],
    "Σ": [[(0.75, 0), (0, 0), (0.45, 0.48), (0, 1), (0.8, 1)]],
    "Ψ": [[(0, 0), (0.03, 0.4), (0.4, 0.6), (0.77, 0.4), (0.8, 0)], [(0.4, 0), (0.4, 1)]],
    "Ж": [[(0, 0), (1, 1)], [(1, 0), (0, 1)], [(0.5, 0), (0.5, 1)]],
    "a": [[(0.78, 0.3), (0.62, 0.05), (0.38, 0), (0.1, 0.2), (0, 0.5), (0.1, 0.8), (0.38, 1), (0.65, 0.85),
           (0.78, 0.55), (0.78, 0.3)], [(0.8, 0.05), (0.78, 0.8), (0.95, 0.97)]],
    "d": [[(0.66, 0.6), (0.5, 0.42), (0.3, 0.4), (0.08, 0.52), (0, 0.7), (0.1, 0.9), (0.3, 1), (0.52, 0.95),
           (0.66, 0.75)], [(0.68, 0), (0.68, 1)]],
    "e": [[(0.05, 0.5), (0.8, 0.45), (0.65, 0.1), (0.35, 0), (0.08, 0.2), (0, 0.55), (0.12, 0.88), (0.4, 1),
           (0.8, 0.85)]],
    "k": [[(0, 0), (0, 1)], [(0.55, 0.4), (0.02, 0.68), (0.55, 1)]],
    "m": [[(0, 1), (0, 0), (0, 0.3), (0.2, 0), (0.42, 0.15), (0.45, 1), (0.45, 0.3), (0.7, 0), (0.92, 0.15),
           (0.95, 1)]],
    "w": [[(0, 0), (0.05, 0.7), (0.25, 1), (0.48, 0.7), (0.5, 0.1), (0.52, 0.7), (0.75, 1), (0.95, 0.7), (1, 0)]],
    "arrow right": [[(0, 0.5), (1, 0.5)], [(0.65, 0.15), (1, 0.5), (0.65, 0.85)]],
    "arrow left": [[(1, 0.5), (0, 0.5)], [(0.35, 0.15), (0, 0.5), (0.35, 0.85)]],
    "arrow up": [[(0.5, 1), (0.5, 0)], [(0.15, 0.35), (0.5, 0), (0.85, 0.35)]],
    "arrow down": [[(0.5, 0), (0.5, 1)], [(0.15, 0.65), (0.5, 1), (0.85, 0.65)]],
    "heart": [[(0.5, 0.28), (0.38, 0.05), (0.15, 0), (0, 0.2), (0.08, 0.5), (0.5, 1), (0.92, 0.5), (1, 0.2), (0.85, 0),
               (0.62, 0.05), (0.5, 0.28)]],
    "smiley": [[(0.5, 0), (0.15, 0.15), (0, 0.5), (0.15, 0.85), (0.5, 1), (0.85, 0.85), (1, 0.5), (0.85, 0.15),
                (0.5, 0)], [(0.32, 0.3), (0.32, 0.4)],
               [(0.68, 0.3), (0.68, 0.4)], [(0.25, 0.62), (0.5, 0.78), (0.75, 0.62)]],
    "plus": [[(0, 0.5), (0.9, 0.5)], [(0.45, 0.05), (0.45, 0.95)]],
    "star": [[(0.2, 1), (0.5, 0), (0.8, 1), (0, 0.38), (1, 0.38), (0.2, 1)]],
    "hash": [[(0.3, 0), (0.25, 1)], [(0.7, 0), (0.65, 1)], [(0, 0.35), (1, 0.3)], [(0, 0.7), (1, 0.65)]],
    "equals": [[(0, 0.3), (1, 0.3)], [(0, 0.65), (1, 0.65)]],
    "percent": [[(0.25, 0), (0.05, 0.18), (0.25, 0.36), (0.42, 0.18), (0.25, 0)], [(0.95, 0), (0.1, 1)],
                [(0.78, 0.64), (0.6, 0.82), (0.78, 1), (0.96, 0.82), (0.78, 0.64)]],
    "infinity": [[(0.5, 0.5), (0.2, 0.25), (0, 0.5), (0.2, 0.75), (0.5, 0.5), (0.8, 0.25), (1, 0.5), (0.8, 0.75),
                  (0.5, 0.5)]],
    "wave": [[(0, 0.5), (0.12, 0.3), (0.25, 0.5), (0.38, 0.7), (0.5, 0.5), (0.62, 0.3), (0.75, 0.5), (0.88, 0.7),
              (1, 0.5)]],
    "house": [[(0.1, 1), (0.1, 0.45), (0.5, 0), (0.9, 0.45), (0.9, 1), (0.1, 1)], [(0.1, 0.45), (0.9, 0.45)]],
    "window": [[(0, 0), (0.9, 0), (0.9, 0.9), (0, 0.9), (0, 0)], [(0.45, 0), (0.45, 0.9)], [(0, 0.45), (0.9, 0.45)]],
    "triangle": [[(0.5, 0), (0, 0.9), (1, 0.9), (0.5, 0)]],
    "tree": [[(0.5, 0), (0.5, 1)], [(0.1, 0.5), (0.5, 0.15), (0.9, 0.5)], [(0, 0.85), (0.5, 0.45), (1, 0.85)]],
    "fish": [[(1, 0.25), (0.6, 0.55), (0.3, 0.75), (0, 0.5), (0.3, 0.25), (0.6, 0.45), (1, 0.75), (1, 0.25)]],
    "umbrella": [[(0, 0.45), (0.15, 0.12), (0.5, 0), (0.85, 0.12), (1, 0.45), (0, 0.45)],
                 [(0.5, 0.45), (0.5, 0.9), (0.4, 1), (0.3, 0.9)]],
    "dots": [[(0.1, 0.5), (0.12, 0.5)], [(0.5, 0.5), (0.52, 0.5)], [(0.9, 0.5), (0.92, 0.5)]],
}  # fmt: skip


def non_digit_samples() -> tuple[list[tuple[str, Strokes]], NDArray[np.uint8]]:
    """The samples, always the same ones: the kind and the strokes of each, and their images `(n, 28, 28)`."""
    drawings = make_non_digits(VARIANTS, np.random.default_rng(0))
    images = [image for _, strokes in drawings if (image := strokes_to_image(strokes)) is not None]
    return drawings, np.stack(images)


def drawings_by_three_hands(shapes: dict[str, list[list[tuple[float, float]]]]) -> list[tuple[str, Strokes]]:
    """Drawings of each shape by a careful, a usual and a hasty hand, always the same: their kinds and strokes."""
    rng = np.random.default_rng(1)
    hands = [haste for haste in HANDS for _ in range(DRAWINGS_PER_HAND)]
    return [(name, by_hand(corners, rng, haste)) for name, corners in shapes.items() for haste in hands]


def make_non_digits(variants: int, rng: np.random.Generator) -> list[tuple[str, Strokes]]:
    """`variants` random drawings of each kind: its name, and its strokes as for `data.ink.strokes_to_image`."""
    drawings = [(name, by_hand(corners, rng)) for name, corners in SHAPES.items() for _ in range(variants)]
    for name, draw in (("scribble", scribble), ("zigzag", zigzag), ("spiral", spiral), ("blot", blot)):
        drawings += [(name, draw(rng)) for _ in range(variants)]
    return drawings


def by_hand(corners: list[list[tuple[float, float]]], rng: np.random.Generator, haste: float = 1) -> Strokes:
    """The shape as if drawn by hand: jittered, rotated, slanted and stretched, with round corners.

    Args:
        haste: multiplies the standard deviations.
    """
    cos, sin = np.cos(angle := rng.normal(0, TURN * haste)), np.sin(angle)
    stretch = np.diag(1 + rng.normal(0, STRETCH * haste, 2).clip(-0.3, 0.3))
    drawn = stretch @ [[1, rng.normal(0, SLANT * haste)], [0, 1]] @ [[cos, -sin], [sin, cos]]
    return [line(np.array(stroke) + rng.normal(0, WOBBLE * haste, (len(stroke), 2))) @ drawn for stroke in corners]


def scribble(rng: np.random.Generator) -> Strokes:
    """A random scribble."""
    return [line(rng.uniform(0, 1, (rng.integers(9, 25), 2)))]


def zigzag(rng: np.random.Generator) -> Strokes:
    """A zigzag, as for crossing something out."""
    turns = rng.integers(8, 16)
    corners = np.stack([np.linspace(0, 1, turns), np.arange(turns) % 2 * rng.uniform(0.3, 1)], axis=1)
    return [line(corners + rng.normal(0, WOBBLE, corners.shape))]


def spiral(rng: np.random.Generator) -> Strokes:
    """A spiral of three or four turns."""
    angle = np.linspace(0, 2 * np.pi * rng.uniform(2.8, 4), 120) + rng.uniform(0, 2 * np.pi)
    radius = np.linspace(0.03, 0.5, 120) + gaussian_filter1d(rng.normal(0, WOBBLE, 120), 4)
    return [np.stack([radius * np.cos(angle), rng.uniform(0.8, 1.2) * radius * np.sin(angle)], axis=1)]


def blot(rng: np.random.Generator) -> Strokes:
    """A patch filled with ink."""
    rows = 24
    y = np.linspace(-1, 1, rows)
    half = np.sqrt(1 - y**2) * rng.uniform(0.6, 1.1)
    side = np.where(np.arange(rows) % 2, half, -half) + rng.normal(0, 2 * WOBBLE, rows)
    return [line(np.stack([side, y], axis=1))]


def line(corners: NDArray[np.float64]) -> NDArray[np.float64]:
    """A smooth line through the corners, as closely spaced points."""
    lengths = np.hypot(*np.diff(corners, axis=0).T)
    distances = np.concatenate([[0], np.cumsum(lengths)])
    at = np.linspace(0, distances[-1], max(3, round(distances[-1] / STEP)))
    points = np.stack([np.interp(at, distances, axis) for axis in corners.T], axis=1)
    return gaussian_filter1d(points, ROUNDING, axis=0, mode="nearest")
