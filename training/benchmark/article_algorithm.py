"""The article's own way of learning: one sample at a time, a call of scipy for each pair of channels.

Its two slips in the convolution's bias are mended here as in `model/`, so that both sides compute the same.
"""

import numpy as np
from numpy.typing import NDArray
from scipy import signal
from threadpoolctl import threadpool_limits

from model.conv_layer import ConvLayer
from model.images import images_to_input

from . import jobs
from .measure import Work

Array = NDArray[np.float32]


def convolve(picture: Array, weights: Array, bias: Array) -> Array:
    """Y `(i, j, k)` of one picture `(h, w, d)`."""
    planes = [
        bias[k] + sum(signal.correlate2d(picture[:, :, d], kernel[:, :, d], "valid") for d in range(picture.shape[2]))
        for k, kernel in enumerate(np.moveaxis(weights, 3, 0))
    ]
    return np.stack(planes, axis=2)


def convolve_back(picture: Array, weights: Array, error: Array) -> tuple[Array, Array, Array]:
    """∂E/∂X, ∂E/∂W and ∂E/∂B of one picture, for its ∂E/∂Y `(i, j, k)`."""
    input_error, weights_error = np.zeros_like(picture), np.zeros_like(weights)
    for k in range(weights.shape[3]):
        for d in range(weights.shape[2]):
            input_error[:, :, d] += signal.convolve2d(error[:, :, k], weights[:, :, d, k], "full")
            weights_error[:, :, d, k] = signal.correlate2d(picture[:, :, d], error[:, :, k], "valid")
    return input_error, weights_error, error.sum(axis=(0, 1))


def training_article() -> Work:
    """The article's network learns 100 pictures, one after the other."""
    network, images, targets = jobs.job("article")
    kernel, kernel_bias, weights1, bias1, weights2, bias2 = (array.copy() for array in network.parameters().values())
    rate = np.float32(jobs.LEARNING_RATE)
    pictures = images_to_input(images)

    def work() -> dict[str, float]:
        nonlocal kernel, kernel_bias, weights1, bias1, weights2, bias2
        for picture, target in zip(pictures[:100], targets, strict=False):
            convolved = convolve(picture, kernel, kernel_bias)
            bent = np.tanh(convolved).reshape(1, -1)
            hidden = np.tanh(bent @ weights1 + bias1)
            output = np.tanh(hidden @ weights2 + bias2)
            error = 2 * (output - target) / target.size
            error = error * (1 - np.tanh(hidden @ weights2 + bias2) ** 2)
            back = error @ weights2.T
            weights2, bias2 = weights2 - rate * (hidden.T @ error), bias2 - rate * error
            error = back * (1 - np.tanh(bent @ weights1 + bias1) ** 2)
            back = error @ weights1.T
            weights1, bias1 = weights1 - rate * (bent.T @ error), bias1 - rate * error
            error = back.reshape(convolved.shape) * (1 - np.tanh(convolved) ** 2)
            _, kernel_error, bias_error = convolve_back(picture, kernel, error)
            kernel, kernel_bias = kernel - rate * kernel_error, kernel_bias - rate * bias_error
        return {"images": 100}

    return work


def convolution_of_ours() -> Work:
    """Our 3×3 convolution 32 → 32 of 26×26, forwards and backwards, for 64 pictures at once, on one thread."""
    threadpool_limits(1, user_api="blas")
    pictures, layer = convolution(64)
    layer = layer.replica()

    def work() -> dict[str, float]:
        for _ in range(2):
            output = layer.forward_propagation(pictures, training=True)
            layer.backward_propagation(output)
        return {"images": 2 * 64}

    return work


def convolution_of_the_article() -> Work:
    """The same for one picture, the article's way."""
    pictures, layer = convolution(1)

    def work() -> dict[str, float]:
        output = convolve(pictures[0], layer.weights, layer.bias)
        convolve_back(pictures[0], layer.weights, output)
        return {"images": 1}

    return work


def convolution(count: int) -> tuple[Array, ConvLayer]:
    """Pictures 26×26 of depth 32, and a layer for them."""
    rng = np.random.default_rng(0)
    layer = ConvLayer(kernel_shape=(3, 3), layer_depth=32)
    layer.build((26, 26, 32), rng, np.float32)
    return rng.random((count, 26, 26, 32), dtype=np.float32), layer
