"""The marks in a picture: connected ink, without frames, edges and dust."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from .edges import without_boxes, without_desk, without_edges, without_shades
from .paper import SMALL, Contrast, dark_on_light, ink_contrast
from .ruling import Mask, without_ruling

FAINTEST = 0.06  # least contrast of ink with paper; black on white has 1
CERTAIN, POSSIBLE = 0.35, 0.12  # shares of the ink's usual contrast: ink for certain; ink if connected to certain ink
PAPER, INK = 0.2, 0.7  # values of a photograph's ink that become 0 and 1, which sharpens blurred lines
MOST_MARKS = 150  # the largest are kept; a texture has thousands
BRIDGED = 0.15  # of the pen's width: lines as near to each other are one mark
POINT, LARGEST_POINT = 0.6, 1.6  # area of a point, at least, in squared pen widths; its longer side, at most
DUST = 0.35  # of the pen's width squared: smaller marks are dust


@dataclass(frozen=True)
class Marks:
    """The marks on a paper.

    Attributes:
        ink: float32 `(h, w)`, the ink in each pixel, 0 to 1; faint strokes are made as dark as the others.
        labels: int32 `(h, w)`, the number of each pixel's mark, from 1; 0 = none.
        count: the number of marks.
        pen_width: the width of their lines, in pixels.
        corner: x and y, in the picture, of the arrays' upper left pixel: they cover only the marks' surroundings.
    """

    ink: NDArray[np.float32]
    labels: NDArray[np.int32]
    count: int
    pen_width: float
    corner: tuple[int, int]


def find_marks(grey: NDArray[np.float32]) -> Marks | None:
    """The marks in a picture `(h, w)`, 0 = black to 1 = white; None if there is no ink."""
    grey = dark_on_light(grey)
    contrast, grain = ink_contrast(grey)
    strongest = float(contrast.max())
    if strongest < max(FAINTEST, 6 * grain):
        return None
    full = float(np.median(contrast[contrast > strongest / 2]))
    possible = contrast > max(POSSIBLE * full, 3 * grain)
    if min(grey.shape) >= SMALL:  # in smaller images, ruled lines are as thick as a pen's
        possible = without_edges(without_desk(without_ruling(without_boxes(possible), contrast)))
        possible = without_shades(possible, grey, contrast)
    certain = possible & (contrast > max(CERTAIN * full, 5 * grain))
    mask = without_edges(without_boxes(_reached(possible, certain)))
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
    """The ink `(h, w)` labelled by mark, without dust; None if nothing else is left."""
    mask = ink > 0.4
    pen_width = width_of_lines(mask)
    gap = max(1.0, BRIDGED * pen_width)  # small gaps do not split a mark
    points = _points(mask, pen_width, gap)
    labels, count = ndimage.label(ndimage.distance_transform_edt(~mask | points) <= gap)
    separate, more = ndimage.label(points)
    labels = np.where(points, separate + count, np.where(mask, labels, 0))
    count += more
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


def width_of_lines(mask: Mask) -> float:
    """The average width of the lines in a mask, in pixels.

    The points of a line of width w have an average distance of w / 4 from the nearest edge.
    """
    depth = ndimage.distance_transform_edt(np.pad(mask, 1))[1:-1, 1:-1] - 0.5  # from the pixels' centres to the edge
    return 4 * float(depth[mask].mean())


def _points(mask: Mask, pen_width: float, gap: float) -> Mask:
    """The marks that are dots of a pen and stand beside what is near: decimal points that nearly touch a digit."""
    labels, _ = ndimage.label(mask)
    boxes = ndimage.find_objects(labels)
    points = np.zeros_like(mask)
    for number, (rows, columns) in enumerate(boxes, 1):
        own = labels[rows, columns] == number
        if max(own.shape) > LARGEST_POINT * pen_width or own.sum() < POINT * pen_width**2:
            continue
        reach = int(2 * gap) + 1
        around = labels[
            max(rows.start - reach, 0) : rows.stop + reach, max(columns.start - reach, 0) : columns.stop + reach
        ]
        middle = (columns.start + columns.stop) / 2
        neighbours = [boxes[other - 1][1] for other in np.unique(around[(around > 0) & (around != number)])]
        if not any(side.start <= middle <= side.stop for side in neighbours):
            points[rows, columns] |= own
    return points


def _near(mask: Mask) -> Mask:
    """The mask and two pixels around it, which hold the ink of soft edges."""
    return ndimage.binary_dilation(mask, np.ones((3, 3)), 2)


def _reached(possible: Mask, certain: Mask) -> Mask:
    """The possible ink that is connected to certain ink (hysteresis: Canny, "A Computational Approach to Edge
    Detection", 1986)."""
    patches, count = ndimage.label(possible, np.ones((3, 3)))
    reached = np.zeros(count + 1, bool)
    reached[np.unique(patches[certain])] = True
    reached[0] = False
    return reached[patches]


def _evenly_dark(contrast: Contrast, mask: Mask) -> NDArray[np.float32]:
    """The ink divided by the darkest ink within about a line's width, so that faint strokes become dark."""
    reach = 2 * int(np.ceil(ndimage.distance_transform_edt(np.pad(mask, 1)).max())) + 1
    darkest = ndimage.maximum_filter(contrast, reach)
    smooth = ndimage.uniform_filter(darkest, reach)
    return (contrast / np.maximum(smooth, 1e-6)).clip(0, 1).astype(np.float32)
