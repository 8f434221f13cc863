"""The work of each process on its shards of a batch."""

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

BUSY_WAIT = 0.002  # seconds


@dataclass
class Shard:
    """A part of a batch that is learned at once.

    Attributes:
        seed: determines everything random for this shard.
        images: uint8 `(n, 28, 28)`, or the network's input, already scaled.
        targets: `(n, 10)`.
        batch: the number of images in the whole batch.
    """

    seed: list[int]
    images: NDArray[Any]
    targets: NDArray[Any]
    batch: int


class SharedMemory:
    """A network's arrays in shared memory, followed by one row of gradients for each process.

    The network's own arrays are replaced by views of this memory.

    Args:
        shared: a buffer of `memory_size` bytes.
    """

    def __init__(self, network: Network, shared: Any) -> None:
        memory = np.frombuffer(shared, network.dtype)
        arrays, parameters = network.arrays(), network.parameters()
        place(network, views(memory, arrays))
        self.rows = memory[count(arrays) :].reshape(-1, count(parameters))

    def gradients(self, process: int) -> NDArray[Any]:
        """The gradients of a process, those of all parameters in one flat array."""
        return self.rows[process]


def memory_size(network: Network, processes: int) -> int:
    """The size of a `SharedMemory` in bytes."""
    return (count(network.arrays()) + processes * count(network.parameters())) * network.dtype.itemsize


def count(arrays: Arrays) -> int:
    return sum(array.size for array in arrays.values())


def place(network: Network, arrays: Arrays) -> None:
    """Replace the network's arrays by these, which are keyed like `network.arrays()`."""
    for name, array in arrays.items():
        layer, _, attribute = name.partition(".")
        setattr(network.layers[int(layer)], attribute, array)


def views(memory: NDArray[Any], arrays: Arrays) -> Arrays:
    """Consecutive views of a flat memory, with the names and shapes of the arrays."""
    found, start = {}, 0
    for name, array in arrays.items():
        found[name] = memory[start : start + array.size].reshape(array.shape)
        start += array.size
    return found


class Learner:
    """Learns shards with a replica of the network, and adds up their gradients.

    Args:
        gradients: a flat array for the sum, for all parameters.
    """

    def __init__(self, network: Network, gradients: NDArray[Any]) -> None:
        self.replica = network.replica()
        self.gradients = views(gradients, network.parameters())

    def learn(self, shards: list[Shard]) -> tuple[float, int]:
        """Set the gradients to the shards' share of the batch's gradients. Returns their share of the loss, and the
        number answered correctly."""
        loss, correct = 0.0, 0
        # No warnings about overflows: the caller checks whether the loss is finite.
        with np.errstate(all="ignore"):
            for i, shard in enumerate(shards):
                shard_loss, shard_correct = self._learn(shard)
                loss, correct = loss + shard_loss, correct + shard_correct
                for name, gradient in self.replica.gradients().items():
                    if i == 0:
                        np.copyto(self.gradients[name], gradient)
                    else:
                        self.gradients[name] += gradient
        return loss, correct

    def _learn(self, shard: Shard) -> tuple[float, int]:
        replica, y_true = self.replica, shard.targets
        assert replica.loss is not None
        assert replica.loss_prime is not None
        share = len(y_true) / shard.batch  # the loss is a mean over the shard
        replica.draw_from(np.random.default_rng(shard.seed))
        input = images_to_input(shard.images) if shard.images.dtype == np.uint8 else shard.images
        output = replica.forward_propagation(input, training=True)
        replica.compute_gradients(replica.loss_prime(y_true, output) * output.dtype.type(share))
        answered = y_true[np.arange(len(y_true)), output.argmax(axis=1)]
        correct = int((answered > y_true.min(axis=1)).sum())
        return replica.loss(y_true, output) * share, correct


def predict(network: Network, images: NDArray[np.uint8]) -> NDArray[Any]:
    """The network's outputs `(n, 10)` for uint8 `(n, 28, 28)`."""
    return folded(network).predict(images_to_input(images))


def received(pipe: Connection) -> Any:
    """The next message from the pipe.

    It waits actively at first: waking up a sleeping core often takes longer than the answer.

    Raises:
        EOFError: the other side has closed the pipe.
    """
    until = time.perf_counter() + BUSY_WAIT
    while not pipe.poll() and time.perf_counter() < until:
        pass
    return pipe.recv()
