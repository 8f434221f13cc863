"""What each process does with its shards of a batch."""

import time
from dataclasses import dataclass
from multiprocessing.connection import Connection
from typing import Any

import numpy as np
from numpy.typing import NDArray

from model.images import images_to_input
from model.network import Network

from ..optimizers import Arrays

LOOKING = 0.002  # seconds


@dataclass
class Shard:
    """Some images of a batch, learned at once.

    Attributes:
        seed: of all that layers draw at random for it.
        images: uint8 `(n, 28, 28)`.
        targets: `(n, 10)`.
        batch: how many images the whole batch has.
    """

    seed: list[int]
    images: NDArray[np.uint8]
    targets: NDArray[Any]
    batch: int


class Learner:
    """A replica of the network that learns shards, and the sum of their gradients.

    Args:
        replica: the network to use, with a memory of its own.
        flat_gradients: room for the sum, all parameters' one behind the other; left out, it makes its own.

    Attributes:
        gradients: views of it, keyed like `network.parameters()`.
    """

    def __init__(self, replica: Network, flat_gradients: NDArray[Any] | None = None) -> None:
        parameters = replica.parameters()
        if flat_gradients is None:
            flat_gradients = np.empty(sum(array.size for array in parameters.values()), replica.dtype)
        self.replica, self.flat_gradients = replica, flat_gradients
        self.gradients = views(flat_gradients, parameters)

    def learn(self, shards: list[Shard]) -> tuple[float, int]:
        """Set the gradients to the shards' share of their batch's, and give their share of its loss, and how many
        images had their largest output where the target is no smallest one."""
        loss, correct = 0.0, 0
        # What overflows shows in the loss, which is finite or not for whoever asked for it to judge.
        with np.errstate(all="ignore"):
            for number, shard in enumerate(shards):
                shard_loss, shard_correct = self._learn(shard)
                loss, correct = loss + shard_loss, correct + shard_correct
                for name, gradient in self.replica.gradients().items():
                    if number == 0:
                        np.copyto(self.gradients[name], gradient)
                    else:
                        self.gradients[name] += gradient
        return loss, correct

    def _learn(self, shard: Shard) -> tuple[float, int]:
        replica, y_true = self.replica, shard.targets
        assert replica.loss is not None
        assert replica.loss_prime is not None
        share = len(y_true) / shard.batch  # the loss takes its mean over the shard
        replica.draw_from(np.random.default_rng(shard.seed))
        output = replica.forward_propagation(images_to_input(shard.images), training=True)
        replica.compute_gradients(replica.loss_prime(y_true, output) * output.dtype.type(share))
        answered = np.take_along_axis(y_true, output.argmax(axis=1)[:, np.newaxis], axis=1)
        correct = int((answered > y_true.min(axis=1, keepdims=True)).sum())
        return replica.loss(y_true, output) * share, correct


def predict(network: Network, images: NDArray[np.uint8]) -> NDArray[Any]:
    """The network's outputs `(n, 10)` for uint8 `(n, 28, 28)`."""
    return network.predict(images_to_input(images))


def views(memory: NDArray[Any], arrays: Arrays) -> Arrays:
    """The beginning of a flat memory in the shapes of the arrays, one behind the other."""
    found, start = {}, 0
    for name, array in arrays.items():
        found[name] = memory[start : start + array.size].reshape(array.shape)
        start += array.size
    return found


def received(pipe: Connection) -> Any:
    """What comes through the pipe next.

    A core that is put to sleep takes longer to wake than many an answer to come, so it looks again and again at first.

    Raises:
        EOFError: the other side has hung up.
    """
    until = time.perf_counter() + LOOKING
    while not pipe.poll() and time.perf_counter() < until:
        pass
    return pipe.recv()
