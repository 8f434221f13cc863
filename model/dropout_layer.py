"""The dropout layer: a network that cannot rely on any single neuron learns things more than once."""

from typing import Any

import numpy as np
from numpy.typing import DTypeLike

from .layer import Array, Layer, Shape


class DropoutLayer(Layer):
    """While training, sets a random share of the input to 0 and scales the rest up; otherwise Y = X.

    Srivastava et al., "Dropout: A Simple Way to Prevent Neural Networks from Overfitting", 2014. The scale,
    1 / (1 − rate), keeps the expected output, so that prediction needs none.

    Args:
        input_shape: any; left out, it is taken from the layer before.
        rate: the share that is dropped, 0 ≤ rate < 1.
        rng: where the masks are drawn from; a network gives its layers its own.
    """

    def __init__(
        self, input_shape: Shape | None = None, rate: float = 0.5, rng: np.random.Generator | None = None
    ) -> None:
        super().__init__()
        if not 0 <= rate < 1:
            raise ValueError(f"DropoutLayer expects 0 ≤ rate < 1, got {rate}: it is the share that is dropped")
        self.rate = rate
        if input_shape is not None:
            self.build(input_shape, rng)

    def build(self, input_shape: Shape, rng: np.random.Generator | None = None, dtype: DTypeLike = np.float64) -> None:
        self.input_shape = self.output_shape = input_shape
        self.rng = rng or np.random.default_rng()

    def forward_propagation(self, input: Array, training: bool = False) -> Array:
        if not training:
            return input
        assert self.rng is not None
        kept = self.rng.random(input.shape, dtype=np.float32) >= self.rate
        self.mask = kept * input.dtype.type(1 / (1 - self.rate))
        self.input, self.output = input, input * self.mask
        return self.output

    def backward_propagation(self, output_error: Array, learning_rate: float | None = None) -> Array:
        """∂E/∂X = mask · ∂E/∂Y."""
        return output_error * self.mask

    def settings(self) -> dict[str, Any]:
        return {"rate": self.rate}
