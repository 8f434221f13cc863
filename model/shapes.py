"""Shapes as people write them, read into tuples. They leave out the batch, which is axis 0 of every array."""

from collections.abc import Sequence
from operator import index
from typing import Any

import numpy as np

Shape = tuple[int, ...]
ShapeLike = int | Sequence[int]


def read_shape(name: str, shape: Any, axes: int | None = None) -> Shape:
    """The tuple that a list, a tuple or a number stands for; a number is the size of each of the `axes`, or of one.

    Args:
        name: of the argument, for the error message.
        axes: how many there must be; left out, any number.

    Raises:
        ValueError: it is no shape, or has another number of axes.
    """
    try:
        sizes = tuple(map(index, (shape,) * (axes or 1) if isinstance(shape, int | np.integer) else shape))
    except TypeError:
        sizes = ()
    if min(sizes, default=0) < 1 or len(sizes) != (axes or len(sizes)):
        expected = {None: "whole numbers, each", 1: "a whole number,"}.get(axes, f"{axes} whole numbers, each")
        raise ValueError(f"{name} must be {expected} at least 1, got {shape!r}")
    return sizes


def as_row(shape: Shape) -> Shape:
    """(i,) for (1, i), which is how the article writes a row of i numbers; any other shape as it is."""
    return shape[1:] if len(shape) == 2 and shape[0] == 1 else shape


def batch_of(shape: Shape) -> str:
    """A shape with its batch axis, as error messages write it: (n, 26, 26, 1)."""
    return f"(n, {', '.join(map(str, shape))})"
