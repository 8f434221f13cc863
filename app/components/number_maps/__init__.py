"""A layer's numbers as images: our own Streamlit component, to choose a number by mouse, finger or keyboard.

It shows one map large and all maps small below it, and the position and value of the number under the mouse. Positions
count from 0, as in the code.
"""

import base64
from collections.abc import Callable
from pathlib import Path
from typing import Literal

import numpy as np
import streamlit as st

from app.charts.signed_numbers import ABOVE, BELOW, as_maps, row_length
from app.components.load import load_component
from model.layer import Array, Shape

Cell = tuple[int, int, int]  # row, column, map

_MAPS = load_component(Path(__file__).parent, "maps")


def number_maps(
    key: str,
    values: Array,
    description: str,
    chosen: Cell,
    region: tuple[slice, ...] | None = None,
    choose: Literal["cell", "map", "nothing"] = "nothing",
    unit: str = "map",
    on_choice: Callable[[Cell], object] = lambda cell: None,
) -> None:
    """Put the numbers on the page.

    Args:
        values: `(h, w, d)`, d maps of h × w; or `(n,)`, shown in rows.
        description: the name of the values, for screen readers.
        chosen: the framed cell and the map that is shown large, as returned by `cell_of`.
        region: a part of the values with a frame of its own.
        choose: whether the user can choose a cell, only a map, or nothing.
        unit: the name for one map.
        on_choice: called with the chosen cell, before the page runs again.
    """
    maps = as_maps(values)
    data = {
        "shape": maps.shape,
        "values": base64.b64encode(np.moveaxis(maps, 2, 0).astype("<f4").tobytes()).decode(),
        "largest": float(np.abs(maps).max()) or 1.0,
        "colours": [ABOVE, BELOW],
        "vector": values.ndim == 1,
        "description": description,
        "chosen": chosen,
        "region": frame(values.shape, region) if region else None,
        "choose": choose,
        "unit": unit,
    }

    def changed() -> None:
        choice = st.session_state[key].get("choice")
        if is_cell(choice, maps.shape):
            on_choice(tuple(choice))

    _MAPS(key=key, data=data, on_choice_change=changed)


def cell_of(shape: Shape, index: Shape) -> Cell:
    """The cell that shows the number at `index` of an array `(h, w, d)` or `(n,)`."""
    if len(shape) == 1:
        return (*divmod(index[0], row_length(shape[0])), 0)
    row, column, depth = index
    return row, column, depth


def index_of(shape: Shape, cell: Cell) -> Shape | None:
    """The index of the number in `cell`, the inverse of `cell_of`; None if an array of that shape has no such cell."""
    if not is_cell(cell, as_maps(np.broadcast_to(np.float32(0), shape)).shape):
        return None
    row, column, _ = cell
    return cell if len(shape) == 3 else (row * row_length(shape[0]) + column,)


def is_cell(value: object, shape: Shape) -> bool:
    """Whether `value` is the row, column and map of a cell in maps of that shape. Browsers may send anything."""
    return (
        isinstance(value, list | tuple)
        and len(value) == 3
        and all(type(place) is int and 0 <= place < size for place, size in zip(value, shape, strict=True))
    )


def frame(shape: Shape, region: tuple[slice, ...]) -> list[int] | None:
    """Top, left, height and width of the frame around a region; None if the region is everything."""
    starts, stops, _ = zip(*(part.indices(size) for part, size in zip(region, shape, strict=True)), strict=True)
    if (starts[:2], stops[:2]) == ((0,) * len(shape[:2]), shape[:2]):
        return None
    if len(shape) == 1:
        return [*cell_of(shape, starts)[:2], 1, 1]
    return [starts[0], starts[1], stops[0] - starts[0], stops[1] - starts[1]]
