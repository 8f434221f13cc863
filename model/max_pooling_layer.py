"""The max pooling layer: keeps the strongest answer of each little field, and a quarter of the numbers."""

from collections.abc import Iterator
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

    def forward_propagation(self, input: Array, training: bool = False) -> Array:
        first, *others = self._positions(input)
        output = self._empty("output", first.shape, input.dtype, training)
        np.copyto(output, first)
        for values in others:
            np.maximum(output, values, out=output)
        if training:
            self.input, self.output = input, output
        return output

    def backward_propagation(self, output_error: Array, learning_rate: float | None = None) -> Array:
        """∂E/∂X is ∂E/∂Y where the maximum came from, and 0 elsewhere. Of equal values the first counts."""
        assert self.input is not None
        input_error = self._empty("input_error", self.input.shape, output_error.dtype)
        p, q = self.pool_shape
        height, width, _ = output_error.shape[1:]
        input_error[:, height * p :] = 0
        input_error[:, :, width * q :] = 0
        undelivered = self._empty("undelivered", output_error.shape, output_error.dtype)
        np.copyto(undelivered, output_error)
        for values, errors in zip(self._positions(self.input), self._positions(input_error), strict=True):
            np.multiply(undelivered, values == self.output, out=errors)
            undelivered -= errors
        return input_error

    def _positions(self, array: Array) -> Iterator[Array]:
        """For each position in a field a view `(n, h // p, w // q, d)` of that position in all fields."""
        p, q = self.pool_shape
        height, width = array.shape[1] // p * p, array.shape[2] // q * q
        for row in range(p):
            for column in range(q):
                yield array[:, row:height:p, column:width:q]

    def settings(self) -> dict[str, Any]:
        return {"pool_shape": list(self.pool_shape)}
