"""Which number is chosen in each array of the page: kept in the session, for every step of its own."""

import numpy as np
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from app.components.number_maps import Cell, cell_of, index_of, number_maps
from model.layer import Array, Shape

SUM_WIDTH = 330  # screen pixels: room for the sums of eight maps in a row


def side_by_side(maps: int) -> list[DeltaGenerator]:
    """Containers for so many maps, and one for the sum beside them; on a phone two stand in a row."""
    with st.container(horizontal=True, gap="small"):
        return [*(st.container(gap="xsmall") for _ in range(maps)), st.container(width=SUM_WIDTH, gap="xsmall")]


def chosen_index(key: str, values: Array) -> Shape:
    """The index of the chosen number of an array; by default of the number furthest from 0."""
    cell: Cell | None = st.session_state.setdefault("cells", {}).get(key)
    index = index_of(values.shape, cell) if cell else None
    return index or tuple(int(place) for place in np.unravel_index(np.abs(values).argmax(), values.shape))


def choose_cell(key: str, cell: Cell) -> None:
    st.session_state.setdefault("cells", {})[key] = cell


def choosable_numbers(title: str, key: str, name: str, values: Array, index: Shape) -> None:
    """An array of numbers, one of which can be chosen."""
    st.markdown(f"{title}, {size(values.shape)}")
    number_maps(
        key,
        values,
        name,
        cell_of(values.shape, index),
        choose="cell",
        on_choice=lambda cell: choose_cell(key, cell),
    )


def size(shape: Shape) -> str:
    """(24, 24, 16) → "24 × 24 × 16"."""
    return " × ".join(map(str, shape))
