"""What all contestants have to do: the same network, the same first weights, the same pictures."""

import numpy as np
from numpy.typing import NDArray

from model.architectures import build_network
from model.losses import LOSSES
from model.network import Network

BATCH = 128
LEARNING_RATE = 1e-3
STEPS = {"article": 60, "quick": 15, "best": 4}  # a run: about a third of a second


def job(name: str, count: int = BATCH) -> tuple[Network, NDArray[np.uint8], NDArray[np.float32]]:
    """A network with its loss set, `count` pictures, and what it should say of them."""
    rng = np.random.default_rng(0)
    network = build_network(name, rng)
    network.use(*LOSSES["mse" if name == "article" else "softmax_cross_entropy"])
    images = rng.integers(0, 256, (count, 28, 28), dtype=np.uint8)
    targets = np.eye(10, dtype=np.float32)[rng.integers(0, 10, count)]
    return network, images, 2 * targets - 1 if name == "article" else targets
