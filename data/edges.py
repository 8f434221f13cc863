"""Boxes, edges and shades: dark lines and patches in a picture that are no ink."""

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from .paper import SMALL, Contrast, darker
from .ruling import Mask, runs_down, usual_thickness

RIM = 0.1  # of the shorter side: a mark at the border that stays within this margin is an edge
PATTERN = (0.15, 0.9)  # shares of a side: where as much of it is dark, it may be a patterned desk, but no edge
STRAIGHT = 0.8  # least share of a box's side that must be present
BESIDE = 4  # pixels from a patch: what is beside it
SURROUNDED = 0.75  # least share of an ink's surroundings that is lighter
STEEPEST = 0.16  # slope of a box's side, which is that of a picture taken askew


def without_boxes(mask: Mask) -> Mask:
    """The mask without the sides of boxes, of which the picture's border may cut one off; unless nothing is left."""
    patches, _ = ndimage.label(mask, np.ones((3, 3)))
    kept = mask.copy()
    for number, box in enumerate(ndimage.find_objects(patches), 1):
        own = patches[box] == number
        cut_off = _borders(box, mask)
        if min(own.shape) > max(2 * _rim(mask), SMALL / 2) and cut_off <= 1:
            kept[box][own & box_sides(own, sides=4 - cut_off)] = False
    return kept if kept.any() else mask


def without_edges(mask: Mask) -> Mask:
    """The mask without edges along the picture's border and lines that start there; unless nothing is left."""
    patches, _ = ndimage.label(mask, np.ones((3, 3)))
    height, width = mask.shape
    rim = _rim(mask)
    kept = mask.copy()
    for number, box in enumerate(ndimage.find_objects(patches), 1):
        rows, columns = box
        own = patches[box] == number
        if _borders(box, mask):
            along = min(rows.stop, height - rows.start, columns.stop, width - columns.start) <= rim
            line = min(own.shape) <= rim and max(own.shape) > 3 * min(own.shape)
            kept[box][own if along or line else own & box_sides(own, sides=1)] = False
    return kept if kept.any() else mask


def _rim(mask: Mask) -> int:
    return max(1, round(RIM * min(mask.shape)))


def _borders(box: tuple[slice, slice], mask: Mask) -> int:
    """How many of the picture's borders a mark reaches."""
    return sum((side.start <= 1) + (side.stop >= length - 1) for side, length in zip(box, mask.shape, strict=True))


def without_desk(mask: Mask) -> Mask:
    """The mask without what lies around a sheet on a patterned desk, which covers two sides of the picture in part;
    unless nothing is left."""
    sides = (mask[0], mask[-1], mask[:, 0], mask[:, -1])
    if sum(PATTERN[0] < side.mean() < PATTERN[1] for side in sides) < 2:
        return mask
    papers, _ = ndimage.label(~mask)
    sheet = papers == np.bincount(papers[~mask]).argmax()
    kept = mask & ndimage.binary_fill_holes(sheet)
    return kept if kept.any() else mask


def without_shades(mask: Mask, grey: NDArray[np.float32], contrast: Contrast) -> Mask:
    """The mask without patches that have lighter paper on one side only, as the edge of a shadow has; unless nothing is
    left."""
    patches, count = ndimage.label(mask, np.ones((3, 3)))
    patches, grey, contrast = (np.pad(each, BESIDE, "edge") for each in (patches, grey, contrast))
    size = 2 * BESIDE + 1
    nearby = ndimage.maximum_filter(patches, size)
    beside = (nearby > 0) & (ndimage.maximum_filter(patches, size // 2) == 0)
    darkest = ndimage.minimum_filter(np.where(patches > 0, grey, np.inf), size)[beside]
    strongest = ndimage.maximum_filter(np.where(patches > 0, contrast, 0), size)[beside]
    lighter = darker(darkest, grey[beside]) > strongest / 2
    around = np.bincount(nearby[beside], minlength=count + 1)
    kept = np.bincount(nearby[beside], lighter, count + 1) >= SURROUNDED * around
    kept[0] = False
    return kept[patches][BESIDE:-BESIDE, BESIDE:-BESIDE] if kept.any() else mask


def box_sides(own: Mask, sides: int) -> Mask:
    """The straight sides of a mark `(h, w)` without ink that crosses them; none if fewer than `sides` are found."""
    band = round(0.02 * sum(own.shape)) + 2
    found = np.zeros_like(own)
    bands = [found.copy(), found.copy()]  # around the horizontal and the vertical sides
    count = 0
    for turns in range(4):
        turned = np.rot90(own, turns)
        side = _upper_side(turned, band)
        runs = runs_down(turned)
        thin = side & (runs > 0) & (runs <= band)
        if thin.any(axis=0).mean() >= STRAIGHT:
            found |= np.rot90(thin & (runs <= usual_thickness(runs[thin])), -turns)
            bands[turns % 2] |= np.rot90(side, -turns)
            count += 1
    corners = bands[0] & bands[1]
    return found | corners if count >= sides else np.zeros_like(own)


def _upper_side(own: Mask, band: int) -> Mask:
    """The surroundings of the straight line that most of a mark's highest pixels in each column are on."""
    height, width = own.shape
    columns, highest = np.arange(width), own.argmax(axis=0)
    half = (width + 1) // 2
    slope = float(np.median((highest[-half:] - highest[:half]) / max(width - half, 1)).clip(-STEEPEST, STEEPEST))
    line = slope * columns
    below = np.arange(height)[:, np.newaxis] - (line + np.median(highest - line))
    return (below > -band / 2) & (below < band)
