"""Compares what a backward pass computes with what it should: differences of the forward pass, in float64."""

from collections.abc import Callable
from typing import Any

import numpy as np

from model import Layer, Network
from model.layer import Array
from model.losses import Loss, LossPrime

STEP = 1e-6
TOLERANCE = 1e-6  # relative; correct gradients come out below 1e-8, one that is 0.1 % wrong at 1e-3


def numeric_gradient(error: Callable[[], float], array: Array) -> Array:
    """∂error/∂array by central differences, changing `array` in place and back."""
    gradient = np.zeros_like(array)
    for index in np.ndindex(array.shape):
        value = array[index]
        array[index] = value + STEP
        above = error()
        array[index] = value - STEP
        below = error()
        array[index] = value
        gradient[index] = (above - below) / (2 * STEP)
    return gradient


def relative_error(computed: Array, expected: Array) -> float:
    """The largest difference, as a share of the largest number."""
    assert computed.shape == expected.shape
    largest = max(np.abs(computed).max(), np.abs(expected).max(), 1e-12)
    return float(np.abs(computed - expected).max() / largest)


def layer_errors(layer: Layer, input: Array, rng: np.random.Generator) -> dict[str, float]:
    """Relative error of ∂E/∂X and of each parameter's gradient, for E = Σ R · Y with random R."""

    def forward() -> Array:
        if layer.rng is not None:
            layer.rng = np.random.default_rng(1)  # the same dropout every time
        return layer.forward_propagation(input, training=True)

    weighting = rng.normal(size=forward().shape)
    forward()
    computed = {"input": layer.backward_propagation(weighting), **layer.gradients}
    arrays = {"input": input, **layer.parameters}
    return _compared(computed, arrays, lambda: float((weighting * forward()).sum()))


def network_errors(network: Network, loss: Loss, loss_prime: LossPrime, x: Array, y: Array) -> dict[str, float]:
    """The same for a whole network and its loss."""

    def forward() -> Array:
        network.draw_from(np.random.default_rng(1))
        return network.forward_propagation(x, training=True)

    computed = {"input": network.backward_propagation(loss_prime(y, forward())), **network.gradients()}
    return _compared(computed, {"input": x, **network.parameters()}, lambda: loss(y, forward()))


def _compared(computed: dict[str, Any], arrays: dict[str, Any], error: Callable[[], float]) -> dict[str, float]:
    assert computed.keys() == arrays.keys()
    computed = {name: array.copy() for name, array in computed.items()}
    return {name: relative_error(computed[name], numeric_gradient(error, array)) for name, array in arrays.items()}
