"""Converts drawings and photographs to MNIST's frame, so that the network sees them as it saw its training images.

MNIST's frame, measured on its 60,000 training images: the digit fills 20×20 pixels, its aspect ratio kept, with
antialiased edges. In the 28×28 image its centre of mass lies on pixel (14, 14), to the nearest pixel. Lines are 2.2 to
3.9 pixels wide.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray
from PIL import Image
from scipy import ndimage

from .marks import find_marks, width_of_lines
from .pictures import Picture, PictureError, open_picture

__all__ = ["PictureError", "draw_segments", "frame", "pen_width", "picture_to_image", "strokes_to_image"]

SIZE = 28  # pixels, width and height
BOX = 20  # pixels, the longer side of the digit
CENTRE = 14  # pixel of the centre of mass
PEN_WIDTH = 2.6  # pixels
USUAL_PEN_WIDTHS = (1.8, 4.2)  # pixels; uploaded lines outside this range are redrawn at PEN_WIDTH
MOST_POINTS = 100_000  # in all strokes together
SMALLEST = 1e-300  # extent of strokes, in any unit: what is smaller is a dot


def strokes_to_image(strokes: Sequence[ArrayLike]) -> NDArray[np.uint8] | None:
    """Pen strokes in MNIST's frame, drawn with MNIST's pen width.

    Args:
        strokes: arrays `(k, 2)` of points, x to the right, y down, in any unit. A single point is a dot.

    Returns:
        uint8 `(28, 28)`, 0 = paper, 255 = ink; None if there are no points.

    Raises:
        ValueError: a stroke has another shape, a coordinate is not a finite number, or there are too many points.
    """
    lines = [_checked(stroke) for stroke in strokes if len(np.atleast_1d(np.asarray(stroke, dtype=object)))]
    if not lines:
        return None
    if sum(map(len, lines)) > MOST_POINTS:
        raise ValueError(f"the strokes have more than {MOST_POINTS:,} points: draw less")
    points = np.concatenate(lines)
    lowest, highest = points.min(axis=0), points.max(axis=0)
    extent = (highest - lowest).max()
    scale = (BOX - PEN_WIDTH) / extent if extent > SMALLEST else 0.0
    middle = (lowest + highest) / 2
    segments = np.concatenate([_segments((line - middle) * scale) for line in lines])
    # Drawn twice: the first drawing gives the centre of mass.
    drawn = draw_segments(segments + CENTRE, PEN_WIDTH, SIZE)
    drawn = draw_segments(segments - _centre_of_mass(drawn) + 2 * CENTRE, PEN_WIDTH, SIZE)
    return np.round(drawn * 255).astype(np.uint8)


def picture_to_image(picture: Picture) -> NDArray[np.uint8] | None:
    """An image of one digit, dark on light or light on dark, in MNIST's frame.

    Args:
        picture: an encoded image in one of `data.pictures.FORMATS` (bytes, a path or an open file), a Pillow image, or
            a uint8 array `(h, w)`, `(h, w, 3)` or `(h, w, 4)`.

    Returns:
        uint8 `(28, 28)`, 0 = paper, 255 = ink; None if there is no ink.

    Raises:
        PictureError: it is not an image, or is damaged, empty or too large.
    """
    marks = find_marks(open_picture(picture))
    return None if marks is None else ink_to_image(marks.ink)


def ink_to_image(ink: NDArray[np.float32]) -> NDArray[np.uint8]:
    """Ink `(h, w)`, 0 to 1, of any pen, in MNIST's frame: uint8 `(28, 28)`. Some ink must be above 0.1."""
    # The pen width is measured and changed at four times the frame's resolution.
    return frame(_with_usual_pen(_fitted(ink, 4 * BOX)))


def frame(ink: NDArray[np.float32]) -> NDArray[np.uint8]:
    """Ink `(h, w)`, 0 to 1, in MNIST's frame: uint8 `(28, 28)`. Some ink must be above 0.1."""
    digit = _fitted(ink, BOX)
    height, width = digit.shape
    x, y = _centre_of_mass(digit)
    row = min(max(round(CENTRE - y), 0), SIZE - height)
    column = min(max(round(CENTRE - x), 0), SIZE - width)
    image = np.zeros((SIZE, SIZE), np.uint8)
    image[row : row + height, column : column + width] = np.round(digit * 255)
    return image


def _checked(stroke: ArrayLike) -> NDArray[np.float64]:
    try:
        points = np.asarray(stroke, np.float64)
    except (TypeError, ValueError):
        raise ValueError("a stroke must be a list of points (x, y) of numbers") from None
    if points.ndim != 2 or points.shape[1] != 2:
        raise ValueError(f"a stroke must have shape (k, 2), got {points.shape}")
    if not (np.abs(points) < 1e9).all():
        raise ValueError("a stroke has a point that is not finite or more than a billion units away")
    return points


