"""Synthetic pages to measure on: pen strokes on paper, photographed with at most one trouble."""

from dataclasses import dataclass
from io import BytesIO

import numpy as np
from PIL import Image, ImageDraw
from scipy import ndimage

from data.strokes import Strokes

from .troubles import ON_INK, ON_PAGE, Box, Cover, Page

SIDE = 640  # pixels, the longer side of a page
FINER = 2  # times the page's resolution, in which the strokes are drawn
GRAIN = 0.012  # standard deviation of the paper's brightness
TURN, NEARER = 0.07, 0.04  # of a camera, at most: radians; how much nearer one side of the page is than the middle


@dataclass(frozen=True)
class Pen:
    """A pen and the paper it writes on; colours are red, green and blue, 0 to 1."""

    width: tuple[float, float]  # of a line, least and greatest, as shares of a digit's height
    ink: tuple[float, float, float]
    paper: tuple[float, float, float] = (0.93, 0.92, 0.9)
    roughness: float = 0.0  # share of the ink that the paper's grain removes, at most


PENS = {
    "biro": Pen((0.025, 0.05), (0.15, 0.2, 0.6)),
    "pencil": Pen((0.03, 0.06), (0.45, 0.45, 0.46), roughness=0.4),
    "felt": Pen((0.1, 0.18), (0.1, 0.1, 0.12)),
    "chalk": Pen((0.07, 0.12), (0.88, 0.9, 0.86), (0.16, 0.26, 0.22), roughness=0.5),
    "light on dark": Pen((0.05, 0.1), (0.95, 0.95, 0.9), (0.1, 0.1, 0.15)),
    "coloured paper": Pen((0.05, 0.1), (0.12, 0.15, 0.3), (0.95, 0.8, 0.35)),
}


def make_page(
    strokes: Strokes, height: float, pen: Pen, trouble: str, rng: np.random.Generator, tilted: bool = False
) -> bytes:
    """An image file of the strokes on paper, with one trouble of `ON_INK` or `ON_PAGE`: a PNG, or a JPEG for "JPEG 10".

    Args:
        strokes: arrays `(k, 2)` of points, x right, y down.
        height: the height of a digit, in the strokes' unit: the pen's width is a share of it.
        tilted: the camera was held askew.
    """
    cover, box = written(strokes, rng.uniform(*pen.width) * height, rng)
    if trouble in ON_INK:
        cover = ON_INK[trouble](cover, box, rng)
    if pen.roughness:
        grain = ndimage.gaussian_filter(rng.normal(0, 1, cover.shape), 0.8) * 3
        cover = cover * (1 - pen.roughness * np.abs(grain).clip(0, 1))
    ink, paper = (np.array(colour) for colour in (pen.ink, pen.paper))
    page = paper + cover[..., np.newaxis] * (ink - paper)
    if trouble in ON_PAGE:
        page = ON_PAGE[trouble](page, box, rng)
    if tilted:
        page = seen_askew(page, rng)
    page = ndimage.gaussian_filter(page, (0.7, 0.7, 0)) + rng.normal(0, GRAIN, (*cover.shape, 1))
    file = BytesIO()
    image = Image.fromarray((page.clip(0, 1) * 255).astype(np.uint8))
    if trouble == "JPEG 10":
        image.save(file, "JPEG", quality=10)
    else:
        image.save(file, "PNG", compress_level=1)
    return file.getvalue()


def seen_askew(page: Page, rng: np.random.Generator) -> Page:
    """The page `(h, w, 3)` turned and in perspective; beyond its border it goes on as it is there."""
    height, width = page.shape[:2]
    angle = rng.uniform(-TURN, TURN)
    turn = np.array([[np.cos(angle), -np.sin(angle), 0], [np.sin(angle), np.cos(angle), 0], [0, 0, 1]])
    turn[2, :2] = rng.uniform(-NEARER, NEARER, 2) * 2 / np.array([width, height])
    down, across = np.mgrid[:height, :width]
    x, y, away = np.tensordot(turn, [across - width / 2, down - height / 2, np.ones_like(across)], 1)
    places = [y / away + height / 2, x / away + width / 2]
    return np.stack(
        [ndimage.map_coordinates(colour, places, order=1, mode="nearest") for colour in np.moveaxis(page, -1, 0)], -1
    )


def written(strokes: Strokes, width: float, rng: np.random.Generator) -> tuple[Cover, Box]:
    """How far each pixel is covered with ink, 0 to 1, and the box around the ink, in pixels."""
    points = np.concatenate(strokes)
    low, high = points.min(axis=0) - width / 2, points.max(axis=0) + width / 2
    across, down = high - low
    fill = rng.uniform(0.4, 0.7)
    page = np.array([SIDE, SIDE]) if across < 1.3 * down else np.array([SIDE, SIDE * 2 // 3])
    scale = min(fill * page[1] / down, max(fill, 0.6) * page[0] / across)
    size = scale * (high - low)
    corner = (page - size) * rng.uniform(0.35, 0.65, 2)
    canvas = Image.new("L", tuple((page * FINER).tolist()))
    pen, radius = ImageDraw.Draw(canvas), scale * width * FINER / 2
    for stroke in strokes:
        places = ((stroke - low) * scale + corner) * FINER
        pen.line([(x, y) for x, y in places], fill=255, width=max(round(2 * radius), 1), joint="curve")
        for x, y in places:
            pen.ellipse((x - radius, y - radius, x + radius, y + radius), fill=255)
    cover = np.asarray(canvas.resize(tuple(page.tolist()), Image.Resampling.BOX), np.float64) / 255
    return cover, (*corner.tolist(), *(corner + size).tolist())
