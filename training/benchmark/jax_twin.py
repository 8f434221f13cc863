"""JAX's contestant in the benchmark: a training step of our networks as one compiled function.

JAX takes images and weights in our layout. It is optional: no extra of this project installs it.
"""

import math
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax
from numpy.typing import NDArray

from model.activation_layer import ActivationLayer
from model.batch_normalization_layer import EPSILON, BatchNormalizationLayer
from model.conv_layer import ConvLayer
from model.fc_layer import FCLayer
from model.flatten_layer import FlattenLayer
from model.images import images_to_input
from model.layer import Layer
from model.max_pooling_layer import MaxPoolingLayer
from model.network import Network

from . import jobs
from .measure import Work
from .processes import run_on_cores


def training(name: str, threads: int) -> Work:
    """Whole training steps, from float arrays to updated parameters."""
    run_on_cores(threads)
    same = learn(*jobs.deterministic_job(name), steps=4)()
    step = learn(*jobs.job(name), jobs.STEPS[name])
    return lambda: {"checksum": same, "loss": step()}


def learn(network: Network, images: NDArray[np.uint8], y_true: NDArray[np.float32], steps: int) -> Callable[[], float]:
    """A function that takes `steps` steps of Adam on a batch and returns the last loss."""
    pictures, targets = jnp.asarray(images_to_input(images)), jnp.asarray(y_true)
    parameters: Any = {name: jnp.asarray(array) for name, array in network.parameters().items()}
    means = squares = jax.tree.map(jnp.zeros_like, parameters)
    taken = 0

    def loss_of(parameters: Any) -> Any:
        log_probabilities = jax.nn.log_softmax(output_of(network.layers, parameters, pictures))
        return -(log_probabilities * targets).sum(axis=1).mean()

    @jax.jit
    def step(parameters: Any, means: Any, squares: Any, rate: Any, epsilon: Any) -> Any:
        loss, gradients = jax.value_and_grad(loss_of)(parameters)
        means = jax.tree.map(lambda mean, gradient: 0.9 * mean + 0.1 * gradient, means, gradients)
        squares = jax.tree.map(lambda square, gradient: 0.999 * square + 0.001 * gradient**2, squares, gradients)
        parameters = jax.tree.map(
            lambda parameter, mean, square: parameter - rate * mean / (jnp.sqrt(square) + epsilon),
            parameters,
            means,
            squares,
        )
        return loss, parameters, means, squares

    def work() -> float:
        nonlocal parameters, means, squares, taken
        for _ in range(steps):
            taken += 1
            scale = math.sqrt(1 - 0.999**taken)
            rate, epsilon = jobs.LEARNING_RATE * scale / (1 - 0.9**taken), 1e-8 * scale
            loss, parameters, means, squares = step(parameters, means, squares, rate, epsilon)
        jax.block_until_ready(parameters)
        return float(loss)

    return work


def output_of(layers: list[Layer], parameters: Any, input: Any) -> Any:
    """Y of the layers, in training, with parameters keyed like `Network.parameters`."""
    output = input
    for number, layer in enumerate(layers):
        own = {name: parameters[f"{number}.{name}"] for name in layer.parameter_names}
        output = forward_propagation(layer, own, output)
    return output


def forward_propagation(layer: Layer, own: Any, input: Any) -> Any:
    """Y of a layer in training, with its `own` parameters."""
    if isinstance(layer, ConvLayer):
        layout = ("NHWC", "HWIO", "NHWC")
        return lax.conv_general_dilated(input, own["weights"], (1, 1), "VALID", dimension_numbers=layout) + own["bias"]
    if isinstance(layer, MaxPoolingLayer):  # four times as fast as reduce_window, for sizes that the fields divide
        (samples, height, width, depth), (p, q) = input.shape, layer.pool_shape
        return input.reshape(samples, height // p, p, width // q, q, depth).max(axis=(2, 4))
    if isinstance(layer, BatchNormalizationLayer):
        axes = tuple(range(input.ndim - 1))
        centred = input - input.mean(axes)
        return centred * lax.rsqrt(input.var(axes) + EPSILON) * own["scale"] + own["shift"]
    if isinstance(layer, ActivationLayer):
        return {"tanh": jnp.tanh, "relu": jax.nn.relu}[layer.activation.__name__](input)
    if isinstance(layer, FlattenLayer):
        return input.reshape(len(input), -1)
    if isinstance(layer, FCLayer):
        return input @ own["weights"] + own["bias"]
    raise ValueError(f"JAX has no copy of a {type(layer).__name__}")
