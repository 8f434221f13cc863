"""Ruled and squared paper: its lines are removed without breaking the ink that crosses them."""

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

Mask = NDArray[np.bool_]  # (h, w)

STEEPEST = 0.1  # slope of a line that counts as horizontal
STEP = 0.005  # between the slopes that are tried; then tenths of it around the best
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
    reach = int((STEEPEST + STEP) * width) + 1

    def on_lines(slope: float) -> NDArray[np.float64]:
        """The number of thin pixels on the line of that slope through each row of the picture's middle column."""
        rows = np.round(y - slope * (x - width / 2)).astype(np.intp) + reach
        return np.bincount(rows, minlength=height + 2 * reach).astype(float)

    slope = 0.0
    for step in (STEP, STEP / 10):
        slopes = slope + step * np.arange(-round(STEEPEST / STEP), round(STEEPEST / STEP) + 1)
        slope = float(max(slopes, key=lambda slope: (on_lines(slope) ** 2).sum()))
    half = (thickest + 1) // 2
    count = np.convolve(on_lines(slope), np.bartlett(2 * half + 3), "same")  # highest in the middle of a thick line
    fall = np.round(slope * (np.arange(width) - width / 2)).astype(np.intp)
    columns = np.arange(width)
    while (peak := int(count.argmax())) and count[peak] > THIN * width / 2:
        rows = peak - reach + fall + np.arange(-half, half + 1)[:, np.newaxis]  # (rows of the band, w)
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
