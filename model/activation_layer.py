"""The activation layer: without something that bends, any number of layers is one linear map."""

from typing import Any

import numpy as np

from .activations import PRIMES, PRIMES_OF_OUTPUT, Activation, relu
from .layer import Array, Layer, floats, remembered, where
from .shapes import ShapeLike


class ActivationLayer(Layer):
    """Y = f(X), element by element.

    Args:
        input_shape: any; left out, it is taken from the layer before: `ActivationLayer(tanh, tanh_prime)`.
        activation: f, such as `tanh`: array in, array of the same shape and dtype out.
        activation_prime: its derivative f'; may be left out where f is `tanh` or `relu`.
    """

    def __init__(
        self,
        input_shape: ShapeLike | Activation | None = None,
        activation: Activation | None = None,
        activation_prime: Activation | None = None,
    ) -> None:
        given = [activation, activation_prime]
        if callable(input_shape):
            input_shape, given = None, [input_shape, *given]
        functions = [function for function in given if function is not None] or [relu]
        if len(functions) == 1 and callable(functions[0]) and functions[0] in PRIMES:
            functions.append(PRIMES[functions[0]])
        if len(functions) != 2 or not all(map(callable, functions)):
            raise ValueError("ActivationLayer needs a function and its derivative: ActivationLayer(tanh, tanh_prime)")
        self.activation, self.activation_prime = functions
        super().__init__(input_shape)

    def forward_propagation(self, input: Array, training: bool | None = None) -> Array:
        """Y = f(X)."""
        input = floats(input)
        output = self.activation(input)
        if training is not False:
            self.input, self.output = (None, output) if self._prime_of_output() else (input, None)
        return output

    def backward_propagation(self, output_error: Array, learning_rate: float | None = None) -> Array:
        """∂E/∂X = f'(X) · ∂E/∂Y, element by element. There is nothing to learn: `learning_rate` is not used."""
        prime_of_output = self._prime_of_output()
        if prime_of_output:
            slope = prime_of_output(remembered(self.output))
        else:
            slope = np.asarray(self.activation_prime(remembered(self.input)))
        return where(slope, output_error) if slope.dtype == np.bool_ else slope * output_error

    def _prime_of_output(self) -> Activation | None:
        return PRIMES_OF_OUTPUT.get((self.activation, self.activation_prime))

    def settings(self) -> dict[str, Any]:
        return {"activation": self.activation.__name__}
