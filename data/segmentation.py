"""Segmentation: which parts of writing form a digit, line by line, and which are signs.

Parts that stand far apart are different digits; parts that overlap are one digit. Where the geometry leaves a choice,
the classifier decides: of all groupings of neighbours, the one whose least certain digit is the most certain
(recognition-based segmentation: Casey and Lecolinet, "A Survey of Methods and Strategies in Character Segmentation",
1996).
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike

from .lines import BELOW, CLOSE, FLAT, LEAST_HEIGHT, STACKED, UNDERLINE, UNKNOWN, find_signs, is_dot, split_lines
from .parts import Part, overlap_across, overlap_down

Span = tuple[int, int]  # parts of a run: the first, and the last (exclusive)
Certainty = Callable[[list[Part]], ArrayLike]

# Shares of the tallest part's height:
TALL_GAP = 0.1  # a gap that separates parts tall enough for digits
ANY_GAP = 0.3  # a gap that separates any parts
FOOT = 0.28  # above its neighbours' feet: a part that ends higher is not a digit, such as the left of a 4
WIDEST = 1.6  # width of a digit of several parts, at most
THINNEST = 0.15  # width that an upright line is taken to have, at least

OVERLAP = 0.6  # share of the narrower part's width: parts that overlap as much belong to one digit
MOST_WHOLES = 4  # strokes or marks in a digit, each in one piece or many
MOST_GROUPS = 500  # fifty touching digits have 370; scribbles and texts have thousands, and are no numbers
MOST_DIGITS = 10  # in a number: parts that are all lower than a tenth of its extent are dots and dashes
PREFERENCE = np.log(50)  # to join two possible digits or cut one part, the odds must be 50 times better


@dataclass(frozen=True)
class Sign:
    """A digit or sign: its part, its line (from 0), and which sign it is; "" if it may be a digit."""

    part: Part
    line: int
    sign: str


def segment_parts(parts: list[Part], certainty: Certainty) -> list[Sign]:
    """The digits and signs that the parts form, line by line from the top, each line from left to right.

    Args:
        certainty: returns the probability of the likeliest digit for each of the groups that it is given. It is called
            once a line, and not at all if the geometry decides.
    """
    if not parts:
        return []
    extent = max(max(p.right for p in parts) - min(p.left for p in parts),
                 max(p.bottom for p in parts) - min(p.top for p in parts))  # fmt: skip
    least = extent / MOST_DIGITS
    unit = max(least, *(part.height for part in parts))
    parts = _merged(parts, unit)
    lines = [_divided(line, least) for line in split_lines(parts, max(least, *(part.height for part in parts)))]
    if sum(len(run.groups) for line in lines for run in line.runs) > MOST_GROUPS:
        lines = [replace(line, runs=[Run(run.parts, _as_one(run.parts)) for run in line.runs]) for line in lines]
    signs = []
    for number, line in enumerate(lines):
        signs += [Sign(part, number, sign) for part, sign in _read_line(line, certainty)]
    return signs


@dataclass(frozen=True)
class Run:
    """Parts of a line of which any neighbours may be one digit, and their groups that may."""

    parts: list[Part]
    groups: dict[Span, Part]


@dataclass(frozen=True)
class Line:
    """The runs of a line from left to right, the signs beside its digits, and the dots above, below or inside them."""

    runs: list[Run]
    signs: list[tuple[Part, str]]
    dots: list[Part]


def _divided(line: list[Part], least: float) -> Line:
    unit = max(part.height for part in line)
    if unit <= least:
        return Line([Run(line, _as_one(line))], [], [])
    parts, signs = find_signs(line, unit)
    near = -CLOSE * unit
    dots = [dot for dot, sign in signs if sign == UNKNOWN and any(overlap_across(dot, p) >= near for p in parts)]
    beside = [(part, sign) for part, sign in signs if part not in dots and sign != UNDERLINE]
    return Line([Run(run, _groups(run, unit)) for run in _runs(_merged(parts, unit), unit)], beside, dots)


def _read_line(line: Line, certainty: Certainty) -> list[tuple[Part, str]]:
    """The digits and signs of a line, from left to right."""
    candidates = [group for run in line.runs if len(run.groups) > 1 for group in run.groups.values()]
    odds = {}
    if candidates:
        probabilities = np.asarray(certainty(candidates), np.float64).clip(1e-7, 1 - 1e-7)  # float32 is no finer near 1
        odds = dict(zip(candidates, np.log(probabilities / (1 - probabilities)), strict=True))
    digits = [(group, "") for run in line.runs for group in _best(run, odds)]
    for dot in line.dots:  # a shape with a dot above, below or inside is not a digit
        place = max(range(len(digits)), key=lambda i: overlap_across(digits[i][0], dot))
        digits[place] = (digits[place][0] + dot, UNKNOWN)
    return sorted([*digits, *line.signs], key=lambda part_and_sign: part_and_sign[0].left)


def _merged(parts: list[Part], unit: float) -> list[Part]:
    """The parts, with overlapping ones joined, sorted by their left edge."""
    apart: list[Part] = []
    for part in parts:
        while across := next((other for other in apart if _overlap(part, other, unit)), None):
            apart.remove(across)
            part = across + part
        apart.append(part)
    return sorted(apart, key=lambda part: part.left)


def _overlap(one: Part, other: Part, unit: float) -> bool:
    """Whether two parts overlap so much that they belong to one digit; a dot or a line under a digit does not."""
    if is_dot(one, unit) or is_dot(other, unit):
        return False
    lower = max(one, other, key=lambda part: part.bottom)
    if lower.height <= FLAT * unit and overlap_down(one, other) < -BELOW * unit:
        return False
    near = overlap_down(one, other) >= -STACKED * unit
    return near and overlap_across(one, other) >= OVERLAP * max(min(one.width, other.width), THINNEST * unit)


def _runs(parts: list[Part], unit: float) -> list[list[Part]]:
    """Neighbours that stand close or are joined by a ligature. Between two runs, a digit certainly ends."""
    runs = [parts[:1]]
    for part in parts[1:]:
        run = runs[-1]
        gap = part.left - max(other.right for other in run)
        tall = min(part.height, run[-1].height) >= LEAST_HEIGHT * unit
        ligature = part.wholes & {whole for other in run for whole in other.wholes}
        if gap >= (TALL_GAP if tall else ANY_GAP) * unit and not ligature:
            runs.append([part])
        else:
            run.append(part)
    return runs


def _groups(run: list[Part], unit: float) -> dict[Span, Part]:
    """Every group of neighbours that may be a digit and leaves groups for the others; if none, the whole run."""
    groups = {}
    wholes = [min(part.wholes) for part in run]  # pieces of one stroke or mark count once
    for start, group in enumerate(run):
        for stop in range(start + 1, len(run) + 1):
            if stop > start + 1:
                group += run[stop - 1]
                if len(set(wholes[start:stop])) > MOST_WHOLES or group.width > WIDEST * unit:
                    break
            foot = max(part.bottom for part in run[max(start - 1, 0) : stop + 1])
            if group.height >= LEAST_HEIGHT * unit and group.bottom >= foot - FOOT * unit:
                groups[start, stop] = group
    from_start, to_end = {0}, {len(run)}
    for start, stop in sorted(groups):
        if start in from_start:
            from_start.add(stop)
    for start, stop in sorted(groups, reverse=True):
        if stop in to_end:
            to_end.add(start)
    complete = {span: group for span, group in groups.items() if span[0] in from_start and span[1] in to_end}
    return complete or _as_one(run)


def _as_one(run: list[Part]) -> dict[Span, Part]:
    return {(0, len(run)): sum(run[1:], run[0])}


def _best(run: Run, odds: dict[Part, float]) -> list[Part]:
    """The grouping of the whole run whose least certain digit is the most certain."""
    parts, groups = run.parts, run.groups
    if len(groups) == 1:
        return list(groups.values())
    best: dict[int, tuple[float, list[Part]]] = {0: (np.inf, [])}
    for (start, stop), group in sorted(groups.items(), key=lambda item: item[0][1]):
        digits = {parts[i].pieces[0][0] for i in range(start, stop) if (i, i + 1) in groups}
        cut = any(part.wholes & group.wholes for part in (*parts[:start], *parts[stop:]))
        certain = odds[group] - (PREFERENCE if len(digits) > 1 or cut else 0)
        weakest = min(best[start][0], certain)
        if stop not in best or weakest > best[stop][0]:
            best[stop] = (weakest, [*best[start][1], group])
    return best[len(parts)][1]
