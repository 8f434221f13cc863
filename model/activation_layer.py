"""The activation layer: without something that bends, any number of layers is one linear map."""

from typing import Any

import numpy as np
from numpy.typing import DTypeLike

from .activations import PRIMES_OF_OUTPUT, Activation, relu, relu_prime
from .layer import Array, Layer, Shape


class ActivationLayer(Layer):
    """Y = f(X), element by element.

    Args:
        input_shape: any; left out, it is taken from the layer before.
        activation: f, such as `tanh`: array in, array of the same shape and dtype out.
        activation_prime: its derivative f'.
    """

    def __init__(
        self,
        input_shape: Shape | None = None,
        activation: Activation = relu,
        activation_prime: Activation = relu_prime,
    ) -> None:
        super().__init__()
        self.activation = activation
        self.activation_prime = activation_prime
        if input_shape is not None:
            self.build(input_shape)

    def build(self, input_shape: Shape, rng: np.random.Generator | None = None, dtype: DTypeLike = np.float64) -> None:
        self.input_shape = self.output_shape = input_shape

    def forward_propagation(self, input: Array, training: bool = False) -> Array:
        output = self.activation(input)
        if training:
            self.input, self.output = input, output
        return output

    def backward_propagation(self, output_error: Array, learning_rate: float | None = None) -> Array:
        """∂E/∂X = f'(X) ∂E/∂Y, element by element. There is nothing to learn: `learning_rate` is not used."""
        assert self.input is not None
        assert self.output is not None
        prime_of_output = PRIMES_OF_OUTPUT.get((self.activation, self.activation_prime))
        slope = prime_of_output(self.output) if prime_of_output else self.activation_prime(self.input)
        input_error = self._empty("input_error", output_error.shape, output_error.dtype)
        return np.multiply(slope, output_error, out=input_error)

    def settings(self) -> dict[str, Any]:
        return {"activation": self.activation.__name__}
