"""The flatten layer: what stands between pictures and fully connected layers."""

import math

import numpy as np
from numpy.typing import DTypeLike

from .layer import Array, Layer, Shape


class FlattenLayer(Layer):
    """Each sample in one row: `(n, h, w, d)` → `(n, h·w·d)`. Same numbers, other shape, in both directions."""

    def __init__(self, input_shape: Shape | None = None) -> None:
        super().__init__()
        if input_shape is not None:
            self.build(input_shape)

    def build(self, input_shape: Shape, rng: np.random.Generator | None = None, dtype: DTypeLike = np.float64) -> None:
        self.input_shape = input_shape
        self.output_shape = (math.prod(input_shape),)

    def forward_propagation(self, input: Array, training: bool = False) -> Array:
        output = input.reshape(len(input), -1)
        if training:
            self.input, self.output = input, output
        return output

    def backward_propagation(self, output_error: Array, learning_rate: float | None = None) -> Array:
        assert self.input is not None
        return output_error.reshape(self.input.shape)
