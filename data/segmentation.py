"""From strokes to the digits of a number: which strokes belong together, and where one stroke joins two digits.

What stands apart is another digit, and what lies across another stroke belongs to it. Where the geometry leaves a
choice the reader of the digits makes it: of all groupings into neighbours, the one whose least certain digit is the
most certain (recognition-based segmentation: Casey and Lecolinet, "A Survey of Methods and Strategies in Character
Segmentation", 1996).
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

Strokes = list[NDArray[np.float64]]
Span = tuple[int, int]  # parts of a run: the first, and the one after the last

# Shares of the tallest stroke's height:
APART = 0.1  # a gap that parts what is tall enough for a digit
FAR = 0.3  # a gap that parts anything
SMALLEST = 0.45  # height of a digit; what is lower is a part of one, such as the bar of a 5
FOOT = 0.15  # above its neighbours' feet: a part that ends higher is no digit, such as the left of a 4
WIDEST = 1.6  # a digit of several parts
WIDE = 1.0  # a stroke that may be two digits
THINNEST = 0.15  # as wide as this counts an upright line

ACROSS = 0.6  # share of the narrower one's width: parts that overlap as much are of one digit
MOST_PARTS = 4  # of a digit
LONGEST = 10  # digits in a number, or the strokes are no digits but dots and dashes
CLEARLY = np.log(50)  # two parts that may each be a digit are one if the odds of that are 50 times better


@dataclass(frozen=True)
class Part:
    """Pieces of strokes that certainly belong together, and the box around them."""

    pieces: tuple[tuple[int, int, int], ...]  # the stroke, its first point, and the one after the last
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
    """The strokes of each digit, from left to right; without a point there is no digit.

    Args:
        strokes: arrays `(k, 2)` of points, x right, y down, in any unit.
        certainty: the probability of the likeliest digit for each of the groups of strokes that it is given. It is
            called once, or not at all where the geometry decides.
    """
    strokes = [stroke for stroke in strokes if len(stroke)]
    if not strokes:
        return []
    extent = np.ptp(np.concatenate(strokes), axis=0).max()
    unit = max(extent / LONGEST, *(np.ptp(stroke[:, 1]) for stroke in strokes))
    pieces = [part for number, stroke in enumerate(strokes) for part in _cut(number, stroke, unit)]
    runs = _runs(_joined(pieces, unit), unit)
    choices = [_groups(run, unit) for run in runs]
    open_to_choice = [group for groups in choices if len(groups) > 1 for group in groups.values()]
    odds = {}
    if open_to_choice:
        probabilities = np.asarray(certainty([_strokes_of(group, strokes) for group in open_to_choice]), np.float64)
        probabilities = probabilities.clip(1e-7, 1 - 1e-7)  # as near as float32 comes to certainty
        odds = dict(zip(open_to_choice, np.log(probabilities / (1 - probabilities)), strict=True))
    chosen = [group for run, groups in zip(runs, choices, strict=True) for group in _best(run, groups, odds)]
    return [_strokes_of(group, strokes) for group in chosen]


def _cut(number: int, stroke: NDArray[np.float64], unit: float) -> list[Part]:
    """A stroke whole, or without its ligatures: lines that alone lead on from one possible digit to the next."""
    pieces, start = [], 0
    if np.ptp(stroke[:, 0]) >= WIDE * unit:
        x = stroke[:, 0]
        so_far, to_come = np.maximum.accumulate(x), np.minimum.accumulate(x[::-1])[::-1]
        alone = np.flatnonzero(so_far[:-1] <= to_come[1:])  # all before the point lies left of all that follows
        for ligature in np.split(alone, np.flatnonzero(np.diff(alone) > 1) + 1):
            if not len(ligature):
                continue
            before, after = stroke[start : ligature[0] + 1, 1], stroke[ligature[-1] + 1 :, 1]
            if len(before) and min(np.ptp(before), np.ptp(after)) >= SMALLEST * unit:
                pieces.append((number, start, int(ligature[0]) + 1))
                start = int(ligature[-1]) + 1
    pieces.append((number, start, len(stroke)))
    return [
        Part((piece,), *stroke[slice(*piece[1:])].min(axis=0), *stroke[slice(*piece[1:])].max(axis=0))
        for piece in pieces
    ]


def _joined(parts: list[Part], unit: float) -> list[Part]:
    """Parts that lie across each other made one; sorted by where they begin."""
    apart: list[Part] = []
    for part in parts:
        while across := next((other for other in apart if _across(part, other, unit)), None):
            apart.remove(across)
            part = across + part
        apart.append(part)
    return sorted(apart, key=lambda part: part.left)


def _across(one: Part, other: Part, unit: float) -> bool:
    overlap = min(one.right, other.right) - max(one.left, other.left)
    return overlap >= ACROSS * max(min(one.width, other.width), THINNEST * unit)


def _runs(parts: list[Part], unit: float) -> list[list[Part]]:
    """Neighbours that stand close, or hang together by a ligature; between the runs digits certainly end."""
    runs = [parts[:1]]
    for part in parts[1:]:
        run = runs[-1]
        gap = part.left - max(other.right for other in run)
        tall = min(part.height, run[-1].height) >= SMALLEST * unit
        ligature = {piece[0] for piece in part.pieces} & {piece[0] for other in run for piece in other.pieces}
        if gap >= (APART if tall else FAR) * unit and not ligature:
            runs.append([part])
        else:
            run.append(part)
    return runs


def _groups(run: list[Part], unit: float) -> dict[Span, Part]:
    """Every group of neighbours that may be a digit, if the others can be grouped too; else the whole run."""
    groups = {}
    for start in range(len(run)):
        for stop in range(start + 1, min(start + MOST_PARTS, len(run)) + 1):
            group = sum(run[start + 1 : stop], run[start])
            foot = max(part.bottom for part in run[max(start - 1, 0) : stop + 1])
            narrow = stop == start + 1 or group.width <= WIDEST * unit
            if narrow and group.height >= SMALLEST * unit and group.bottom >= foot - FOOT * unit:
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
    """The groups, from the first part to the last, of which the least certain is the most certain."""
    if len(groups) == 1:
        return list(groups.values())
    best: dict[int, tuple[float, list[Part]]] = {0: (np.inf, [])}
    for (start, stop), group in sorted(groups.items(), key=lambda item: item[0][1]):
        digits = {run[i].pieces[0][0] for i in range(start, stop) if (i, i + 1) in groups}
        certain = odds[group] - (CLEARLY if len(digits) > 1 else 0)
        weakest = min(best[start][0], certain)
        if stop not in best or weakest > best[stop][0]:
            best[stop] = (weakest, [*best[start][1], group])
    return best[len(run)][1]


def _strokes_of(group: Part, strokes: list[NDArray[np.float64]]) -> Strokes:
    """Its strokes as they were drawn: ligatures within it too."""
    ends: dict[int, list[int]] = {}
    for number, start, stop in sorted(group.pieces):
        ends.setdefault(number, [start])[1:] = [stop]
    return [strokes[number][start:stop] for number, (start, stop) in ends.items()]
