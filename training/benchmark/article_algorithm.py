"""The article's algorithm: one sample at a time, and one call of scipy for each pair of channels.

The article's two mistakes in the convolution's bias are fixed here as in `model/`, so that both compute the same.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import signal

from model.images import images_to_input

from . import jobs
from .measure import Work

Array = NDArray[Any]


def convolve(picture: Array, weights: Array, bias: Array) -> Array:
    """Y `(i, j, k)` of one image `(h, w, d)`."""
    planes = [
        bias[k] + sum(signal.correlate2d(picture[:, :, d], kernel[:, :, d], "valid") for d in range(picture.shape[2]))
        for k, kernel in enumerate(np.moveaxis(weights, 3, 0))
    ]
    return np.stack(planes, axis=2)


def convolve_back(picture: Array, weights: Array, error: Array) -> tuple[Array, Array, Array]:
    """∂E/∂X, ∂E/∂W and ∂E/∂B of one image, from its ∂E/∂Y `(i, j, k)`."""
    input_error, weights_error = np.zeros_like(picture), np.zeros_like(weights)
    for k in range(weights.shape[3]):
        for d in range(weights.shape[2]):
            input_error[:, :, d] += signal.convolve2d(error[:, :, k], weights[:, :, d, k], "full")
            weights_error[:, :, d, k] = signal.correlate2d(picture[:, :, d], error[:, :, k], "valid")
    return input_error, weights_error, error.sum(axis=(0, 1))


def learn_one(parameters: list[Array], picture: Array, target: Array, learning_rate: np.float32) -> list[Array]:
    """The parameters of the article's network after a step on one image `(28, 28, 1)` with ten targets."""
    kernel, kernel_bias, weights1, bias1, weights2, bias2 = parameters
    convolved = convolve(picture, kernel, kernel_bias)
    flat = np.tanh(convolved).reshape(1, -1)
    sum1 = flat @ weights1 + bias1
    hidden = np.tanh(sum1)
    sum2 = hidden @ weights2 + bias2
    error2 = 2 * (np.tanh(sum2) - target) / target.size * (1 - np.tanh(sum2) ** 2)
    error1 = error2 @ weights2.T * (1 - np.tanh(sum1) ** 2)
    error0 = (error1 @ weights1.T).reshape(convolved.shape) * (1 - np.tanh(convolved) ** 2)
    _, kernel_error, kernel_bias_error = convolve_back(picture, kernel, error0)
    gradients = [kernel_error, kernel_bias_error, flat.T @ error1, error1, hidden.T @ error2, error2]
    return [parameter - learning_rate * gradient for parameter, gradient in zip(parameters, gradients, strict=True)]


def training_article() -> Work:
    """The article's network learns 100 images, one at a time."""
    network, images, targets = jobs.job("article")
    parameters = [array.copy() for array in network.parameters().values()]
    pictures = images_to_input(images)

    def work() -> dict[str, float]:
        nonlocal parameters
        for picture, target in zip(pictures[:100], targets[:100], strict=True):
            parameters = learn_one(parameters, picture, target, np.float32(jobs.LEARNING_RATE))
        return {}

    return work


def convolution() -> Work:
    """A 3×3 convolution 32 → 32 of one image 26×26, forward and backward, with the article's algorithm."""
    layer, images = jobs.convolution_job(32, 26)

    def work() -> dict[str, float]:
        output = convolve(images[0], layer.weights, layer.bias)
        convolve_back(images[0], layer.weights, output)
        return {}

    return work
