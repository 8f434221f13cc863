"""Marks as parts of writing, and parts as ink: a mark wide enough for several digits may be cut."""

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from .lines import LEAST_HEIGHT
from .marks import Marks
from .parts import Part
from .segmentation import WIDEST

WIDE = 0.6  # share of the tallest mark's height: a mark at least as wide may be two digits
LINES = 3  # widths of the pen: a mark of two digits is at least as wide
ROWS = 64  # of the small copy in which cuts are searched
SWAY = 0.25  # share of the mark's height by which a cut may move to either side on its way down
NARROWEST = 0.1  # share of the mark's height: least mean distance between two cuts
CROSSES = 2.8  # highest cost of a cut, in pen widths: entering a line costs one
ALONG = 0.025  # likewise: cost of each row inside a line
ASIDE = 0.02  # rows: cost of each step to the side
MOST_CUTS = 14
WIDEST_MARK = 8 * WIDEST  # times as wide as high: what is wider is a line, not digits


class Cuts:
    """The marks of a picture as parts of writing; wide ones are cut where a cut crosses little ink."""

    def __init__(self, marks: Marks) -> None:
        self.marks = marks
        self.pieces: dict[int, NDArray[np.int32]] = {}  # of each mark, the piece of each pixel in its box
        self.boxes = ndimage.find_objects(marks.labels)
        tallest = max(rows.stop - rows.start for rows, _ in self.boxes)
        narrowest = max(WIDE * tallest, LINES * marks.pen_width)
        for number, box in enumerate(self.boxes, 1):
            own = marks.labels[box] == number
            height, width = own.shape
            cut = height >= LEAST_HEIGHT * tallest and narrowest <= width <= WIDEST_MARK * height
            self.pieces[number] = cut_apart(own, marks.pen_width) if cut else np.zeros(own.shape, np.int32)

    def parts(self) -> list[Part]:
        """A part for each piece of each mark."""
        return [
            self._part(number, piece)
            for number, pieces in self.pieces.items()
            for piece in range(int(pieces.max()) + 1)
        ]

    def _part(self, number: int, piece: int) -> Part:
        """The part's box runs along the middle of the pen's lines, as the boxes of strokes do."""
        rows, columns = self.boxes[number - 1]
        x_from, y_from = columns.start + self.marks.corner[0], rows.start + self.marks.corner[1]
        own = (self.marks.labels[rows, columns] == number) & (self.pieces[number] == piece)
        y, x = np.flatnonzero(own.any(axis=1)), np.flatnonzero(own.any(axis=0))
        half = self.marks.pen_width / 2
        left, right = _shrunk(x_from + x[0], x_from + x[-1] + 1, half)
        top, bottom = _shrunk(y_from + y[0], y_from + y[-1] + 1, half)
        return Part(((number, piece, piece + 1),), left, top, right, bottom)

    def leaves_some(self, part: Part) -> bool:
        """Whether a mark was cut, and some of its pieces are not in this part."""
        return any(
            sum(last - first for mark, first, last in part.pieces if mark == number) <= self.pieces[number].max()
            for number in part.wholes
        )

    def ink_of(self, part: Part) -> NDArray[np.float32]:
        """The ink of this part alone: float32 `(h, w)`, 0 to 1, cropped to the part."""
        boxes = [self.boxes[number - 1] for number, _, _ in part.pieces]
        top, left = (max(min(box[axis].start for box in boxes) - 2, 0) for axis in (0, 1))
        bottom, right = (max(box[axis].stop for box in boxes) + 2 for axis in (0, 1))
        around = (slice(top, bottom), slice(left, right))  # all else may be thousands of times as large
        labels, ink = self.marks.labels[around], self.marks.ink[around]
        own = np.zeros(labels.shape, bool)
        for (number, first, last), (rows, columns) in zip(part.pieces, boxes, strict=True):
            box = (slice(rows.start - top, rows.stop - top), slice(columns.start - left, columns.stop - left))
            own[box] |= (labels[box] == number) & (self.pieces[number] >= first) & (self.pieces[number] < last)
        rows, columns = ndimage.find_objects(own.astype(np.uint8))[0]
        window = (slice(max(rows.start - 2, 0), rows.stop + 2), slice(max(columns.start - 2, 0), columns.stop + 2))
        near = ndimage.binary_dilation(own[window], np.ones((3, 3)), 2)
        others = (labels[window] > 0) & ~own[window]
        return np.where(near & ~others, ink[window], 0).astype(np.float32)


