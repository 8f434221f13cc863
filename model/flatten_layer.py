"""The flatten layer: what stands between pictures and fully connected layers."""

import math

import numpy as np
from numpy.typing import DTypeLike

from .layer import Array, Layer, remembered
from .shapes import Shape


class FlattenLayer(Layer):
    """Each sample in one row: `(n, h, w, d)` → `(n, h·w·d)`. Same numbers, other shape, in both directions.

    Args:
        input_shape: any; left out, it is taken from the layer before.
    """

    remembered_names = ("shape",)
    shape: Shape | None = None  # of the last input

    def build(self, input_shape: Shape, rng: np.random.Generator | None = None, dtype: DTypeLike = np.float64) -> None:
        self.input_shape = input_shape
        self.output_shape = (math.prod(input_shape),)

    def forward_propagation(self, input: Array, training: bool | None = None) -> Array:
        """Y = X in rows."""
        input = np.asarray(input)
        output = input.reshape(len(input), math.prod(input.shape[1:]))
        if training is not False:
            self.shape = input.shape
        return output

    def backward_propagation(self, output_error: Array, learning_rate: float | None = None) -> Array:
        """∂E/∂X = ∂E/∂Y in the shape of X."""
        return output_error.reshape(remembered(self.shape))
