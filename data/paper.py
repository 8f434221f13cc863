"""Paper under uneven light: how much darker than the paper around it each pixel of a picture is."""

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from scipy import ndimage

Contrast = NDArray[np.float32]  # (h, w), 0 = paper, about 1 = black on white

WIDEST = 1 / 3  # of the shorter side: dark areas as wide and as high are shadow or desk, not lines
GLIMPSE = 72  # pixels, the longer side of the small copy that tells whether the ink is darker than the paper
OTHER = 0.4  # least difference in log brightness between a desk and the sheet on it
AROUND = 0.85  # least share of the border at which a desk is seen
SURROUNDED = 0.8  # least share of a line's surroundings that is lighter
SMALL = 64  # pixels, the shorter side: smaller pictures are not photographs, and their paper has no grain


def ink_contrast(grey: NDArray[np.float32]) -> tuple[Contrast, float]:
    """How much darker than the paper each pixel is, and the standard deviation of the paper's grain.

    The paper is estimated by the picture's grey-scale closing (Serra, "Image Analysis and Mathematical Morphology",
    1982): it removes narrow dark places and keeps the edges of shadows, of the sheet and of the desk under it. The
    picture is extended by its border pixels, so a frame or a desk all around it does not count as ink.

    Args:
        grey: `(h, w)`, 0 = black to 1 = white; the ink is darker than the paper.
    """
    if min(grey.shape) < SMALL:
        return darker(grey, _paper(grey)), 0.0
    smooth = ndimage.gaussian_filter(grey, 1)
    paper = _paper(smooth)
    contrast = darker(smooth, paper)
    contrast[_desk(paper)] = 0
    usual, low = np.quantile(contrast, [0.5, 0.1])
    return (contrast - usual).clip(0), float(usual - low) / 1.28


def darker(grey: NDArray[np.float32], paper: NDArray[np.float32]) -> Contrast:
    """How much darker than paper grey values are: 0 = not at all, 1 = black on white."""
    return (paper - grey) / (paper + np.float32(0.1)) * np.float32(1.1)


def _paper(grey: NDArray[np.float32]) -> NDArray[np.float32]:
    """The grey-scale closing of a picture `(h, w)`, which removes dark places as narrow as a pen's line.

    Its structuring element is an octagon: a square would leave so much of the edge of a round shadow that it looks like
    ink. An octagon is the sum of a square and two diagonals.
    """
    size = 2 * int(max(min(grey.shape) * WIDEST, 3) / 2) + 1
    straight, slanted = 2 * round(0.207 * size) + 1, round(0.293 * size)  # rows of the sides
    paper = np.pad(grey, size, mode="edge")
    paper = ndimage.maximum_filter(paper, straight)
    for mirrored in (paper, paper[:, ::-1]):
        _extend(mirrored, slanted, np.maximum)
    paper = ndimage.minimum_filter(paper, straight)
    for mirrored in (paper[::-1, ::-1], paper[::-1]):
        _extend(mirrored, slanted, np.minimum)
    return paper[size:-size, size:-size]


def _extend(values: NDArray[np.float32], length: int, extreme: np.ufunc) -> None:
    """Set each value to the extreme of itself and the next `length` on its diagonal, in place."""
    covered = 1
    while covered <= length:
        step = min(covered, length + 1 - covered)
        values[:-step, :-step] = extreme(values[:-step, :-step], values[step:, step:])
        covered += step


def _desk(paper: NDArray[np.float32]) -> NDArray[np.bool_]:
    """The desk around a sheet, found if nearly all of the border is much darker or lighter than the middle."""
    height, width = paper.shape
    sheet = np.median(paper[height // 4 : -height // 4, width // 4 : -width // 4])
    other = np.abs(np.log((paper + 0.02) / (sheet + 0.02))) > OTHER
    border = np.concatenate([other[0], other[-1], other[:, 0], other[:, -1]])
    if border.mean() < AROUND:
        return np.zeros_like(other)
    return ndimage.binary_dilation(other, np.ones((3, 3)), max(2, min(paper.shape) // 100))


def dark_on_light(grey: NDArray[np.float32]) -> NDArray[np.float32]:
    """The picture, inverted if the lines in it are lighter than their surroundings.

    A line differs from the median around it and from the closing (a light line: the opening). The median alone is
    misled by the corners of a sheet, the closing alone by the paper inside loops.
    """
    image = Image.fromarray(grey)
    image.thumbnail((GLIMPSE, GLIMPSE), Image.Resampling.BOX)
    glimpse = np.asarray(image)
    around = ndimage.median_filter(glimpse, max(3, max(glimpse.shape) // 2), mode="nearest")
    return 1 - grey if _lines(1 - glimpse, 1 - around) > _lines(glimpse, around) else grey


def _lines(grey: NDArray[np.float32], around: NDArray[np.float32]) -> float:
    """The squared contrast of dark lines, summed: of patches with lighter pixels on nearly all sides."""
    height = np.minimum(around, _paper(grey)) - grey
    patches, count = ndimage.label(height > max(0.3 * height.max(), 0.03), np.ones((3, 3)))
    if not count:
        return 0.0
    every = np.arange(count + 1)
    far, (y, x) = ndimage.distance_transform_edt(patches == 0, return_indices=True)
    beside = (far > 1.5) & (far <= 3)
    nearest = patches[y, x][beside]
    level, stands_out = (ndimage.mean(values, patches, every) for values in (grey, height))
    lighter = grey[beside] > (level + stands_out / 2)[nearest]
    share = np.bincount(nearest, lighter, count + 1) / np.maximum(np.bincount(nearest, minlength=count + 1), 1)
    share[0] = 0
    return float((height[(share > SURROUNDED)[patches]] ** 2).sum())
