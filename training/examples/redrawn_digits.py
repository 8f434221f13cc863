"""Other writing styles: MNIST's digits redrawn with strokes that its writers, Americans of the 1990s, do not use.

In much of the world people start a one with a long upstroke, cross their sevens, slash their zeros, curl their nines,
and close their fours or draw them without lifting the pen. All digits go through the same redrawing, with or without
such a stroke. Otherwise a network would recognize the traces of the redrawing instead of the stroke.
"""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from data.ink import draw_segments, frame, pen_width

ZOOM = 2.5  # canvas pixels per frame pixel
CANVAS = 112  # canvas pixels, width and height: a digit of 20 frame pixels with room for strokes around it
SHARPNESS = 3.5  # of edges on the canvas: chosen so that edges in the frame are as sharp as MNIST's
WIDTHS = (0.7, 1.1)  # range of the factor by which the width changes
MOST_UNEVEN = 1.4  # largest power of the height, see _proportioned
Point = NDArray[np.float64]  # x and y in pixels


def redraw(images: NDArray[np.uint8], labels: NDArray[np.uint8], rng: np.random.Generator) -> NDArray[np.uint8]:
    """The digits in other writing styles, in MNIST's frame: uint8 `(n, 28, 28)`."""
    return np.stack([_redrawn(image, int(label), rng) for image, label in zip(images, labels, strict=True)])


def place(image: NDArray[np.uint8], matrix: NDArray[np.float64], shift: Point | float = 0.0) -> NDArray[np.float32]:
    """The image on a canvas, 0 to 1: pixel p is sampled at (matrix · p + shift), both relative to the centre.

    Args:
        matrix: `(2, 2)`, for y before x.
        shift: frame pixels.
    """
    matrix = matrix / ZOOM
    (y_of_y, y_of_x), (x_of_y, x_of_x) = matrix
    y, x = len(image) / 2 - matrix @ np.full(2, CANVAS / 2) + shift
    ink = Image.fromarray(image.astype(np.float32)).transform(
        (CANVAS, CANVAS),
        Image.Transform.AFFINE,
        (x_of_x, x_of_y, x, y_of_x, y_of_y, y),
        Image.Resampling.BILINEAR,
    )
    return (np.float32(SHARPNESS) * (np.asarray(ink) / np.float32(255) - np.float32(0.5)) + np.float32(0.5)).clip(0, 1)


def _redrawn(image: NDArray[np.uint8], digit: int, rng: np.random.Generator) -> NDArray[np.uint8]:
    ink = place(image, np.diag([1, 1 / rng.uniform(*WIDTHS)]))
    ink = _proportioned(ink, np.exp(rng.uniform(-1, 1) * np.log(MOST_UNEVEN)))
    change, share = CHANGES.get(digit, (None, 0.0))
    if change is not None and rng.random() < share and (ink > 0.5).sum() > 100:
        ink = change(ink, rng)
    return frame(ink)


# Each function takes a digit on its canvas, and returns it in another writing style.


def upstroke(ink: NDArray[np.float32], rng: np.random.Generator) -> NDArray[np.float32]:
    """A one with an upstroke from the left, up to as long as the one itself; sometimes also with a foot."""
    top, bottom = _end(ink, 0), _end(ink, -1)
    stem = bottom - top
    angle = rng.uniform(np.radians(15), np.radians(60))
    turned = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]]) @ stem
    start = top + turned * rng.uniform(0.2, 0.95)
    bend = rng.normal(0, 0.1, 2) * np.linalg.norm(stem)
    lines = [curve(start, (start + top) / 2 + bend, top)]
    if rng.random() < 0.25:
        half = np.array([rng.uniform(0.15, 0.4) * np.linalg.norm(stem), 0])
        lines.append(curve(bottom - half, bottom, bottom + half))
    return _with_lines(ink, lines)


def crossbar(ink: NDArray[np.float32], rng: np.random.Generator) -> NDArray[np.float32]:
    """A seven with a bar through the lower half of its stem; sometimes also with a hook at its left end."""
    top, bottom = _end(ink, 0), _end(ink, -1)
    height = bottom[1] - top[1]
    row = round(top[1] + rng.uniform(0.4, 0.8) * height)
    middle = np.array([_centre_of(ink[row]) if ink[row].max() > 0.5 else bottom[0], row])
    tilt = np.array([1, -rng.uniform(-0.1, 0.35)]) * height
    lines = [curve(middle - rng.uniform(0.1, 0.35) * tilt, middle, middle + rng.uniform(0.1, 0.4) * tilt)]
    if rng.random() < 0.3:
        column = np.flatnonzero((ink > 0.5).any(axis=0))[3]
        corner = np.array([column, _centre_of(ink[:, column])])
        lines.append(curve(corner, corner, corner + rng.uniform((-5, 5), (2, 15))))
    return _with_lines(ink, lines)


