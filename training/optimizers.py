"""Optimizers: how gradients change parameters. They see two dicts of arrays with the same keys, and no network."""

import math
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

Arrays = dict[str, NDArray[Any]]

BLOCK = 2**13  # numbers; a dozen blocks fit in a core's second cache


class SGD:
    """Gradient descent with momentum: a ball rolling downhill (Polyak, 1964).

    velocity = momentum · velocity − learning_rate · gradient; parameter += velocity.
    """

    def __init__(self, momentum: float = 0.9) -> None:
        self.momentum = momentum
        self.state: Arrays = {}

    def step(self, parameters: Arrays, gradients: Arrays, learning_rate: float) -> None:
        """Change the parameters in place."""
        for name, parameter in parameters.items():
            velocity = _remembered(self.state, f"{name}.velocity", parameter)
            velocity *= self.momentum
            velocity -= learning_rate * gradients[name]
            parameter += velocity


class Adam:
    """Steps of about the learning rate in every direction, however long the gradient: Kingma & Ba, "Adam", 2014.

    mean = β₁ · mean + (1 − β₁) · gradient and square = β₂ · square + (1 − β₂) · gradient² start at 0 and are scaled up
    accordingly; parameter −= learning_rate · mean / (√square + ε).
    """

    def __init__(self, beta1: float = 0.9, beta2: float = 0.999, epsilon: float = 1e-8) -> None:
        self.beta1, self.beta2, self.epsilon = beta1, beta2, epsilon
        self.state: Arrays = {"steps": np.zeros((), np.int64)}

    def step(self, parameters: Arrays, gradients: Arrays, learning_rate: float) -> None:
        """Change the parameters in place."""
        self.state["steps"] += 1
        steps = int(self.state["steps"])
        # Both scalings are put into two numbers, so that they cost no pass over the arrays.
        square_scale = math.sqrt(1 - self.beta2**steps)
        rate = learning_rate * square_scale / (1 - self.beta1**steps)
        epsilon = self.epsilon * square_scale
        for name, parameter in parameters.items():
            mean = _remembered(self.state, f"{name}.mean", parameter)
            square = _remembered(self.state, f"{name}.square", parameter)
            for w, g, m, v in blocks(parameter, gradients[name], mean, square):
                m += (1 - self.beta1) * (g - m)
                v += (1 - self.beta2) * (g * g - v)
                w -= rate * m / (np.sqrt(v) + epsilon)


def blocks(*arrays: NDArray[Any]) -> Iterator[list[NDArray[Any]]]:
    """Views of the arrays, a block of each at a time: what is computed from them on the way stays in the cache.

    Raises:
        ValueError: an array is not contiguous, so that a view of it cannot be flat.
    """
    flat = [array.reshape(-1, copy=False) for array in arrays]
    for start in range(0, flat[0].size, BLOCK):
        yield [array[start : start + BLOCK] for array in flat]


def _remembered(state: Arrays, name: str, like: NDArray[Any]) -> NDArray[Any]:
    if name not in state:
        state[name] = np.zeros_like(like)
    return state[name]


# Recipes name their optimizer.
OPTIMIZERS: dict[str, Callable[[], SGD | Adam]] = {"sgd": SGD, "adam": Adam}
