"""Keras's contestant in the benchmark, on JAX or PyTorch. It is optional: no extra of this project installs it."""

import os
from collections.abc import Callable
from typing import Any

import numpy as np
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


def training(name: str, threads: int, backend: str) -> Work:
    """Whole training steps, from float arrays to updated parameters; `backend` is "jax" or "torch"."""
    run_on_cores(threads)
    os.environ["KERAS_BACKEND"] = backend  # which Keras reads when it is imported
    if backend == "torch":
        import torch

        torch.set_num_threads(threads)
    same = learn(*jobs.deterministic_job(name), steps=4)()
    step = learn(*jobs.job(name), jobs.STEPS[name])
    return lambda: {"checksum": same, "loss": step()}


def learn(network: Network, images: NDArray[np.uint8], y_true: NDArray[np.float32], steps: int) -> Callable[[], float]:
    """A function that takes `steps` steps with the Keras copy on a batch and returns the last loss."""
    import keras

    model = twin(network)
    loss = keras.losses.CategoricalCrossentropy(from_logits=True)
    model.compile(keras.optimizers.Adam(jobs.LEARNING_RATE, epsilon=1e-8), loss)
    pictures = images_to_input(images)

    def work() -> float:
        for _ in range(steps):
            model.reset_metrics()  # otherwise train_on_batch returns the mean over all steps
            loss = model.train_on_batch(pictures, y_true)
        return float(loss)

    return work


def twin(network: Network) -> Any:
    """The same network in Keras, which takes images and weights in our layout."""
    import keras

    model = keras.Sequential([keras.Input(network.input_shape), *map(module_of, network.layers)])
    for module, layer in zip(model.layers, network.layers, strict=True):
        if isinstance(layer, ConvLayer | FCLayer):
            module.set_weights([layer.weights, layer.bias.reshape(-1)])
    return model


def module_of(layer: Layer) -> Any:
    """The Keras layer of the same kind, with its own initial parameters."""
    from keras import layers

    if isinstance(layer, ConvLayer):
        return layers.Conv2D(layer.layer_depth, layer.kernel_shape)
    if isinstance(layer, MaxPoolingLayer):
        return layers.MaxPooling2D(layer.pool_shape)
    if isinstance(layer, BatchNormalizationLayer):  # both start from 1 and 0
        return layers.BatchNormalization(epsilon=EPSILON)
    if isinstance(layer, ActivationLayer):
        return layers.Activation(layer.activation.__name__)
    if isinstance(layer, FlattenLayer):
        return layers.Flatten()
    if isinstance(layer, FCLayer):
        return layers.Dense(layer.neurons)
    raise ValueError(f"Keras has no copy of a {type(layer).__name__}")
