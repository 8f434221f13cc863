"""Strokes as parts of writing, and parts as strokes: a stroke that joins two digits may be cut."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from .lines import LEAST_HEIGHT
from .parts import Part
from .segmentation import MOST_DIGITS

Strokes = list[NDArray[np.float64]]

DOUBLE_WIDTH = 1.0  # share of the tallest stroke's height: a stroke at least as wide may be two digits


def parts_of(strokes: Sequence[NDArray[np.float64]]) -> list[Part]:
    """The parts of strokes, each whole or cut at its ligatures. A stroke is `(k, 2)`: points, x right, y down."""
    if not any(len(stroke) for stroke in strokes):
        return []
    extent = np.ptp(np.concatenate(strokes), axis=0).max()
    unit = max(extent / MOST_DIGITS, *(np.ptp(stroke[:, 1]) for stroke in strokes if len(stroke)))
    return [part for number, stroke in enumerate(strokes) if len(stroke) for part in _cut(number, stroke, unit)]


def _cut(number: int, stroke: NDArray[np.float64], unit: float) -> list[Part]:
    """A stroke whole, or its pieces without the ligatures: stretches with nothing above or below between two pieces
    that are tall enough for digits."""
    pieces, start = [], 0
    if np.ptp(stroke[:, 0]) >= DOUBLE_WIDTH * unit:
        x = stroke[:, 0]
        so_far, to_come = np.maximum.accumulate(x), np.minimum.accumulate(x[::-1])[::-1]
        alone = np.flatnonzero(so_far[:-1] <= to_come[1:])  # all earlier points lie left of all later ones
        for ligature in np.split(alone, np.flatnonzero(np.diff(alone) > 1) + 1):
            if not len(ligature):
                continue
            before, after = stroke[start : ligature[0] + 1, 1], stroke[ligature[-1] + 1 :, 1]
            if len(before) and min(np.ptp(before), np.ptp(after)) >= LEAST_HEIGHT * unit:
                pieces.append((number, start, int(ligature[0]) + 1))
                start = int(ligature[-1]) + 1
    pieces.append((number, start, len(stroke)))
    return [
        Part((piece,), *stroke[slice(*piece[1:])].min(axis=0), *stroke[slice(*piece[1:])].max(axis=0))
        for piece in pieces
    ]


def strokes_of(part: Part, strokes: Sequence[NDArray[np.float64]]) -> Strokes:
    """A part's strokes as they were drawn, with the ligatures inside it."""
    ends: dict[int, list[int]] = {}
    for number, start, stop in sorted(part.pieces):
        ends.setdefault(number, [start])[1:] = [stop]
    return [strokes[number][start:stop] for number, (start, stop) in ends.items()]