def slash(ink: NDArray[np.float32], rng: np.random.Generator) -> NDArray[np.float32]:
    """A zero with a line from the lower left to the upper right."""
    rows, columns = _extent(ink)
    low = np.array([columns[0], rows[1]]) + rng.uniform(-8, 8, 2)
    high = np.array([columns[1], rows[0]]) + rng.uniform(-8, 8, 2)
    return _with_lines(ink, [curve(low, (low + high) / 2, high)])


def curl(ink: NDArray[np.float32], rng: np.random.Generator) -> NDArray[np.float32]:
    """A nine whose foot continues to the left, in an arc that may rise again."""
    bottom = _end(ink, -1)
    rows, _ = _extent(ink)
    height = rows[1] - rows[0]
    reach = rng.uniform(0.25, 0.75) * height
    turn = bottom + rng.uniform((-0.3 * reach, 0.1 * height), (0, 0.4 * height))
    end = bottom + np.array([-reach, rng.uniform(-0.25, 0.15) * height])
    return _with_lines(ink, [curve(bottom, turn, end)])


def other_four(ink: NDArray[np.float32], rng: np.random.Generator) -> NDArray[np.float32]:
    """A four closed at its top; or with a short stem that starts at the bar, as when the pen is not lifted."""
    rows, columns = _extent(ink)
    height, middle = rows[1] - rows[0], (columns[0] + columns[1]) // 2
    bar = rows[0] + height // 4 + int((ink > 0.5)[rows[0] + height // 4 : rows[1] - height // 5].sum(axis=1).argmax())
    if rng.random() < 0.3:
        left, right = ink[:bar, :middle], ink[:bar, middle:]
        if left.max() > 0.5 and right.max() > 0.5:
            start, end = _end(left, 0), _end(right, 0) + np.array([middle, 0])
            return _with_lines(ink, [curve(start, (start + end) / 2, end)])
        return ink
    changed = ink.copy()
    changed[: bar - round(rng.uniform(2, 0.25 * height)), middle:] = 0  # the stem above the bar
    changed[bar + round(rng.uniform(0.2, 0.9) * (rows[1] - bar)) + 5 :] = 0  # and some of its foot
    return changed if (changed > 0.5).sum() > 100 else ink


# The change of each digit, and the share of the digits that get it.
CHANGES: dict[int, tuple[Callable[[NDArray[np.float32], np.random.Generator], NDArray[np.float32]], float]] = {
    0: (slash, 0.2),
    1: (upstroke, 0.75),
    4: (other_four, 0.5),
    7: (crossbar, 0.45),
    9: (curl, 0.5),
}


def curve(start: Point, control: Point, end: Point) -> NDArray[np.float64]:
    """A quadratic Bézier curve as eight segments `(8, 2, 2)`."""
    t = np.linspace(0, 1, 9)[:, np.newaxis]
    points = (1 - t) ** 2 * start + 2 * t * (1 - t) * control + t**2 * end
    return np.stack([points[:-1], points[1:]], axis=1)


def _proportioned(ink: NDArray[np.float32], power: float) -> NDArray[np.float32]:
    """The upper part enlarged and the lower part reduced, or the other way round: the row at the share h of the ink's
    height is taken from h ** `power`."""
    (first, last), _ = _extent(ink)
    height = max(1, last - first)
    rows = np.arange(len(ink), dtype=np.float64)
    within = (rows > first) & (rows < last)
    rows[within] = first + height * ((rows[within] - first) / height) ** power
    above = np.minimum(rows.astype(np.intp), len(ink) - 2)
    share = (rows - above).astype(np.float32)[:, np.newaxis]
    return (1 - share) * ink[above] + share * ink[above + 1]


def _with_lines(ink: NDArray[np.float32], lines: list[NDArray[np.float64]]) -> NDArray[np.float32]:
    """The ink with additional lines of the same pen width."""
    return np.maximum(ink, draw_segments(np.concatenate(lines), pen_width(ink), len(ink)))


def _end(ink: NDArray[np.float32], row: int) -> Point:
    """The upper end (row 0) or lower end (row −1) of the ink: the middle of its outermost line."""
    rows = np.flatnonzero((ink > 0.5).any(axis=1))
    line = rows[row]
    further_in = line + (3 if row == 0 else -3)  # where the pen's middle is
    if further_in in rows:
        line = further_in
    return np.array([_centre_of(ink[line]), line], float)


def _centre_of(line: NDArray[np.float32]) -> float:
    return float((line * np.arange(len(line))).sum() / line.sum())


def _extent(ink: NDArray[np.float32]) -> tuple[tuple[int, int], tuple[int, int]]:
    """First and last row, first and last column with ink."""
    rows, columns = (np.flatnonzero((ink > 0.5).any(axis=axis)) for axis in (1, 0))
    return (int(rows[0]), int(rows[-1])), (int(columns[0]), int(columns[-1]))
