"""Ruled and squared paper: its lines are removed without breaking the ink that crosses them."""

import numpy as np
from numpy.typing import NDArray

Mask = NDArray[np.bool_]  # (h, w)

STEEPEST = 0.1  # slope of a line that counts as horizontal
SLOPES = 41  # that are tried
THICKEST = 0.015  # of the shorter side: thickness of a line, at most
SPANS = 0.85  # share of the picture's width where a ruled line is seen, or ink over it, at least
THIN = 0.4  # share where the line is seen alone, at least
THICKER = 1.3  # times the usual thickness of a line: thicker places are ink along it
DARKER = 1.3  # times the darkness of the lines: darker pixels are ink on one


def without_ruling(mask: Mask, contrast: NDArray[np.float32]) -> Mask:
    """The mask without straight lines across the whole picture; the ink that crosses them stays."""
    across, across_thin = _ruling(mask)
    down, down_thin = (found.T for found in _ruling(np.ascontiguousarray(mask.T)))
    lines = (across & across_thin) | (down & down_thin) | (across & down)
    if not lines.any():
        return mask
    return mask & ~(lines & (contrast < DARKER * np.quantile(contrast[lines], 0.9)))


def _ruling(mask: Mask) -> tuple[Mask, Mask]:
    """The mask in the bands of horizontal lines from side to side, and where it is as thin as such a line."""
    height, width = mask.shape
    thickest = max(2, round(THICKEST * min(mask.shape)))
    runs = runs_down(mask)
    thin = (runs > 0) & (runs <= thickest)
    y, x = np.nonzero(thin)
    bands = np.zeros_like(mask)
    if len(x) < THIN * width:
        return bands, thin
    reach = int(STEEPEST * width) + 1
    slopes = np.linspace(-STEEPEST, STEEPEST, SLOPES)
    places = [np.round(y - slope * (x - width / 2)).astype(np.intp) + reach for slope in slopes]
    counts = [np.bincount(place, minlength=height + 2 * reach).astype(float) for place in places]
    best = int(np.argmax([(count**2).sum() for count in counts]))
    count = counts[best]
    half = (thickest + 1) // 2
    fall = np.round(slopes[best] * (np.arange(width) - width / 2)).astype(np.intp)
    columns = np.arange(width)
    while (peak := int(count.argmax())) and count[peak] > THIN * width / 2:
        rows = peak - reach + fall + np.arange(-half, half + 1)[:, np.newaxis]  # (rows of the band, w)
        inside = (rows >= 0) & (rows < height)
        rows = rows.clip(0, height - 1)
        present, as_line = ((pixels[rows, columns] & inside).any(axis=0) for pixels in (mask, thin))
        seen = inside.any(axis=0)
        if seen.mean() >= THIN and present[seen].mean() >= SPANS and as_line[seen].mean() >= THIN:
            bands[rows[inside], np.broadcast_to(columns, rows.shape)[inside]] = True
        count[max(peak - half, 0) : peak + half + 1] = 0
    bands &= mask
    if bands.any():
        thin &= runs <= usual_thickness(runs[bands & thin])
    return bands, thin


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
