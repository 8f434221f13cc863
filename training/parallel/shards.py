"""What each process does with its shards of a batch."""

import time
from dataclasses import dataclass
from multiprocessing.connection import Connection
from typing import Any

import numpy as np
from numpy.typing import NDArray

from model.folding import folded
from model.images import images_to_input
from model.layer import Arrays
from model.network import Network

LOOKING = 0.002  # seconds


@dataclass
class Shard:
    """Some images of a batch, learned at once.

    Attributes:
        seed: of all that layers draw at random for it.
        images: uint8 `(n, 28, 28)`, or what the network takes in, already scaled.
        targets: `(n, 10)`.
        batch: how many images the whole batch has.
    """

    seed: list[int]
    images: NDArray[Any]
    targets: NDArray[Any]
    batch: int


class SharedMemory:
    """A network's arrays in memory that several processes see, and behind them each one's gradients, row by row.

    The network's own arrays are replaced by views of it.

    Args:
        shared: `memory_size` bytes.
    """

    def __init__(self, network: Network, shared: Any) -> None:
        memory = np.frombuffer(shared, network.dtype)
        arrays, parameters = network.arrays(), network.parameters()
        place(network, views(memory, arrays))
        self.rows = memory[count(arrays) :].reshape(-1, count(parameters))

    def gradients(self, process: int) -> NDArray[Any]:
        """A process's gradients, all parameters' one behind the other."""
        return self.rows[process]


def memory_size(network: Network, processes: int) -> int:
    """How many bytes a `SharedMemory` needs."""
    return (count(network.arrays()) + processes * count(network.parameters())) * network.dtype.itemsize


def count(arrays: Arrays) -> int:
    return sum(array.size for array in arrays.values())


def place(network: Network, arrays: Arrays) -> None:
    """Let the network use these arrays, keyed like `network.arrays()`, as its own."""
    for name, array in arrays.items():
        layer, _, attribute = name.partition(".")
        setattr(network.layers[int(layer)], attribute, array)


def views(memory: NDArray[Any], arrays: Arrays) -> Arrays:
    """The beginning of a flat memory in the shapes of the arrays, one behind the other."""
    found, start = {}, 0
    for name, array in arrays.items():
        found[name] = memory[start : start + array.size].reshape(array.shape)
        start += array.size
    return found


class Learner:
    """Learns shards with a replica of the network, and adds up their gradients.

    Args:
        gradients: room for the sum, all parameters' one behind the other.
    """

    def __init__(self, network: Network, gradients: NDArray[Any]) -> None:
        self.replica = network.replica()
        self.gradients = views(gradients, network.parameters())

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
        input = images_to_input(shard.images) if shard.images.dtype == np.uint8 else shard.images
        output = replica.forward_propagation(input, training=True)
        replica.compute_gradients(replica.loss_prime(y_true, output) * output.dtype.type(share))
        answered = np.take_along_axis(y_true, output.argmax(axis=1)[:, np.newaxis], axis=1)
        correct = int((answered > y_true.min(axis=1, keepdims=True)).sum())
        return replica.loss(y_true, output) * share, correct


def predict(network: Network, images: NDArray[np.uint8]) -> NDArray[Any]:
    """The network's outputs `(n, 10)` for uint8 `(n, 28, 28)`."""
    return folded(network).predict(images_to_input(images))


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
