"""Positive and negative numbers as images and tables: blue above 0, red below, stronger further from 0.

Zeros are transparent, so that the page shows through, light or dark.
"""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from app.charts.colours import BLUE, RED, rgb
from model.cell_sums import format_number

ABOVE, BELOW = rgb(BLUE), rgb(RED)
INK = (128, 128, 128)


def signed_picture(values: ArrayLike) -> NDArray[np.uint8]:
    """RGBA `(h, w, 4)` for numbers `(h, w)`; the number furthest from 0 has full colour."""
    values = np.asarray(values, np.float64)
    picture = np.empty((*values.shape, 4), np.uint8)
    picture[..., :3] = np.where(values[..., np.newaxis] >= 0, ABOVE, BELOW)
    picture[..., 3] = np.round(255 * np.abs(values) / max(np.abs(values).max(), 1e-12))
    return picture


def ink_picture(image: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """RGBA `(28, 28, 4)`: grey ink on a transparent background, for an image uint8 `(28, 28)`."""
    return np.dstack([np.full((*image.shape, 3), INK, np.uint8), image])


def over_ink(image: NDArray[np.uint8], values: ArrayLike) -> NDArray[np.uint8]:
    """RGBA `(28, 28, 4)`: the numbers' colours over pale ink; image and numbers are `(28, 28)`."""
    above, below = signed_picture(values) / 255, ink_picture(image) / 255
    below[..., 3] *= 0.4
    alpha = above[..., 3:] + below[..., 3:] * (1 - above[..., 3:])
    mixed = above[..., :3] * above[..., 3:] + below[..., :3] * below[..., 3:] * (1 - above[..., 3:])
    return np.round(255 * np.dstack([mixed / np.maximum(alpha, 1e-12), alpha])).astype(np.uint8)


def number_table(values: ArrayLike, caption: str, chosen: int | None = None) -> str:
    """An HTML table of the numbers `(rows, columns)`, each on its colour; the one at flat index `chosen` is framed."""
    values = np.atleast_2d(np.asarray(values, np.float64))
    colours = signed_picture(values)
    rows = []
    for i, row in enumerate(values):
        cells = []
        for j, value in enumerate(row):
            red, green, blue, alpha = colours[i, j].tolist()
            frame = "outline: 2px solid; outline-offset: -2px; " if i * values.shape[1] + j == chosen else ""
            look = f"{frame}padding: 3px 6px; background: rgba({red}, {green}, {blue}, {0.55 * alpha / 255:.2f})"
            cells.append(f'<td style="{look}">{format_number(value)}</td>')
        rows.append(f"<tr>{''.join(cells)}</tr>")
    style = "border-collapse: collapse; font-size: 0.8rem; text-align: right; font-variant-numeric: tabular-nums"
    title = f'<caption style="text-align: left; font-size: 0.875rem">{caption}</caption>'
    table = f'<table style="{style}">{title}{"".join(rows)}</table>'
    return f'<div style="overflow-x: auto">{table}</div>'
