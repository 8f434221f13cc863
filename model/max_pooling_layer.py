"""The max pooling layer: keeps the strongest answer of each little field, and a quarter of the numbers."""

from typing import Any

import numpy as np
from numpy.typing import DTypeLike

from .layer import Array, Layer, Shape, batch_of


class MaxPoolingLayer(Layer):
    """Largest value of each field, fields side by side: `(n, h, w, d)` → `(n, h // p, w // q, d)`.

    Args:
        input_shape: `(h, w, d)`; left out, it is taken from the layer before.
        pool_shape: `(p, q)`. Rows and columns that fill no whole field are left out.
    """

    def __init__(self, input_shape: Shape | None = None, pool_shape: tuple[int, int] = (2, 2)) -> None:
        super().__init__()
        self.pool_shape = (pool_shape[0], pool_shape[1])
        if input_shape is not None:
            self.build(input_shape)

    def build(self, input_shape: Shape, rng: np.random.Generator | None = None, dtype: DTypeLike = np.float64) -> None:
        p, q = self.pool_shape
        if len(input_shape) != 3 or input_shape[0] < p or input_shape[1] < q:
            raise ValueError(
                f"MaxPoolingLayer expects (n, ≥{p}, ≥{q}, d), got {batch_of(input_shape)}: "
                "pool before the FlattenLayer, and pictures no smaller than the pool"
            )
        self.input_shape = input_shape
        self.output_shape = (input_shape[0] // p, input_shape[1] // q, input_shape[2])

    # The largest of a field is the largest of its columns' largest: first along the height, where the numbers of a
    # whole row lie side by side and numpy is at its fastest, then along the width of what is left.

    def forward_propagation(self, input: Array, training: bool = False) -> Array:
        p, q = self.pool_shape
        rows = self._largest("rows", positions(input, p, axis=1), training)  # (n, h // p, w, d)
        output = self._largest("output", positions(rows, q, axis=2), training)  # (n, h // p, w // q, d)
        if training:
            self.input, self.rows, self.output = input, rows, output
        return output

    def backward_propagation(self, output_error: Array, learning_rate: float | None = None) -> Array:
        """∂E/∂X is ∂E/∂Y where the maximum came from, and 0 elsewhere. Of equal values the first counts."""
        assert self.input is not None
        assert self.output is not None
        p, q = self.pool_shape
        rows_error = self._delivered("rows_error", output_error, self.output, self.rows, q, axis=2)
        return self._delivered("input_error", rows_error, self.rows, self.input, p, axis=1)

    def _largest(self, name: str, values: list[Array], training: bool) -> Array:
        largest = values[0]
        for value in values[1:]:
            largest = np.maximum(largest, value, out=self._empty(name, value.shape, value.dtype, training))
        return largest

    def _delivered(self, name: str, error: Array, largest: Array, values: Array, size: int, axis: int) -> Array:
        """The error of each largest value, brought to the first position that has it."""
        if size == 1:
            return error
        delivered = self._empty(name, values.shape, error.dtype)
        np.moveaxis(delivered, axis, 0)[largest.shape[axis] * size :] = 0
        value, share = positions(values, size, axis), positions(delivered, size, axis)
        elsewhere = self._empty(name + "_elsewhere", largest.shape, np.bool_)
        for i in range(size - 1):  # what is not for one position goes on to the next
            np.not_equal(value[i], largest, out=elsewhere)
            np.multiply(error, elsewhere, out=share[i + 1])
            np.subtract(error, share[i + 1], out=share[i])
            error = share[i + 1]
        return delivered

    def settings(self) -> dict[str, Any]:
        return {"pool_shape": list(self.pool_shape)}


def positions(array: Array, size: int, axis: int) -> list[Array]:
    """For each position in fields of `size` along the axis, a view of that position in all whole fields."""
    length = array.shape[axis] // size * size
    before = (slice(None),) * axis
    return [array[(*before, slice(position, length, size))] for position in range(size)]
