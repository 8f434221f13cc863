"""The fully connected layer: every input neuron feeds every output neuron."""

import math
from typing import Any

import numpy as np
from numpy.typing import DTypeLike

from .layer import Array, Layer, Shape, batch_of, initial_weights


class FCLayer(Layer):
    """Y = X W + B.

    Args:
        input_shape: `(i,)`, or the article's `(1, i)`; left out, it is taken from the layer before.
        output_shape: `(j,)` or `(1, j)`.
        rng: draws the first weights where `input_shape` is given.

    The weights have shape `(i, j)`, the bias `(1, j)`.
    """

    parameter_names = ("weights", "bias")

    def __init__(
        self, input_shape: Shape | None = None, output_shape: Shape = (1,), rng: np.random.Generator | None = None
    ) -> None:
        super().__init__()
        self.neurons = output_shape[-1]
        if input_shape is not None:
            self.build(input_shape, rng)

    def parameter_shapes(self, input_shape: Shape) -> dict[str, Shape]:
        if len(input_shape) > 2 or (len(input_shape) == 2 and input_shape[0] != 1):
            flat = batch_of((math.prod(input_shape),))
            raise ValueError(f"FCLayer expects {flat}, got {batch_of(input_shape)}: put a FlattenLayer before it")
        return {"weights": (input_shape[-1], self.neurons), "bias": (1, self.neurons)}

    def build(self, input_shape: Shape, rng: np.random.Generator | None = None, dtype: DTypeLike = np.float64) -> None:
        shapes = self.parameter_shapes(input_shape)
        self.input_shape = input_shape
        self.output_shape = (*input_shape[:-1], self.neurons)
        self.weights = initial_weights(shapes["weights"], input_shape[-1], rng, dtype)
        self.bias = np.zeros(shapes["bias"], dtype)

    def forward_propagation(self, input: Array, training: bool = False) -> Array:
        output = self._empty("output", (*input.shape[:-1], self.neurons), input.dtype, training)
        np.matmul(input, self.weights, out=output)
        output += self.bias
        if training:
            self.input, self.output = input, output
        return output

    def compute_gradients(self, output_error: Array) -> None:
        """∂E/∂W = Xᵀ ∂E/∂Y and ∂E/∂B = Σ ∂E/∂Y over the batch."""
        assert self.input is not None
        input = self.input.reshape(-1, len(self.weights))  # (n, i)
        error = output_error.reshape(-1, self.neurons)  # (n, j)
        weights_gradient = self._empty("weights_gradient", self.weights.shape, error.dtype)
        self.gradients["weights"] = np.matmul(input.T, error, out=weights_gradient)
        self.gradients["bias"] = error.sum(axis=0, keepdims=True)

    def backward_propagation(self, output_error: Array, learning_rate: float | None = None) -> Array:
        """∂E/∂X = ∂E/∂Y Wᵀ."""
        self.compute_gradients(output_error)
        input_error = self._empty("input_error", (*output_error.shape[:-1], len(self.weights)), output_error.dtype)
        np.matmul(output_error, self.weights.T, out=input_error)
        self._take_step(learning_rate)
        return input_error

    def settings(self) -> dict[str, Any]:
        return {"output_shape": [self.neurons]}
