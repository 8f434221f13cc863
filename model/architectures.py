"""Every network that has a name: a literal list of its layers, with the output shape after each."""

from collections.abc import Callable

import numpy as np
from numpy.typing import DTypeLike

from .activation_layer import ActivationLayer
from .activations import relu, relu_prime, tanh, tanh_prime
from .batch_normalization_layer import BatchNormalizationLayer
from .conv_layer import ConvLayer
from .dropout_layer import DropoutLayer
from .fc_layer import FCLayer
from .flatten_layer import FlattenLayer
from .layer import Layer
from .max_pooling_layer import MaxPoolingLayer
from .network import Network

PICTURE = (28, 28, 1)


def article() -> list[Layer]:
    """The article's own network for MNIST: one kernel, two fully connected layers, tanh throughout."""
    return [
        ConvLayer(kernel_shape=(3, 3), layer_depth=1),  # (26, 26, 1)
        ActivationLayer(activation=tanh, activation_prime=tanh_prime),  # (26, 26, 1)
        FlattenLayer(),  # (676,)
        FCLayer(output_shape=(100,)),  # (100,)
        ActivationLayer(activation=tanh, activation_prime=tanh_prime),  # (100,)
        FCLayer(output_shape=(10,)),  # (10,)
        ActivationLayer(activation=tanh, activation_prime=tanh_prime),  # (10,)
    ]


def quick() -> list[Layer]:
    """Two convolutions with pooling, small enough to be trained while one waits.

    ReLU comes after the pooling: it gives the same result there, on a quarter of the numbers.
    """
    return [
        ConvLayer(kernel_shape=(5, 5), layer_depth=16),  # (24, 24, 16)
        MaxPoolingLayer(pool_shape=(2, 2)),  # (12, 12, 16)
        BatchNormalizationLayer(),  # (12, 12, 16)
        ActivationLayer(activation=relu, activation_prime=relu_prime),  # (12, 12, 16)
        ConvLayer(kernel_shape=(3, 3), layer_depth=32),  # (10, 10, 32)
        MaxPoolingLayer(pool_shape=(2, 2)),  # (5, 5, 32)
        BatchNormalizationLayer(),  # (5, 5, 32)
        ActivationLayer(activation=relu, activation_prime=relu_prime),  # (5, 5, 32)
        FlattenLayer(),  # (800,)
        FCLayer(output_shape=(128,)),  # (128,)
        BatchNormalizationLayer(),  # (128,)
        ActivationLayer(activation=relu, activation_prime=relu_prime),  # (128,)
        FCLayer(output_shape=(10,)),  # (10,)
    ]


def best() -> list[Layer]:
    """Two pairs of 3×3 convolutions and one that sees the whole digit, with dropout behind each."""
    return [
        ConvLayer(kernel_shape=(3, 3), layer_depth=32),  # (26, 26, 32)
        BatchNormalizationLayer(),  # (26, 26, 32)
        ActivationLayer(activation=relu, activation_prime=relu_prime),  # (26, 26, 32)
        ConvLayer(kernel_shape=(3, 3), layer_depth=32),  # (24, 24, 32)
        MaxPoolingLayer(pool_shape=(2, 2)),  # (12, 12, 32)
        BatchNormalizationLayer(),  # (12, 12, 32)
        ActivationLayer(activation=relu, activation_prime=relu_prime),  # (12, 12, 32)
        DropoutLayer(rate=0.4),  # (12, 12, 32)
        ConvLayer(kernel_shape=(3, 3), layer_depth=64),  # (10, 10, 64)
        BatchNormalizationLayer(),  # (10, 10, 64)
        ActivationLayer(activation=relu, activation_prime=relu_prime),  # (10, 10, 64)
        ConvLayer(kernel_shape=(3, 3), layer_depth=64),  # (8, 8, 64)
        MaxPoolingLayer(pool_shape=(2, 2)),  # (4, 4, 64)
        BatchNormalizationLayer(),  # (4, 4, 64)
        ActivationLayer(activation=relu, activation_prime=relu_prime),  # (4, 4, 64)
        DropoutLayer(rate=0.4),  # (4, 4, 64)
        ConvLayer(kernel_shape=(4, 4), layer_depth=128),  # (1, 1, 128)
        BatchNormalizationLayer(),  # (1, 1, 128)
        ActivationLayer(activation=relu, activation_prime=relu_prime),  # (1, 1, 128)
        DropoutLayer(rate=0.4),  # (1, 1, 128)
        FlattenLayer(),  # (128,)
        FCLayer(output_shape=(10,)),  # (10,)
    ]


def tiny() -> list[Layer]:
    """As much as fits in 5,000 weights: narrow, pooled early, deep enough to see the whole digit."""
    return [
        ConvLayer(kernel_shape=(5, 5), layer_depth=10),  # (24, 24, 10)
        MaxPoolingLayer(pool_shape=(2, 2)),  # (12, 12, 10)
        BatchNormalizationLayer(),  # (12, 12, 10)
        ActivationLayer(activation=relu, activation_prime=relu_prime),  # (12, 12, 10)
        ConvLayer(kernel_shape=(3, 3), layer_depth=12),  # (10, 10, 12)
        BatchNormalizationLayer(),  # (10, 10, 12)
        ActivationLayer(activation=relu, activation_prime=relu_prime),  # (10, 10, 12)
        ConvLayer(kernel_shape=(3, 3), layer_depth=13),  # (8, 8, 13)
        MaxPoolingLayer(pool_shape=(2, 2)),  # (4, 4, 13)
        BatchNormalizationLayer(),  # (4, 4, 13)
        ActivationLayer(activation=relu, activation_prime=relu_prime),  # (4, 4, 13)
        ConvLayer(kernel_shape=(3, 3), layer_depth=13),  # (2, 2, 13)
        BatchNormalizationLayer(),  # (2, 2, 13)
        ActivationLayer(activation=relu, activation_prime=relu_prime),  # (2, 2, 13)
        FlattenLayer(),  # (52,)
        FCLayer(output_shape=(10,)),  # (10,)
    ]


ARCHITECTURES: dict[str, Callable[[], list[Layer]]] = {"article": article, "quick": quick, "best": best, "tiny": tiny}


def build_network(name: str, rng: np.random.Generator, dtype: DTypeLike = np.float32) -> Network:
    """The architecture `name` with first weights drawn from `rng`, for 28×28 pictures.

    Raises:
        ValueError: no architecture has that name.
    """
    if name not in ARCHITECTURES:
        raise ValueError(f"no architecture is named {name!r}: there are {', '.join(ARCHITECTURES)}")
    network = Network(PICTURE, rng, dtype)
    for layer in ARCHITECTURES[name]():
        network.add(layer)
    return network
