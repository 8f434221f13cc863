"""The fully connected layer: every input neuron feeds every output neuron."""

import math
from typing import Any

import numpy as np
from numpy.typing import DTypeLike

from .layer import Array, Layer, initial_weights, remembered
from .shapes import Shape, ShapeLike, as_row, batch_of, read_shape


class FCLayer(Layer):
    """Y = X W + B.

    Args:
        input_shape: `(i,)`, `i` or the article's `(1, i)`; left out, it is taken from the layer before.
        output_shape: `(j,)`, `j` or `(1, j)`.
        rng: draws the first weights where `input_shape` is given.

    The weights have shape `(i, j)`, the bias `(1, j)`.
    """

    parameter_names = ("weights", "bias")

    def __init__(
        self,
        input_shape: ShapeLike | None = None,
        output_shape: ShapeLike | None = None,
        rng: np.random.Generator | None = None,
    ) -> None:
        if output_shape is None:
            raise ValueError("FCLayer needs both shapes, FCLayer(784, 10), or only its own: FCLayer(output_shape=10)")
        shape = as_row(read_shape("the output_shape of FCLayer", output_shape))
        if len(shape) != 1:
            raise ValueError(f"FCLayer gives rows: its output_shape is (j,) or (1, j), got {output_shape}")
        self.neurons = shape[0]
        super().__init__(input_shape, rng)

    def parameter_shapes(self, input_shape: Shape) -> dict[str, Shape]:
        if len(as_row(input_shape)) != 1:
            flat = batch_of((math.prod(input_shape),))
            raise ValueError(f"FCLayer expects {flat}, got {batch_of(input_shape)}: put a FlattenLayer before it")
        return {"weights": (input_shape[-1], self.neurons), "bias": (1, self.neurons)}

    def build(self, input_shape: Shape, rng: np.random.Generator | None = None, dtype: DTypeLike = np.float64) -> None:
        shapes = self.parameter_shapes(input_shape)
        self.input_shape = input_shape
        self.output_shape = (*input_shape[:-1], self.neurons)
        self.weights = initial_weights(shapes["weights"], input_shape[-1], rng, dtype)
        self.bias = np.zeros(shapes["bias"], dtype)

    def forward_propagation(self, input: Array, training: bool | None = None) -> Array:
        """Y = X W + B."""
        input = np.asarray(input, self.weights.dtype)
        output = input @ self.weights + self.bias
        if training is not False:
            self.input = input
        return output

    def compute_gradients(self, output_error: Array) -> None:
        """∂E/∂W = Xᵀ ∂E/∂Y and ∂E/∂B = Σ ∂E/∂Y over the batch."""
        input = remembered(self.input).reshape(-1, len(self.weights))  # (n, i)
        error = np.asarray(output_error, self.weights.dtype).reshape(-1, self.neurons)  # (n, j)
        self.gradients = {"weights": input.T @ error, "bias": error.sum(axis=0, keepdims=True)}

    def backward_propagation(self, output_error: Array, learning_rate: float | None = None) -> Array:
        """∂E/∂X = ∂E/∂Y Wᵀ."""
        self.compute_gradients(output_error)
        input_error = np.asarray(output_error, self.weights.dtype) @ self.weights.T
        self._take_step(learning_rate)
        return input_error

    def settings(self) -> dict[str, Any]:
        return {"output_shape": [self.neurons]}
