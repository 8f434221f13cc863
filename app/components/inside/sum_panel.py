"""The sum behind one number, beside the maps that it is made of."""

import math

import numpy as np
import streamlit as st

from app.charts.signed_numbers import MAPS_IN_A_ROW, maps_table, product_table, words_table
from model.cell_sums import format_number
from model.error_sums import SUPERSCRIPTS, format_error
from model.layer import Array, Shape

LARGEST_PRODUCTS = 10
MOST_IN_A_TABLE = 36  # products; more are too many to read
MOST_MAPS = 32  # in a table of their sums; more would not fit on a laptop's first screen, beside the maps
LARGEST_MAPS = 2 * MAPS_IN_A_ROW - 1  # and the others


def show_equation(name: str, index: Shape, equation: str) -> None:
    """The number, its name with its place, and how it comes about."""
    with st.container(key="sum"):
        st.html(f'<p style="font-size: 1.1rem; margin: 0"><b>{name}[{", ".join(map(str, index))}]</b> {equation}</p>')


def show_products(values: Array, factors: Array, names: tuple[str, str], depth: int, bias: float | None = None) -> None:
    """The products that make up a sum: of few all, map by map, of many the largest.

    Args:
        values, factors: what is multiplied, both `(h, w, d)` or both of any other shape.
        names: their names, such as x and w.
        depth: the map whose products are shown.
        bias: what is added to the sum.
    """
    if values.ndim != 3 or values.size == 1 or values[..., 0].size > MOST_IN_A_TABLE:
        show_largest(values, factors, names, bias)
        return
    power = power_of_ten(values)
    values = values.astype(np.float64) / 10.0**power
    unit = f", in 10{str(power).translate(SUPERSCRIPTS)}" if power else ""
    sums = (values * factors).sum(axis=(0, 1))
    x, w = names
    maps = values.shape[2]
    where = f" in map {depth}" if maps > 1 else ""
    caption = f"{x} · {w}{where}{unit}, sum {format_number(sums[depth])}"
    st.html(product_table(values[..., depth], factors[..., depth], caption))
    if maps > MOST_MAPS:
        show_largest_maps(sums, f"Σ {x} · {w} of {maps} maps{unit}: the {LARGEST_MAPS} largest", depth)
    elif maps > 1:
        st.html(maps_table(sums, f"Σ {x} · {w} of each map{unit}: 0, 1, 2, …", depth))


def show_largest_maps(sums: Array, caption: str, depth: int) -> None:
    """The sums of the maps that contribute most, in the order of the maps, and the sum of the others."""
    order = np.argsort(-np.abs(sums), kind="stable")
    largest = np.sort(order[:LARGEST_MAPS]).tolist()
    names = [*(f"map {place}" for place in largest), "others"]
    chosen = largest.index(depth) if depth in largest else None
    st.html(maps_table(np.append(sums[largest], sums[order[LARGEST_MAPS:]].sum()), caption, chosen, names))


def power_of_ten(values: Array) -> int:
    """The power of ten of small numbers, in which they can be read with three decimals; 0 if they are not small."""
    largest = float(np.abs(values).max())
    return math.floor(math.log10(largest)) if 0 < largest < 0.1 else 0


def show_largest(values: Array, factors: Array, names: tuple[str, str], bias: float | None) -> None:
    """The largest of many products, and the sum of the others."""
    x, w = names
    products = (values.astype(np.float64) * factors).ravel()
    order = np.argsort(-np.abs(products), kind="stable")
    shown = order[:LARGEST_PRODUCTS].tolist()
    rows: list[tuple[str, ...]] = []
    for place in shown:
        index = np.unravel_index(place, values.shape)
        numbers = (values.ravel()[place], factors.ravel()[place], products[place])
        rows.append((f"{x}[{', '.join(map(str, index))}]", *map(format_error, numbers)))
    if len(products) > len(shown):
        others = float(products[order[len(shown) :]].sum())
        rows.append((f"the other {len(products) - len(shown)}", "", "", format_error(others)))
    if bias is not None:
        rows.append(("bias b", "", "", format_error(bias)))
    st.html(words_table([("number", x, w, f"{x} · {w}"), *rows], "The largest products"))