def _shrunk(low: float, high: float, half: float) -> tuple[float, float]:
    """The interval shortened by `half` at both ends; its middle if it is too short for that."""
    shrunk = min(half, (high - low) / 2)
    return float(low + shrunk), float(high - shrunk)


def cut_apart(own: NDArray[np.bool_], pen_width: float) -> NDArray[np.int32]:
    """Cut a mark `(h, w)` from top to bottom where cuts cross little ink: each pixel's piece, from 0 at the left."""
    height, width = own.shape
    scale = ROWS / height
    small = ndimage.zoom(own.astype(np.float32), (scale, scale), order=1, grid_mode=True, mode="nearest")
    rows, columns = small.shape
    margin, sway = max(2, round(NARROWEST * rows)), max(2, round(SWAY * rows))
    pen = max(pen_width * scale, 1.5)
    at = np.arange(margin, columns - margin, 2)[:, np.newaxis] + np.arange(-sway, sway)  # columns of each seam's window
    costs, seams = _seams(small[:, at.clip(0, columns - 1)], (at >= 1) & (at < columns - 1), pen)
    seams += at[:, 0]
    pieces = np.zeros((rows, columns), np.int32)
    chosen: list[NDArray[np.intp]] = []
    for cheapest in costs.argsort(kind="stable"):
        seam = seams[:, cheapest]
        if costs[cheapest] > CROSSES * pen or len(chosen) == MOST_CUTS:
            break
        if all(np.abs(seam - other).mean() >= margin for other in chosen):
            chosen.append(seam)
            pieces += np.arange(columns) >= seam[:, np.newaxis]
    y = np.minimum((np.arange(height) * scale).astype(int), rows - 1)
    x = np.minimum((np.arange(width) * scale).astype(int), columns - 1)
    full = pieces[y[:, np.newaxis], x]
    used = np.unique(full[own])
    return np.searchsorted(used, full).clip(0, len(used) - 1).astype(np.int32)


def _seams(
    ink: NDArray[np.float32], inside: NDArray[np.bool_], enter: float
) -> tuple[NDArray[np.float32], NDArray[np.intp]]:
    """The cheapest way from top to bottom (Avidan and Shamir, "Seam Carving", 2007) in each of several windows.

    Args:
        ink: `(rows, seams, columns)`, what is in each window.
        inside: `(seams, columns)`, where a seam may run.

    Returns:
        the costs `(seams,)`, and the column in each row, `(rows, seams)`.
    """
    rows, count, columns = ink.shape
    outside = np.where(inside, np.float32(0), np.float32(np.inf))
    total = ink[0] * enter * (1 + ALONG) + outside  # the cheapest way to each place
    back = np.zeros(ink.shape, np.int8)
    for row in range(1, rows):
        beside = np.pad(total, ((0, 0), (1, 1)), constant_values=np.inf)
        above = np.pad(ink[row - 1], ((0, 0), (1, 1)))
        ways = np.stack([
            beside[:, from_ : from_ + columns]
            + enter * (ink[row] - above[:, from_ : from_ + columns]).clip(0)
            + (from_ != 1) * ASIDE
            for from_ in range(3)
        ])  # fmt: skip
        back[row] = ways.argmin(axis=0) - 1
        total = ways.min(axis=0) + ink[row] * enter * ALONG + outside
    seams = np.empty((rows, count), np.intp)
    seams[-1] = total.argmin(axis=1)
    for row in range(rows - 1, 0, -1):
        seams[row - 1] = seams[row] + back[row, np.arange(count), seams[row]]
    return total.min(axis=1), seams
