"""Positive and negative numbers as images and tables: blue above 0, red below, stronger further from 0.

Zeros are transparent, so that the page shows through, light or dark.
"""

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from app.charts.colours import BLUE, RED, rgb
from model.cell_sums import format_number
from model.layer import Array

ABOVE, BELOW = rgb(BLUE), rgb(RED)
INK = (128, 128, 128)
MAPS_IN_A_ROW = 8


def as_maps(values: Array) -> Array:
    """`(h, w, d)` unchanged; `(n,)` as one map `(rows, columns, 1)`, as square as possible, up to 16 in one row."""
    return values if values.ndim == 3 else values.reshape(-1, row_length(values.size), 1)


def row_length(size: int) -> int:
    if size <= 16:
        return size
    return next(length for length in range(math.isqrt(size - 1) + 1, size + 1) if size % length == 0)


def signed_picture(values: ArrayLike) -> NDArray[np.uint8]:
    """RGBA `(h, w, 4)` for numbers `(h, w)`; the number furthest from 0 has full colour."""
    values = np.asarray(values, np.float64)
    picture = np.empty((*values.shape, 4), np.uint8)
    picture[..., :3] = np.where(values[..., np.newaxis] >= 0, ABOVE, BELOW)
    picture[..., 3] = np.round(255 * np.abs(values) / (np.abs(values).max() or 1.0))
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


def number_table(values: ArrayLike, caption: str) -> str:
    """An HTML table of the numbers `(rows, columns)`, each on its colour."""
    values = np.asarray(values, np.float64)
    return coloured_table([[format_number(value) for value in row] for row in values], values, caption)


def maps_table(values: Array, caption: str, chosen: int | None, names: Sequence[str] = ()) -> str:
    """An HTML table of one number for each map, `(n,)`, in rows of eight, each under its name if there are names; the
    one at place `chosen` is framed."""
    empty = -len(values) % MAPS_IN_A_ROW
    cells = [format_number(value) for value in values]
    if names:
        cells = [f"<small>{name}</small><br>{cell}" for name, cell in zip(names, cells, strict=True)]
    cells += [""] * empty
    rows = [cells[start : start + MAPS_IN_A_ROW] for start in range(0, len(cells), MAPS_IN_A_ROW)]
    return coloured_table(rows, np.pad(values, (0, empty)).reshape(-1, MAPS_IN_A_ROW), caption, chosen)


def product_table(values: ArrayLike, factors: ArrayLike, caption: str) -> str:
    """An HTML table of products `(rows, columns)`, each on its colour, under its two factors."""
    values, factors = np.asarray(values, np.float64), np.asarray(factors, np.float64)
    products = values * factors
    cells = [
        [f"<small>{a:.2f} · {b:.2f}</small><br>{format_number(product)}".replace("-", "−") for a, b, product in row]
        for row in np.dstack([values, factors, products]).tolist()
    ]
    return coloured_table(cells, products, caption)


def coloured_table(cells: list[list[str]], values: Array, caption: str, chosen: int | None = None) -> str:
    """An HTML table of cells, each on the colour of its value; the one at flat index `chosen` is framed."""
    colours = signed_picture(values)
    rows = []
    for i, row in enumerate(cells):
        columns = []
        for j, cell in enumerate(row):
            red, green, blue, alpha = colours[i, j].tolist()
            frame = "outline: 2px solid; outline-offset: -2px; " if i * len(row) + j == chosen else ""
            look = f"{frame}padding: 2px 3px; background: rgba({red}, {green}, {blue}, {0.55 * alpha / 255:.2f})"
            columns.append(f'<td style="{look}">{cell}</td>')
        rows.append(f"<tr>{''.join(columns)}</tr>")
    return captioned(rows, caption)


def words_table(rows: list[tuple[str, ...]], caption: str) -> str:
    """An HTML table of words and numbers, its first row the names of the columns."""
    head, *others = rows
    lines = ["".join(f'<th scope="col" style="font-weight: 600; padding: 2px 8px">{name}</th>' for name in head)]
    lines += ["".join(f'<td style="padding: 2px 8px">{cell}</td>' for cell in row) for row in others]
    return captioned([f"<tr>{line}</tr>" for line in lines], caption)


def captioned(rows: list[str], caption: str) -> str:
    style = (
        "border-collapse: collapse; font-size: 0.7rem; line-height: 1.3; text-align: right; "
        "font-variant-numeric: tabular-nums"
    )
    title = f'<caption style="text-align: left; font-size: 0.875rem; white-space: nowrap">{caption}</caption>'
    return f'<div style="overflow-x: auto"><table style="{style}">{title}{"".join(rows)}</table></div>'
