"""Letters and signs whose halves could be read as digits: a K as 1 and 4, an a as 0 and 1, ∞ as 0 and 0."""

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import KDTree

from data.lines import UNKNOWN
from data.parts import Part
from data.segmentation import Sign
from data.strokes import Strokes, strokes_of
from model.reading import Reading, Verdict

LETTER = 0.7  # times as wide as high, at most: two digits side by side are wider
WIDE_LETTER = 1.1  # likewise, where two slim digits may be narrower
# Shares of the height: strokes as near to each other meet, or nearly: the pad's pen is a tenth of a digit wide.
MEET, NEARLY_MEET = 0.03, 0.1


def one_by_one(signs: list[Sign], readings: list[Reading], strokes: Strokes) -> list[Sign]:
    """The signs, each two that are rather the halves of a letter or sign made one that is no digit."""
    single: list[Sign] = []
    last = None  # the reading of the last sign; None if it is no digit
    for sign, reading in zip(signs, readings, strict=True):
        before = single[-1] if single else None
        beside = before and not sign.sign and before.line == sign.line and before.sign in ("", UNKNOWN)
        if before and beside and halves(before.part, last, sign.part, reading, strokes):
            single[-1], last = Sign(before.part + sign.part, sign.line, UNKNOWN), None
        else:
            single.append(sign)
            last = None if sign.sign else reading
    return single


def halves(one: Part, first: Reading | None, other: Part, second: Reading, strokes: Strokes) -> bool:
    """Whether two neighbours are rather the halves of one letter or sign than two digits.

    Together they are narrow, and their strokes meet. Two digits that are certain may be slim and touch; but a ring and
    a stem on its right are an "a", even if they only nearly meet, as do the halves of a letter of which one is
    refused. Two rings of one stroke, drawn around in opposite directions, are a lying eight.
    """
    both = one + other
    digits = [reading.digit if reading and reading.verdict is Verdict.DIGIT else None for reading in (first, second)]
    is_refused = first is None or Verdict.NO_DIGIT in (first.verdict, second.verdict)
    is_ring_and_stem = digits == [0, 1]
    widest = WIDE_LETTER if None in digits or is_ring_and_stem else LETTER
    gap = NEARLY_MEET if is_refused or is_ring_and_stem else MEET
    if both.width <= widest * both.height and meet(one, other, strokes, gap * both.height):
        return True
    if digits != [0, 0] or not one.wholes & other.wholes:
        return False
    turn, next_turn = (around(strokes_of(part, strokes)[0]) for part in (one, other))
    return turn * next_turn < 0


def around(stroke: NDArray[np.float64]) -> float:
    """The area that a stroke goes around, positive clockwise: the shoelace formula."""
    x, y = stroke.T
    return float(x @ np.roll(y, -1) - y @ np.roll(x, -1)) / 2


def meet(one: Part, other: Part, strokes: Strokes, gap: float) -> bool:
    """Whether the strokes of two parts come as near to each other."""
    if one.wholes & other.wholes:
        return True
    first, second = (
        np.concatenate([finely(stroke, gap) for stroke in strokes_of(part, strokes)]) for part in (one, other)
    )
    return bool(KDTree(first).query(second)[0].min() <= gap)


def finely(stroke: NDArray[np.float64], step: float) -> NDArray[np.float64]:
    """The stroke's points, and more between them, at most a step apart."""
    way = np.concatenate([[0], np.cumsum(np.hypot(*np.diff(stroke, axis=0).T))])
    at = np.linspace(0, way[-1], min(len(stroke) + int(way[-1] / step), 10_000))
    return np.stack([np.interp(at, way, axis) for axis in stroke.T], axis=1)
