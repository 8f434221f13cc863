"""A network with one of each layer, small enough to be checked number by number."""

import numpy as np

from model import (
    ActivationLayer,
    ConvLayer,
    DropoutLayer,
    FCLayer,
    FlattenLayer,
    MaxPoolingLayer,
    Network,
    relu,
    relu_prime,
    tanh,
    tanh_prime,
)


def small_network(rng: np.random.Generator, dtype: type = np.float64) -> Network:
    """Takes `(n, 8, 8, 2)`, gives `(n, 10)`."""
    network = Network((8, 8, 2), rng, dtype)
    for layer in (
        ConvLayer(kernel_shape=(3, 3), layer_depth=3),  # (6, 6, 3)
        MaxPoolingLayer(pool_shape=(2, 2)),  # (3, 3, 3)
        ActivationLayer(activation=relu, activation_prime=relu_prime),
        ConvLayer(kernel_shape=(2, 2), layer_depth=4),  # (2, 2, 4)
        ActivationLayer(activation=tanh, activation_prime=tanh_prime),
        FlattenLayer(),  # (16,)
        DropoutLayer(rate=0.3),
        FCLayer(output_shape=(10,)),
    ):
        network.add(layer)
    return network
