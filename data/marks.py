"""The ink of a picture, mark by mark: what hangs together, without the frames, edges and dust that are no writing."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from .paper import SMALL, Contrast, ink_contrast
from .ruling import runs_down, usual_thickness, without_ruling

Mask = NDArray[np.bool_]  # (h, w)

FAINTEST = 0.06  # contrast of ink and paper, 1 being black on white
CERTAIN, POSSIBLE = 0.35, 0.12  # shares of the usual ink's contrast: this much is ink, and this much beside it
RIM = 0.1  # of the shorter side: what touches the border and reaches no further in is an edge
STRAIGHT = 0.8  # share of a box's side that is there
PAPER, INK = 0.2, 0.7  # of a photograph's ink: this is none, and this is black, however blurred the line is
MOST_MARKS = 150  # the largest; a texture has thousands
DUST = 0.35  # of the area of a dot of the pen


@dataclass(frozen=True)
class Marks:
    """The marks on a paper.

    Attributes:
        ink: float32 `(h, w)`, how much ink each pixel holds, 0 to 1, as if the pen had nowhere been faint.
        labels: `(h, w)`, which mark it belongs to, from 1; 0 = none.
        count: of marks.
        pen_width: of the marks' lines, in pixels.
        corner: x and y in the picture of the upper left pixel: the arrays hold no more than the marks.
    """

    ink: NDArray[np.float32]
    labels: NDArray[np.int32]
    count: int
    pen_width: float
    corner: tuple[int, int]


def find_marks(grey: NDArray[np.float32]) -> Marks | None:
    """The marks in a picture `(h, w)`, 0 = black to 1 = white; None where there is no ink."""
    contrast, grain = ink_contrast(grey)
    strongest = float(contrast.max())
    if strongest < max(FAINTEST, 6 * grain):
        return None
    full = float(np.median(contrast[contrast > strongest / 2]))
    possible = contrast > max(POSSIBLE * full, 3 * grain)
    if min(grey.shape) >= SMALL:  # in smaller images a line is as thick as a pen's
        possible = without_ruling(without_edges(possible), contrast)
    certain = possible & (contrast > max(CERTAIN * full, 5 * grain))
    mask = without_edges(_reached(possible, certain))
    if not mask.any():
        return None
    rows, columns = ndimage.find_objects(mask.astype(np.uint8))[0]
    window = tuple(slice(max(side.start - 3, 0), side.stop + 3) for side in (rows, columns))
    mask = mask[window]
    corner = (window[1].start, window[0].start)
    ink = _evenly_dark(np.where(mask, contrast[window], 0), mask)
    if min(grey.shape) >= SMALL:
        ink = ((ink - PAPER) / (INK - PAPER)).clip(0, 1)
    return _marked(ink, corner)


def _marked(ink: NDArray[np.float32], corner: tuple[int, int]) -> Marks | None:
    """The ink `(h, w)` mark by mark, without dust; None if there is nothing else."""
    mask = ink > 0.4
    pen_width = 4 * float((ndimage.distance_transform_edt(np.pad(mask, 1))[1:-1, 1:-1][mask] - 0.5).mean())
    bridged = ndimage.distance_transform_edt(~mask) <= max(1, 0.15 * pen_width)  # what is broken is one mark
    labels, count = ndimage.label(bridged)
    labels = np.where(mask, labels, 0)
    areas = np.bincount(labels.ravel(), minlength=count + 1)
    kept = areas >= max(DUST * pen_width**2, 2)
    kept[0] = False
    if not kept.any():
        return None
    if kept.sum() > MOST_MARKS:
        kept[np.argsort(np.where(kept, areas, 0))[:-MOST_MARKS]] = False
    numbers = np.zeros(count + 1, np.int32)
    numbers[kept] = np.arange(1, kept.sum() + 1)
    labels = numbers[labels]
    return Marks(np.where(_near(labels > 0), ink, 0), labels, int(kept.sum()), pen_width, corner)


def _near(mask: Mask) -> Mask:
    """The mask and the pixels at its edge, which hold some ink too."""
    return ndimage.binary_dilation(mask, np.ones((3, 3)), 2)


def _reached(possible: Mask, certain: Mask) -> Mask:
    """The possible ink that hangs together with certain ink (hysteresis: Canny, "A Computational Approach to Edge
    Detection", 1986)."""
    patches, count = ndimage.label(possible, np.ones((3, 3)))
    reached = np.zeros(count + 1, bool)
    reached[np.unique(patches[certain])] = True
    reached[0] = False
    return reached[patches]


def _evenly_dark(contrast: Contrast, mask: Mask) -> NDArray[np.float32]:
    """The ink as if its pen had been as dark everywhere: beside the darkest within the width of its line."""
    reach = 2 * int(np.ceil(ndimage.distance_transform_edt(np.pad(mask, 1)).max())) + 1
    darkest = ndimage.maximum_filter(contrast, reach)
    smooth = ndimage.uniform_filter(darkest, reach)
    return (contrast / np.maximum(smooth, 1e-6)).clip(0, 1).astype(np.float32)


def without_edges(mask: Mask) -> Mask:
    """The mask without what lies along the picture's border or comes from there as a line, and without boxes."""
    patches, _ = ndimage.label(mask, np.ones((3, 3)))
    height, width = mask.shape
    rim = max(1, round(RIM * min(mask.shape)))
    kept = mask.copy()
    for number, box in enumerate(ndimage.find_objects(patches), 1):
        rows, columns = box
        top, bottom, left, right = rows.start, rows.stop, columns.start, columns.stop
        own = patches[box] == number
        if min(top, left, height - bottom, width - right) <= 1:
            along = min(bottom, height - top, right, width - left) <= rim
            line = min(own.shape) <= rim and max(own.shape) > 3 * min(own.shape)
            kept[box][own if along or line else own & box_in(own, sides=1)] = False
        elif min(own.shape) > max(2 * rim, SMALL / 2):
            kept[box][own & box_in(own, sides=4)] = False
    return kept if kept.any() else mask


def box_in(own: Mask, sides: int) -> Mask:
    """The straight sides that bound a mark `(h, w)`, if it has as many; what crosses them is not theirs."""
    height, width = own.shape
    band = round(0.02 * (height + width)) + 2
    y, x = np.mgrid[:height, :width]
    found = np.zeros_like(own)
    count = 0
    for axis, side in ((0, y < band), (0, y >= height - band), (1, x < band), (1, x >= width - band)):
        runs = runs_down(own) if axis == 0 else runs_down(own.T).T
        thin = side & (runs > 0) & (runs <= band)
        if thin.any(axis=axis).mean() >= STRAIGHT:
            found |= thin & (runs <= usual_thickness(runs[thin]))
            count += 1
    if count < sides:
        return np.zeros_like(own)
    corners = ((y < band) | (y >= height - band)) & ((x < band) | (x >= width - band))
    return found | (corners if count > 1 else False)
