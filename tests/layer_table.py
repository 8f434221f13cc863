"""Every kind of layer in several shapes, for the tests of the contract and of the gradients."""

from collections.abc import Callable

import numpy as np

from model import (
    ActivationLayer,
    BatchNormalizationLayer,
    ConvLayer,
    DropoutLayer,
    FCLayer,
    FlattenLayer,
    Layer,
    MaxPoolingLayer,
    relu,
    relu_prime,
    tanh,
    tanh_prime,
)
from model.layer import Array, Shape

Make = Callable[[np.random.Generator], Layer]

# name → how to make it, input shape, output shape worked out by hand
LAYERS: dict[str, tuple[Make, Shape, Shape]] = {
    "fc": (lambda rng: FCLayer(output_shape=(4,)), (7,), (4,)),
    "fc as in the article": (lambda rng: FCLayer((1, 7), (1, 4), rng=rng), (1, 7), (1, 4)),
    "tanh": (lambda rng: ActivationLayer(activation=tanh, activation_prime=tanh_prime), (5, 4, 2), (5, 4, 2)),
    "relu": (lambda rng: ActivationLayer(activation=relu, activation_prime=relu_prime), (9,), (9,)),
    "conv": (lambda rng: ConvLayer(kernel_shape=(3, 3), layer_depth=4), (6, 7, 2), (4, 5, 4)),
    "conv, oblong kernel": (lambda rng: ConvLayer((5, 6, 3), (2, 4), 2, rng=rng), (5, 6, 3), (4, 3, 2)),
    "conv, kernel as large as the picture": (
        lambda rng: ConvLayer(kernel_shape=(4, 3), layer_depth=2),
        (4, 3, 1),
        (1, 1, 2),
    ),
    "conv, from depth 1 to depth 1": (lambda rng: ConvLayer(kernel_shape=(3, 2), layer_depth=1), (5, 4, 1), (3, 3, 1)),
    "conv, to depth 1": (lambda rng: ConvLayer(kernel_shape=(2, 3), layer_depth=1), (5, 6, 3), (4, 4, 1)),
    "conv, one pixel": (lambda rng: ConvLayer(kernel_shape=(1, 1), layer_depth=3), (3, 4, 2), (3, 4, 3)),
    "flatten": (lambda rng: FlattenLayer(), (3, 2, 4), (24,)),
    "max pooling": (lambda rng: MaxPoolingLayer(pool_shape=(2, 2)), (4, 6, 3), (2, 3, 3)),
    "max pooling with a rest": (lambda rng: MaxPoolingLayer(pool_shape=(2, 3)), (5, 7, 2), (2, 2, 2)),
    "batch normalization": (lambda rng: BatchNormalizationLayer(), (5,), (5,)),
    "batch normalization of pictures": (lambda rng: BatchNormalizationLayer(), (4, 3, 2), (4, 3, 2)),
    "dropout": (lambda rng: DropoutLayer(rate=0.4), (6, 5), (6, 5)),
}


def made(name: str, rng: np.random.Generator, dtype: type = np.float64) -> Layer:
    """The layer of that name, built for its input shape."""
    make, input_shape, _ = LAYERS[name]
    layer = make(rng)
    layer.build(input_shape, rng, dtype)
    return layer


def smooth_input(shape: Shape, rng: np.random.Generator) -> Array:
    """Random numbers a hundredth apart and none near 0: no ReLU bends and no maximum changes within a small step."""
    size = int(np.prod(shape))
    values = (rng.permutation(size) + 0.5 - size // 2) / 100
    return np.where(np.abs(values) < 0.01, 0.01, values).reshape(shape) if size > 1 else np.full(shape, 0.3)