def _segments(points: NDArray[np.float64]) -> NDArray[np.float64]:
    """The line through the points as segments `(s, 2, 2)`. Points closer than a tenth of a pixel are left out."""
    kept = [0]
    for i in range(1, len(points)):
        if np.abs(points[i] - points[kept[-1]]).max() >= 0.1:
            kept.append(i)
    points = points[[*kept, len(points) - 1]]
    return np.stack([points[:-1], points[1:]], axis=1)


def draw_segments(segments: NDArray[np.floating], width: float, size: int) -> NDArray[np.float32]:
    """Segments as an image `(size, size)`, 0 to 1: each pixel is as dark as the share of it that the pen covers.

    The darkness depends only on the distance from the pixel's centre to the nearest segment. This gives antialiased
    edges like MNIST's.

    Args:
        segments: `(s, 2, 2)`, start and end of each, x before y, in pixels.
    """
    reach = width / 2 + 1  # distance from a line that the pen covers
    left, top = np.floor(segments.min(axis=(0, 1)) - reach).clip(0, size).astype(int)
    right, bottom = np.ceil(segments.max(axis=(0, 1)) + reach + 1).clip(0, size).astype(int)
    y, x = np.mgrid[top:bottom, left:right].astype(np.float32).reshape(2, -1, 1)
    nearest = np.full(len(x), np.inf, np.float32)
    for some in np.array_split(segments.astype(np.float32), len(segments) // 64 + 1):  # limits the memory
        (start_x, start_y), (along_x, along_y) = some[:, 0].T, (some[:, 1] - some[:, 0]).T
        from_x, from_y = x - start_x, y - start_y  # (pixels, s)
        length = np.maximum(along_x**2 + along_y**2, 1e-12)
        position = ((from_x * along_x + from_y * along_y) / length).clip(0, 1)
        squared = (from_x - position * along_x) ** 2 + (from_y - position * along_y) ** 2
        nearest = np.minimum(nearest, squared.min(axis=1))
    drawn = np.zeros((size, size), np.float32)
    darkness = (width / 2 + 0.5 - np.sqrt(nearest)).clip(0, 1)
    drawn[top:bottom, left:right] = darkness.reshape(bottom - top, right - left)
    return drawn


def _fitted(ink: NDArray[np.float32], size: int) -> NDArray[np.float32]:
    """The ink cropped to its bounding box, and resized so that the longer side has `size` pixels."""
    rows, columns = (np.flatnonzero((ink > 0.1).any(axis=axis)) for axis in (1, 0))
    ink = ink[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    height, width = (max(1, round(length * size / max(ink.shape))) for length in ink.shape)
    return np.asarray(Image.fromarray(ink).resize((width, height), Image.Resampling.BICUBIC)).clip(0, 1)


def _centre_of_mass(ink: NDArray) -> NDArray[np.float64]:
    """x and y of the ink's centre of mass, in pixels."""
    y, x = ndimage.center_of_mass(ink)
    return np.array([x, y])


def pen_width(ink: NDArray[np.float32]) -> float:
    """The average width of the lines in ink `(h, w)`, 0 to 1, in pixels."""
    return width_of_lines(_covered(ink))


def _covered(ink: NDArray[np.float32]) -> NDArray[np.bool_]:
    """A mask of the pixels that are more ink than paper. Faint ink may not reach 0.5 anywhere."""
    return ink > min(0.5, ink.max() / 2)


def _with_usual_pen(ink: NDArray[np.float32]) -> NDArray[np.float32]:
    """The ink with lines of usual width: edges of unusually thin or thick lines are moved outwards or inwards."""
    inside = _covered(ink)
    extent = max(inside.any(axis=0).sum(), inside.any(axis=1).sum())
    width = pen_width(ink)
    thinnest, thickest = USUAL_PEN_WIDTHS
    if thinnest <= width * BOX / extent <= thickest:
        return ink
    # With edges moved by m, a line is w + 2m wide and the digit e + 2m long: (w + 2m) · BOX = PEN_WIDTH · (e + 2m).
    move = (PEN_WIDTH * extent - width * BOX) / (2 * (BOX - PEN_WIDTH))
    move = max(move, -0.4 * width)  # so that thinner places of a brush stroke do not vanish
    margin = int(np.ceil(max(move, 0))) + 2
    inside = np.pad(inside, margin)
    distance = np.where(
        inside,
        ndimage.distance_transform_edt(inside) - 0.5,
        0.5 - ndimage.distance_transform_edt(~inside),
    )
    return (distance + move + 0.5).clip(0, 1).astype(np.float32)
