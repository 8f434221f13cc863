"""Ruled and squared paper: its lines are removed without breaking the ink that crosses them."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

Mask = NDArray[np.bool_]  # (h, w)

# Slopes of lines that count as horizontal, how much they differ from top to bottom, and how many pixels apart lines
# still count as one: tried in this order, each around the best before.
SEARCH = (
    (np.linspace(-0.16, 0.16, 17), np.linspace(-0.12, 0.12, 7), 4),
    (np.linspace(-0.02, 0.02, 9), np.linspace(-0.04, 0.04, 5), 2),
    (np.linspace(-0.005, 0.005, 11), np.linspace(-0.02, 0.02, 9), 1),
)
MOST_FITTED = 4000  # pixels that the search looks at
THICKEST = 0.015  # of the shorter side: thickness of a line, at most
SPANS = 0.85  # share of the picture's width where a ruled line is seen, or ink over it, at least
THIN = 0.4  # share where the line is seen alone, at least
THICKER = 1.3  # times the usual thickness of a line: thicker places are ink along it
CROSSING = 2  # times the greatest thickness of a line: what is left where two cross is no longer
DARKER = 1.3  # times the darkness of the lines: darker pixels are ink on one


def without_ruling(mask: Mask, contrast: NDArray[np.float32]) -> Mask:
    """The mask without straight lines across the whole picture; the ink that crosses them stays."""
    across, across_thin = _ruling(mask)
    down, down_thin = (found.T for found in _ruling(np.ascontiguousarray(mask.T)))
    lines = (across & across_thin) | (down & down_thin) | (across & down)
    if not lines.any():
        return mask
    left = mask & ~(lines & (contrast < DARKER * np.quantile(contrast[lines], 0.9)))
    return left & ~_crossings(left, across, down)


def _crossings(left: Mask, across: Mask, down: Mask) -> Mask:
    """What is left of two lines where they cross, which is darker than a line: small marks inside both."""
    patches, count = ndimage.label(left, np.ones((3, 3)))
    numbers = np.arange(count + 1)
    crosses = ndimage.maximum(across & down, patches, numbers).astype(bool)
    inside = ndimage.minimum(across | down, patches, numbers).astype(bool)
    longest = CROSSING * _thickest(left)
    small = [True, *(max(side.stop - side.start for side in box) <= longest for box in ndimage.find_objects(patches))]
    return (crosses & inside & small)[patches] & left


def _ruling(mask: Mask) -> tuple[Mask, Mask]:
    """The mask in the bands of horizontal lines from side to side, and where it is as thin as such a line."""
    height, width = mask.shape
    thickest = _thickest(mask)
    runs = runs_down(mask)
    thin = (runs > 0) & (runs <= thickest)
    y, x = np.nonzero(thin)
    bands = np.zeros_like(mask)
    if len(x) < THIN * width:
        return bands, thin
    fan = Fan(mask.shape).fitted(y, x)
    middles = np.round(fan.middle(y, x)).astype(np.intp)
    half = (thickest + 1) // 2
    first = int(middles.min()) - 2 * half
    on_line = np.pad(np.bincount(middles - first), (0, 2 * half))
    count = np.convolve(on_line, np.bartlett(2 * half + 3), "same")  # highest in the middle of a thick line
    columns = np.arange(width)
    while (peak := int(count.argmax())) and count[peak] > THIN * width / 2:
        rows = fan.rows(peak + first, columns) + np.arange(-half, half + 1)[:, np.newaxis]  # (band's rows, w)
        inside = (rows >= 0) & (rows < height)
        rows = rows.clip(0, height - 1)
        present, as_line = ((pixels[rows, columns] & inside).any(axis=0) for pixels in (mask, thin))
        seen = inside.any(axis=0)
        if seen.mean() >= THIN and present[seen].mean() >= SPANS and as_line[seen].mean() >= THIN:
            bands[rows[inside], np.broadcast_to(columns, rows.shape)[inside]] = True
        count[max(peak - 2 * half, 0) : peak + 2 * half + 1] = 0
    bands &= mask
    if bands.any():
        thin = (runs > 0) & (runs <= usual_thickness(runs[bands & thin]))
    return bands, thin


@dataclass(frozen=True)
class Fan:
    """Lines from side to side of a picture that are parallel on paper: a camera held askew sees them meet far away.

    A line that is `middle` pixels below the picture's centre, in its middle column, has the slope
    `slope + narrowing * middle / width`.
    """

    shape: tuple[int, int]
    slope: float = 0.0
    narrowing: float = 0.0

    def middle(self, y: NDArray[np.intp], x: NDArray[np.intp]) -> NDArray[np.float64]:
        """How far below the picture's centre the lines through pixels cross the middle column."""
        height, width = self.shape
        right = x - width / 2
        return (y - height / 2 - self.slope * right) / (1 + self.narrowing * right / width)

    def rows(self, middle: float, x: NDArray[np.intp]) -> NDArray[np.intp]:
        """The row of a line in each column."""
        height, width = self.shape
        slope = self.slope + self.narrowing * middle / width
        return np.round(height / 2 + middle + slope * (x - width / 2)).astype(np.intp)

    def fitted(self, y: NDArray[np.intp], x: NDArray[np.intp]) -> "Fan":
        """The fan whose lines go through the most of some pixels: a search from coarse to fine (Hough transform)."""
        few = slice(None, None, 1 + len(x) // MOST_FITTED)
        y, x = y[few], x[few]
        fan = self
        for slopes, narrowings, pixels in SEARCH:
            tried = [
                replace(fan, slope=fan.slope + slope, narrowing=fan.narrowing + narrowing)
                for slope in slopes
                for narrowing in narrowings
            ]
            fan = max(tried, key=lambda fan: _bunched(fan.middle(y, x) / pixels))
        return fan


def _bunched(places: NDArray[np.float64]) -> float:
    """How much places, in pixels, fall together."""
    counts = np.bincount(np.round(places - places.min()).astype(np.intp))
    return float((np.convolve(counts, [0.5, 1, 0.5]) ** 2).sum())  # smooth: halfway between two pixels is no worse


def _thickest(mask: Mask) -> int:
    return max(2, round(THICKEST * min(mask.shape)))


def usual_thickness(runs: NDArray[np.intp]) -> float:
    """The greatest thickness that still counts as the line, from its thickness in each column."""
    return THICKER * float(np.median(runs)) + 1


def runs_down(mask: Mask) -> NDArray[np.intp]:
    """The length of the vertical run that each pixel of the mask belongs to; 0 elsewhere."""
    columns = np.pad(mask, ((1, 1), (0, 0))).T  # (w, h + 2), so that no run continues in the next column
    edges = np.flatnonzero(np.diff(columns.ravel())) + 1
    starts, lengths = edges[::2], edges[1::2] - edges[::2]
    runs = np.zeros(columns.size, np.intp)
    runs[starts], runs[starts + lengths] = lengths, -lengths
    return np.cumsum(runs).reshape(columns.shape)[:, 1:-1].T
