"""The work of all contestants: the same networks, initial weights and images."""

import numpy as np
from numpy.typing import NDArray

from model.activation_layer import ActivationLayer
from model.architectures import ARCHITECTURES, build_network
from model.conv_layer import ConvLayer
from model.dropout_layer import DropoutLayer
from model.fc_layer import FCLayer
from model.flatten_layer import FlattenLayer
from model.losses import LOSSES
from model.network import Network

BATCH = 128
LEARNING_RATE = 1e-3
CONVOLVED = 10 * 64  # images through a single convolution, 64 at once
STEPS = {"article": 200, "fully connected": 300, "quick": 35, "best": 7}  # per run of about a third of a second


def job(name: str, count: int = BATCH) -> tuple[Network, NDArray[np.uint8], NDArray[np.float32]]:
    """A network with its loss set, `count` images, and their targets.

    Args:
        name: the name of an architecture, or "fully connected": 784, 100 with ReLU, 10.
    """
    rng = np.random.default_rng(0)
    network = build_network(name, rng) if name in ARCHITECTURES else fully_connected(rng)
    network.use(*LOSSES["mse" if name == "article" else "softmax_cross_entropy"])
    images = rng.integers(0, 256, (count, 28, 28), dtype=np.uint8)
    targets = np.eye(10, dtype=np.float32)[rng.integers(0, 10, count)]
    return network, images, 2 * targets - 1 if name == "article" else targets


def fully_connected(rng: np.random.Generator) -> Network:
    network = Network((28, 28, 1), rng, np.float32)
    for layer in (FlattenLayer(), FCLayer(output_shape=(100,)), ActivationLayer(), FCLayer(output_shape=(10,))):
        network.add(layer)
    return network


def deterministic_job(name: str) -> tuple[Network, NDArray[np.uint8], NDArray[np.float32]]:
    """The same without dropout, with few enough images for a single shard: every step is the same for everyone."""
    network, images, targets = job(name, BATCH // 2)
    for layer in network.layers:
        if isinstance(layer, DropoutLayer):
            layer.rate = 0.0
    return network, images, targets


def convolution_job(depth: int, size: int) -> tuple[ConvLayer, NDArray[np.float32]]:
    """A 3×3 convolution from `depth` to `depth` channels, and 64 images `(size, size, depth)` for it."""
    rng = np.random.default_rng(0)
    layer = ConvLayer(kernel_shape=(3, 3), layer_depth=depth)
    layer.build((size, size, depth), rng, np.float32)
    return layer, rng.random((64, size, size, depth), dtype=np.float32)
