"""The max pooling layer: keeps the strongest answer of each little field, and a quarter of the numbers."""

from typing import Any

import numpy as np
from numpy.typing import DTypeLike

from .layer import Array, Layer, pictures, remembered, where
from .shapes import Shape, ShapeLike, batch_of, read_shape


class MaxPoolingLayer(Layer):
    """Y[i, j, d] = the largest X[i·p + r, j·q + s, d] with r < p and s < q: fields side by side.

    Args:
        input_shape: `(h, w, d)`; left out, it is taken from the layer before: `MaxPoolingLayer((2, 2))`.
        pool_shape: `(p, q)`; a number is both, left out they are 2. Rows and columns that fill no whole field are left
            out.

    The largest of a field is the largest of its columns' largest: first along the height, where the numbers of a whole
    row lie side by side and numpy is at its fastest, then along the width of what is left.
    """

    shape: Shape | None = None  # of the last input

    remembered_names = ("shape", "larger")

    def __init__(self, input_shape: ShapeLike | None = None, pool_shape: ShapeLike | None = None) -> None:
        if pool_shape is None and input_shape is not None and len(read_shape("pool_shape", input_shape)) < 3:
            input_shape, pool_shape = None, input_shape
        pool = 2 if pool_shape is None else pool_shape
        self.pool_shape = read_shape("the pool_shape of MaxPoolingLayer", pool, axes=2)
        super().__init__(input_shape)

    def build(self, input_shape: Shape, rng: np.random.Generator | None = None, dtype: DTypeLike = np.float64) -> None:
        p, q = self.pool_shape
        if len(input_shape) != 3 or input_shape[0] < p or input_shape[1] < q:
            raise ValueError(
                f"MaxPoolingLayer expects (n, ≥{p}, ≥{q}, d), got {batch_of(input_shape)}: "
                "pool before the FlattenLayer, and pictures no smaller than the pool"
            )
        self.input_shape = input_shape
        self.output_shape = (input_shape[0] // p, input_shape[1] // q, input_shape[2])

    def forward_propagation(self, input: Array, training: bool | None = None) -> Array:
        """Y = max X over each field."""
        p, q = self.pool_shape
        input = pictures(np.asarray(input))
        remember = training is not False
        rows, lower = largest(positions(input, p, axis=1), remember)  # (n, h // p, w, d)
        output, further_right = largest(positions(rows, q, axis=2), remember)  # (n, h // p, w // q, d)
        if remember:
            self.shape, self.larger = input.shape, [lower, further_right]  # a byte a number instead of the input
        return output

    def backward_propagation(self, output_error: Array, learning_rate: float | None = None) -> Array:
        """∂E/∂X is ∂E/∂Y where the maximum came from, and 0 elsewhere.

        Of equal values the first counts, column by column: the upper one in the leftmost column. (PyTorch goes row by
        row.)
        """
        samples, height, width, depth = remembered(self.shape)
        (p, q), (lower, further_right) = self.pool_shape, self.larger
        rows_error = np.empty((samples, height // p, width, depth), output_error.dtype)
        rows_error[:, :, width // q * q :] = 0
        deliver(output_error, further_right, positions(rows_error, q, axis=2))
        input_error = np.empty((samples, height, width, depth), output_error.dtype)
        input_error[:, height // p * p :] = 0
        deliver(rows_error, lower, positions(input_error, p, axis=1))
        return input_error

    def settings(self) -> dict[str, Any]:
        return {"pool_shape": list(self.pool_shape)}


def largest(values: list[Array], remember: bool) -> tuple[Array, list[Array]]:
    """The largest of the values at each place; to remember, where each but the first is larger than those before it."""
    found, *others = values
    larger = []
    for value in others:
        if remember:
            larger.append(value > found)
        found = np.maximum(found, value)
    return found, larger


def deliver(error: Array, larger: list[Array], shares: list[Array]) -> None:
    """Bring the error to the position that has the largest value: the last that is larger than those before it."""
    if not larger:
        shares[0][...] = error
    for i in range(len(larger), 0, -1):
        where(larger[i - 1], error, out=shares[i])
        error = where(~larger[i - 1], error, out=shares[0])


def positions(array: Array, size: int, axis: int) -> list[Array]:
    """For each position in fields of `size` along the axis, a view of that position in all whole fields."""
    length = array.shape[axis] // size * size
    before = (slice(None),) * axis
    return [array[(*before, slice(position, length, size))] for position in range(size)]
