"""The optimizer, which updates parameters by gradients: two dicts of arrays with the same keys."""

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from model.layer import Arrays


class Adam:
    """Steps of about the learning rate in every direction, whatever the gradient's size: Kingma & Ba, "Adam", 2014.

    mean = β₁ · mean + (1 − β₁) · gradient and square = β₂ · square + (1 − β₂) · gradient² start at 0, and are corrected
    for that; parameter −= learning_rate · mean / (√square + ε).
    """

    def __init__(self, beta1: float = 0.9, beta2: float = 0.999, epsilon: float = 1e-8) -> None:
        self.beta1, self.beta2, self.epsilon = beta1, beta2, epsilon
        self.state: Arrays = {"steps": np.zeros((), np.int64)}

    def step(self, parameters: Arrays, gradients: Arrays, learning_rate: float) -> None:
        """Update the parameters in place."""
        self.state["steps"] += 1
        steps = int(self.state["steps"])
        # The corrections of mean and square are applied to two scalars, which costs no pass over the arrays.
        square_scale = math.sqrt(1 - self.beta2**steps)
        rate = learning_rate * square_scale / (1 - self.beta1**steps)
        epsilon = self.epsilon * square_scale
        for name, parameter in parameters.items():
            gradient = gradients[name]
            mean, square = self._moments(name, parameter)
            # One array is made and used again: a new one for each result would take a fifth more time.
            scratch = (1 - self.beta1) * gradient
            mean *= self.beta1
            mean += scratch
            np.multiply(gradient, gradient, out=scratch)
            scratch *= 1 - self.beta2
            square *= self.beta2
            square += scratch
            np.sqrt(square, out=scratch)
            scratch += epsilon
            np.divide(mean, scratch, out=scratch)
            scratch *= rate
            parameter -= scratch

    def _moments(self, name: str, parameter: NDArray[Any]) -> tuple[NDArray[Any], NDArray[Any]]:
        """The running mean and mean square of a parameter's gradients."""
        mean, square = f"{name}.mean", f"{name}.square"
        if mean not in self.state:
            self.state[mean], self.state[square] = np.zeros_like(parameter), np.zeros_like(parameter)
        return self.state[mean], self.state[square]
