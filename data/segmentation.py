"""Splits the strokes of a number into digits: which strokes belong together, and where one stroke connects two digits.

Strokes with a gap between them are different digits; strokes that overlap are the same digit. If the geometry is
ambiguous, the classifier decides: of all groupings of neighbours, the one whose least certain digit is the most certain
(recognition-based segmentation: Casey and Lecolinet, "A Survey of Methods and Strategies in Character Segmentation",
1996).
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

Strokes = list[NDArray[np.float64]]
Span = tuple[int, int]  # parts of a run: the first, and the one after the last

# Lengths, as shares of the tallest stroke's height:
TALL_GAP = 0.1  # a gap that separates parts tall enough for a digit
ANY_GAP = 0.3  # a gap that separates any parts
LEAST_HEIGHT = 0.45  # height of a digit; a lower part belongs to one, such as the bar of a 5
FOOT = 0.15  # a part that ends this far above its neighbours' feet is not a digit, such as the left of a 4
WIDEST = 1.6  # width of a digit of several parts
DOUBLE_WIDTH = 1.0  # width from which a stroke may be two digits
THINNEST = 0.15  # an upright line counts as this wide

OVERLAP = 0.6  # share of the narrower part's width: parts that overlap this much are one digit
MOST_PARTS = 4  # per digit
MOST_DIGITS = 10  # per number; more would be dots and dashes rather than digits
PREFERENCE = np.log(50)  # two possible digits are merged into one only if its odds are 50 times better


@dataclass(frozen=True)
class Part:
    """Pieces of strokes that certainly belong together, and their bounding box."""

    pieces: tuple[tuple[int, int, int], ...]  # index of the stroke, its first point, and the one after its last point
    left: float
    top: float
    right: float
    bottom: float

    @property
    def width(self) -> float:
        return self.right - self.left

    @property
    def height(self) -> float:
        return self.bottom - self.top

    def __add__(self, other: "Part") -> "Part":
        return Part(
            self.pieces + other.pieces,
            min(self.left, other.left),
            min(self.top, other.top),
            max(self.right, other.right),
            max(self.bottom, other.bottom),
        )


def segment(strokes: Sequence[NDArray[np.float64]], certainty: Callable[[list[Strokes]], ArrayLike]) -> list[Strokes]:
    """The strokes of each digit, from left to right; empty if there are no points.

    Args:
        strokes: arrays `(k, 2)` of points, x right, y down, in any unit.
        certainty: returns, for a list of groups of strokes, the probability of the likeliest digit of each. It is
            called once, or not at all if the geometry decides everything.
    """
    strokes = [stroke for stroke in strokes if len(stroke)]
    if not strokes:
        return []
    extent = np.ptp(np.concatenate(strokes), axis=0).max()
    unit = max(extent / MOST_DIGITS, *(np.ptp(stroke[:, 1]) for stroke in strokes))
    pieces = [part for index, stroke in enumerate(strokes) for part in _cut(index, stroke, unit)]
    runs = _runs(_merged(pieces, unit), unit)
    choices = [_groups(run, unit) for run in runs]
    candidates = [group for groups in choices if len(groups) > 1 for group in groups.values()]
    odds = {}
    if candidates:
        probabilities = np.asarray(certainty([_strokes_of(group, strokes) for group in candidates]), np.float64)
        probabilities = probabilities.clip(1e-7, 1 - 1e-7)  # the limits of float32
        odds = dict(zip(candidates, np.log(probabilities / (1 - probabilities)), strict=True))
    chosen = [group for run, groups in zip(runs, choices, strict=True) for group in _best(run, groups, odds)]
    return [_strokes_of(group, strokes) for group in chosen]


def _cut(index: int, stroke: NDArray[np.float64], unit: float) -> list[Part]:
    """A stroke, cut at its ligatures: the lines that connect one possible digit with the next."""
    pieces, start = [], 0
    if np.ptp(stroke[:, 0]) >= DOUBLE_WIDTH * unit:
        x = stroke[:, 0]
        max_before, min_after = np.maximum.accumulate(x), np.minimum.accumulate(x[::-1])[::-1]
        alone = np.flatnonzero(max_before[:-1] <= min_after[1:])  # everything before lies left of everything after
        for ligature in np.split(alone, np.flatnonzero(np.diff(alone) > 1) + 1):
            if not len(ligature):
                continue
            before, after = stroke[start : ligature[0] + 1, 1], stroke[ligature[-1] + 1 :, 1]
            if len(before) and min(np.ptp(before), np.ptp(after)) >= LEAST_HEIGHT * unit:
                pieces.append((index, start, int(ligature[0]) + 1))
                start = int(ligature[-1]) + 1
    pieces.append((index, start, len(stroke)))
    return [
        Part((piece,), *stroke[slice(*piece[1:])].min(axis=0), *stroke[slice(*piece[1:])].max(axis=0))
        for piece in pieces
    ]


def _merged(parts: list[Part], unit: float) -> list[Part]:
    """Merge overlapping parts; sorted by their left edges."""
    merged: list[Part] = []
    for part in parts:
        while other := next((other for other in merged if _overlap(part, other, unit)), None):
            merged.remove(other)
            part = other + part
        merged.append(part)
    return sorted(merged, key=lambda part: part.left)


def _overlap(one: Part, other: Part, unit: float) -> bool:
    overlap = min(one.right, other.right) - max(one.left, other.left)
    return overlap >= OVERLAP * max(min(one.width, other.width), THINNEST * unit)


def _runs(parts: list[Part], unit: float) -> list[list[Part]]:
    """Split the parts into runs of neighbours that are close or connected by a ligature; no digit spans two runs."""
    runs = [parts[:1]]
    for part in parts[1:]:
        run = runs[-1]
        gap = part.left - max(other.right for other in run)
        tall = min(part.height, run[-1].height) >= LEAST_HEIGHT * unit
        ligature = {piece[0] for piece in part.pieces} & {piece[0] for other in run for piece in other.pieces}
        if gap >= (TALL_GAP if tall else ANY_GAP) * unit and not ligature:
            runs.append([part])
        else:
            run.append(part)
    return runs


def _groups(run: list[Part], unit: float) -> dict[Span, Part]:
    """Every group of neighbours that may be a digit and leaves a valid grouping of the rest; else the whole run."""
    groups = {}
    for start in range(len(run)):
        for stop in range(start + 1, min(start + MOST_PARTS, len(run)) + 1):
            group = sum(run[start + 1 : stop], run[start])
            foot = max(part.bottom for part in run[max(start - 1, 0) : stop + 1])
            narrow = stop == start + 1 or group.width <= WIDEST * unit
            if narrow and group.height >= LEAST_HEIGHT * unit and group.bottom >= foot - FOOT * unit:
                groups[start, stop] = group
    from_start, to_end = {0}, {len(run)}
    for start, stop in sorted(groups):
        if start in from_start:
            from_start.add(stop)
    for start, stop in sorted(groups, reverse=True):
        if stop in to_end:
            to_end.add(start)
    complete = {span: group for span, group in groups.items() if span[0] in from_start and span[1] in to_end}
    return complete or {(0, len(run)): sum(run[1:], run[0])}


def _best(run: list[Part], groups: dict[Span, Part], odds: dict[Part, float]) -> list[Part]:
    """The grouping of the whole run whose least certain group is the most certain."""
    if len(groups) == 1:
        return list(groups.values())
    best: dict[int, tuple[float, list[Part]]] = {0: (np.inf, [])}
    for (start, stop), group in sorted(groups.items(), key=lambda item: item[0][1]):
        digits = {run[i].pieces[0][0] for i in range(start, stop) if (i, i + 1) in groups}
        certain = odds[group] - (PREFERENCE if len(digits) > 1 else 0)
        weakest = min(best[start][0], certain)
        if stop not in best or weakest > best[stop][0]:
            best[stop] = (weakest, [*best[start][1], group])
    return best[len(run)][1]


def _strokes_of(group: Part, strokes: list[NDArray[np.float64]]) -> Strokes:
    """The group's strokes as they were drawn, including ligatures within the group."""
    ends: dict[int, list[int]] = {}
    for index, start, stop in sorted(group.pieces):
        ends.setdefault(index, [start])[1:] = [stop]
    return [strokes[index][start:stop] for index, (start, stop) in ends.items()]
