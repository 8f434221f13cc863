"""The troubles of a photographed page: each function adds one, with random darkness, width and angle."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw
from scipy import ndimage

Page = NDArray[np.float64]  # (h, w, 3), 0 = black to 1 = white
Cover = NDArray[np.float64]  # (h, w), how far each pixel is covered with ink, 0 to 1
Box = tuple[float, float, float, float]  # around the ink: left, top, right and bottom, pixels
Rng = np.random.Generator


def hard_shadow(page: Page, box: Box, rng: Rng) -> Page:
    """The shadow of a straight object; its edge runs through the ink."""
    left, top, right, bottom = box
    angle = rng.uniform(0, 2 * np.pi)
    x, y = rng.uniform(left, right), rng.uniform(top, bottom)
    down, across = np.mgrid[: page.shape[0], : page.shape[1]]
    beyond = (across - x) * np.cos(angle) + (down - y) * np.sin(angle)
    shade = 1 - rng.uniform(0.25, 0.55) * (beyond / rng.uniform(0.5, 4) + 0.5).clip(0, 1)
    return page * shade[..., np.newaxis]


def dark_corner(page: Page, box: Box, rng: Rng) -> Page:
    height, width = page.shape[:2]
    down, across = np.mgrid[:height, :width]
    away = np.hypot((across - rng.choice([0, width])) / width, (down - rng.choice([0, height])) / height)
    return page * (1 - rng.uniform(0.5, 0.85) * np.exp(-((away / rng.uniform(0.4, 0.7)) ** 2)))[..., np.newaxis]


def underline(cover: Cover, box: Box, rng: Rng) -> Cover:
    """A stroke below the digits, drawn with a ruler or by hand."""
    left, top, right, bottom = box
    middle, half = (left + right) / 2, rng.uniform(0.5, 0.9) * max(right - left, (bottom - top) / 2)
    y = bottom + rng.uniform(0.05, 0.2) * (bottom - top)
    slope = rng.normal(0, 0.02) * half
    return _ruled(cover, [(middle - half, y - slope, middle + half, y + slope)], rng.uniform(2, 7), rng.uniform(0.7, 1))


def ruled(page: Page, box: Box, rng: Rng) -> Page:
    """Paper with printed lines, the digits on one of them."""
    return _printed(page, box, rng, [0.0], rng.uniform(0.6, 1.1))


def squared(page: Page, box: Box, rng: Rng) -> Page:
    return _printed(page, box, rng, [0.0, np.pi / 2], rng.uniform(0.2, 0.5))


def _printed(page: Page, box: Box, rng: Rng, angles: list[float], spacing: float) -> Page:
    askew, apart = rng.normal(0, 0.015), spacing * (box[3] - box[1])
    height, width = page.shape[:2]
    down, across = np.mgrid[:height, :width]
    thickness, colour = rng.uniform(1, 2.5), np.array([[0.45, 0.6, 0.85], [0.6, 0.6, 0.6]][rng.integers(2)])
    for angle in angles:
        place = (down - box[3]) * np.cos(angle + askew) + across * np.sin(angle + askew)
        cover = (thickness / 2 + 0.5 - np.abs((place + apart / 2) % apart - apart / 2)).clip(0, 1)[..., np.newaxis]
        page = page * (1 - cover * (1 - colour))  # print lies below the ink, and can only darken it
    return page


def desk(page: Page, box: Box, rng: Rng) -> Page:
    """The paper turned a little, on a wooden desk."""
    wood = ndimage.gaussian_filter(rng.normal(0, 1, page.shape[:2]), (1.5, 40)) * 12 * rng.uniform(0.2, 1)
    brown = np.array([0.35, 0.25, 0.17]) * rng.uniform(0.5, 1.4)
    return _on_table(page, brown * (1 + 0.15 * wood)[..., np.newaxis], rng)


def cloth(page: Page, box: Box, rng: Rng) -> Page:
    """The paper turned a little, on a checked tablecloth."""
    down, across = np.mgrid[: page.shape[0], : page.shape[1]]
    angle, apart = rng.uniform(0, np.pi), rng.uniform(0.05, 0.12) * page.shape[1]
    stripes = [np.sin(2 * np.pi * (across * np.cos(a) + down * np.sin(a)) / apart) > 0 for a in (angle, angle + 1.57)]
    colour = rng.uniform(0.1, 0.8, 3)
    light = np.array(stripes).mean(axis=0)[..., np.newaxis]
    return _on_table(page, colour + (0.9 - colour) * light * rng.uniform(0.3, 1), rng)


def _on_table(page: Page, table: Page, rng: Rng) -> Page:
    height, width = page.shape[:2]
    angle = rng.normal(0, 0.05)
    cos, sin = np.cos(angle), np.sin(angle)
    down, across = np.mgrid[:height, :width]
    x, y = across - width / 2, down - height / 2
    u, v = cos * x + sin * y, cos * y - sin * x
    margin = rng.uniform(0.03, 0.12) * min(height, width)
    inside = np.minimum(width / 2 - margin - np.abs(u), height / 2 - margin - np.abs(v))
    share = (inside + 0.5).clip(0, 1)[..., np.newaxis]
    return share * page + (1 - share) * table


def round_shadow(page: Page, box: Box, rng: Rng) -> Page:
    """The soft shadow of a head or a hand, which comes in from one side."""
    height, width = page.shape[:2]
    down, across = np.mgrid[:height, :width]
    angle, radius = rng.uniform(0, 2 * np.pi), rng.uniform(0.3, 0.5)
    x, y = 0.5 + 0.6 * np.cos(angle), 0.5 + 0.6 * np.sin(angle)
    inside = radius - np.hypot(across / width - x, down / height - y)
    return page * (1 - rng.uniform(0.25, 0.55) * (inside / rng.uniform(0.02, 0.1) + 0.5).clip(0, 1))[..., np.newaxis]


def crease(page: Page, box: Box, rng: Rng) -> Page:
    """The paper was folded through the ink: one half is a little darker, the fold itself dark or light."""
    x, y = rng.uniform(box[0], box[2]), rng.uniform(box[1], box[3])
    angle = rng.normal(rng.choice([0, np.pi / 2]), 0.03)
    down, across = np.mgrid[: page.shape[0], : page.shape[1]]
    beyond = (across - x) * np.cos(angle) + (down - y) * np.sin(angle)
    fold = rng.uniform(-0.3, 0.1) * np.exp(-((beyond / rng.uniform(1, 4)) ** 2))
    return page * (1 + fold - rng.uniform(0, 0.15) * (beyond > 0))[..., np.newaxis]


def holes(page: Page, box: Box, rng: Rng) -> Page:
    """Holes punched along one side, through which the dark desk is seen."""
    height, width = page.shape[:2]
    down, across = np.mgrid[:height, :width]
    radius = rng.uniform(0.01, 0.025) * height
    x = rng.uniform(1.5, 3) * radius
    if rng.integers(2):
        x = width - x
    away = np.min([np.hypot(across - x, down - y) for y in np.array([0.2, 0.4, 0.6, 0.8]) * height], axis=0)
    return page * (1 - rng.uniform(0.5, 0.9) * (radius - away + 0.5).clip(0, 1))[..., np.newaxis]


def frame(page: Page, box: Box, rng: Rng) -> Page:
    """A dark edge around the whole picture, as a scan or a crop may have, one pixel wide or more."""
    return _edges(page, (0, 1, 2, 3), rng.uniform(1, 6), rng)


def cell_edges(page: Page, box: Box, rng: Rng) -> Page:
    """Lines at the border, as a cell cropped from a table has."""
    sides = rng.choice(4, rng.integers(1, 5), replace=False)
    return _edges(page, tuple(sides.tolist()), rng.uniform(3, 14), rng)


def _edges(page: Page, sides: tuple[int, ...], thickness: float, rng: Rng) -> Page:
    height, width = page.shape[:2]
    down, across = np.mgrid[:height, :width]
    distance = np.stack([down, across, height - 1 - down, width - 1 - across])[list(sides)].min(axis=0)
    cover = (thickness - distance).clip(0, 1)
    cover = ndimage.gaussian_filter(cover, rng.uniform(0.3, 2))[..., np.newaxis]
    return page * (1 - rng.uniform(0.5, 0.9) * cover)


def printed_box(page: Page, box: Box, rng: Rng) -> Page:
    """A printed box around the digits, much larger than they or hardly larger."""
    left, top, right, bottom = box
    x, y, tall = (left + right) / 2, (top + bottom) / 2, bottom - top
    half_x, half_y = (right - left) / 2 + tall * rng.uniform(0.08, 0.4), tall * rng.uniform(0.58, 0.75)
    corners = [(x - half_x, y - half_y), (x + half_x, y - half_y), (x + half_x, y + half_y), (x - half_x, y + half_y)]
    lines = [(*one, *other) for one, other in zip(corners, corners[1:] + corners[:1], strict=True)]
    cover = _ruled(np.zeros(page.shape[:2]), lines, rng.uniform(2, 6), rng.uniform(0.5, 0.9))
    return page * (1 - cover[..., np.newaxis])


def _ruled(cover: Cover, lines: list[tuple[float, float, float, float]], thickness: float, darkness: float) -> Cover:
    canvas = Image.new("L", cover.shape[::-1])
    for line in lines:
        ImageDraw.Draw(canvas).line(line, fill=round(255 * darkness), width=max(round(thickness), 1))
    return np.maximum(cover, np.asarray(canvas) / 255)


def faint_on_one_side(cover: Cover, box: Box, rng: Rng) -> Cover:
    """The ink fades from one side of the digits to the other."""
    left, top, right, bottom = box
    angle = rng.uniform(0, 2 * np.pi)
    down, across = np.mgrid[: cover.shape[0], : cover.shape[1]]
    x, y = (across - (left + right) / 2) / (right - left), (down - (top + bottom) / 2) / (bottom - top)
    way = (x * np.cos(angle) + y * np.sin(angle) + 0.5).clip(0, 1)
    return cover * (1 - rng.uniform(0.65, 0.85) * way)


def blur(page: Page, box: Box, rng: Rng) -> Page:
    radius = rng.uniform(0.01, 0.035) * (box[3] - box[1])
    return ndimage.gaussian_filter(page, (radius, radius, 0))


def as_it_is(page: Page, box: Box, rng: Rng) -> Page:
    return page


ON_INK: dict[str, Callable[[Cover, Box, Rng], Cover]] = {
    "underline": underline,
    "faint on one side": faint_on_one_side,
}
ON_PAGE: dict[str, Callable[[Page, Box, Rng], Page]] = {
    "clean": as_it_is,
    "hard shadow": hard_shadow,
    "dark corner": dark_corner,
    "ruled": ruled,
    "squared": squared,
    "desk": desk,
    "cloth": cloth,
    "round shadow": round_shadow,
    "crease": crease,
    "holes": holes,
    "frame": frame,
    "cell edges": cell_edges,
    "printed box": printed_box,
    "blur": blur,
    "JPEG 10": as_it_is,  # `make_page` compresses the file
}
# Thresholds are chosen on these; the others are only measured:
TUNED = (
    "clean",
    "hard shadow",
    "round shadow",
    "dark corner",
    "underline",
    "ruled",
    "squared",
    "desk",
    "cloth",
    "frame",
    "printed box",
    "faint on one side",
)
